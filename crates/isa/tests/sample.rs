//! The generator of encodings does what it was asked for.

use isa::sample::{Place, sample};
use isa::{IndexKind, Mode, Op, Operand, ROWS, Width};

fn random() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

#[test]
fn memory_is_where_it_was_asked_for() {
    let mut random = random();
    let mut found = 0;
    for row in 0..ROWS.len() as u16 {
        for (base, disp, index) in [(3, 0x1234, 9), (12, -0x40, 14), (4, 0, 6)] {
            let at = Place::At { base, disp, index };
            let Some((_, i)) = sample(row, Mode::Bits64, at, &mut random) else { continue };
            let m = &i.memory;
            assert!(i.has_memory(), "{:?}", i);
            assert_eq!((m.base, m.disp, m.ip_relative, m.scale), (Some(base), disp as i64, false, 1), "{i:?}");
            let vector = m.index_kind != IndexKind::Gpr;
            assert_eq!(m.index, vector.then_some(index), "{i:?}");
            assert_eq!(i.address_size, Width::W64, "{i:?}");
            found += 1;
        }
    }
    assert!(found > 3 * 1000, "only {found} encodings with memory");
}

#[test]
fn a_register_is_a_register() {
    let mut random = random();
    for row in 0..ROWS.len() as u16 {
        for mode in Mode::ALL {
            if let Some((_, i)) = sample(row, mode, Place::Register, &mut random)
                && i.op != Op::Xlat
                && i.row().has_modrm()
            {
                assert!(!i.has_memory(), "{i:?}");
            }
        }
    }
}

#[test]
fn all_registers_of_an_operand_are_reached() {
    let mut random = random();
    let row = ROWS.iter().position(|r| r.op == Op::Vpaddb).expect("a row of vpaddb") as u16;
    let mut seen = [0u16; 3];
    for _ in 0..2000 {
        let (_, i) = sample(row, Mode::Bits64, Place::Register, &mut random).expect("an encoding");
        for (seen, operand) in seen.iter_mut().zip(i.operands) {
            if let Operand::Xmm(number) | Operand::Ymm(number) = operand {
                *seen |= 1 << number;
            }
        }
    }
    assert_eq!(seen, [0xffff; 3]);
}
