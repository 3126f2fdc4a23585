//! The architectural state of a case as an array of words, the form in which the native harness and the recorded vectors
//! exchange it (tests/native/harness.c has the same constants).

use core::fmt::Write;

/// Words of [`State`]: 0..16 are the general registers in hardware order.
pub const RIP: usize = 16;
pub const FLAGS: usize = 17;
pub const FS: usize = 18;
pub const GS: usize = 19;
/// The first 416 bytes of an FXSAVE image.
pub const FX: usize = 20;
/// The upper halves of ymm0 to ymm15, two words each.
pub const YMMH: usize = FX + 52;
/// CS, and SS above it.
pub const CS: usize = YMMH + 32;
/// DS, ES, FS and GS from low to high; zero before a case.
pub const SELECTORS: usize = CS + 1;
pub const WORDS: usize = SELECTORS + 1;

/// MXCSR and its mask share a word of the image.
pub const MXCSR: usize = FX + 3;
/// st0 to st7, two words each, in stack order (not physical order).
pub const ST: usize = FX + 4;
pub const XMM: usize = FX + 20;

/// `mm`n lies in physical register n; FXSAVE writes the stack in logical order.
pub const CF: u64 = 1;
pub const PF: u64 = 4;
pub const AF: u64 = 0x10;
pub const ZF: u64 = 0x40;
pub const SF: u64 = 0x80;
pub const TF: u64 = 0x100;
pub const DF: u64 = 0x400;
pub const OF: u64 = 0x800;
pub const AC: u64 = 1 << 18;
pub const STATUS: u64 = CF | PF | AF | ZF | SF | OF;

pub const GPR_NAMES: [&str; 16] =
    ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State(pub [u64; WORDS]);

impl State {
    /// The state from which the harness counts differences: all zero, floating point as after FNINIT.
    pub fn initial() -> State {
        let mut words = [0; WORDS];
        words[FLAGS] = 0x202;
        words[FX] = 0x37f;
        words[MXCSR] = 0x0000_ffff_0000_1f80;
        words[CS] = 0x2b_0033;
        State(words)
    }

    pub fn xmm(&self, n: usize) -> [u64; 2] {
        [self.0[XMM + 2 * n], self.0[XMM + 2 * n + 1]]
    }

    pub fn set_xmm(&mut self, n: usize, value: [u64; 2]) {
        self.0[XMM + 2 * n] = value[0];
        self.0[XMM + 2 * n + 1] = value[1];
    }

    pub fn set_ymm_high(&mut self, n: usize, value: [u64; 2]) {
        self.0[YMMH + 2 * n] = value[0];
        self.0[YMMH + 2 * n + 1] = value[1];
    }

    pub fn mxcsr(&self) -> u32 {
        self.0[MXCSR] as u32
    }

    pub fn set_mxcsr(&mut self, value: u32) {
        self.0[MXCSR] = 0x0000_ffff_0000_0000 | u64::from(value);
    }

    pub fn fcw(&self) -> u16 {
        self.0[FX] as u16
    }

    pub fn set_fcw(&mut self, value: u16) {
        self.0[FX] = self.0[FX] & !0xffff | u64::from(value);
    }

    pub fn fsw(&self) -> u16 {
        (self.0[FX] >> 16) as u16
    }

    pub fn set_fsw(&mut self, value: u16) {
        self.0[FX] = self.0[FX] & !0xffff_0000 | u64::from(value) << 16;
    }

    /// The abridged tag byte: bit n is set where physical register n is not empty.
    pub fn set_ftw(&mut self, value: u8) {
        self.0[FX] = self.0[FX] & !0xff_0000_0000 | u64::from(value) << 32;
    }

    pub fn set_st(&mut self, n: usize, significand: u64, sign_exponent: u16) {
        self.0[ST + 2 * n] = significand;
        self.0[ST + 2 * n + 1] = u64::from(sign_exponent);
    }

    /// The image as FXRSTOR takes it.
    pub fn fxsave(&self) -> [u8; 512] {
        let mut image = [0; 512];
        for i in 0..52 {
            image[8 * i..8 * i + 8].copy_from_slice(&self.0[FX + i].to_le_bytes());
        }
        image
    }

    pub fn set_fxsave(&mut self, image: &[u8; 512]) {
        for i in 0..52 {
            self.0[FX + i] = u64::from_le_bytes(image[8 * i..8 * i + 8].try_into().unwrap());
        }
        self.set_mxcsr(self.mxcsr()); // the mask is not state
    }

    pub fn get(&self, word: usize) -> u64 {
        self.0[word]
    }
}

/// What word `i` is called in a listing of differences.
pub fn word_name(i: usize) -> String {
    match i {
        0..16 => GPR_NAMES[i].into(),
        RIP => "rip".into(),
        FLAGS => "rflags".into(),
        FS => "fs base".into(),
        GS => "gs base".into(),
        FX => "fop ftw fsw fcw".into(),
        21 => "fip".into(),
        22 => "fdp".into(),
        MXCSR => "mxcsr".into(),
        CS => "ss cs".into(),
        SELECTORS => "gs fs es ds".into(),
        _ if i < XMM => format!("st{}{}", (i - ST) / 2, if i.is_multiple_of(2) { "" } else { " sign, exponent" }),
        _ if i < YMMH => format!("xmm{}.{}", (i - XMM) / 2, (i - XMM) % 2),
        _ => format!("ymm{}.{}", (i - YMMH) / 2, 2 + (i - YMMH) % 2),
    }
}

/// The flags by name, as `CF PF .. zf`: upper case where set.
pub fn flag_names(flags: u64) -> String {
    let mut text = String::new();
    for (bit, name) in [
        (0, "c"),
        (2, "p"),
        (4, "a"),
        (6, "z"),
        (7, "s"),
        (8, "t"),
        (10, "d"),
        (11, "o"),
        (14, "n"),
        (18, "[ac]"),
        (21, "[id]"),
    ] {
        if flags >> bit & 1 != 0 {
            let _ = write!(text, "{name}");
        } else if name.len() == 1 {
            text.push('-');
        }
    }
    text
}
