//! The image of x87, MMX and SSE state that FXSAVE writes and signal frames hold (SDM Vol. 1 section 10.5.1).

use crate::state::{Cpu, MXCSR_MASK};

/// A reserved bit of MXCSR is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidImage;

/// Where the XMM registers begin, and the byte behind them.
const VECTORS: usize = 160;
const VECTORS_END: usize = VECTORS + 256;

impl Cpu {
    /// The image in its 64-bit form (FXSAVE64).
    pub fn fxsave(&self) -> [u8; 512] {
        let mut image = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
        let x87 = &self.x87;
        put(0, &x87.control.to_le_bytes());
        put(2, &x87.status.to_le_bytes());
        put(4, &[x87.valid]);
        put(6, &x87.opcode.to_le_bytes());
        put(8, &x87.ip.to_le_bytes());
        put(16, &x87.data.to_le_bytes());
        put(24, &self.mxcsr.to_le_bytes());
        put(28, &MXCSR_MASK.to_le_bytes());
        let top = usize::from(x87.status >> 11 & 7);
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

    /// Takes the state from an image; nothing is changed if it is invalid.
    pub fn fxrstor(&mut self, image: &[u8; 512]) -> Result<(), InvalidImage> {
        let u16_at = |at: usize| u16::from_le_bytes([image[at], image[at + 1]]);
        let u64_at = |at: usize| u64::from_le_bytes(core::array::from_fn(|n| image[at + n]));
        let mxcsr = u64_at(24) as u32;
        if mxcsr & !MXCSR_MASK != 0 {
            return Err(InvalidImage);
        }
        self.mxcsr = mxcsr;
        let x87 = &mut self.x87;
        x87.control = u16_at(0) & 0x1f7f | 0x40;
        x87.status = u16_at(2);
        x87.valid = image[4];
        x87.opcode = u16_at(6) & 0x7ff;
        x87.ip = u64_at(8);
        x87.data = u64_at(16);
        let top = usize::from(x87.status >> 11 & 7);
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
