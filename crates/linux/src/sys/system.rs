//! What the system is: `uname`.

use crate::abi::Utsname;
use crate::errno::Errno;
use crate::task::Task;
use crate::user::UserMut;

pub fn getpid(_task: &mut Task) -> Result<u64, Errno> {
    Ok(u64::from(std::process::id()))
}

/// man 2 uname. The machine is always x86_64.
pub fn uname(task: &mut Task, buf: UserMut<Utsname>) -> Result<u64, Errno> {
    let name = host::system::uname();
    let field = |text: &[u8]| {
        let mut raw = [0; 65];
        let n = text.len().min(64);
        raw[..n].copy_from_slice(&text[..n]);
        raw
    };
    let answer = Utsname {
        sysname: field(b"Linux"),
        nodename: field(&name.nodename),
        release: field(&name.release),
        version: field(&name.version),
        machine: field(b"x86_64"),
        domainname: field(&name.domainname),
    };
    buf.write(task, &answer)?;
    Ok(0)
}
