//! Control instructions (SDM Vol. 1, 8.3.11): they leave the addresses of the last instruction alone, and most of them do not
//! wait for pending exceptions.

use super::{BUSY, EXCEPTIONS, STACK_FAULT, SUMMARY};
use crate::chain::{Run, call};
use crate::sem::calls;
use crate::size::Size;
use crate::state::RAX;
use isa::{Instruction, Op, Operand, Width};

/// What of the control word can be changed, and what is always set.
pub(super) const CONTROL_MASK: u16 = 0x1f3f;
pub(super) const CONTROL_SET: u16 = 0x40;

calls! {
    Fwait(cpu, _inst) { cpu.wait() }
    /// FNENI, FNDISI, FNSETPM: they did something on an 8087 or 80287.
    Nothing(_cpu, _inst) { Ok(()) }
    Fldcw(cpu, inst) {
        cpu.wait()?;
        let value = cpu.memory.load::<2>(cpu.address(inst))? as u16;
        cpu.x87.control = value & CONTROL_MASK | CONTROL_SET;
        cpu.x87.summarise();
        Ok(())
    }
    Fnstcw(cpu, inst) { cpu.store(cpu.address(inst), Size::B2, cpu.x87.control.into()) }
    Fnstsw(cpu, inst) { cpu.store(cpu.address(inst), Size::B2, cpu.x87.status.into()) }
    FnstswAx(cpu, _inst) {
        cpu.set(RAX, Size::B2, cpu.x87.status.into());
        Ok(())
    }
    Fnclex(cpu, _inst) {
        cpu.x87.status &= !(EXCEPTIONS | STACK_FAULT | SUMMARY | BUSY);
        Ok(())
    }
    Fninit(cpu, _inst) {
        cpu.x87.initialise();
        Ok(())
    }
    Fldenv(cpu, inst) {
        cpu.wait()?;
        let address = cpu.address(inst);
        let mut image = [0; 28];
        cpu.memory.load_bytes(address, &mut image)?;
        cpu.x87.set_environment32(&image);
        Ok(())
    }
    Fldenv16(cpu, inst) {
        cpu.wait()?;
        let address = cpu.address(inst);
        let mut image = [0; 14];
        cpu.memory.load_bytes(address, &mut image)?;
        cpu.x87.set_environment16(&image);
        Ok(())
    }
    Fnstenv(cpu, inst) {
        let image = cpu.x87.environment32();
        cpu.memory.store_bytes(cpu.address(inst), &image)?;
        cpu.x87.mask_all();
        Ok(())
    }
    Fnstenv16(cpu, inst) {
        let image = cpu.x87.environment16();
        cpu.memory.store_bytes(cpu.address(inst), &image)?;
        cpu.x87.mask_all();
        Ok(())
    }
    Fnsave(cpu, inst) {
        let mut image = [0; 108];
        image[..28].copy_from_slice(&cpu.x87.environment32());
        image[28..].copy_from_slice(&cpu.x87.stack());
        cpu.memory.store_bytes(cpu.address(inst), &image)?;
        cpu.x87.initialise();
        Ok(())
    }
    Fnsave16(cpu, inst) {
        let mut image = [0; 94];
        image[..14].copy_from_slice(&cpu.x87.environment16());
        image[14..].copy_from_slice(&cpu.x87.stack());
        cpu.memory.store_bytes(cpu.address(inst), &image)?;
        cpu.x87.initialise();
        Ok(())
    }
    Frstor(cpu, inst) {
        cpu.wait()?;
        let address = cpu.address(inst);
        let mut image = [0; 108];
        cpu.memory.load_bytes(address, &mut image)?;
        cpu.x87.set_environment32(image.first_chunk().expect("108 bytes have 28"));
        cpu.x87.set_stack(image.last_chunk().expect("108 bytes have 80"));
        Ok(())
    }
    Frstor16(cpu, inst) {
        cpu.wait()?;
        let address = cpu.address(inst);
        let mut image = [0; 94];
        cpu.memory.load_bytes(address, &mut image)?;
        cpu.x87.set_environment16(image.first_chunk().expect("94 bytes have 14"));
        cpu.x87.set_stack(image.last_chunk().expect("94 bytes have 80"));
        Ok(())
    }
}

pub(super) fn handler(i: &Instruction) -> Option<Run> {
    let is_narrow = i.operand_size == Width::W16;
    Some(match i.op {
        Op::Wait => call::<Fwait>(),
        Op::Fneni | Op::Fndisi | Op::Fnsetpm => call::<Nothing>(),
        Op::Fldcw => call::<Fldcw>(),
        Op::Fnstcw => call::<Fnstcw>(),
        Op::Fnstsw if matches!(i.operands[0], Operand::Gpr { .. }) => call::<FnstswAx>(),
        Op::Fnstsw => call::<Fnstsw>(),
        Op::Fnclex => call::<Fnclex>(),
        Op::Fninit => call::<Fninit>(),
        Op::Fldenv if is_narrow => call::<Fldenv16>(),
        Op::Fldenv => call::<Fldenv>(),
        Op::Fnstenv if is_narrow => call::<Fnstenv16>(),
        Op::Fnstenv => call::<Fnstenv>(),
        Op::Fnsave if is_narrow => call::<Fnsave16>(),
        Op::Fnsave => call::<Fnsave>(),
        Op::Frstor if is_narrow => call::<Frstor16>(),
        Op::Frstor => call::<Frstor>(),
        _ => return None,
    })
}
