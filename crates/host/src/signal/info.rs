//! `siginfo_t` in the layout of x86-64 Linux, and its conversion from and to the host's.
//!
//! The host's kernel lays the structure out by its word size and byte order (`include/uapi/asm-generic/siginfo.h`); which
//! member of the union counts follows from signal number and code as in the kernel's `siginfo_layout`. How 64-bit values get
//! through narrow hosts is said in [`values`](super::values).

use super::values::{self, WIDE};

/// 128 bytes as an x86-64 Linux program finds them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Info(pub [u8; 128]);

impl Default for Info {
    fn default() -> Info {
        Info([0; 128])
    }
}

const SI_QUEUE: i32 = -1;
const SI_TIMER: i32 = -2;
const SI_MESGQ: i32 = -3;
/// Value that tells a kick from a guest's signal of the same number.
pub(super) const MAGIC: u64 = 0x6b6e_696c_6221_6b69;

/// Where the union begins on the host.
const UNION: usize = if size_of::<libc::c_long>() == 8 { 16 } else { 12 };
const WORD: usize = size_of::<libc::c_long>();
/// Whether the host's structure is the guest's, byte for byte.
const SAME: bool = cfg!(all(
    target_os = "linux",
    target_endian = "little",
    target_pointer_width = "64",
    not(any(target_arch = "mips64", target_arch = "mips64r6"))
));
/// MIPS has `si_code` before `si_errno`.
const CODE_FIRST: bool =
    cfg!(any(target_arch = "mips", target_arch = "mips64", target_arch = "mips32r6", target_arch = "mips64r6"));

impl Info {
    /// A structure with its three common fields.
    pub fn new(signal: i32, code: i32) -> Info {
        let mut info = Info::default();
        info.set_i32(0, signal);
        info.set_i32(8, code);
        info
    }

    pub fn signal(&self) -> i32 {
        self.i32(0)
    }

    pub fn code(&self) -> i32 {
        self.i32(8)
    }

    pub fn i32(&self, at: usize) -> i32 {
        let mut raw = [0; 4];
        raw.copy_from_slice(&self.0[at..at + 4]);
        i32::from_le_bytes(raw)
    }

    pub fn u64(&self, at: usize) -> u64 {
        let mut raw = [0; 8];
        raw.copy_from_slice(&self.0[at..at + 8]);
        u64::from_le_bytes(raw)
    }

    pub fn set_i32(&mut self, at: usize, value: i32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub fn set_u64(&mut self, at: usize, value: u64) {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    pub(super) fn kick() -> Info {
        let mut info = Info::new(super::KICK, SI_QUEUE);
        info.set_i32(16, crate::process::pid());
        info.set_u64(24, MAGIC);
        info
    }

    /// True if blink itself sent this.
    pub(super) fn is_kick(&self) -> bool {
        let is_ours = match self.code() {
            SI_QUEUE => self.i32(16) == crate::process::pid(),
            // The kicker's timer.
            SI_TIMER => true,
            _ => false,
        };
        is_ours && self.u64(24) == MAGIC
    }

    /// From what the host's kernel wrote. Runs in signal handlers.
    pub(crate) fn from_host(raw: &[u8; 128], signal: i32) -> Info {
        if SAME {
            let mut info = Info(*raw);
            info.set_i32(0, signal);
            return info;
        }
        let code_at = if CODE_FIRST { 4 } else { 8 };
        let code = host_i32(raw, code_at);
        let mut info = Info::new(signal, code);
        info.set_i32(4, host_i32(raw, 12 - code_at));
        match Layout::of(signal, code) {
            Layout::Queue => {
                info.set_i32(16, host_i32(raw, UNION));
                info.set_i32(20, host_i32(raw, UNION + 4));
                let mut error = info.i32(4);
                let mut value = host_word(raw, UNION + 8);
                // Without a `sigevent` the kernel makes the timer's number the int of the union.
                if cfg!(target_endian = "big") && code == SI_TIMER && value == u64::from(info.i32(16) as u32) << 32 {
                    value >>= 32;
                }
                info.set_u64(24, whole_value(code, value, &mut error));
                info.set_i32(4, error);
            }
            Layout::Child => {
                let times = if WORD == 8 { UNION + 16 } else { UNION + 12 };
                info.set_i32(16, host_i32(raw, UNION));
                info.set_i32(20, host_i32(raw, UNION + 4));
                info.set_i32(24, host_i32(raw, UNION + 8));
                info.set_u64(32, host_word(raw, times));
                info.set_u64(40, host_word(raw, times + WORD));
            }
            Layout::Poll => {
                info.set_u64(16, sign_extend(host_word(raw, UNION)));
                info.set_i32(24, host_i32(raw, UNION + WORD));
            }
            Layout::Fault => info.set_u64(16, host_word(raw, UNION)),
        }
        info
    }

    /// For the host's kernel.
    pub(crate) fn to_host(self, signal: i32) -> [u8; 128] {
        let mut raw = self.0;
        if SAME {
            raw[..4].copy_from_slice(&signal.to_ne_bytes());
            return raw;
        }
        raw = [0; 128];
        let code_at = if CODE_FIRST { 4 } else { 8 };
        let mut put = |at: usize, bytes: &[u8]| raw[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &signal.to_ne_bytes());
        put(code_at, &self.code().to_ne_bytes());
        let upper = if WIDE { 0 } else { (self.u64(24) >> 32) as i32 };
        put(12 - code_at, &(if upper == 0 { self.i32(4) } else { upper }).to_ne_bytes());
        // A sender can only give what a queue entry holds.
        put(UNION, &self.i32(16).to_ne_bytes());
        put(UNION + 4, &self.i32(20).to_ne_bytes());
        put(UNION + 8, &(self.u64(24) as libc::c_ulong).to_ne_bytes());
        raw
    }
}

/// The 64-bit value of a signal with this code, from what the host's kernel had for the value and for the error, which is left as the
/// sender had it.
pub fn whole_value(code: i32, value: u64, error: &mut i32) -> u64 {
    match code {
        SI_TIMER | SI_MESGQ => values::from_host(value),
        // DEVIATION: on hosts of 32 bits a number in `si_errno` of a queued signal becomes the upper half of its value.
        SI_QUEUE if !WIDE => u64::from(core::mem::take(error) as u32) << 32 | value & 0xffff_ffff,
        _ => value,
    }
}

/// The members of the union that a signal uses.
enum Layout {
    /// Sender and value; a timer has its identity and overrun in the sender's place.
    Queue,
    Child,
    Poll,
    Fault,
}

impl Layout {
    fn of(signal: i32, code: i32) -> Layout {
        const SIGPOLL: i32 = 29;
        match (signal, code) {
            (_, SI_TIMER) => Layout::Queue,
            (super::SIGCHLD, 1..=6) => Layout::Child,
            (SIGPOLL, 1..=6) => Layout::Poll,
            (super::SIGILL | super::SIGFPE | super::SIGSEGV | super::SIGBUS | super::SIGTRAP, 1..=0x7f) => {
                Layout::Fault
            }
            _ => Layout::Queue,
        }
    }
}

fn host_i32(raw: &[u8; 128], at: usize) -> i32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&raw[at..at + 4]);
    i32::from_ne_bytes(bytes)
}

/// A host `unsigned long`.
fn host_word(raw: &[u8; 128], at: usize) -> u64 {
    let mut bytes = [0; size_of::<libc::c_ulong>()];
    bytes.copy_from_slice(&raw[at..at + WORD]);
    #[allow(clippy::useless_conversion, reason = "the type differs by host")]
    u64::from(libc::c_ulong::from_ne_bytes(bytes))
}

/// A host `long` as 64 bits.
fn sign_extend(word: u64) -> u64 {
    if WORD == 8 { word } else { word as i32 as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queued_value_survives_the_host() {
        let mut info = Info::new(10, SI_QUEUE);
        info.set_i32(16, 1234);
        info.set_i32(20, 1000);
        info.set_u64(24, 0x7fff_1234_5678_9abc);
        assert!(Info::from_host(&info.to_host(10), 10) == info);
    }

    #[test]
    fn a_kick_is_known() {
        let kick = Info::kick();
        assert!(Info::from_host(&kick.to_host(super::super::KICK), super::super::KICK).is_kick());
        assert!(!Info::new(super::super::KICK, 0).is_kick());
    }
}
