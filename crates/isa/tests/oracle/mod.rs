//! Comparison with iced-x86, an independent decoder: of one byte string, of one row, and the strings to try.
//!
//! Differences that are right are listed in [`EXPLAINED`]; there is no other way for one to pass.

#![allow(dead_code, reason = "each user needs another part")]

pub mod operands;
pub mod rows;
pub mod strings;
pub mod tally;

use iced_x86::{self as iced, Formatter};
use isa::{DecodeError, Mode};

/// Address of every instruction in the comparison.
pub const IP: u64 = 0x1234_5678;

/// What may differ, and why. Iced runs with its AMD option (near branches of 16 bits in 64-bit mode, far pointers
/// without REX.W, UD0 without ModRM, LOCK MOV CR0), each of which was tried on the CPU.
pub const EXPLAINED: [&str; 6] = [
    "EVEX: recognised and refused",
    "an extension outside the table (below), #UD on the CPU as it is promised to guests",
    "0F 0D with a register: #UD on AMD's CPUs, where it is PREFETCH and nothing else",
    "more than 15 bytes: iced calls it invalid, we tell it apart (#GP)",
    "#UD on the CPU: CLZERO with F2 or F3; VPEXTRD and VPINSRD with W1 outside 64-bit mode",
    "F3 90 with REX.B exchanges registers on the CPU, where iced sees PAUSE",
];

/// Extensions that iced decodes and the table leaves out: those of other makers, of kernels and secure modes that no
/// user program meets, and of AVX-512, AMX and their company.
const OUTSIDE: &str = " AESKLE WIDE_KL CENTAUR_AIS CL1INVMB CYRIX_D3NOW D3NOW D3NOWEXT CYRIX_DDI CYRIX_DMI CYRIX_EMMI CYRIX_FPU \
    CYRIX_SHR CYRIX_SMINT CYRIX_SMM FRED HRESET KL LKGS MCOMMIT MPX MSRLIST OSS PADLOCK_ACE PADLOCK_GMI PADLOCK_PHE PADLOCK_PMM \
    PADLOCK_RNG PADLOCK_UNDOC PCONFIG RAO_INT RMPQUERY SEV_ES SEV_SNP SGX1 TDX TSE UDBG UINTR WRMSRNS AMX_BF16 AMX_COMPLEX \
    AMX_FP16 AMX_INT8 AMX_TILE SHA512 SM3 SM4 AVX512BW AVX512DQ AVX512F AVX_IFMA AVX_NE_CONVERT AVX_VNNI_INT8 AVX_VNNI_INT16 \
    CMPCCXADD FMA4 KNC XOP LWP TBM ";

#[derive(PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Both decode it, to the same.
    Same,
    /// Both refuse it.
    BothRefuse,
    /// Index into [`EXPLAINED`].
    Explained(usize),
    Different(String),
}

pub struct Oracle {
    formatter: iced::GasFormatter,
    ours: String,
    theirs: String,
}

pub fn bits(mode: Mode) -> u32 {
    match mode {
        Mode::Bits16 => 16,
        Mode::Bits32 => 32,
        Mode::Bits64 => 64,
    }
}

pub fn iced_decode(bytes: &[u8], mode: Mode) -> iced::Instruction {
    iced::Decoder::with_ip(bits(mode), bytes, IP, iced::DecoderOptions::AMD).decode()
}

impl Oracle {
    pub fn new() -> Oracle {
        Oracle { formatter: iced::GasFormatter::new(), ours: String::new(), theirs: String::new() }
    }

    /// Compares validity, length, operands and listing of the instruction at the start of `bytes` (15 of them).
    pub fn compare(&mut self, bytes: &[u8], mode: Mode) -> Verdict {
        let theirs = iced_decode(bytes, mode);
        let ours = isa::decode(bytes, mode);
        match ours {
            Ok(ours) if theirs.is_invalid() => {
                self.different(bytes, mode, format!("ours {:?} of {} bytes, iced refuses", ours.op, ours.len))
            }
            Ok(ours) if theirs.code() == iced::Code::Pause && ours.op == isa::Op::Xchg => Verdict::Explained(5),
            Ok(ours) => match self.compare_decoded(&ours, &theirs) {
                None => Verdict::Same,
                Some(text) => self.different(bytes, mode, text),
            },
            Err(DecodeError::Evex) => Verdict::Explained(0),
            Err(DecodeError::TooLong) if theirs.is_invalid() => Verdict::Explained(3),
            Err(_) if theirs.is_invalid() => Verdict::BothRefuse,
            Err(error) => {
                if error == DecodeError::Invalid && outside(&theirs) {
                    return Verdict::Explained(1);
                }
                if error == DecodeError::Invalid && refused_by_the_cpu(&theirs) {
                    return Verdict::Explained(4);
                }
                if error == DecodeError::Invalid && format!("{:?}", theirs.code()).ends_with("_0F0D") {
                    return Verdict::Explained(2);
                }
                self.different(bytes, mode, format!("ours {error:?}, iced {:?}", theirs.code()))
            }
        }
    }

    /// What differs in length, listing, operands or prefixes.
    fn compare_decoded(&mut self, ours: &isa::Instruction, theirs: &iced::Instruction) -> Option<String> {
        if ours.len as usize != theirs.len() {
            return Some(format!("length {} of {:?}, iced {} of {:?}", ours.len, ours.op, theirs.len(), theirs.code()));
        }
        self.ours.clear();
        self.theirs.clear();
        isa::list(ours, IP, &mut self.ours).expect("a string takes everything");
        self.formatter.format(theirs, &mut self.theirs);
        if self.ours != self.theirs {
            return Some(format!("`{}`, iced `{}`", self.ours, self.theirs));
        }
        operands::difference(ours, theirs).map(|text| format!("`{}`: {text}", self.ours))
    }

    fn different(&self, bytes: &[u8], mode: Mode, text: String) -> Verdict {
        Verdict::Different(format!("{mode:?} {bytes:02x?}: {text}"))
    }
}

fn outside(theirs: &iced::Instruction) -> bool {
    theirs.cpuid_features().iter().any(|f| OUTSIDE.contains(&format!(" {f:?} ")))
}

fn refused_by_the_cpu(theirs: &iced::Instruction) -> bool {
    match theirs.mnemonic() {
        iced::Mnemonic::Clzero => theirs.has_rep_prefix() || theirs.has_repne_prefix(),
        iced::Mnemonic::Vpextrd | iced::Mnemonic::Vpinsrd => theirs.code_size() != iced::CodeSize::Code64,
        _ => false,
    }
}
