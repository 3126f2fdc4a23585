//! Kinds of operands: what an operand is and where it is encoded, named as in the opcode maps of SDM Vol. 2 Appendix A.
//!
//! The first letter is the place: `E` ModRM register or memory, `R` the same but only a register, `M` only memory, `G`
//! the reg field, `B` VEX.vvvv, `Z` the low bits of the opcode, `I` immediate, `J` relative branch; for vectors `W`,
//! `U`, `V`, `H`, for MMX `Q`, `N`, `P`, and `L` the upper half of an immediate byte. The rest is the size: `b w d q`
//! 1, 2, 4, 8 bytes, `dq` 16; `v` the operand size, `z` the operand size but at most 4, `y` 4 or with W 8, `r` 4 or in
//! 64-bit mode 8, `a` the address size, `x` 16 or with VEX.L 32.

macro_rules! kinds {
    ($($kind:ident = $text:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = $text] $kind),* }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// The operand as an assembly manual writes it, for documents.
            pub const fn text(self) -> &'static str {
                const TEXT: &[&str] = &[$($text),*];
                TEXT[self as usize]
            }
        }
    };
}

kinds! {
    None = "(none)";
    // Fixed.
    Al = "al";
    Cl = "cl";
    Ax = "ax";
    Dx = "dx";
    Av = "ax/eax/rax";
    Az = "ax/eax";
    One = "1";
    Es = "es";
    Cs = "cs";
    Ss = "ss";
    Ds = "ds";
    Fs = "fs";
    Gs = "gs";
    St0 = "st0";
    // In the opcode.
    Zb = "r8";
    Zv = "r16/32/64";
    Sti = "st(i)";
    // General registers and memory.
    Eb = "r/m8";
    Ew = "r/m16";
    Ed = "r/m32";
    Eq = "r/m64";
    Ev = "r/m16/32/64";
    Ey = "r/m32/64";
    Ez = "r/m16/32";
    Er = "r/m32 (r/m64)";
    EvMw = "r16/32/64 or m16";
    EyMb = "r32/64 or m8";
    EyMw = "r32/64 or m16";
    EyMd = "r32/64 or m32";
    Gb = "r8";
    Gw = "r16";
    Gd = "r32";
    Gv = "r16/32/64";
    Gy = "r32/64";
    Gz = "r16/32";
    Gr = "r32 (r64)";
    Ga = "r of address size";
    By = "r32/64";
    Rd = "r32";
    Rv = "r16/32/64";
    Ry = "r32/64";
    Rr = "r32 (r64)";
    Ra = "r of address size";
    Rsystem = "r32 (r64), mod ignored";
    // Memory.
    M = "m";
    Mb = "m8";
    Mw = "m16";
    Md = "m32";
    Mq = "m64";
    Mt = "m80";
    Mdq = "m128";
    Mx = "m128/256";
    Mv = "m16/32/64";
    My = "m32/64";
    Mp = "m16:16/32/64";
    Ma = "m16&16/32&32";
    Ms = "m16&32 (m16&64)";
    Menv = "m14/28byte";
    Msave = "m94/108byte";
    M64 = "m64byte";
    M512 = "m512byte";
    Vm4x = "vm, 4-byte elements";
    Vm8x = "vm, 8-byte elements";
    Vm8dq = "vm with xmm index, 8-byte elements";
    Ob = "moffs8";
    Ov = "moffs16/32/64";
    Xb = "[rSI]8";
    Xv = "[rSI]16/32/64";
    Xz = "[rSI]16/32";
    Yb = "es:[rDI]8";
    Yv = "es:[rDI]16/32/64";
    Yz = "es:[rDI]16/32";
    Xlat = "[rBX+al]";
    // System registers.
    Sw = "Sreg";
    Cr = "CRn";
    Dr = "DRn";
    // Immediates and branch targets.
    Ib = "imm8";
    Ibs = "imm8 (sign-extended)";
    Iw = "imm16";
    Iz = "imm16/32";
    Iv = "imm16/32/64";
    Jb = "rel8";
    Jz = "rel16/32";
    Ap = "ptr16:16/32";
    // MMX.
    Pq = "mm";
    Nq = "mm";
    Qq = "mm/m64";
    Qd = "mm/m32";
    // XMM and YMM.
    Vx = "xmm/ymm";
    Vdq = "xmm";
    Hx = "xmm/ymm";
    Hdq = "xmm";
    Lx = "xmm/ymm (is4)";
    Ux = "xmm/ymm";
    Udq = "xmm";
    Wx = "xmm/m128 (ymm/m256)";
    Wdq = "xmm/m128";
    Wq = "xmm/m64";
    Wd = "xmm/m32";
    Ww = "xmm/m16";
    Wb = "xmm/m8";
    Whx = "xmm/m64 (xmm/m128)";
    Wqx = "xmm/m32 (xmm/m64)";
    Wox = "xmm/m16 (xmm/m32)";
    Wddup = "xmm/m64 (ymm/m256)";
}

impl Kind {
    /// Can only be a register in ModRM.rm.
    pub(super) const fn register_only(self) -> bool {
        use Kind::*;
        matches!(self, Rd | Rv | Ry | Rr | Ra | Nq | Ux | Udq)
    }

    /// Can only be memory in ModRM.
    pub(super) const fn memory_only(self) -> bool {
        use Kind::*;
        matches!(
            self,
            M | Mb
                | Mw
                | Md
                | Mq
                | Mt
                | Mdq
                | Mx
                | Mv
                | My
                | Mp
                | Ma
                | Ms
                | Menv
                | Msave
                | M64
                | M512
                | Vm4x
                | Vm8x
                | Vm8dq
        )
    }

    /// Encoded in VEX.vvvv.
    pub(super) const fn vvvv(self) -> bool {
        use Kind::*;
        matches!(self, By | Hx | Hdq)
    }

    /// Follows the operand size.
    pub(super) const fn operand_sized(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Av | Az
                | Zv
                | Ev
                | Ez
                | EvMw
                | Gv
                | Gz
                | Rv
                | Mv
                | Mp
                | Ma
                | Menv
                | Msave
                | Ov
                | Xv
                | Xz
                | Yv
                | Yz
                | Iz
                | Iv
                | Jz
                | Ap
        )
    }

    /// An operand of one byte that makes the whole form one on bytes.
    pub(super) const fn byte(self) -> bool {
        use Kind::*;
        matches!(self, Al | Zb | Eb | Gb | Ob | Xb | Yb | Mb)
    }

    /// Four bytes, or eight with W.
    pub(super) const fn w_sized(self) -> bool {
        use Kind::*;
        matches!(self, Ey | Gy | By | Ry | My | EyMb | EyMw | EyMd)
    }

    /// Four bytes, or eight in 64-bit mode.
    pub(super) const fn mode_sized(self) -> bool {
        use Kind::*;
        matches!(self, Er | Gr | Rr | Rsystem)
    }
}
