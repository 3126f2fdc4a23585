//! Messages of netlink sockets, which are in the order of the host's CPU: man 7 netlink, rtnetlink.
//!
//! On a big-endian host they are turned on their way. That is known for `NETLINK_ROUTE` and needs nothing for `NETLINK_KOBJECT_UEVENT`,
//! whose messages are text; sockets of other protocols are refused there.

use super::layout::{turn_each, turn_fields};
use core::ops::Range;
use host::terminal::Field::{self, Bytes, I16, I32, I64};

const NETLINK_ROUTE: i32 = 0;
const NETLINK_KOBJECT_UEVENT: i32 = 15;

/// Whether messages of a protocol can be carried.
pub fn is_carried(protocol: i32) -> bool {
    cfg!(target_endian = "little") || matches!(protocol, NETLINK_ROUTE | NETLINK_KOBJECT_UEVENT)
}

/// Whether messages of a protocol must be turned.
pub fn is_turned(protocol: i32) -> bool {
    cfg!(target_endian = "big") && protocol == NETLINK_ROUTE
}

/// The order in which messages are before they are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Little,
    Big,
}

const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_CAPPED: u16 = 0x100;

/// Turns a row of messages. What is cut off is turned as far as it is there.
pub fn turn(bytes: &mut [u8], from: From) {
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER) {
        let length = number(header, 0..4, from) as usize;
        let (kind, flags) = (number(header, 4..6, from) as u16, number(header, 6..8, from) as u16);
        turn_fields(&[I32, I16, I16, I32, I32], &mut bytes[at..]);
        let end = at.saturating_add(length.max(HEADER)).min(bytes.len());
        let body = &mut bytes[at + HEADER..end];
        match kind {
            NLMSG_ERROR => error(body, flags, from),
            NLMSG_DONE => {
                turn_fields(&[I32], body);
            }
            _ => message(kind, body, from),
        }
        at = end.next_multiple_of(4);
    }
}

/// `struct nlmsgerr`: a number, the message that it is about or its header alone, and attributes that explain.
fn error(body: &mut [u8], flags: u16, from: From) {
    turn_fields(&[I32], body);
    let Some(about) = body.get(4..4 + HEADER) else { return };
    let length = if flags & NLM_F_CAPPED != 0 { HEADER } else { number(about, 0..4, from) as usize };
    let end = length.max(HEADER).next_multiple_of(4).saturating_add(4).min(body.len());
    turn(&mut body[4..end], from);
    attributes(Group::Error, &mut body[end..], from);
}

/// Whose attributes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Error,
    Link,
    LinkInfo,
    Families,
    Inet,
    Inet6,
    Properties,
    Address,
    Route,
    Metrics,
    Neighbour,
    Rule,
    Discipline,
    Statistics,
    /// What is not known is bytes, or one number by its length.
    Other,
}

fn message(kind: u16, body: &mut [u8], from: From) {
    const TCMSG: &[Field] = &[Bytes(4), I32, I32, I32, I32];
    let (header, group): (&[Field], Group) = match kind & !3 {
        16 => (&[Bytes(2), I16, I32, I32, I32], Group::Link),
        20 => (&[Bytes(4), I32], Group::Address),
        24 => (&[Bytes(8), I32], Group::Route),
        28 => (&[Bytes(4), I32, I16, Bytes(2)], Group::Neighbour),
        32 => (&[Bytes(8), I32], Group::Rule),
        36 | 40 | 44 => (TCMSG, Group::Discipline),
        72 => (&[Bytes(4), I32, I32], Group::Other),
        _ => (&[Bytes(4)], Group::Other),
    };
    // A question may be as short as its family.
    let end = turn_fields(header, body);
    attributes(group, &mut body[end..], from);
}

/// How an attribute's value is laid out.
enum Value {
    Bytes,
    Shorts,
    Ints,
    Longs,
    Fields(&'static [Field]),
    Nested(Group),
    /// `struct rtnexthop`s, each with attributes of a route.
    Hops,
}

fn value(group: Group, kind: u16, length: usize) -> Value {
    match (group, kind) {
        // IFLA_ADDRESS, BROADCAST, IFNAME, QDISC, WIRELESS, IFALIAS, PHYS_PORT_ID, PHYS_SWITCH_ID, PHYS_PORT_NAME, PERM_ADDRESS and the parent's names.
        (Group::Link, 1 | 2 | 3 | 6 | 11 | 20 | 34 | 36 | 38 | 54 | 56 | 57) => Value::Bytes,
        // IFLA_STATS, IFLA_MAP, IFLA_LINKINFO, IFLA_STATS64, IFLA_AF_SPEC, IFLA_XDP, IFLA_PROP_LIST.
        (Group::Link, 7) => Value::Ints,
        (Group::Link, 14) => Value::Fields(&[I64, I64, I64, I16]),
        (Group::Link, 18) => Value::Nested(Group::LinkInfo),
        (Group::Link, 23) => Value::Longs,
        (Group::Link, 26) => Value::Nested(Group::Families),
        (Group::Link, 43) => Value::Nested(Group::Other),
        (Group::Link, 52) => Value::Nested(Group::Properties),
        // AF_INET, AF_INET6 and what they tell.
        (Group::Families, 2) => Value::Nested(Group::Inet),
        (Group::Families, 10) => Value::Nested(Group::Inet6),
        (Group::Inet, _) => Value::Ints,
        (Group::Inet6, 3 | 6) => Value::Longs,
        (Group::Inet6, 1 | 2 | 5 | 9) => Value::Ints,
        // Names; what a kind of interface tells.
        (Group::Properties | Group::LinkInfo, _) | (Group::Inet6 | Group::Families, _) => Value::Bytes,
        // IFA_ADDRESS to IFA_ANYCAST, IFA_MULTICAST; IFA_CACHEINFO.
        (Group::Address, 1..=5 | 7) => Value::Bytes,
        (Group::Address, 6) => Value::Ints,
        // RTA_DST, SRC, GATEWAY, PREFSRC, NEWDST, SPORT, DPORT; METRICS, MULTIPATH, CACHEINFO, MFC_STATS, VIA.
        (Group::Route, 1 | 2 | 5 | 7 | 19 | 28 | 29) => Value::Bytes,
        (Group::Route, 8) => Value::Nested(Group::Metrics),
        (Group::Route, 9) => Value::Hops,
        (Group::Route, 12) => Value::Ints,
        (Group::Route, 17) => Value::Longs,
        (Group::Route, 18) => Value::Fields(&[I16]),
        // RTAX_CC_ALGO.
        (Group::Metrics, 16) => Value::Bytes,
        (Group::Metrics, _) => Value::Ints,
        // NDA_DST, LLADDR, PORT; CACHEINFO.
        (Group::Neighbour, 1 | 2 | 6) => Value::Bytes,
        (Group::Neighbour, 3) => Value::Ints,
        // FRA_DST, SRC, IIFNAME, TUN_ID, OIFNAME; UID_RANGE; SPORT_RANGE, DPORT_RANGE.
        (Group::Rule, 1 | 2 | 3 | 12 | 17) => Value::Bytes,
        (Group::Rule, 20) => Value::Ints,
        (Group::Rule, 23 | 24) => Value::Shorts,
        // TCA_KIND, OPTIONS and XSTATS by kind; TCA_STATS, TCA_STATS2.
        (Group::Discipline, 1 | 2 | 4) => Value::Bytes,
        (Group::Discipline, 3) => Value::Fields(&[I64, I32, I32, I32, I32, I32, I32, I32]),
        (Group::Discipline, 7) => Value::Nested(Group::Statistics),
        // TCA_STATS_BASIC and TCA_STATS_BASIC_HW.
        (Group::Statistics, 1 | 7) => Value::Fields(&[I64, I32]),
        (Group::Statistics, _) => Value::Ints,
        // NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_COOKIE.
        (Group::Error, 1 | 3) => Value::Bytes,
        _ => match length {
            2 => Value::Shorts,
            4 => Value::Ints,
            8 => Value::Longs,
            _ => Value::Bytes,
        },
    }
}

/// Turns a row of `struct rtattr`.
fn attributes(group: Group, bytes: &mut [u8], from: From) {
    const KIND: u16 = 0x3fff;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + 4) {
        let length = number(header, 0..2, from) as usize;
        let kind = number(header, 2..4, from) as u16 & KIND;
        turn_fields(&[I16, I16], &mut bytes[at..]);
        let end = (at + length.max(4)).min(bytes.len());
        let body = &mut bytes[at + 4..end];
        match value(group, kind, body.len()) {
            Value::Bytes => {}
            Value::Shorts => turn_each(body, 2),
            Value::Ints => turn_each(body, 4),
            Value::Longs => turn_each(body, 8),
            Value::Fields(list) => {
                turn_fields(list, body);
            }
            Value::Nested(inner) => attributes(inner, body, from),
            Value::Hops => hops(body, from),
        }
        at = end.next_multiple_of(4);
    }
}

fn hops(bytes: &mut [u8], from: From) {
    const HOP: usize = 8;
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HOP) {
        let length = number(header, 0..2, from) as usize;
        turn_fields(&[I16, Bytes(2), I32], &mut bytes[at..]);
        let end = (at + length.max(HOP)).min(bytes.len());
        attributes(Group::Route, &mut bytes[at + HOP..end], from);
        at = end.next_multiple_of(4);
    }
}

fn number(bytes: &[u8], at: Range<usize>, from: From) -> u32 {
    let add = |sum: u32, byte: &u8| sum << 8 | u32::from(*byte);
    match from {
        From::Big => bytes[at].iter().fold(0, add),
        From::Little => bytes[at].iter().rev().fold(0, add),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// `RTM_NEWLINK` of an interface with a name, an MTU and 64-bit statistics; then the end of the answer.
    fn answer(int: fn(u32) -> [u8; 4], short: fn(u16) -> [u8; 2], long: fn(u64) -> [u8; 8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let shorts =
            |bytes: &mut Vec<u8>, values: [u16; 2]| values.iter().for_each(|value| bytes.extend(short(*value)));
        let ints = |bytes: &mut Vec<u8>, values: &[u32]| values.iter().for_each(|value| bytes.extend(int(*value)));
        ints(&mut bytes, &[16 + 16 + 8 + 8 + 12 + 16]);
        shorts(&mut bytes, [16, 2]);
        ints(&mut bytes, &[7, 99]);
        bytes.extend([0, 0]);
        bytes.extend(short(772));
        ints(&mut bytes, &[1, 0x49, 0]);
        shorts(&mut bytes, [7, 3]);
        bytes.extend(b"lo\0\0");
        shorts(&mut bytes, [8, 4]);
        ints(&mut bytes, &[65536]);
        shorts(&mut bytes, [12, 23]);
        bytes.extend(long(0x1_0000_0002));
        // IFLA_AF_SPEC with AF_INET and its settings.
        shorts(&mut bytes, [16, 26 | 0x8000]);
        shorts(&mut bytes, [12, 2]);
        shorts(&mut bytes, [8, 1]);
        ints(&mut bytes, &[5]);
        ints(&mut bytes, &[20]);
        shorts(&mut bytes, [3, 2]);
        ints(&mut bytes, &[7, 99, 0]);
        bytes
    }

    #[test]
    fn an_answer_is_turned_both_ways() {
        let little = answer(u32::to_le_bytes, u16::to_le_bytes, u64::to_le_bytes);
        let big = answer(u32::to_be_bytes, u16::to_be_bytes, u64::to_be_bytes);
        let mut bytes = little.clone();
        turn(&mut bytes, From::Little);
        assert_eq!(bytes, big);
        turn(&mut bytes, From::Big);
        assert_eq!(bytes, little);
    }

    #[test]
    fn lengths_that_lie_lead_nowhere() {
        let little = answer(u32::to_le_bytes, u16::to_le_bytes, u64::to_le_bytes);
        for at in 0..little.len() {
            for value in [0, 1, 3, 0x7f, 0xff] {
                let mut bytes = little.clone();
                bytes[at] = value;
                turn(&mut bytes, From::Little);
                turn(&mut bytes[..at], From::Big);
            }
        }
    }
}
