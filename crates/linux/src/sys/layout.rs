//! How the values of socket options and ancillary messages are laid out, and their way between the guest's layout (64 bits,
//! little-endian) and the host's. Where the two are the same, nothing here does anything.

use super::socket::swap_address;
use alloc::vec::Vec;
use host::terminal::Field::{self, Bytes, I16, I32, I64};

/// Whether a payload is the same for guest and host.
pub const SAME: bool = cfg!(all(target_endian = "little", target_pointer_width = "64"));
const BIG: bool = cfg!(target_endian = "big");

pub const SOL_IP: i32 = 0;
pub const SOL_SOCKET: i32 = 1;
pub const SOL_TCP: i32 = 6;
pub const SOL_UDP: i32 = 17;
pub const SOL_IPV6: i32 = 41;
pub const SOL_PACKET: i32 = 263;
pub const SOL_ALG: i32 = 279;
pub const SOL_TLS: i32 = 282;

/// How a value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// 32-bit integers, one or several.
    Ints,
    /// 64-bit integers.
    Longs,
    /// One integer, as wide as the value is long.
    Integer,
    /// Text, or numbers in network order.
    Bytes,
    /// These fields, as far as there are any, then bytes.
    Fields(&'static [Field]),
    /// These many bytes of fields, then a socket address.
    Address(&'static [Field]),
    /// `struct tcp_info`: fields behind two bytes of bit fields, whose order is that of the bytes.
    TcpInfo,
    /// A 32-bit index and so many `struct sockaddr_storage`, which are aligned to a long.
    Group(usize),
}
use Layout::{Address, Fields, Group, Integer, Ints, Longs, TcpInfo};

#[rustfmt::skip]
const TCP_INFO: &[Field] = &[
    Bytes(8), I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32,
    I64, I64, I64, I64, I32, I32, I32, I32, I32, I32, I64, I64, I64, I64, I32, I32, I64, I64, I32, I32, I32, I32, I32, I32, I16, I16, I32,
];
/// `struct sock_extended_err`, with the address of who made the error behind it.
const ERROR: &[Field] = &[I32, Bytes(4), I32, I32];

/// The layout of a socket option's value.
pub fn option(level: i32, option: i32) -> Layout {
    match (level, option) {
        // SO_RCVTIMEO, SO_SNDTIMEO.
        (SOL_SOCKET, 20 | 21) => Longs,
        // SO_BINDTODEVICE, SO_PEERSEC.
        (SOL_SOCKET, 25 | 31) => Layout::Bytes,
        // SO_PEERNAME.
        (SOL_SOCKET, 28) => Address(&[]),
        // SO_MAX_PACING_RATE, SO_COOKIE, SO_NETNS_COOKIE.
        (SOL_SOCKET, 47 | 57 | 71) => Integer,
        // IP_MULTICAST_IF, IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP.
        (SOL_IP, 32 | 35 | 36) => Fields(&[Bytes(8), I32]),
        // IP_OPTIONS, IP_UNBLOCK_SOURCE to IP_DROP_SOURCE_MEMBERSHIP, IP_UNICAST_IF.
        (SOL_IP, 4 | 37..=40 | 50) => Layout::Bytes,
        // IP_MSFILTER.
        (SOL_IP, 41) => Fields(&[Bytes(8), I32, I32]),
        // MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP; MCAST_BLOCK_SOURCE to MCAST_LEAVE_SOURCE_GROUP.
        (SOL_IP | SOL_IPV6, 42 | 45) => Group(1),
        (SOL_IP | SOL_IPV6, 43 | 44 | 46 | 47) => Group(2),
        // IPV6_PKTINFO and its old number, IPV6_JOIN_GROUP to IPV6_LEAVE_ANYCAST.
        (SOL_IPV6, 2 | 50 | 20 | 21 | 27 | 28) => Fields(&[Bytes(16), I32]),
        // The headers and their old numbers, IPV6_UNICAST_IF.
        (SOL_IPV6, 3..=6 | 54 | 55 | 57 | 59 | 76) => Layout::Bytes,
        // IPV6_NEXTHOP.
        (SOL_IPV6, 9) => Address(&[]),
        // IPV6_FLOWLABEL_MGR.
        (SOL_IPV6, 32) => Fields(&[Bytes(22), I16, I16, I16, I32]),
        // IPV6_PATHMTU: an address with its scope, then the number.
        (SOL_IPV6, 61) => Fields(&[I16, Bytes(22), I32, I32]),
        (SOL_TCP, 11) => TcpInfo,
        // TCP_CONGESTION, TCP_ULP, TCP_FASTOPEN_KEY.
        (SOL_TCP, 13 | 31 | 33) => Layout::Bytes,
        // PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP.
        (SOL_PACKET, 1 | 2) => Fields(&[I32, I16, I16]),
        // ALG_SET_KEY.
        (SOL_ALG, 1) => Layout::Bytes,
        // TLS_TX, TLS_RX.
        (SOL_TLS, 1 | 2) => Fields(&[I16, I16]),
        // SO_VM_SOCKETS_BUFFER_SIZE and its bounds.
        (40, 0..=2) => Longs,
        _ => Ints,
    }
}

/// The layout of an ancillary message's data.
pub fn message(level: i32, kind: i32) -> Layout {
    match (level, kind) {
        // SCM_SECURITY, SCM_TIMESTAMPING_OPT_STATS.
        (SOL_SOCKET, 3 | 54) => Layout::Bytes,
        // SCM_TIMESTAMP, SCM_TIMESTAMPNS, SCM_TIMESTAMPING, SCM_TXTIME.
        (SOL_SOCKET, 29 | 35 | 37 | 61) => Longs,
        // IP_RETOPTS, IP_OPTIONS.
        (SOL_IP, 7 | 4) => Layout::Bytes,
        // IP_PKTINFO.
        (SOL_IP, 8) => Fields(&[I32]),
        // IP_RECVERR, IPV6_RECVERR.
        (SOL_IP, 11) | (SOL_IPV6, 25) => Address(ERROR),
        // IP_ORIGDSTADDR, IPV6_ORIGDSTADDR.
        (SOL_IP, 20) | (SOL_IPV6, 74) => Address(&[]),
        // IPV6_PKTINFO and its old number.
        (SOL_IPV6, 50 | 2) => Fields(&[Bytes(16), I32]),
        // IPV6_FLOWINFO and the headers.
        (SOL_IPV6, 3..=6 | 11 | 54 | 55 | 57 | 59) => Layout::Bytes,
        // UDP_SEGMENT.
        (SOL_UDP, 103) => Integer,
        // PACKET_AUXDATA.
        (SOL_PACKET, 8) => Fields(&[I32, I32, I32, I16, I16, I16, I16]),
        // ALG_SET_IV.
        (SOL_ALG, 2) => Fields(&[I32]),
        _ => Ints,
    }
}

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToHost,
    ToGuest,
}

/// The value in the other's layout.
pub fn convert(layout: Layout, mut value: Vec<u8>, way: Way) -> Vec<u8> {
    if SAME {
        return value;
    }
    match layout {
        Group(count) => return group(&value, count, way),
        _ if !BIG => {}
        Layout::Bytes => {}
        Ints => turn_each(&mut value, 4),
        Longs => turn_each(&mut value, 8),
        Integer => value.reverse(),
        Fields(fields) => {
            turn_fields(fields, &mut value);
        }
        Address(fields) => {
            let end = turn_fields(fields, &mut value);
            swap_address(&mut value[end..]);
        }
        TcpInfo => {
            turn_fields(TCP_INFO, &mut value);
            if let Some([scales, flags]) = value.get_mut(6..8) {
                *scales = scales.rotate_left(4);
                *flags = *flags >> 7 | (*flags >> 5 & 3) << 1;
            }
        }
    }
    value
}

/// Turns every number of `width` bytes, from either order.
pub fn turn_each(value: &mut [u8], width: usize) {
    value.chunks_exact_mut(width).for_each(|number| number.reverse());
}

/// Turns the fields that there is room for, from either order, and returns where they end.
pub fn turn_fields(fields: &[Field], value: &mut [u8]) -> usize {
    let mut at = 0;
    for field in fields {
        let width = match field {
            I16 => 2,
            I32 => 4,
            I64 | Field::Long => 8,
            Bytes(n) => {
                at += n;
                continue;
            }
        };
        match value.get_mut(at..at + width) {
            Some(number) => number.reverse(),
            None => break,
        }
        at += width;
    }
    at.min(value.len())
}

/// `struct group_req` and `group_source_req`.
fn group(value: &[u8], count: usize, way: Way) -> Vec<u8> {
    const STORAGE: usize = 128;
    let aligned = |word: usize| if word == 8 { 8 } else { 4 };
    let (from, to) = match way {
        Way::ToHost => (8, aligned(size_of::<usize>())),
        Way::ToGuest => (aligned(size_of::<usize>()), 8),
    };
    let mut result = alloc::vec![0; to];
    if value.len() < from + count * STORAGE {
        // Too short for the kernel too.
        return value.to_vec();
    }
    result[..4].copy_from_slice(&value[..4]);
    if BIG {
        result[..4].reverse();
    }
    for storage in value[from..].chunks_exact(STORAGE).take(count) {
        let at = result.len();
        result.extend_from_slice(storage);
        swap_address(&mut result[at..]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_info_is_as_long_as_its_fields() {
        let mut value = alloc::vec![0; 248];
        assert_eq!(turn_fields(TCP_INFO, &mut value), 248);
        let mut short = alloc::vec![0; 10];
        assert_eq!(turn_fields(TCP_INFO, &mut short), 8);
    }

    #[test]
    fn ancillary_numbers_and_addresses_are_told_apart() {
        let mut number = 7u32.to_ne_bytes().to_vec();
        number.extend([127, 0, 0, 1, 127, 0, 0, 2]);
        let mut expected = 7u32.to_le_bytes().to_vec();
        expected.extend([127, 0, 0, 1, 127, 0, 0, 2]);
        assert_eq!(convert(message(SOL_IP, 8), number, Way::ToGuest), expected);
    }
}
