//! `ioctl`: the requests whose argument blink knows, terminals above all.
//!
//! A request is made only if it is in [`REQUESTS`], which says how many bytes the kernel reads or writes: so no number that a
//! guest invents can make the host's kernel write where it should not.

use crate::call::{blocking, call};
use crate::errno::Errno;
use alloc::vec::Vec;

/// How the argument of a request looks. Letters are fields: `4` and `2` integers of so many bytes, `8` a 64-bit integer,
/// `L` a long (8 bytes for the guest, the host's word here), digits after `b` in parentheses are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The argument is a number, or nothing.
    Value,
    /// The kernel reads fields.
    In(&'static [Field]),
    /// The kernel writes fields.
    Out(&'static [Field]),
    /// It reads and writes them.
    InOut(&'static [Field]),
}

/// A field of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    I16,
    I32,
    I64,
    /// The host's `long`, 8 bytes for the guest.
    Long,
    Bytes(usize),
}

use Field::{Bytes, I16, I32, I64, Long};
use Shape::{In, InOut, Out, Value};

/// Does the request wait (for output to drain)?
fn waits(request: u32) -> bool {
    matches!(request, 0x5403 | 0x5404 | 0x5409 | 0x5425)
}

const TERMIOS: &[Field] = &[I32, I32, I32, I32, Bytes(20)];
const TERMIOS2: &[Field] = &[I32, I32, I32, I32, Bytes(20), I32, I32];
const WINSIZE: &[Field] = &[I16, I16, I16, I16];
const IFREQ_INT: &[Field] = &[Bytes(16), I32, Bytes(20)];
const IFREQ_SHORT: &[Field] = &[Bytes(16), I16, Bytes(22)];
/// A socket address: its family is a number, the rest is in network order for the families that these requests know.
const IFREQ_ADDRESS: &[Field] = &[Bytes(16), I16, Bytes(22)];
const IFREQ_MAP: &[Field] = &[Bytes(16), Long, Long, I16, Bytes(6)];
const ARPREQ: &[Field] = &[I16, Bytes(14), I16, Bytes(14), I32, I16, Bytes(14), Bytes(16)];

/// Number (asm-generic, as on x86-64), name, argument.
#[rustfmt::skip]
pub const REQUESTS: &[(u32, &str, Shape)] = &[
    (0x5401, "TCGETS", Out(TERMIOS)), (0x5402, "TCSETS", In(TERMIOS)), (0x5403, "TCSETSW", In(TERMIOS)),
    (0x5404, "TCSETSF", In(TERMIOS)), (0x5405, "TCGETA", Out(&[I16, I16, I16, I16, Bytes(10)])),
    (0x5406, "TCSETA", In(&[I16, I16, I16, I16, Bytes(10)])), (0x5407, "TCSETAW", In(&[I16, I16, I16, I16, Bytes(10)])),
    (0x5408, "TCSETAF", In(&[I16, I16, I16, I16, Bytes(10)])), (0x5409, "TCSBRK", Value), (0x540a, "TCXONC", Value),
    (0x540b, "TCFLSH", Value), (0x540c, "TIOCEXCL", Value), (0x540d, "TIOCNXCL", Value), (0x540e, "TIOCSCTTY", Value),
    (0x540f, "TIOCGPGRP", Out(&[I32])), (0x5410, "TIOCSPGRP", In(&[I32])), (0x5411, "TIOCOUTQ", Out(&[I32])),
    (0x5412, "TIOCSTI", In(&[Bytes(1)])), (0x5413, "TIOCGWINSZ", Out(WINSIZE)), (0x5414, "TIOCSWINSZ", In(WINSIZE)),
    (0x5415, "TIOCMGET", Out(&[I32])), (0x5416, "TIOCMBIS", In(&[I32])), (0x5417, "TIOCMBIC", In(&[I32])),
    (0x5418, "TIOCMSET", In(&[I32])), (0x5419, "TIOCGSOFTCAR", Out(&[I32])), (0x541a, "TIOCSSOFTCAR", In(&[I32])),
    (0x541b, "FIONREAD", Out(&[I32])), (0x541d, "TIOCCONS", Value), (0x5420, "TIOCPKT", In(&[I32])), (0x5421, "FIONBIO", In(&[I32])),
    (0x5422, "TIOCNOTTY", Value), (0x5423, "TIOCSETD", In(&[I32])), (0x5424, "TIOCGETD", Out(&[I32])), (0x5425, "TCSBRKP", Value),
    (0x5427, "TIOCSBRK", Value), (0x5428, "TIOCCBRK", Value), (0x5429, "TIOCGSID", Out(&[I32])),
    (0x802c542a, "TCGETS2", Out(TERMIOS2)), (0x402c542b, "TCSETS2", In(TERMIOS2)), (0x402c542c, "TCSETSW2", In(TERMIOS2)),
    (0x402c542d, "TCSETSF2", In(TERMIOS2)),
    (0x80045430, "TIOCGPTN", Out(&[I32])), (0x40045431, "TIOCSPTLCK", In(&[I32])), (0x80045432, "TIOCGDEV", Out(&[I32])),
    (0x40045436, "TIOCSIG", Value), (0x5437, "TIOCVHANGUP", Value), (0x80045438, "TIOCGPKT", Out(&[I32])),
    (0x80045439, "TIOCGPTLCK", Out(&[I32])), (0x80045440, "TIOCGEXCL", Out(&[I32])), (0x5441, "TIOCGPTPEER", Value),
    (0x5450, "FIONCLEX", Value), (0x5451, "FIOCLEX", Value), (0x5452, "FIOASYNC", In(&[I32])), (0x5456, "TIOCGLCKTRMIOS", Out(TERMIOS)), (0x5457, "TIOCSLCKTRMIOS", In(TERMIOS)),
     (0x5460, "FIOQSIZE", Out(&[I64])), (0x40085400, "TFD_IOC_SET_TICKS", In(&[I64])),
    // Virtual consoles.
    (0x4b31, "KDGETLED", Out(&[Bytes(1)])), (0x4b33, "KDGKBTYPE", Out(&[Bytes(1)])), (0x4b3a, "KDSETMODE", Value), (0x4b3b, "KDGETMODE", Out(&[I32])),
    (0x4b44, "KDGKBMODE", Out(&[I32])), (0x4b45, "KDSKBMODE", Value), (0x5600, "VT_OPENQRY", Out(&[I32])), (0x5603, "VT_GETSTATE", Out(&[I16, I16, I16])),
    (0x5606, "VT_ACTIVATE", Value), (0x5607, "VT_WAITACTIVE", Value), (0x5608, "VT_DISALLOCATE", Value), (0x4b2f, "KIOCSOUND", Value),
    (0x4b30, "KDMKTONE", Value), (0x4b46, "KDGKBENT", InOut(&[Bytes(2), I16])), (0x4b47, "KDSKBENT", In(&[Bytes(2), I16])), (0x4b64, "KDGKBLED", Out(&[Bytes(1)])),
    (0x4b65, "KDSKBLED", Value), (0x5601, "VT_GETMODE", Out(&[Bytes(2), I16, I16, I16])), (0x5602, "VT_SETMODE", In(&[Bytes(2), I16, I16, I16])), (0x5605, "VT_RELDISP", Value),
    (0x4b32, "KDSETLED", Value),
    // Files and block devices.
    (1, "FIBMAP", InOut(&[I32])), (2, "FIGETBSZ", Out(&[I32])), (0x40049409, "FICLONE", Value), (0xc0045877, "FIFREEZE", InOut(&[I32])),
    (0xc0045878, "FITHAW", InOut(&[I32])), (0xc0185879, "FITRIM", InOut(&[I64, I64, I64])),
    (0x81009431, "FS_IOC_GETFSLABEL", Out(&[Bytes(256)])), (0x41009432, "FS_IOC_SETFSLABEL", In(&[Bytes(256)])),
    (0x80086601, "FS_IOC_GETFLAGS", Out(&[I32])), (0x40086602, "FS_IOC_SETFLAGS", In(&[I32])),
    (0x80087601, "FS_IOC_GETVERSION", Out(&[I32])), (0x40087602, "FS_IOC_SETVERSION", In(&[I32])), (0x801c581f, "FS_IOC_FSGETXATTR", Out(&[I32, I32, I32, I32, I32, Bytes(8)])),
    (0x401c5820, "FS_IOC_FSSETXATTR", In(&[I32, I32, I32, I32, I32, Bytes(8)])),
    (0x125d, "BLKROSET", In(&[I32])), (0x125e, "BLKROGET", Out(&[I32])), (0x125f, "BLKRRPART", Value), (0x1260, "BLKGETSIZE", Out(&[Long])),
    (0x1261, "BLKFLSBUF", Value), (0x1262, "BLKRASET", Value), (0x1263, "BLKRAGET", Out(&[Long])), (0x1264, "BLKFRASET", Value), (0x1265, "BLKFRAGET", Out(&[Long])),
    (0x1267, "BLKSECTGET", Out(&[I16])), (0x1268, "BLKSSZGET", Out(&[I32])), (0x80081270, "BLKBSZGET", Out(&[I32])), (0x40081271, "BLKBSZSET", In(&[I32])),
    (0x80081272, "BLKGETSIZE64", Out(&[I64])), (0x1277, "BLKDISCARD", In(&[I64, I64])), (0x127f, "BLKZEROOUT", In(&[I64, I64])),
    (0x1278, "BLKIOMIN", Out(&[I32])), (0x1279, "BLKIOOPT", Out(&[I32])), (0x127a, "BLKALIGNOFF", Out(&[I32])), (0x127b, "BLKPBSZGET", Out(&[I32])),
    (0x127c, "BLKDISCARDZEROES", Out(&[I32])), (0x127e, "BLKROTATIONAL", Out(&[I16])), (0x301, "HDIO_GETGEO", Out(&[Bytes(2), I16, Long])),
    (0x4c00, "LOOP_SET_FD", Value), (0x4c01, "LOOP_CLR_FD", Value), (0x4c06, "LOOP_CHANGE_FD", Value), (0x4c07, "LOOP_SET_CAPACITY", Value),
    (0x4c08, "LOOP_SET_DIRECT_IO", Value), (0x4c82, "LOOP_CTL_GET_FREE", Value), (0x4c80, "LOOP_CTL_ADD", Value), (0x4c81, "LOOP_CTL_REMOVE", Value),
    (0x4c04, "LOOP_SET_STATUS64", In(&[I64, I64, I64, I64, I64, I32, I32, I32, I32, Bytes(64), Bytes(64), Bytes(32), I64, I64])),
    (0x4c05, "LOOP_GET_STATUS64", Out(&[I64, I64, I64, I64, I64, I32, I32, I32, I32, Bytes(64), Bytes(64), Bytes(32), I64, I64])),
    (0x5309, "CDROMEJECT", Value), (0x5319, "CDROMCLOSETRAY", Value), (0x5326, "CDROM_DRIVE_STATUS", Value), (0x530f, "CDROMEJECT_SW", Value),
    (0x80045705, "WDIOC_KEEPALIVE", Out(&[I32])), (0xc0045706, "WDIOC_SETTIMEOUT", InOut(&[I32])), (0x80045707, "WDIOC_GETTIMEOUT", Out(&[I32])),
    (0x80045704, "WDIOC_SETOPTIONS", In(&[I32])),
    (0x80247009, "RTC_RD_TIME", Out(&[I32, I32, I32, I32, I32, I32, I32, I32, I32])), (0x4024700a, "RTC_SET_TIME", In(&[I32, I32, I32, I32, I32, I32, I32, I32, I32])),
    // Random.
    (0x80045200, "RNDGETENTCNT", Out(&[I32])), (0x40045201, "RNDADDTOENTCNT", In(&[I32])), (0x5204, "RNDZAPENTCNT", Value), (0x5206, "RNDCLEARPOOL", Value),
    (0x5207, "RNDRESEEDCRNG", Value),
    // Sockets and network interfaces.
    (0x8901, "FIOSETOWN", In(&[I32])), (0x8902, "SIOCSPGRP", In(&[I32])), (0x8903, "FIOGETOWN", Out(&[I32])), (0x8904, "SIOCGPGRP", Out(&[I32])),
    (0x8905, "SIOCATMARK", Out(&[I32])), (0x8906, "SIOCGSTAMP", Out(&[Long, Long])), (0x8907, "SIOCGSTAMPNS", Out(&[Long, Long])),
    (0x8910, "SIOCGIFNAME", InOut(IFREQ_INT)), (0x8913, "SIOCGIFFLAGS", InOut(IFREQ_SHORT)), (0x8914, "SIOCSIFFLAGS", In(IFREQ_SHORT)),
    (0x8915, "SIOCGIFADDR", InOut(IFREQ_ADDRESS)), (0x8916, "SIOCSIFADDR", In(IFREQ_ADDRESS)), (0x8917, "SIOCGIFDSTADDR", InOut(IFREQ_ADDRESS)),
    (0x8918, "SIOCSIFDSTADDR", In(IFREQ_ADDRESS)), (0x8919, "SIOCGIFBRDADDR", InOut(IFREQ_ADDRESS)), (0x891a, "SIOCSIFBRDADDR", In(IFREQ_ADDRESS)),
    (0x891b, "SIOCGIFNETMASK", InOut(IFREQ_ADDRESS)), (0x891c, "SIOCSIFNETMASK", In(IFREQ_ADDRESS)), (0x891d, "SIOCGIFMETRIC", InOut(IFREQ_INT)),
    (0x891e, "SIOCSIFMETRIC", In(IFREQ_INT)), (0x8921, "SIOCGIFMTU", InOut(IFREQ_INT)), (0x8922, "SIOCSIFMTU", In(IFREQ_INT)), (0x8923, "SIOCSIFNAME", In(&[Bytes(16), Bytes(24)])),
    (0x8924, "SIOCSIFHWADDR", In(IFREQ_ADDRESS)), (0x8927, "SIOCGIFHWADDR", InOut(IFREQ_ADDRESS)), (0x8933, "SIOCGIFINDEX", InOut(IFREQ_INT)),
    (0x8942, "SIOCGIFTXQLEN", InOut(IFREQ_INT)), (0x8943, "SIOCSIFTXQLEN", In(IFREQ_INT)), (0x8970, "SIOCGIFMAP", InOut(IFREQ_MAP)),
    (0x8953, "SIOCDARP", In(ARPREQ)), (0x8954, "SIOCGARP", InOut(ARPREQ)), (0x8955, "SIOCSARP", In(ARPREQ)),
    (0x8935, "SIOCGIFPFLAGS", InOut(IFREQ_SHORT)), (0x8982, "SIOCGIFVLAN", InOut(&[I32, Bytes(24), Bytes(24), I16])),
    // The number of a new VLAN; only questions bring a name back there.
    (0x8983, "SIOCSIFVLAN", In(&[I32, Bytes(24), I32, Bytes(20), I16])), (0x894b, "SIOCOUTQNSD", Out(&[I32])),
    // Name spaces.
    (0xb701, "NS_GET_USERNS", Value), (0xb702, "NS_GET_PARENT", Value), (0xb703, "NS_GET_NSTYPE", Value), (0xb704, "NS_GET_OWNER_UID", Out(&[I32])),
    // Tunnels.
    (0x400454ca, "TUNSETIFF", InOut(IFREQ_SHORT)), (0x400454cb, "TUNSETPERSIST", Value), (0x400454cc, "TUNSETOWNER", Value), (0x400454ce, "TUNSETGROUP", Value),
    (0x800454cf, "TUNGETFEATURES", Out(&[I32])), (0x800454d2, "TUNGETIFF", Out(IFREQ_SHORT)),
];

/// Name and shape of request `number`.
pub fn find(number: u32) -> Option<(&'static str, Shape)> {
    REQUESTS.iter().find(|(known, _, _)| *known == number).map(|(_, name, shape)| (*name, *shape))
}

/// Bytes of an argument for the guest and on this host.
pub fn sizes(fields: &[Field]) -> (usize, usize) {
    let (mut guest, mut native) = (0, 0);
    for field in fields {
        let (size, native_size) = match field {
            I16 => (2, 2),
            I32 => (4, 4),
            I64 => (8, 8),
            Long => (8, size_of::<usize>()),
            Bytes(n) => (*n, *n),
        };
        guest = align(guest, size, field) + size;
        native = align(native, native_size, field) + native_size;
    }
    (guest, native)
}

fn align(at: usize, size: usize, field: &Field) -> usize {
    if matches!(field, Bytes(_)) { at } else { at.next_multiple_of(size) }
}

/// Converts an argument from the guest's little-endian 64-bit layout to the host's, or back.
pub fn convert(fields: &[Field], from: &[u8], to: &mut [u8], to_guest: bool) {
    let (mut guest, mut native) = (0, 0);
    for field in fields {
        let (size, native_size) = match field {
            I16 => (2, 2),
            I32 => (4, 4),
            I64 => (8, 8),
            Long => (8, size_of::<usize>()),
            Bytes(n) => (*n, *n),
        };
        guest = align(guest, size, field);
        native = align(native, native_size, field);
        if matches!(field, Bytes(_)) {
            let (at_from, at_to) = if to_guest { (native, guest) } else { (guest, native) };
            to[at_to..at_to + size].copy_from_slice(&from[at_from..at_from + size]);
        } else if to_guest {
            let mut wide = [0u8; 8];
            copy_int(&from[native..native + native_size], cfg!(target_endian = "big"), &mut wide);
            to[guest..guest + size].copy_from_slice(&wide[..size]);
        } else {
            let mut narrow = [0u8; 8];
            narrow[..native_size].copy_from_slice(&from[guest..guest + native_size]);
            if cfg!(target_endian = "big") {
                narrow[..native_size].reverse();
            }
            to[native..native + native_size].copy_from_slice(&narrow[..native_size]);
        }
        guest += size;
        native += native_size;
    }
}

/// Copies an integer of the host into little-endian `wide`.
fn copy_int(from: &[u8], big: bool, wide: &mut [u8; 8]) {
    for (i, byte) in from.iter().enumerate() {
        wide[if big { from.len() - 1 - i } else { i }] = *byte;
    }
}

/// The host's number of a request. These carry the size of a long, of which the kernel uses no more than an int or 64 bits.
fn host_request(request: u32) -> u32 {
    const LONG: u32 = 8 << 16;
    match request {
        // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_GETVERSION, FS_IOC_SETVERSION, BLKBSZGET, BLKBSZSET, BLKGETSIZE64.
        0x8008_6601 | 0x4008_6602 | 0x8008_7601 | 0x4008_7602 | 0x8008_1270 | 0x4008_1271 | 0x8008_1272 => {
            request - LONG + ((size_of::<usize>() as u32) << 16)
        }
        other => other,
    }
}

/// Makes a request of [`REQUESTS`] with an argument in memory: `argument` is in the host's layout, of its full size.
pub fn ioctl(fd: i32, request: u32, argument: &mut [u8]) -> Result<usize, Errno> {
    let needed = match find(request) {
        Some((_, In(fields) | Out(fields) | InOut(fields))) => sizes(fields).1,
        _ => return Err(Errno(libc::ENOTTY)),
    };
    // Room to spare for structures whose tail no field names.
    let mut words = vec![0u64; needed.max(argument.len()).div_ceil(8) + 8];
    for (word, chunk) in words.iter_mut().zip(argument.chunks(8)) {
        let mut raw = [0; 8];
        raw[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(raw);
    }
    let args = [fd as usize, host_request(request) as usize, words.as_mut_ptr() as usize];
    // SAFETY: the table says how much memory the kernel touches, and the buffer is larger.
    let result = unsafe { if waits(request) { blocking(libc::SYS_ioctl, args) } else { call(libc::SYS_ioctl, args) } }?;
    for (chunk, word) in argument.chunks_mut(8).zip(&words) {
        let length = chunk.len();
        chunk.copy_from_slice(&word.to_ne_bytes()[..length]);
    }
    Ok(result)
}

/// Makes a request of [`REQUESTS`] whose argument is a number.
pub fn ioctl_value(fd: i32, request: u32, value: usize) -> Result<usize, Errno> {
    if !matches!(find(request), Some((_, Value))) {
        return Err(Errno(libc::ENOTTY));
    }
    let args = [fd as usize, request as usize, value];
    // SAFETY: the table says that the argument is no pointer.
    unsafe { if waits(request) { blocking(libc::SYS_ioctl, args) } else { call(libc::SYS_ioctl, args) } }
}

/// Name and address of an interface.
pub type Interface = ([u8; 16], [u8; 16]);

/// `SIOCGIFCONF`: the interfaces as (name, 16 bytes of address in the host's order), at most `room` of them.
pub fn interfaces(fd: i32, room: usize) -> Result<Vec<Interface>, Errno> {
    let count = room.min(1024);
    let size = size_of::<libc::ifreq>();
    let mut list = vec![0u64; (count * size).div_ceil(8) + 1];
    let mut head = libc::ifconf {
        ifc_len: (count * size) as i32,
        ifc_ifcu: libc::__c_anonymous_ifc_ifcu { ifcu_buf: list.as_mut_ptr().cast() },
    };
    // SAFETY: the list has the room that the head names.
    unsafe { call(libc::SYS_ioctl, [fd as usize, 0x8912, &raw mut head as usize]) }?;
    let bytes: Vec<u8> = list.iter().flat_map(|word| word.to_ne_bytes()).take(head.ifc_len.max(0) as usize).collect();
    Ok(bytes
        .chunks_exact(size)
        .map(|entry| {
            let (mut name, mut address) = ([0; 16], [0; 16]);
            name.copy_from_slice(&entry[..16]);
            address.copy_from_slice(&entry[16..32]);
            (name, address)
        })
        .collect())
}

/// Number of interfaces, as `SIOCGIFCONF` without a buffer reports it.
pub fn interface_count(fd: i32) -> Result<usize, Errno> {
    let mut head =
        libc::ifconf { ifc_len: 0, ifc_ifcu: libc::__c_anonymous_ifc_ifcu { ifcu_buf: core::ptr::null_mut() } };
    // SAFETY: without a buffer the kernel only writes the length.
    unsafe { call(libc::SYS_ioctl, [fd as usize, 0x8912, &raw mut head as usize]) }?;
    Ok(head.ifc_len.max(0) as usize / size_of::<libc::ifreq>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_round_trip() {
        let fields = &[I32, Long, I16, Bytes(3)];
        let (guest, native) = sizes(fields);
        assert_eq!(guest, 21);
        let image: Vec<u8> = (1..=guest as u8).map(|b| if (5..9).contains(&b) { 0 } else { b }).collect();
        let mut image = image;
        image[12..16].fill(0);
        let mut host = vec![0; native];
        convert(fields, &image, &mut host, false);
        let mut back = vec![0; guest];
        convert(fields, &host, &mut back, true);
        assert_eq!(back, image);
    }
}
