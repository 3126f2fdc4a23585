//! Comparison with iced-x86, an independent decoder.
use iced_x86 as iced;
use iced_x86::Formatter;
use isa::{DecodeError, Mode};

pub fn bits(mode: Mode) -> u32 {
    match mode {
        Mode::Bits16 => 16,
        Mode::Bits32 => 32,
        Mode::Bits64 => 64,
    }
}
const OUT: &str = "AESKLE WIDE_KL CENTAUR_AIS CL1INVMB CYRIX_D3NOW D3NOW D3NOWEXT CYRIX_DDI CYRIX_DMI CYRIX_EMMI CYRIX_FPU CYRIX_SHR CYRIX_SMINT CYRIX_SMINT_0F7E CYRIX_SMM FPU287XL_ONLY FPU387SL_ONLY FRED HRESET IA64 INTEL286_ONLY INTEL386_A0_ONLY INTEL386_ONLY INTEL486_A_ONLY INTEL8086_ONLY KL LKGS MCOMMIT MOV_TR MPX MSRLIST OSS PADLOCK_ACE PADLOCK_GMI PADLOCK_PHE PADLOCK_PMM PADLOCK_RNG PADLOCK_UNDOC PCOMMIT PCONFIG RAO_INT RMPQUERY SEV_ES SEV_SNP SGX1 TDX TSE UDBG UINTR UMOV WRMSRNS AMX_BF16 AMX_COMPLEX AMX_FP16 AMX_INT8 AMX_TILE SHA512 SM3 SM4 AVX512BW AVX512DQ AVX512F AVX_IFMA AVX_NE_CONVERT AVX_VNNI_INT8 AVX_VNNI_INT16 CMPCCXADD FMA4 KNC XOP LWP TBM";

pub fn check(bytes: &[u8], mode: Mode) -> Option<String> {
    let mut d = iced::Decoder::with_ip(bits(mode), bytes, 0x1234_5678, iced::DecoderOptions::AMD);
    let i = d.decode();
    let theirs = if i.is_invalid() { None } else { Some(i.len()) };
    let ours = isa::decode(bytes, mode);
    let o = ours.as_ref().ok().map(|o| o.len as usize);
    if theirs == o {
        if let Ok(o) = ours {
            let (mut a, mut b) = (String::new(), String::new());
            isa::list(&o, 0x1234_5678, &mut a).unwrap();
            iced::GasFormatter::new().format(&i, &mut b);
            if a != b {
                return Some(format!(
                    "{:02x?} {:?} `{a}` `{b}` ours {:?} {:?}",
                    &bytes[..i.len()],
                    mode,
                    o.op,
                    i.code()
                ));
            }
        }
        return None;
    }
    if ours == Err(DecodeError::Evex) {
        return None;
    }
    if o.is_none() && i.cpuid_features().iter().any(|f| OUT.split(' ').any(|x| x == format!("{f:?}"))) {
        return None;
    }
    Some(format!(
        "{:02x?} {:?} ours {:?} theirs {:?} {:?} {:?}",
        &bytes[..theirs.unwrap_or(15)],
        mode,
        o.map(|_| ours.unwrap().op),
        theirs,
        i.code(),
        i.code().cpuid_features()
    ))
}
