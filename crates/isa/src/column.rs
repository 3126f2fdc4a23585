//! The columns of the operations' list: access to operands, CPUID features, effect on the flags.

/// How an instruction uses one of its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Neither read nor written: the address of `lea`, `nop`, prefetches.
    N,
    R,
    W,
    RW,
}

impl Access {
    pub const fn reads(self) -> bool {
        matches!(self, Access::R | Access::RW)
    }

    pub const fn writes(self) -> bool {
        matches!(self, Access::W | Access::RW)
    }
}

/// A CPUID feature that forms depend on. `Base` stands for everything that each x86-64 CPU has without a bit of its
/// own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Feature {
    Base,
    Tsc,
    Msr,
    Sep,
    Syscall,
    Cx8,
    Cmpxchg16b,
    Fsgsbase,
    Cmov,
    Popcnt,
    Lzcnt,
    Bmi1,
    Bmi2,
    Adx,
    Movbe,
    Rdrand,
    Rdseed,
    Rdpid,
    Rdtscp,
    Clflush,
    Clflushopt,
    Clwb,
    Cldemote,
    Prefetchw,
    Prefetchwt1,
    Prefetchi,
    Fpu,
    Mmx,
    Sse,
    Sse2,
    Sse3,
    Ssse3,
    Sse41,
    Sse42,
    Sse4a,
    Aes,
    Pclmulqdq,
    Sha,
    Gfni,
    Avx,
    Avx2,
    Fma,
    F16c,
    AvxVnni,
    Fxsr,
    Xsave,
    Xsaveopt,
    Xsavec,
    Xsaves,
    Rtm,
    CetSs,
    Vmx,
    Monitor,
    Smap,
    Svm,
    Pku,
    Monitorx,
    Clzero,
    Rdpru,
    Wbnoinvd,
    CetIbt,
    Smx,
    Ptwrite,
    Waitpkg,
    Invpcid,
    Movdir64b,
    Enqcmd,
    Movdiri,
    Serialize,
    Tsxldtrk,
    Invlpgb,
    Vaes,
    Vpclmulqdq,
}

/// Bits of RFLAGS that the effect column speaks of.
pub mod flag {
    pub const CF: u32 = 1 << 0;
    pub const PF: u32 = 1 << 2;
    pub const AF: u32 = 1 << 4;
    pub const ZF: u32 = 1 << 6;
    pub const SF: u32 = 1 << 7;
    pub const IF: u32 = 1 << 9;
    pub const DF: u32 = 1 << 10;
    pub const OF: u32 = 1 << 11;
}

/// Effect on the flags, as masks of RFLAGS bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags {
    /// Read by the operation.
    pub tested: u32,
    /// Set according to the result.
    pub modified: u32,
    pub cleared: u32,
    pub set: u32,
    /// Left in a state that the manuals do not define.
    pub undefined: u32,
}

impl Flags {
    /// Every flag that does not keep its value.
    pub const fn written(self) -> u32 {
        self.modified | self.cleared | self.set | self.undefined
    }
}

/// The effect column in five bytes: one bit for each column, `c` lowest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PackedFlags([u8; 5]);

impl PackedFlags {
    /// Parses the effect column.
    pub(crate) const fn parse(column: &str) -> PackedFlags {
        let column = column.as_bytes();
        assert!(column.len() == 8, "the effect column has one letter for each of o d i s z a p c");
        let mut f = [0; 5];
        let mut i = 0;
        while i < 8 {
            let bit = 0x80 >> i;
            match column[i] {
                b'.' => {}
                b't' => f[0] |= bit,
                b'm' => f[1] |= bit,
                b'0' => f[2] |= bit,
                b'1' => f[3] |= bit,
                b'u' => f[4] |= bit,
                b'x' => {
                    f[0] |= bit;
                    f[1] |= bit;
                }
                _ => panic!("the effect column knows . m 0 1 u t x"),
            }
            i += 1;
        }
        PackedFlags(f)
    }

    pub(crate) const fn same(self, other: PackedFlags) -> bool {
        let (a, b) = (self.0, other.0);
        a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] && a[4] == b[4]
    }

    pub(crate) const fn unpack(self) -> Flags {
        const fn mask(columns: u8) -> u32 {
            use flag::*;
            const BITS: [u32; 8] = [CF, PF, AF, ZF, SF, IF, DF, OF];
            let (mut mask, mut i) = (0, 0);
            while i < 8 {
                if columns >> i & 1 != 0 {
                    mask |= BITS[i];
                }
                i += 1;
            }
            mask
        }
        let [t, m, c, s, u] = self.0;
        Flags { tested: mask(t), modified: mask(m), cleared: mask(c), set: mask(s), undefined: mask(u) }
    }
}

/// Most operands that an instruction has.
pub const MAX_OPERANDS: usize = 4;

/// Access to all operands, two bits each; `N` where there is none.
pub(crate) const fn pack_access(access: &[Access]) -> u8 {
    let (mut packed, mut i) = (0, 0);
    while i < access.len() {
        packed |= (access[i] as u8) << (2 * i);
        i += 1;
    }
    packed
}

pub(crate) const fn unpack_access(packed: u8) -> [Access; MAX_OPERANDS] {
    const ALL: [Access; 4] = [Access::N, Access::R, Access::W, Access::RW];
    let p = packed as usize;
    [ALL[p & 3], ALL[p >> 2 & 3], ALL[p >> 4 & 3], ALL[p >> 6]]
}
