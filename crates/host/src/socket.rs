//! Sockets. Addresses and option values are bytes in the host's order; families, types and flags are Linux's numbers.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::generic;
use crate::io::Segments;
use alloc::vec::Vec;

/// Largest socket address that Linux takes (`struct sockaddr_storage`).
pub const ADDRESS_MAX: usize = 128;

/// `SOCK_CLOEXEC` and `SOCK_NONBLOCK` share the numbers of the `open` flags.
fn host_type(kind: i32) -> usize {
    let flags = kind as u32 & !0xf;
    ((kind as u32 & 0xf) | generic::to_host_open(flags)) as usize
}

pub fn socket(family: i32, kind: i32, protocol: i32) -> Result<i32, Errno> {
    // SAFETY: integers only.
    Ok(unsafe { call(libc::SYS_socket, [family as usize, host_type(kind), protocol as usize]) }? as i32)
}

pub fn socketpair(family: i32, kind: i32, protocol: i32) -> Result<[i32; 2], Errno> {
    let mut pair = [0i32; 2];
    let args = [family as usize, host_type(kind), protocol as usize, pair.as_mut_ptr() as usize];
    // SAFETY: the kernel fills two ints.
    unsafe { call(libc::SYS_socketpair, args) }?;
    Ok(pair)
}

/// A pointer that may be looked at even where the length is 0.
fn start(address: &[u8]) -> usize {
    static NOTHING: [u8; 2] = [0; 2];
    if address.is_empty() { NOTHING.as_ptr() as usize } else { address.as_ptr() as usize }
}

pub fn bind(fd: i32, address: &[u8]) -> Result<(), Errno> {
    // SAFETY: the address lives over the call.
    unsafe { call(libc::SYS_bind, [fd as usize, start(address), address.len()]) }.map(drop)
}

pub fn listen(fd: i32, backlog: i32) -> Result<(), Errno> {
    // SAFETY: integers only.
    unsafe { call(libc::SYS_listen, [fd as usize, backlog as usize]) }.map(drop)
}

pub fn connect(fd: i32, address: &[u8]) -> Result<(), Errno> {
    // SAFETY: the address lives over the call.
    unsafe { blocking(libc::SYS_connect, [fd as usize, start(address), address.len()]) }.map(drop)
}

pub fn shutdown(fd: i32, how: i32) -> Result<(), Errno> {
    // SAFETY: integers only.
    unsafe { call(libc::SYS_shutdown, [fd as usize, how as usize]) }.map(drop)
}

/// An address as the kernel returns it: its bytes, cut at the room, and its real length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub bytes: Vec<u8>,
    pub length: usize,
}

fn address_call(number: libc::c_long, fd: i32, flags: Option<u32>, waits: bool) -> Result<(usize, Address), Errno> {
    let mut bytes = vec![0u8; ADDRESS_MAX];
    let mut length = ADDRESS_MAX as u32;
    let flags = flags.map_or(0, |flags| generic::to_host_open(flags) as usize);
    let args = [fd as usize, bytes.as_mut_ptr() as usize, &raw mut length as usize, flags];
    // SAFETY: buffer and length live over the call.
    let result = unsafe { if waits { blocking(number, args) } else { call(number, args) } }?;
    bytes.truncate(length as usize);
    Ok((result, Address { bytes, length: length as usize }))
}

/// man 2 accept4.
pub fn accept(fd: i32, flags: u32) -> Result<(i32, Address), Errno> {
    address_call(libc::SYS_accept4, fd, Some(flags), true).map(|(new, address)| (new as i32, address))
}

pub fn getsockname(fd: i32) -> Result<Address, Errno> {
    address_call(libc::SYS_getsockname, fd, None, false).map(|(_, address)| address)
}

pub fn getpeername(fd: i32) -> Result<Address, Errno> {
    address_call(libc::SYS_getpeername, fd, None, false).map(|(_, address)| address)
}

pub fn setsockopt(fd: i32, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
    // Socket filters hold a pointer.
    if level == libc::SOL_SOCKET && [libc::SO_ATTACH_FILTER, 51].contains(&name) {
        return Err(Errno::EINVAL);
    }
    let args = [fd as usize, level as usize, name as usize, value.as_ptr() as usize, value.len()];
    // SAFETY: the value lives over the call and holds no pointer.
    unsafe { call(libc::SYS_setsockopt, args) }.map(drop)
}

/// The error of an option whose value cannot be read.
pub fn setsockopt_unreadable(fd: i32, level: i32, name: i32, length: i32) -> Errno {
    const NOWHERE: usize = 8;
    let args = [fd as usize, level as usize, name as usize, NOWHERE, length as usize];
    // SAFETY: nothing lies at the address, so that the kernel reads nothing.
    unsafe { call(libc::SYS_setsockopt, args) }.err().unwrap_or(Errno::EFAULT)
}

/// A classic BPF instruction: code, jt, jf, k.
pub type Instruction = (u16, u8, u8, u32);

/// `SO_GET_FILTER` with room for so many instructions: their number, and what they are if there was room at all.
pub fn attached_filter(fd: i32, room: usize) -> Result<(usize, Option<Vec<Instruction>>), Errno> {
    const MOST: usize = 4096;
    let none = libc::sock_filter { code: 0, jt: 0, jf: 0, k: 0 };
    let mut filters = vec![none; MOST];
    let mut length = room.min(MOST) as u32;
    let args = [
        fd as usize,
        libc::SOL_SOCKET as usize,
        libc::SO_ATTACH_FILTER as usize,
        filters.as_mut_ptr() as usize,
        &raw mut length as usize,
    ];
    // SAFETY: the kernel writes at most so many instructions as no program exceeds.
    unsafe { call(libc::SYS_getsockopt, args) }?;
    let count = length as usize;
    let program = (room >= count && count > 0)
        .then(|| filters[..count.min(MOST)].iter().map(|f| (f.code, f.jt, f.jf, f.k)).collect());
    Ok((count, program))
}

/// `SO_ATTACH_FILTER` or `SO_ATTACH_REUSEPORT_CBPF`.
pub fn attach_filter(fd: i32, option: i32, program: &[Instruction]) -> Result<(), Errno> {
    let filters: Vec<libc::sock_filter> =
        program.iter().map(|&(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k }).collect();
    let value = libc::sock_fprog { len: filters.len() as u16, filter: filters.as_ptr().cast_mut() };
    let args = [
        fd as usize,
        libc::SOL_SOCKET as usize,
        option as usize,
        &raw const value as usize,
        size_of::<libc::sock_fprog>(),
    ];
    // SAFETY: the program lives over the call.
    unsafe { call(libc::SYS_setsockopt, args) }.map(drop)
}

/// The value's length.
pub fn getsockopt(fd: i32, level: i32, name: i32, value: &mut [u8]) -> Result<usize, Errno> {
    let mut length = value.len() as u32;
    let args = [fd as usize, level as usize, name as usize, value.as_mut_ptr() as usize, &raw mut length as usize];
    // SAFETY: buffer and length live over the call.
    unsafe { call(libc::SYS_getsockopt, args) }?;
    Ok(length as usize)
}

/// One ancillary message; the data are in the host's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    pub level: i32,
    pub kind: i32,
    pub data: Vec<u8>,
}

const WORD: usize = size_of::<usize>();
const CONTROL_HEADER: usize = WORD + 8;

fn encode_control(messages: &[Control]) -> Vec<usize> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend_from_slice(&(CONTROL_HEADER + message.data.len()).to_ne_bytes());
        bytes.extend_from_slice(&message.level.to_ne_bytes());
        bytes.extend_from_slice(&message.kind.to_ne_bytes());
        bytes.extend_from_slice(&message.data);
        bytes.resize(bytes.len().next_multiple_of(WORD), 0);
    }
    let mut words = vec![0usize; bytes.len() / WORD];
    for (word, raw) in words.iter_mut().zip(bytes.chunks_exact(WORD)) {
        let mut native = [0; WORD];
        native.copy_from_slice(raw);
        *word = usize::from_ne_bytes(native);
    }
    words
}

fn decode_control(words: &[usize], length: usize) -> Vec<Control> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).take(length).collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at + CONTROL_HEADER <= bytes.len() {
        let int = |at: usize| i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut native = [0; WORD];
        native.copy_from_slice(&bytes[at..at + WORD]);
        let size = usize::from_ne_bytes(native);
        if size < CONTROL_HEADER || at + size > bytes.len() {
            break;
        }
        let (level, kind) = (int(at + WORD), int(at + WORD + 4));
        all.push(Control { level, kind, data: bytes[at + CONTROL_HEADER..at + size].to_vec() });
        at += size.next_multiple_of(WORD);
    }
    all
}

/// man 2 sendto and sendmsg.
pub fn send(fd: i32, data: &Segments, address: Option<&[u8]>, control: &[Control], flags: u32) -> Result<usize, Errno> {
    let words = encode_control(control);
    // SAFETY: all-zero is a valid msghdr.
    let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
    if let Some(address) = address {
        header.msg_name = address.as_ptr().cast_mut().cast();
        header.msg_namelen = address.len() as u32;
    }
    header.msg_iov = data.list().as_ptr().cast_mut();
    header.msg_iovlen = data.list().len() as _;
    if !words.is_empty() {
        header.msg_control = words.as_ptr().cast_mut().cast();
        header.msg_controllen = (words.len() * WORD) as _;
    }
    // SAFETY: the header names buffers that live over the call.
    unsafe { blocking(libc::SYS_sendmsg, [fd as usize, &raw const header as usize, flags as usize]) }
}

/// What came with received data.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub bytes: usize,
    /// The sender, if there was room for it.
    pub address: Vec<u8>,
    pub address_length: usize,
    pub control: Vec<Control>,
    pub flags: u32,
}

/// man 2 recvfrom and recvmsg; `control_room` in the host's layout.
pub fn receive(
    fd: i32,
    into: &Segments,
    want_address: bool,
    control_room: usize,
    flags: u32,
) -> Result<Received, Errno> {
    let mut address = vec![0u8; ADDRESS_MAX];
    let mut words = vec![0usize; control_room.div_ceil(WORD)];
    // SAFETY: all-zero is a valid msghdr.
    let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
    if want_address {
        header.msg_name = address.as_mut_ptr().cast();
        header.msg_namelen = address.len() as u32;
    }
    header.msg_iov = into.list().as_ptr().cast_mut();
    header.msg_iovlen = into.list().len() as _;
    if control_room > 0 {
        header.msg_control = words.as_mut_ptr().cast();
        header.msg_controllen = control_room as _;
    }
    // SAFETY: the header names buffers that live over the call.
    let bytes = unsafe { blocking(libc::SYS_recvmsg, [fd as usize, &raw mut header as usize, flags as usize]) }?;
    let address_length = header.msg_namelen as usize;
    address.truncate(address_length);
    let control = decode_control(&words, header.msg_controllen as usize);
    Ok(Received { bytes, address, address_length, control, flags: header.msg_flags as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_messages_round_trip() {
        let messages = vec![
            Control { level: 1, kind: 1, data: vec![1, 2, 3, 4] },
            Control { level: 0, kind: 8, data: vec![9; 12] },
        ];
        let words = encode_control(&messages);
        assert_eq!(decode_control(&words, words.len() * WORD), messages);
    }
}
