//! What CPUs do in one instruction and `core` does not offer.

/// Where one instruction makes a square root of a register.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "s390x"))]
macro_rules! square_root {
    ($instruction:literal, $class:ident) => {
        /// The correctly rounded square root of a positive number, if the CPU has an instruction for it.
        pub fn square_root(number: f64) -> Option<f64> {
            let mut root = number;
            // SAFETY: reads and writes one register; every CPU of the architecture has the instruction.
            unsafe {
                core::arch::asm!($instruction, inout($class) root, options(pure, nomem, nostack, preserves_flags));
            }
            Some(root)
        }
    };
}

#[cfg(target_arch = "x86_64")]
square_root!("sqrtsd {0}, {0}", xmm_reg);
#[cfg(target_arch = "aarch64")]
square_root!("fsqrt {0:d}, {0:d}", vreg);
#[cfg(target_arch = "s390x")]
square_root!("sqdbr {0}, {0}", freg);

/// The correctly rounded square root of a positive number, if the CPU has an instruction for it.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "s390x")))]
pub fn square_root(_: f64) -> Option<f64> {
    None
}
