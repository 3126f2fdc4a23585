//! What the host says of itself.

use std::ffi::CStr;

/// The parts of `uname` that a guest may be told.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub nodename: Vec<u8>,
    pub release: Vec<u8>,
    pub version: Vec<u8>,
    pub domainname: Vec<u8>,
}

pub fn uname() -> Names {
    // SAFETY: all-zero is a valid utsname, and the call fills it.
    let mut raw: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: `raw` lives over the call.
    if unsafe { libc::uname(&mut raw) } != 0 {
        return Names::default();
    }
    // SAFETY: the kernel ends every field with NUL.
    let text = |field: &[libc::c_char]| unsafe { CStr::from_ptr(field.as_ptr()) }.to_bytes().to_vec();
    Names {
        nodename: text(&raw.nodename),
        release: text(&raw.release),
        version: text(&raw.version),
        domainname: text(&raw.domainname),
    }
}
