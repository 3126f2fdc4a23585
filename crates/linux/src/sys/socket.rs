//! Sockets (man 2 socket, bind, connect, accept, send, recv, getsockopt; man 7 socket, unix, ip, netlink, packet).

use super::layout::{self, Way};
use super::netlink;
use super::{Answer, descriptor, done, must_be_open};
use crate::abi::consts::{O_CLOEXEC, O_NONBLOCK};
use crate::abi::flags::{MsgFlags, ShutdownHow, SocketFamily, SocketFlags, SocketLevel, SocketType};
use crate::abi::{Abi, CmsgHdr, IoVec, MmsgHdr, MsgHdr, Timespec};
use crate::errno::Errno;
use crate::lend::{MAX_COUNT, is_user, lend_message, vectors};
use crate::path::{self, Last, Place};
use crate::task::{Access, Task};
use crate::user::{Address, Fd, SockAddr, SockAddrMut, UserBuf, UserMut, UserPtr, UserSlice, visible};
use alloc::vec::Vec;
use host::socket::{self, ADDRESS_MAX, Control};

const AF_NETLINK: i32 = 16;
const SOL_SOCKET: i32 = 1;
const SO_RCVTIMEO: i32 = 20;
const SO_SNDTIMEO: i32 = 21;
const SCM_RIGHTS: i32 = 1;
const MSG_CTRUNC: u32 = 8;
const MSG_DONTWAIT: u32 = 0x40;
const MSG_CMSG_COMPAT: u32 = 0x8000_0000;
const MSG_WAITFORONE: u32 = 0x10000;

/// Converts a socket address between the guest's byte order and the host's, either way: the fields that are not bytes or
/// in network order.
pub fn swap_address(address: &mut [u8]) {
    if cfg!(target_endian = "little") || address.len() < 2 {
        return;
    }
    let family = if address[1] == 0 { address[0] } else { address[1] };
    address[..2].reverse();
    let mut words: &[(usize, usize)] = match family {
        10 => &[(24, 4)],                         // scope_id
        16 => &[(4, 4), (8, 4)],                  // nl_pid, nl_groups
        17 => &[(4, 4), (8, 2)],                  // sll_ifindex, sll_hatype
        29 => &[(4, 4)],                          // can_ifindex
        38 => &[(16, 4), (20, 4)],                // salg_feat, salg_mask
        44 => &[(2, 2), (4, 4), (8, 4), (12, 4)], // sxdp_flags, ifindex, queue_id, shared_umem_fd
        40 => &[(4, 4), (8, 4)],                  // svm_port, svm_cid
        _ => &[],
    };
    while let [(at, length), rest @ ..] = words {
        if let Some(field) = address.get_mut(*at..*at + *length) {
            field.reverse();
        }
        words = rest;
    }
}

/// An address that the guest passes, in the host's order.
fn read_address(task: &mut Task, address: SockAddr, length: u32) -> Result<Vec<u8>, Errno> {
    if length > ADDRESS_MAX as u32 {
        return Err(Errno::EINVAL);
    }
    let mut bytes = vec![0; length as usize];
    task.load(address.0, &mut bytes)?;
    swap_address(&mut bytes);
    Ok(bytes)
}

/// As [`read_address`], with the host's path of a UNIX socket; what comes with it must live over the call.
fn read_target(task: &mut Task, address: SockAddr, length: u32, last: Last) -> Result<(Vec<u8>, Option<Place>), Errno> {
    let bytes = read_address(task, address, length)?;
    path::socket_address(task, bytes, last)
}

/// Writes an address and its real length, cut at the room that the guest gave (`move_addr_to_user`).
fn write_address(
    task: &mut Task,
    mut bytes: Vec<u8>,
    mut length: usize,
    address: SockAddrMut,
    room: UserMut<i32>,
) -> Result<(), Errno> {
    if path::guest_socket_address(task, &mut bytes) {
        length = bytes.len();
    }
    let space = room.read(task)?;
    if space < 0 {
        return Err(Errno::EINVAL);
    }
    swap_address(&mut bytes);
    bytes.truncate(space as usize);
    room.write(task, &(length as i32))?;
    task.store(address.0, &bytes)
}

/// True if the socket gives up after a time: then an interrupted call is not restarted.
pub fn has_time_limit(fd: i32) -> bool {
    [SO_RCVTIMEO, SO_SNDTIMEO].into_iter().any(|option| {
        let mut value = [0u8; 16];
        socket::getsockopt(fd, SOL_SOCKET, host_option(SOL_SOCKET, option), &mut value).is_ok()
            && value.iter().any(|&byte| byte != 0)
    })
}

fn restarted(fd: Fd, error: host::Errno) -> Errno {
    let error = Errno::from(error);
    if error == Errno::EINTR && has_time_limit(fd.0) { error } else { error.restart_as(Errno::RESTARTSYS) }
}

pub fn socket(_task: &mut Task, domain: SocketFamily, kind: SocketType, protocol: i32) -> Answer {
    if kind.0 as u32 & !0xf & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    if domain.0 == AF_NETLINK && !netlink::is_carried(protocol) {
        host::log::line(&format!("netlink protocol {protocol} is not supported on this host: EPROTONOSUPPORT"));
        return Err(Errno::EPROTONOSUPPORT);
    }
    descriptor(socket::socket(domain.0, kind.0, protocol))
}

/// Whether the messages of a socket must be turned.
fn is_turned(fd: Fd) -> bool {
    const SO_PROTOCOL: i32 = 38;
    const SO_DOMAIN: i32 = 39;
    if cfg!(target_endian = "little") {
        return false;
    }
    let option = |name| {
        let mut value = [0; 4];
        socket::getsockopt(fd.0, SOL_SOCKET, name, &mut value).ok()?;
        Some(i32::from_ne_bytes(value))
    };
    option(SO_DOMAIN) == Some(AF_NETLINK) && option(SO_PROTOCOL).is_some_and(netlink::is_turned)
}

/// Longest message of a netlink socket that is turned.
const TURNED_MAX: u64 = 1 << 20;

/// Sends a netlink message that must be turned.
fn send_turned(
    task: &mut Task,
    fd: Fd,
    list: &[(u64, u64)],
    address: Option<&[u8]>,
    control: &[Control],
    flags: u32,
) -> Result<usize, Errno> {
    let mut bytes = Vec::new();
    for &(at, length) in list {
        let start = bytes.len();
        if length > TURNED_MAX {
            return Err(Errno::EMSGSIZE);
        }
        bytes.resize(start + length as usize, 0);
        task.load(at, &mut bytes[start..])?;
    }
    netlink::turn(&mut bytes, netlink::From::Little);
    let mut segments = host::io::Segments::new();
    segments.push(&bytes);
    Ok(socket::send(fd.0, &segments, address, control, flags)?)
}

/// Receives into the guest's buffers.
fn receive(
    task: &mut Task,
    fd: Fd,
    list: &[(u64, u64)],
    want_address: bool,
    control_room: usize,
    flags: u32,
) -> Result<socket::Received, Errno> {
    let mut received = socket::Received::default();
    if !is_turned(fd) {
        lend_message(task, list, Access::Write, |segments| {
            received = socket::receive(fd.0, segments, want_address, control_room, flags)?;
            Ok(received.bytes)
        })?;
        return Ok(received);
    }
    let room: u64 = list.iter().map(|(_, length)| (*length).min(TURNED_MAX)).sum();
    let mut bytes = vec![0; room.min(TURNED_MAX) as usize];
    let mut segments = host::io::Segments::new();
    segments.push_mut(&mut bytes);
    received = socket::receive(fd.0, &segments, want_address, control_room, flags)?;
    drop(segments);
    let count = received.bytes.min(bytes.len());
    netlink::turn(&mut bytes[..count], netlink::From::Big);
    let mut rest = &bytes[..count];
    for &(at, length) in list {
        let (here, behind) = rest.split_at((length as usize).min(rest.len()));
        task.store(at, here)?;
        rest = behind;
    }
    Ok(received)
}

pub fn socketpair(
    task: &mut Task,
    domain: SocketFamily,
    kind: SocketType,
    protocol: i32,
    sv: UserMut<[i32; 2]>,
) -> Answer {
    if kind.0 as u32 & !0xf & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let pair = match socket::socketpair(domain.0, kind.0, protocol) {
        Ok(pair) => pair,
        Err(error) => {
            // The kernel takes and writes the numbers before it looks at the family.
            let ends = host::file::pipe(0)?;
            for fd in ends {
                let _ = host::file::close(fd);
            }
            sv.write(task, &ends)?;
            return Err(error.into());
        }
    };
    if let Err(error) = sv.write(task, &pair) {
        for fd in pair {
            let _ = host::file::close(fd);
        }
        return Err(error);
    }
    Ok(0)
}

/// What is not a socket is found before a bad address.
fn must_be_socket(fd: Fd) -> Result<(), Errno> {
    const SO_TYPE: i32 = 3;
    socket::getsockopt(fd.0, SOL_SOCKET, SO_TYPE, &mut [0; 4])?;
    Ok(())
}

pub fn bind(task: &mut Task, sockfd: Fd, addr: SockAddr, addrlen: u32) -> Answer {
    must_be_socket(sockfd)?;
    let (address, _place) = read_target(task, addr, addrlen, Last::Name)?;
    done(socket::bind(sockfd.0, &address))
}

pub fn connect(task: &mut Task, sockfd: Fd, addr: SockAddr, addrlen: u32) -> Answer {
    // Here the address is looked at before the kind of descriptor.
    must_be_open(sockfd)?;
    let address = read_address(task, addr, addrlen)?;
    must_be_socket(sockfd)?;
    let (address, _place) = path::socket_address(task, address, Last::Follow)?;
    socket::connect(sockfd.0, &address).map(|()| 0).map_err(|error| restarted(sockfd, error))
}

pub fn listen(_task: &mut Task, sockfd: Fd, backlog: i32) -> Answer {
    done(socket::listen(sockfd.0, backlog))
}

pub fn accept(task: &mut Task, sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) -> Answer {
    accept4(task, sockfd, addr, addrlen, SocketFlags(0))
}

pub fn accept4(task: &mut Task, sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>, flags: SocketFlags) -> Answer {
    must_be_open(sockfd)?;
    if flags.0 as u32 & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    let (fd, address) = socket::accept(sockfd.0, flags.0 as u32).map_err(|error| restarted(sockfd, error))?;
    if addr.0 != 0
        && let Err(error) = write_address(task, address.bytes, address.length, addr, addrlen)
    {
        let _ = host::file::close(fd);
        return Err(error);
    }
    Ok(fd as u64)
}

pub fn getsockname(task: &mut Task, sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) -> Answer {
    let address = socket::getsockname(sockfd.0)?;
    write_address(task, address.bytes, address.length, addr, addrlen)?;
    Ok(0)
}

pub fn getpeername(task: &mut Task, sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) -> Answer {
    let address = socket::getpeername(sockfd.0)?;
    write_address(task, address.bytes, address.length, addr, addrlen)?;
    Ok(0)
}

pub fn shutdown(_task: &mut Task, sockfd: Fd, how: ShutdownHow) -> Answer {
    done(socket::shutdown(sockfd.0, how.0))
}

pub fn sendto(
    task: &mut Task,
    sockfd: Fd,
    buf: UserSlice,
    len: u64,
    flags: MsgFlags,
    dest_addr: SockAddr,
    addrlen: u32,
) -> Answer {
    let list = plain_buffer(buf.0, len)?;
    must_be_socket(sockfd)?;
    let target = if dest_addr.0 == 0 { None } else { Some(read_target(task, dest_addr, addrlen, Last::Follow)?) };
    let address = target.as_ref().map(|(address, _place)| &address[..]);
    send(task, sockfd, &list, address, &[], flags.0 & !MSG_CMSG_COMPAT)
}

/// The buffer of `sendto` and `recvfrom`, which must lie in user space before anything else is looked at (`import_ubuf`).
fn plain_buffer(address: u64, length: u64) -> Result<[(u64, u64); 1], Errno> {
    let length = length.min(MAX_COUNT);
    if is_user(address, length) { Ok([(address, length)]) } else { Err(Errno::EFAULT) }
}

/// Only a 32-bit program may ask for the other layout.
fn check_flags(flags: u32) -> Result<(), Errno> {
    if flags & MSG_CMSG_COMPAT != 0 { Err(Errno::EINVAL) } else { Ok(()) }
}

fn send(
    task: &mut Task,
    fd: Fd,
    list: &[(u64, u64)],
    address: Option<&[u8]>,
    control: &[Control],
    flags: u32,
) -> Answer {
    let sent = if is_turned(fd) {
        send_turned(task, fd, list, address, control, flags)
    } else {
        lend_message(task, list, Access::Read, |segments| socket::send(fd.0, segments, address, control, flags))
    };
    sent.map(|n| n as u64).map_err(|error| interrupted(fd, error))
}

fn interrupted(fd: Fd, error: Errno) -> Errno {
    if error == Errno::EINTR && has_time_limit(fd.0) { error } else { error.restart_as(Errno::RESTARTSYS) }
}

pub fn recvfrom(
    task: &mut Task,
    sockfd: Fd,
    buf: UserBuf,
    len: u64,
    flags: MsgFlags,
    src_addr: SockAddrMut,
    addrlen: UserMut<i32>,
) -> Answer {
    let list = plain_buffer(buf.0, len)?;
    must_be_socket(sockfd)?;
    let flags = MsgFlags(flags.0 & !MSG_CMSG_COMPAT);
    let received =
        receive(task, sockfd, &list, src_addr.0 != 0, 0, flags.0).map_err(|error| interrupted(sockfd, error))?;
    let count = received.bytes;
    if src_addr.0 != 0 {
        write_address(task, received.address, received.address_length, src_addr, addrlen)?;
    }
    Ok(count as u64)
}

/// Ancillary data of the guest, for the host.
fn read_control(task: &mut Task, header: &MsgHdr) -> Result<Vec<Control>, Errno> {
    let mut all = Vec::new();
    if header.msg_control == 0 || header.msg_controllen == 0 {
        return Ok(all);
    }
    if header.msg_controllen > 1 << 20 {
        return Err(Errno::ENOBUFS);
    }
    let mut raw = vec![0; header.msg_controllen as usize];
    task.load(header.msg_control, &mut raw)?;
    let mut at = 0;
    while at + CmsgHdr::SIZE <= raw.len() {
        let head = CmsgHdr::decode(&raw[at..at + CmsgHdr::SIZE]);
        let Ok(length) = usize::try_from(head.cmsg_len) else { return Err(Errno::EINVAL) };
        if length < CmsgHdr::SIZE || at + length > raw.len() {
            return Err(Errno::EINVAL);
        }
        let mut data = raw[at + CmsgHdr::SIZE..at + length].to_vec();
        if head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS {
            for fd in data.chunks_exact_mut(4) {
                let number = visible(i32::decode(fd));
                number.encode(fd);
            }
        }
        data = layout::convert(layout::message(head.cmsg_level, head.cmsg_type), data, Way::ToHost);
        all.push(Control { level: head.cmsg_level, kind: head.cmsg_type, data });
        at += length.next_multiple_of(8);
    }
    Ok(all)
}

/// The guest's number of a time stamp, which 32-bit hosts give another one where it is 64 bits wide.
fn guest_message(level: i32, kind: i32) -> i32 {
    match (level, kind) {
        (SOL_SOCKET, 63) if NARROW => 29,
        (SOL_SOCKET, 64) if NARROW => 35,
        (SOL_SOCKET, 65) if NARROW => 37,
        _ => kind,
    }
}

/// Writes ancillary data as far as they fit; returns the length used, and whether something was cut.
fn write_control(task: &mut Task, header: &MsgHdr, messages: Vec<Control>) -> Result<(u64, bool), Errno> {
    let mut raw = Vec::new();
    let room = header.msg_controllen.min(1 << 20) as usize;
    let mut is_cut = false;
    for mut message in messages {
        message.kind = guest_message(message.level, message.kind);
        message.data = layout::convert(layout::message(message.level, message.kind), message.data, Way::ToGuest);
        let left = room.saturating_sub(raw.len());
        if left < CmsgHdr::SIZE {
            is_cut = true;
            break;
        }
        let mut fits = message.data.len().min(left - CmsgHdr::SIZE);
        if fits < message.data.len() {
            is_cut = true;
            if message.level == SOL_SOCKET && message.kind == SCM_RIGHTS {
                fits &= !3;
                for fd in message.data[fits..].chunks_exact(4) {
                    let _ = host::file::close(i32::decode(fd));
                }
            }
        }
        let mut head = [0; CmsgHdr::SIZE];
        CmsgHdr { cmsg_len: (CmsgHdr::SIZE + fits) as u64, cmsg_level: message.level, cmsg_type: message.kind }
            .encode(&mut head);
        raw.extend_from_slice(&head);
        raw.extend_from_slice(&message.data[..fits]);
        let padded = raw.len().next_multiple_of(8).min(room);
        raw.resize(padded, 0);
    }
    task.store(header.msg_control, &raw)?;
    Ok((raw.len() as u64, is_cut))
}

fn message_vectors(task: &mut Task, header: &MsgHdr) -> Result<Vec<(u64, u64)>, Errno> {
    if header.msg_iovlen > 1024 {
        return Err(Errno::EMSGSIZE);
    }
    vectors(task, UserPtr::<IoVec>::new(header.msg_iov), header.msg_iovlen)
}

fn send_message(task: &mut Task, fd: Fd, header: &MsgHdr, flags: u32) -> Answer {
    let address = if header.msg_name == 0 || header.msg_namelen == 0 {
        None
    } else if header.msg_namelen < 0 {
        return Err(Errno::EINVAL);
    } else {
        let length = (header.msg_namelen as u32).min(ADDRESS_MAX as u32);
        Some(read_target(task, SockAddr(header.msg_name), length, Last::Follow)?)
    };
    let address = address.as_ref().map(|(address, _place)| &address[..]);
    let list = message_vectors(task, header)?;
    let control = read_control(task, header)?;
    send(task, fd, &list, address, &control, flags)
}

pub fn sendmsg(task: &mut Task, sockfd: Fd, msg: UserPtr<MsgHdr>, flags: MsgFlags) -> Answer {
    check_flags(flags.0)?;
    must_be_socket(sockfd)?;
    let header = msg.read(task)?;
    send_message(task, sockfd, &header, flags.0)
}

fn receive_message(task: &mut Task, fd: Fd, at: u64, flags: u32) -> Answer {
    let message = UserMut::<MsgHdr>::new(at);
    let mut header = message.read(task)?;
    if header.msg_name != 0 && header.msg_namelen < 0 {
        return Err(Errno::EINVAL);
    }
    let list = message_vectors(task, &header)?;
    let room = header.msg_controllen.min(1 << 20) as usize;
    let received =
        receive(task, fd, &list, header.msg_name != 0, room, flags).map_err(|error| interrupted(fd, error))?;
    let count = received.bytes;
    if header.msg_name != 0 {
        let mut bytes = received.address;
        let mut length = received.address_length;
        if path::guest_socket_address(task, &mut bytes) {
            length = bytes.len();
        }
        swap_address(&mut bytes);
        bytes.truncate(header.msg_namelen as usize);
        task.store(header.msg_name, &bytes)?;
        header.msg_namelen = length as i32;
    }
    let (used, is_cut) = write_control(task, &header, received.control)?;
    header.msg_controllen = used;
    header.msg_flags = received.flags | if is_cut { MSG_CTRUNC } else { 0 };
    // The fields that the kernel writes, and no others.
    if header.msg_name != 0 {
        UserMut::<i32>::new(at + 8).write(task, &header.msg_namelen)?;
    }
    UserMut::<u64>::new(at + 40).write(task, &header.msg_controllen)?;
    UserMut::<u32>::new(at + 48).write(task, &header.msg_flags)?;
    Ok(count as u64)
}

pub fn recvmsg(task: &mut Task, sockfd: Fd, msg: UserMut<MsgHdr>, flags: MsgFlags) -> Answer {
    check_flags(flags.0)?;
    must_be_socket(sockfd)?;
    receive_message(task, sockfd, msg.address, flags.0)
}

pub fn sendmmsg(task: &mut Task, sockfd: Fd, msgvec: UserMut<MmsgHdr>, vlen: u32, flags: MsgFlags) -> Answer {
    check_flags(flags.0)?;
    must_be_socket(sockfd)?;
    let mut count = 0;
    for index in 0..u64::from(vlen.min(1024)) {
        let at = msgvec.address + index * MmsgHdr::SIZE as u64;
        let sent =
            UserPtr::<MsgHdr>::new(at).read(task).and_then(|header| send_message(task, sockfd, &header, flags.0));
        match sent.and_then(|sent| UserMut::<u32>::new(at + 56).write(task, &(sent as u32))) {
            Ok(()) => count += 1,
            Err(error) if count == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(count)
}

/// man 2 recvmmsg: the timeout is looked at after each datagram only, as in the kernel.
pub fn recvmmsg(
    task: &mut Task,
    sockfd: Fd,
    msgvec: UserMut<MmsgHdr>,
    vlen: u32,
    flags: MsgFlags,
    timeout: UserMut<Timespec>,
) -> Answer {
    check_flags(flags.0)?;
    let limit = super::poll::timeout(timeout.read_optional(task)?)?;
    let deadline = limit.map(|limit| host::time::now().saturating_add(limit));
    must_be_socket(sockfd)?;
    let mut flag_bits = flags.0 & !MSG_WAITFORONE;
    let mut count = 0;
    for index in 0..u64::from(vlen.min(1024)) {
        let at = msgvec.address + index * MmsgHdr::SIZE as u64;
        let result = receive_message(task, sockfd, at, flag_bits);
        match result.and_then(|n| UserMut::<u32>::new(at + 56).write(task, &(n as u32))) {
            Ok(()) => count += 1,
            Err(error) if count == 0 => return Err(error),
            Err(_) => break,
        }
        if flags.0 & MSG_WAITFORONE != 0 {
            flag_bits |= MSG_DONTWAIT;
        }
        if let Some(deadline) = deadline {
            let left = deadline.saturating_sub(host::time::now());
            timeout.write(task, &Timespec { tv_sec: left.seconds, tv_nsec: left.nanoseconds })?;
            if left == host::time::Time::default() {
                break;
            }
        }
    }
    Ok(count)
}

const NARROW: bool = cfg!(not(target_pointer_width = "64"));

/// The host's number of an option: times are 64 bits wide under other numbers on 32-bit hosts.
fn host_option(level: i32, option: i32) -> i32 {
    match (level, option) {
        (SOL_SOCKET, SO_RCVTIMEO) if NARROW => 66,
        (SOL_SOCKET, SO_SNDTIMEO) if NARROW => 67,
        (SOL_SOCKET, 29) if NARROW => 63,
        (SOL_SOCKET, 35) if NARROW => 64,
        (SOL_SOCKET, 37) if NARROW => 65,
        _ => option,
    }
}

/// Refuses the options whose value names memory that the kernel reads or writes by itself.
fn refuse_pointers(level: i32, option: i32) -> Result<(), Errno> {
    let is_refused = match (level, option) {
        // IPT_SO_SET_REPLACE, IPT_SO_SET_ADD_COUNTERS and those of ip6tables, arptables and ebtables.
        (layout::SOL_IP, 64 | 65 | 96 | 97 | 128 | 129) | (layout::SOL_IPV6, 64 | 65) => true,
        // TCP_ZEROCOPY_RECEIVE, PACKET_FANOUT_DATA, XDP_UMEM_REG.
        (layout::SOL_TCP, 35) | (layout::SOL_PACKET, 22) | (283, 4) => true,
        // PACKET_RX_RING, PACKET_TX_RING: rings of the host's words.
        (layout::SOL_PACKET, 5 | 13) => !layout::SAME,
        // MCAST_MSFILTER.
        (layout::SOL_IP | layout::SOL_IPV6, 48) => !layout::SAME,
        _ => false,
    };
    if is_refused {
        host::log::line(&format!("unsupported socket option {level}, {option}: ENOPROTOOPT"));
        return Err(Errno::ENOPROTOOPT);
    }
    Ok(())
}

const SO_MAX_PACING_RATE: i32 = 47;
/// What a long means that the host has no room for: no limit.
const UNLIMITED: u32 = u32::MAX;

const SO_ATTACH_FILTER: i32 = 26;
const SO_ATTACH_REUSEPORT_CBPF: i32 = 51;

pub fn setsockopt(
    task: &mut Task,
    sockfd: Fd,
    level: SocketLevel,
    optname: i32,
    optval: UserSlice,
    optlen: i32,
) -> Answer {
    must_be_socket(sockfd)?;
    if optlen < 0 {
        return Err(Errno::EINVAL);
    }
    if level.0 == SOL_SOCKET && matches!(optname, SO_ATTACH_FILTER | SO_ATTACH_REUSEPORT_CBPF) {
        return attach_filter(task, sockfd, optname, optval.0, optlen);
    }
    refuse_pointers(level.0, optname)?;
    if optlen > 1 << 20 {
        return Err(Errno::ENOMEM);
    }
    let Ok(mut value) = optval.read(task, optlen as u64) else {
        // Whether the option exists is looked at first.
        return Err(socket::setsockopt_unreadable(sockfd.0, level.0, host_option(level.0, optname), optlen).into());
    };
    if NARROW && (level.0, optname, value.len()) == (SOL_SOCKET, SO_MAX_PACING_RATE, 8) {
        let rate = u32::try_from(u64::decode(&value)).unwrap_or(UNLIMITED);
        value = rate.to_le_bytes().to_vec();
    }
    let value = layout::convert(layout::option(level.0, optname), value, Way::ToHost);
    done(socket::setsockopt(sockfd.0, level.0, host_option(level.0, optname), &value))
}

/// `struct sock_fprog { unsigned short len; struct sock_filter *filter; }`.
fn attach_filter(task: &mut Task, fd: Fd, option: i32, address: u64, length: i32) -> Answer {
    if length != 16 {
        return Err(Errno::EINVAL);
    }
    let count: u16 = UserPtr::new(address).read(task)?;
    let list: u64 = UserPtr::new(address + 8).read(task)?;
    let words = UserPtr::<[u32; 2]>::new(list).read_array(task, u64::from(count))?;
    let program: Vec<_> =
        words.iter().map(|&[head, k]| (head as u16, (head >> 16) as u8, (head >> 24) as u8, k)).collect();
    done(socket::attach_filter(fd.0, option, &program))
}

pub fn getsockopt(
    task: &mut Task,
    sockfd: Fd,
    level: SocketLevel,
    optname: i32,
    optval: Address,
    optlen: UserMut<i32>,
) -> Answer {
    must_be_socket(sockfd)?;
    let room = optlen.read(task)?;
    if room < 0 {
        return Err(Errno::EINVAL);
    }
    if (level.0, optname) == (SOL_SOCKET, SO_ATTACH_FILTER) {
        return attached_filter(task, sockfd, optval.0, optlen);
    }
    refuse_pointers(level.0, optname)?;
    let layout = layout::option(level.0, optname);
    let mut value = vec![0; (room as usize).min(1 << 16)];
    // Some options read what they are asked for where they write the answer; others need nothing to be there.
    if task.load(optval.0, &mut value).is_ok() {
        value = layout::convert(layout, value, Way::ToHost);
    }
    let length = socket::getsockopt(sockfd.0, level.0, host_option(level.0, optname), &mut value)?;
    value.truncate(length);
    let mut value = layout::convert(layout, value, Way::ToGuest);
    if NARROW && (level.0, optname, value.len()) == (SOL_SOCKET, SO_MAX_PACING_RATE, 4) && room >= 8 {
        let rate = u32::decode(&value);
        value = if rate == UNLIMITED { u64::MAX } else { u64::from(rate) }.to_le_bytes().to_vec();
    }
    // TLS and others may answer with more than they write.
    let length = if value.len() < length { length } else { value.len() };
    task.store(optval.0, &value)?;
    optlen.write(task, &(length as i32))?;
    Ok(0)
}

/// `SO_GET_FILTER`, which counts in instructions.
fn attached_filter(task: &mut Task, fd: Fd, address: u64, length: UserMut<i32>) -> Answer {
    let room = length.read(task)?.max(0) as usize;
    let program = socket::attached_filter(fd.0, room)?;
    if let Some(program) = &program.1 {
        let words: Vec<[u32; 2]> = program
            .iter()
            .map(|&(code, jt, jf, k)| [u32::from(code) | u32::from(jt) << 16 | u32::from(jf) << 24, k])
            .collect();
        UserMut::<[u32; 2]>::new(address).write_array(task, &words)?;
    }
    length.write(task, &(program.0 as i32))?;
    Ok(0)
}
