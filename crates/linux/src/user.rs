//! Typed arguments: what the six registers of a system call mean, and checked access to what they point to.
//!
//! Every type implements [`Argument`], from which the table derives conversion and trace. All reading and writing of guest
//! memory by a call goes through here: `EFAULT` in one place, and every write is noted by [`Task::store`].

use crate::abi::Abi;
use crate::errno::Errno;
use crate::task::Task;
use crate::trace::Kind;
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// Longest path with its NUL.
pub const PATH_MAX: usize = 4096;

/// One argument of a system call.
pub trait Argument: Sized {
    /// How the trace shows it.
    const KIND: Kind;
    fn from_register(value: u64) -> Self;
}

macro_rules! integer_arguments {
    ($($ty:ty: $kind:expr;)*) => {$(
        impl Argument for $ty {
            const KIND: Kind = $kind;
            fn from_register(value: u64) -> Self { value as $ty }
        }
    )*};
}
integer_arguments! { i32: Kind::Int; i64: Kind::Long; u32: Kind::Uint; u64: Kind::Size; }

/// An address that the handler interprets itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub u64);

/// A number best read in base 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex(pub u64);

/// A number best read in base 8 (permissions among IPC flags).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Octal(pub i32);

/// File mode bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

/// A signal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(pub i32);

/// A descriptor. blink's own ones become -1 here, so that they do not exist for the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub i32);

/// A directory descriptor or `AT_FDCWD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirFd(pub i32);

impl DirFd {
    pub const CWD: DirFd = DirFd(-100);
}

/// The request number of an `ioctl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoctlRequest(pub u32);

macro_rules! wrapped_arguments {
    ($($ty:ident($inner:ty): $kind:expr;)*) => {$(
        impl Argument for $ty {
            const KIND: Kind = $kind;
            fn from_register(value: u64) -> Self { $ty(value as $inner) }
        }
    )*};
}
wrapped_arguments! {
    Address(u64): Kind::Address;
    Hex(u64): Kind::Hex;
    Octal(i32): Kind::Octal;
    Mode(u32): Kind::Octal;
    Signal(i32): Kind::Signal;
    IoctlRequest(u32): Kind::Ioctl;
}

/// The number, or -1 for a descriptor that is blink's own.
pub fn visible(fd: i32) -> i32 {
    if host::own::is_own(fd) { -1 } else { fd }
}

impl Argument for Fd {
    const KIND: Kind = Kind::Int;
    fn from_register(value: u64) -> Self {
        Fd(visible(value as i32))
    }
}

impl Argument for DirFd {
    const KIND: Kind = Kind::DirFd;
    fn from_register(value: u64) -> Self {
        DirFd(visible(value as i32))
    }
}

/// A structure (or array of structures) that the call reads.
#[derive(Debug)]
pub struct UserPtr<T> {
    pub address: u64,
    kind: PhantomData<fn() -> T>,
}

/// A structure (or array of structures) that the call writes, or reads and writes.
#[derive(Debug)]
pub struct UserMut<T> {
    pub address: u64,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for UserPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for UserPtr<T> {}
impl<T> Clone for UserMut<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for UserMut<T> {}

impl<T: Abi> UserPtr<T> {
    pub fn new(address: u64) -> Self {
        UserPtr { address, kind: PhantomData }
    }
    pub fn is_null(self) -> bool {
        self.address == 0
    }
    /// The value pointed to.
    pub fn read(self, task: &mut Task) -> Result<T, Errno> {
        read_at(task, self.address, 0)
    }
    /// `None` for a null pointer.
    pub fn read_optional(self, task: &mut Task) -> Result<Option<T>, Errno> {
        if self.is_null() { Ok(None) } else { self.read(task).map(Some) }
    }
    /// Element `index` of an array.
    pub fn read_at(self, task: &mut Task, index: u64) -> Result<T, Errno> {
        read_at(task, self.address, index)
    }
    /// The first `count` elements of an array.
    pub fn read_array(self, task: &mut Task, count: u64) -> Result<Vec<T>, Errno> {
        read_array(task, self.address, count)
    }
}

impl<T: Abi> UserMut<T> {
    pub fn new(address: u64) -> Self {
        UserMut { address, kind: PhantomData }
    }
    pub fn is_null(self) -> bool {
        self.address == 0
    }
    pub fn as_ptr(self) -> UserPtr<T> {
        UserPtr::new(self.address)
    }
    pub fn read(self, task: &mut Task) -> Result<T, Errno> {
        read_at(task, self.address, 0)
    }
    pub fn read_optional(self, task: &mut Task) -> Result<Option<T>, Errno> {
        self.as_ptr().read_optional(task)
    }
    pub fn read_at(self, task: &mut Task, index: u64) -> Result<T, Errno> {
        read_at(task, self.address, index)
    }
    pub fn read_array(self, task: &mut Task, count: u64) -> Result<Vec<T>, Errno> {
        read_array(task, self.address, count)
    }
    /// Writes the whole structure, padding as zero.
    pub fn write(self, task: &mut Task, value: &T) -> Result<(), Errno> {
        self.write_at(task, 0, value)
    }
    /// Writes unless the pointer is null.
    pub fn write_optional(self, task: &mut Task, value: &T) -> Result<(), Errno> {
        if self.is_null() { Ok(()) } else { self.write(task, value) }
    }
    pub fn write_at(self, task: &mut Task, index: u64, value: &T) -> Result<(), Errno> {
        let mut raw = [0u8; 512];
        let raw = &mut raw[..T::SIZE];
        value.encode(raw);
        task.store(self.address.wrapping_add(index.wrapping_mul(T::SIZE as u64)), raw)
    }
    pub fn write_array(self, task: &mut Task, values: &[T]) -> Result<(), Errno> {
        let mut raw = vec![0; T::SIZE * values.len()];
        for (value, raw) in values.iter().zip(raw.chunks_exact_mut(T::SIZE)) {
            value.encode(raw);
        }
        task.store(self.address, &raw)
    }
}

fn read_at<T: Abi>(task: &mut Task, address: u64, index: u64) -> Result<T, Errno> {
    let mut raw = [0u8; 512];
    let raw = &mut raw[..T::SIZE];
    task.load(address.wrapping_add(index.wrapping_mul(T::SIZE as u64)), raw)?;
    Ok(T::decode(raw))
}

fn read_array<T: Abi>(task: &mut Task, address: u64, count: u64) -> Result<Vec<T>, Errno> {
    let size = usize::try_from(count).ok().and_then(|n| n.checked_mul(T::SIZE)).ok_or(Errno::EFAULT)?;
    if size > 1 << 30 {
        return Err(Errno::EFAULT);
    }
    let mut raw = vec![0; size];
    task.load(address, &mut raw)?;
    Ok(raw.chunks_exact(T::SIZE).map(T::decode).collect())
}

impl<T: Abi> Argument for UserPtr<T> {
    const KIND: Kind = Kind::In { size: T::SIZE, describe: describe::<T> };
    fn from_register(value: u64) -> Self {
        UserPtr::new(value)
    }
}

impl<T: Abi> Argument for UserMut<T> {
    const KIND: Kind = Kind::Out { size: T::SIZE, describe: describe::<T> };
    fn from_register(value: u64) -> Self {
        UserMut::new(value)
    }
}

fn describe<T: Abi>(raw: &[u8], out: &mut String) {
    T::decode(raw).describe(out);
}

/// Bytes that the call reads (`const void *`); the length is another argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserSlice(pub u64);

impl UserSlice {
    pub fn read(self, task: &mut Task, length: u64) -> Result<Vec<u8>, Errno> {
        read_array(task, self.0, length)
    }
}

/// Bytes that the call writes (`void *`); the length is another argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserBuf(pub u64);

impl UserBuf {
    pub fn write(self, task: &mut Task, bytes: &[u8]) -> Result<(), Errno> {
        task.store(self.0, bytes)
    }
}

/// A NUL-terminated string, most often a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserStr(pub u64);

impl UserStr {
    pub fn is_null(self) -> bool {
        self.0 == 0
    }
    /// The string as a path: `ENAMETOOLONG` from 4096 bytes with the NUL, `EFAULT` if it cannot be read to there.
    /// An empty path is the caller's business.
    pub fn read(self, task: &mut Task) -> Result<CString, Errno> {
        self.read_limited(task, PATH_MAX, Errno::ENAMETOOLONG)
    }
    /// As [`read`](Self::read), but an empty path is `ENOENT`, as `getname` of the kernel has it.
    pub fn read_path(self, task: &mut Task) -> Result<CString, Errno> {
        let path = self.read(task)?;
        if path.is_empty() { Err(Errno::ENOENT) } else { Ok(path) }
    }
    /// A string of at most `limit` bytes with its NUL, or `error`.
    pub fn read_limited(self, task: &mut Task, limit: usize, error: Errno) -> Result<CString, Errno> {
        let mut text = Vec::new();
        let mut address = self.0;
        let mut chunk = [0u8; 256];
        while text.len() < limit {
            // Never past the end of a page, which may be the last one mapped.
            let page_rest = 4096 - (address & 4095) as usize;
            let n = page_rest.min(chunk.len()).min(limit - text.len());
            task.load(address, &mut chunk[..n])?;
            if let Some(end) = chunk[..n].iter().position(|&b| b == 0) {
                text.extend_from_slice(&chunk[..end]);
                return CString::new(text).map_err(|_| Errno::EINVAL);
            }
            text.extend_from_slice(&chunk[..n]);
            address = address.wrapping_add(n as u64);
        }
        Err(error)
    }
}

/// `char *const []` with a null pointer at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StringArray(pub u64);

impl StringArray {
    /// All strings; a null array counts as empty, as in `execve`. `limit` bytes in all, or `E2BIG`.
    pub fn read(self, task: &mut Task, limit: usize) -> Result<Vec<CString>, Errno> {
        let mut all = Vec::new();
        let mut used = 0;
        if self.0 == 0 {
            return Ok(all);
        }
        loop {
            let pointer: u64 = read_at(task, self.0, all.len() as u64)?;
            if pointer == 0 {
                return Ok(all);
            }
            // MAX_ARG_STRLEN: 32 pages for one string.
            let text = UserStr(pointer).read_limited(task, 131072, Errno::E2BIG)?;
            used += text.as_bytes_with_nul().len() + 8;
            if used > limit {
                return Err(Errno::E2BIG);
            }
            all.push(text);
        }
    }
}

/// A socket address that the call reads; its length is the next argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SockAddr(pub u64);

/// A socket address that the call writes; the next argument points to its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SockAddrMut(pub u64);

/// A bit set of `select`; its length follows from the first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FdSet(pub u64);

wrapped_arguments! {
    UserSlice(u64): Kind::BytesIn;
    UserBuf(u64): Kind::BytesOut;
    UserStr(u64): Kind::Path;
    StringArray(u64): Kind::Strings;
    SockAddr(u64): Kind::SockAddr;
    SockAddrMut(u64): Kind::SockAddrMut;
    FdSet(u64): Kind::FdSet;
}
