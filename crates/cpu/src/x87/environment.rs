//! The images of the unit's state in memory: FNSTENV, FNSAVE (SDM Vol. 1, figures 8-9 and 8-11, protected mode) and the
//! tag word that they hold.

use super::control::{CONTROL_MASK, CONTROL_SET};
use super::{EXCEPTIONS, X87};
use softfloat::{Class, F80};

/// What reserved halves of words in the 32-bit format read as.
const RESERVED: u32 = 0xffff_0000;

impl X87 {
    /// The tag word: two bits a physical register, 0 valid, 1 zero, 2 special, 3 empty.
    pub fn tag_word(&self) -> u16 {
        (0..8).rev().fold(0, |word, n: usize| {
            let (significand, sign_exponent) = self.registers[n];
            let tag = match F80::new(sign_exponent, significand).class() {
                _ if self.valid >> n & 1 == 0 => 3,
                Class::Normal => 0,
                Class::Zero => 1,
                _ => 2,
            };
            word << 2 | tag
        })
    }

    fn set_tag_word(&mut self, word: u16) {
        self.valid = (0..8).fold(0, |valid, n| valid | u8::from(word >> (2 * n) & 3 != 3) << n);
    }

    /// Control and status word as a load puts them: what does not exist stays as it is, and ES follows from the others.
    pub(crate) fn set_words(&mut self, control: u16, status: u16) {
        self.control = control & CONTROL_MASK | CONTROL_SET;
        self.status = status;
        self.summarise();
    }

    /// The environment in 32-bit format.
    pub(super) fn environment32(&self) -> [u8; 28] {
        let words = [
            RESERVED | u32::from(self.control),
            RESERVED | u32::from(self.status),
            RESERVED | u32::from(self.tag_word()),
            self.ip as u32,
            u32::from(self.opcode) << 16 | u32::from(self.code_selector),
            self.data as u32,
            RESERVED | u32::from(self.data_selector),
        ];
        let mut image = [0; 28];
        for (bytes, word) in image.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        image
    }

    /// The environment in 16-bit format, which has no opcode.
    pub(super) fn environment16(&self) -> [u8; 14] {
        let words = [
            self.control,
            self.status,
            self.tag_word(),
            self.ip as u16,
            self.code_selector,
            self.data as u16,
            self.data_selector,
        ];
        let mut image = [0; 14];
        for (bytes, word) in image.chunks_exact_mut(2).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        image
    }

    pub(super) fn set_environment32(&mut self, image: &[u8; 28]) {
        let word = |n: usize| u32::from_le_bytes(core::array::from_fn(|k| image[4 * n + k]));
        self.set_words(word(0) as u16, word(1) as u16);
        self.set_tag_word(word(2) as u16);
        self.ip = word(3).into();
        self.code_selector = word(4) as u16;
        self.opcode = (word(4) >> 16) as u16 & 0x7ff;
        self.data = word(5).into();
        self.data_selector = word(6) as u16;
    }

    pub(super) fn set_environment16(&mut self, image: &[u8; 14]) {
        let word = |n: usize| u16::from_le_bytes([image[2 * n], image[2 * n + 1]]);
        self.set_words(word(0), word(1));
        self.set_tag_word(word(2));
        self.ip = word(3).into();
        self.code_selector = word(4);
        self.opcode = 0;
        self.data = word(5).into();
        self.data_selector = word(6);
    }

    /// ST(0) to ST(7), ten bytes each.
    pub(super) fn stack(&self) -> [u8; 80] {
        let mut image = [0; 80];
        for (n, bytes) in image.chunks_exact_mut(10).enumerate() {
            bytes.copy_from_slice(&self.st(n as u8).to_bytes());
        }
        image
    }

    /// Registers only: their tags have been loaded with the environment.
    pub(super) fn set_stack(&mut self, image: &[u8; 80]) {
        for (n, bytes) in image.chunks_exact(10).enumerate() {
            let value = F80::from_bytes(core::array::from_fn(|k| bytes[k]));
            let slot = self.slot(n as u8);
            self.registers[slot] = (value.significand, value.sign_exponent);
        }
    }

    /// What FNSTENV does after it stored: all exceptions are masked.
    pub(super) fn mask_all(&mut self) {
        self.control |= EXCEPTIONS;
        self.summarise();
    }
}
