//! Control instructions (SDM Vol. 1, 8.3.11): they leave the addresses of the last instruction alone, and most of them do not
//! wait for pending exceptions.

use super::{BUSY, EXCEPTIONS, STACK_FAULT, SUMMARY};
use crate::chain::{Run, call};
use crate::fxsave::Pointers;
use crate::inst::Inst;
use crate::sem::calls;
use crate::size::Size;
use crate::state::{Cpu, RAX};
use crate::stop::{Flow, Stop};
use isa::{Instruction, Op, Operand, Width};
use memory::Access;

/// What of the control word can be changed, and what is always set.
pub(super) const CONTROL_MASK: u16 = 0x1f3f;
pub(super) const CONTROL_SET: u16 = 0x40;

/// Which page a fault names that is not mapped: the CPU tries the first field of an image, then its last byte.
fn probe_image(cpu: &mut Cpu, address: u64, bytes: u64, access: Access) -> Flow {
    let field = if bytes == 14 || bytes == 94 { 2 } else { 4 };
    cpu.memory.probe(address, field, access)?;
    cpu.memory.probe(address.wrapping_add(bytes - 1), 1, access)?;
    Ok(())
}

fn load_image<const N: usize>(cpu: &mut Cpu, inst: &Inst) -> Result<[u8; N], Stop> {
    let address = cpu.address(inst);
    let mut image = [0; N];
    probe_image(cpu, address, N as u64, Access::Read)?;
    cpu.memory.load_bytes(address, &mut image)?;
    Ok(image)
}

fn store_image<const N: usize>(cpu: &mut Cpu, inst: &Inst, image: &[u8; N]) -> Flow {
    let address = cpu.address(inst);
    probe_image(cpu, address, N as u64, Access::Write)?;
    cpu.memory.store_bytes(address, image)?;
    Ok(())
}

/// Bytes of an FXSAVE image that are written; the rest is left to software.
const FXSAVE_BYTES: usize = 416;

/// The last byte of an FXSAVE image, which the CPU tries first.
fn last_byte(cpu: &Cpu, inst: &Inst) -> u64 {
    let offset = cpu.offset(inst).wrapping_add(511);
    let offset = match inst.addressing >> 2 & 3 {
        0 => offset,
        1 => offset as u32 as u64,
        _ => offset as u16 as u64,
    };
    cpu.linear(inst, offset)
}

fn fxsave(cpu: &mut Cpu, inst: &Inst, pointers: Pointers) -> Flow {
    let address = cpu.address(inst);
    if address & 15 != 0 {
        return cpu.protection();
    }
    cpu.memory.probe(last_byte(cpu, inst), 1, Access::Write)?;
    let image = cpu.fxsave_as(pointers);
    cpu.memory.store_bytes(address, &image[..FXSAVE_BYTES])?;
    Ok(())
}

fn fxrstor(cpu: &mut Cpu, inst: &Inst, pointers: Pointers) -> Flow {
    let address = cpu.address(inst);
    if address & 15 != 0 {
        return cpu.protection();
    }
    cpu.memory.probe(last_byte(cpu, inst), 1, Access::Read)?;
    let mut image = [0; 512];
    cpu.memory.load_bytes(address, &mut image)?;
    if cpu.fxrstor_as(&image, pointers).is_err() {
        return cpu.protection();
    }
    Ok(())
}

calls! {
    Fxsave(cpu, inst) { fxsave(cpu, inst, Pointers::Narrow) }
    Fxsave64(cpu, inst) { fxsave(cpu, inst, Pointers::Wide) }
    Fxrstor(cpu, inst) { fxrstor(cpu, inst, Pointers::Narrow) }
    Fxrstor64(cpu, inst) { fxrstor(cpu, inst, Pointers::Wide) }
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
        let image: [u8; 28] = load_image(cpu, inst)?;
        cpu.x87.set_environment32(&image);
        Ok(())
    }
    Fldenv16(cpu, inst) {
        cpu.wait()?;
        let image: [u8; 14] = load_image(cpu, inst)?;
        cpu.x87.set_environment16(&image);
        Ok(())
    }
    Fnstenv(cpu, inst) {
        let image = cpu.x87.environment32();
        store_image(cpu, inst, &image)?;
        cpu.x87.mask_all();
        Ok(())
    }
    Fnstenv16(cpu, inst) {
        let image = cpu.x87.environment16();
        store_image(cpu, inst, &image)?;
        cpu.x87.mask_all();
        Ok(())
    }
    Fnsave(cpu, inst) {
        let mut image = [0; 108];
        image[..28].copy_from_slice(&cpu.x87.environment32());
        image[28..].copy_from_slice(&cpu.x87.stack());
        store_image(cpu, inst, &image)?;
        cpu.x87.initialise();
        Ok(())
    }
    Fnsave16(cpu, inst) {
        let mut image = [0; 94];
        image[..14].copy_from_slice(&cpu.x87.environment16());
        image[14..].copy_from_slice(&cpu.x87.stack());
        store_image(cpu, inst, &image)?;
        cpu.x87.initialise();
        Ok(())
    }
    Frstor(cpu, inst) {
        cpu.wait()?;
        let image: [u8; 108] = load_image(cpu, inst)?;
        cpu.x87.set_environment32(image.first_chunk().expect("108 bytes have 28"));
        cpu.x87.set_stack(image.last_chunk().expect("108 bytes have 80"));
        Ok(())
    }
    Frstor16(cpu, inst) {
        cpu.wait()?;
        let image: [u8; 94] = load_image(cpu, inst)?;
        cpu.x87.set_environment16(image.first_chunk().expect("94 bytes have 14"));
        cpu.x87.set_stack(image.last_chunk().expect("94 bytes have 80"));
        Ok(())
    }
}

pub(super) fn handler(i: &Instruction) -> Option<Run> {
    let is_narrow = i.operand_size == Width::W16;
    let is_wide = i.operand_size == Width::W64;
    Some(match i.op {
        Op::Fxsave if is_wide => call::<Fxsave64>(),
        Op::Fxsave => call::<Fxsave>(),
        Op::Fxrstor if is_wide => call::<Fxrstor64>(),
        Op::Fxrstor => call::<Fxrstor>(),
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
