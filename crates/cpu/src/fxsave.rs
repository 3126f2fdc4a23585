//! The image of x87, MMX and SSE state that FXSAVE writes and signal frames hold (SDM Vol. 1 section 10.5.1).

use crate::state::{Cpu, MXCSR_MASK};
use crate::x87;

/// A reserved bit of MXCSR is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidImage;

/// Where the XMM registers begin, and the byte behind them.
const VECTORS: usize = 160;
const VECTORS_END: usize = VECTORS + 256;

/// Width of the instruction and operand pointers in the image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pointers {
    /// FXSAVE: 32 bits and a selector.
    Narrow,
    /// FXSAVE64, and what the kernel uses.
    Wide,
}

/// State of x87, MMX and SSE as FXSAVE64 writes it, where an engine that runs on the host's own registers leaves it. Until
/// [`Cpu::take_back`], the registers are here.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct Image {
    pub bytes: [u8; 512],
    pub is_lent: bool,
}

impl Default for Image {
    fn default() -> Image {
        Image { bytes: [0; 512], is_lent: false }
    }
}

impl Cpu {
    /// The image in its 64-bit form (FXSAVE64).
    pub fn fxsave(&self) -> [u8; 512] {
        if self.image.is_lent { self.image.bytes } else { self.fxsave_as(Pointers::Wide) }
    }

    /// Puts the registers into the image.
    pub fn lend_out(&mut self) {
        if !self.image.is_lent {
            self.image.bytes = self.fxsave();
            self.image.is_lent = true;
        }
    }

    /// Takes the registers back from the image.
    #[inline(always)]
    pub fn take_back(&mut self) {
        if self.image.is_lent {
            self.take_back_now();
        }
    }

    #[cold]
    #[inline(never)]
    fn take_back_now(&mut self) {
        self.image.is_lent = false;
        let bytes = self.image.bytes;
        let taken = self.fxrstor(&bytes);
        debug_assert!(taken.is_ok(), "the CPU wrote it");
    }

    /// The CPU writes the pointers of the last instruction only while an unmasked exception is pending, and else zeros (AMD APM
    /// Vol. 2, 11.4.4.3).
    pub fn fxsave_as(&self, pointers: Pointers) -> [u8; 512] {
        let mut image = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        let x87 = &self.x87;
        put(0, &x87.control.to_le_bytes());
        put(2, &x87.status.to_le_bytes());
        put(4, &[x87.valid]);
        if x87.status & x87::SUMMARY != 0 {
            put(6, &x87.opcode.to_le_bytes());
            put(8, &x87.ip.to_le_bytes());
            put(16, &x87.data.to_le_bytes());
            if pointers == Pointers::Narrow {
                put(12, &u32::from(x87.code_selector).to_le_bytes());
                put(20, &u32::from(x87.data_selector).to_le_bytes());
            }
        }
        put(24, &self.mxcsr.to_le_bytes());
        put(28, &MXCSR_MASK.to_le_bytes());
        let top = usize::from(x87.top());
        for n in 0..8 {
            let (significand, sign_exponent) = x87.registers[(top + n) & 7];
            put(32 + 16 * n, &significand.to_le_bytes());
            put(40 + 16 * n, &sign_exponent.to_le_bytes());
        }
        for (n, register) in self.xmm.iter().enumerate() {
            put(VECTORS + 16 * n, &register[0].to_le_bytes());
            put(VECTORS + 8 + 16 * n, &register[1].to_le_bytes());
        }
        image
    }

    /// Takes the state from an image in its 64-bit form; nothing is changed if it is invalid.
    pub fn fxrstor(&mut self, image: &[u8; 512]) -> Result<(), InvalidImage> {
        self.fxrstor_as(image, Pointers::Wide)
    }

    pub fn fxrstor_as(&mut self, image: &[u8; 512], pointers: Pointers) -> Result<(), InvalidImage> {
        let u16_at = |at: usize| u16::from_le_bytes([image[at], image[at + 1]]);
        let u64_at = |at: usize| u64::from_le_bytes(core::array::from_fn(|n| image[at + n]));
        let mxcsr = u64_at(24) as u32;
        if mxcsr & !MXCSR_MASK != 0 {
            return Err(InvalidImage);
        }
        self.image.is_lent = false;
        self.mxcsr = mxcsr;
        let x87 = &mut self.x87;
        x87.set_words(u16_at(0), u16_at(2));
        x87.valid = image[4];
        x87.opcode = u16_at(6) & 0x7ff;
        (x87.ip, x87.data) = (u64_at(8), u64_at(16));
        (x87.code_selector, x87.data_selector) = (0, 0);
        match pointers {
            Pointers::Narrow => {
                (x87.code_selector, x87.data_selector) = (u16_at(12), u16_at(20));
                (x87.ip, x87.data) = (x87.ip & 0xffff_ffff, x87.data & 0xffff_ffff);
            }
            // The CPU keeps 57 bits of an address.
            Pointers::Wide => (x87.ip, x87.data) = (extend57(x87.ip), extend57(x87.data)),
        }
        let top = usize::from(x87.top());
        for n in 0..8 {
            x87.registers[(top + n) & 7] = (u64_at(32 + 16 * n), u16_at(40 + 16 * n));
        }
        for (n, register) in self.xmm.iter_mut().enumerate() {
            register[0] = u64_at(VECTORS + 16 * n);
            register[1] = u64_at(VECTORS + 8 + 16 * n);
        }
        debug_assert_eq!(VECTORS_END, VECTORS + 16 * self.xmm.len());
        Ok(())
    }
}

fn extend57(address: u64) -> u64 {
    ((address << 7) as i64 >> 7) as u64
}
