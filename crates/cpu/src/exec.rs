//! The interpreter's domain: values are integers, and an error means that nothing has happened.

use crate::arith::{self, Arith};
use crate::chain::Shape;
use crate::flags::Flags;
use crate::inst::{Inst, Places};
use crate::sem::Sem;
use crate::size::Size;
use crate::state::{Cpu, RSP};
use crate::stop::{Flow, Stop};
use core::marker::PhantomData;

/// A CPU on which an instruction of shape `K` is executed.
pub struct Exec<'a, K> {
    pub cpu: &'a mut Cpu,
    shape: PhantomData<K>,
}

impl<'a, K: Shape> Exec<'a, K> {
    #[inline(always)]
    pub fn new(cpu: &'a mut Cpu) -> Exec<'a, K> {
        Exec { cpu, shape: PhantomData }
    }

    #[inline(always)]
    fn places(inst: &Inst) -> Places {
        K::PLACES.unwrap_or(inst.form.places())
    }

    /// A shape that is known has plain addresses.
    #[inline(always)]
    fn plain_address(&self, inst: &Inst) -> u64 {
        let index = self.cpu.get(inst.index) << (inst.addressing & 3);
        self.cpu.get(inst.base).wrapping_add(index).wrapping_add(inst.disp)
    }

    #[inline(always)]
    fn get(&self, register: u8, size: Size) -> u64 {
        if K::PLACES.is_some() { size.cut(self.cpu.get(register)) } else { self.cpu.get_any(register, size) }
    }

    #[inline(always)]
    fn set(&mut self, register: u8, size: Size, value: u64) {
        if K::PLACES.is_some() {
            self.cpu.set(register, size, value);
        } else {
            self.cpu.set_any(register, size, value);
        }
    }
}

/// Where a handler for known places gives up, and what one for all forms shares with the others of its kind, out of line.
impl<K: Shape> Exec<'_, K> {
    #[inline(always)]
    fn load_at(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        if K::PLACES.is_none() {
            return self.cpu.load_any(address, size);
        }
        let memory = &mut self.cpu.memory;
        let value = match size {
            Size::B1 => memory.load_hit::<1>(address),
            Size::B2 => memory.load_hit::<2>(address),
            Size::B4 => memory.load_hit::<4>(address),
            Size::B8 => memory.load_hit::<8>(address),
        };
        value.ok_or(Stop::MISSED)
    }

    #[inline(always)]
    fn load_for_update_at(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        let memory = &mut self.cpu.memory;
        let value = match size {
            Size::B1 => memory.load_for_update_hit::<1>(address),
            Size::B2 => memory.load_for_update_hit::<2>(address),
            Size::B4 => memory.load_for_update_hit::<4>(address),
            Size::B8 => memory.load_for_update_hit::<8>(address),
        };
        value.ok_or(Stop::MISSED)
    }

    #[inline(always)]
    fn store_at(&mut self, address: u64, size: Size, value: u64) -> Flow {
        if K::PLACES.is_none() {
            return self.cpu.store_any(address, size, value);
        }
        let memory = &mut self.cpu.memory;
        let done = match size {
            Size::B1 => memory.store_hit::<1>(address, value),
            Size::B2 => memory.store_hit::<2>(address, value),
            Size::B4 => memory.store_hit::<4>(address, value),
            Size::B8 => memory.store_hit::<8>(address, value),
        };
        done.ok_or(Stop::MISSED)
    }

    #[inline(always)]
    fn compute(&self, op: Arith, size: Size, a: u64, b: u64) -> (u64, Flags) {
        if K::SIZE.is_some() {
            arith::compute(op, size, a, b, self.cpu.flags)
        } else {
            arith::compute_any(op, size, a, b, self.cpu.flags)
        }
    }
}

impl<K: Shape> Sem for Exec<'_, K> {
    type Int = u64;
    type Bool = bool;
    type Stop = Stop;

    #[inline(always)]
    fn size(&self, inst: &Inst) -> Size {
        K::SIZE.unwrap_or(inst.form.size())
    }

    #[inline(always)]
    fn constant(&mut self, value: u64) -> u64 {
        value
    }

    #[inline(always)]
    fn source(&mut self, inst: &Inst) -> Result<u64, Stop> {
        let size = self.size(inst);
        self.source_as(inst, size)
    }

    #[inline(always)]
    fn source_as(&mut self, inst: &Inst, size: Size) -> Result<u64, Stop> {
        if K::PLACES.is_none() {
            return source_any(self.cpu, inst, size);
        }
        match Self::places(inst) {
            Places::RegReg | Places::MemReg => Ok(self.get(inst.src, size)),
            Places::RegMem => self.load_at(self.plain_address(inst), size),
            Places::RegImm | Places::MemImm => Ok(size.cut(inst.imm)),
        }
    }

    #[inline(always)]
    fn destination(&mut self, inst: &Inst) -> Result<u64, Stop> {
        if K::PLACES.is_none() {
            return destination_any(self.cpu, inst);
        }
        let size = self.size(inst);
        match Self::places(inst) {
            Places::MemReg | Places::MemImm => self.load_at(self.plain_address(inst), size),
            _ => Ok(self.get(inst.dst, size)),
        }
    }

    #[inline(always)]
    fn write(&mut self, inst: &Inst, value: u64) -> Flow {
        if K::PLACES.is_none() {
            return write_any(self.cpu, inst, value);
        }
        let size = self.size(inst);
        match Self::places(inst) {
            Places::MemReg | Places::MemImm => self.store_at(self.plain_address(inst), size, value)?,
            _ => self.set(inst.dst, size, value),
        }
        Ok(())
    }

    #[inline(always)]
    fn update(&mut self, inst: &Inst, op: Arith, value: u64) -> Flow {
        if K::PLACES.is_none() {
            return update_any(self.cpu, inst, op, value);
        }
        let size = self.size(inst);
        match Self::places(inst) {
            Places::MemReg | Places::MemImm => {
                let address = self.plain_address(inst);
                let old = self.load_for_update_at(address, size)?;
                let (new, flags) = self.compute(op, size, old, value);
                self.store_at(address, size, new)?;
                self.cpu.flags = flags;
            }
            _ => {
                let old = self.get(inst.dst, size);
                let (new, flags) = self.compute(op, size, old, value);
                self.set(inst.dst, size, new);
                self.cpu.flags = flags;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn offset(&mut self, inst: &Inst) -> u64 {
        self.cpu.offset(inst)
    }

    #[inline(always)]
    fn register(&mut self, number: u8, size: Size) -> u64 {
        self.get(number, size)
    }

    #[inline(always)]
    fn set_register(&mut self, number: u8, size: Size, value: u64) {
        self.set(number, size, value);
    }

    #[inline(always)]
    fn load(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        self.load_at(address, size)
    }

    #[inline(always)]
    fn store(&mut self, address: u64, size: Size, value: u64) -> Flow {
        self.store_at(address, size, value)
    }

    #[inline(always)]
    fn value(&mut self, op: Arith, size: Size, a: u64, b: u64) -> u64 {
        self.compute(op, size, a, b).0
    }

    #[inline(always)]
    fn flagged(&mut self, op: Arith, size: Size, a: u64, b: u64) -> u64 {
        let (result, flags) = self.compute(op, size, a, b);
        self.cpu.flags = flags;
        result
    }

    #[inline(always)]
    fn sign_extend(&mut self, from: Size, value: u64) -> u64 {
        from.extend(value)
    }

    #[inline(always)]
    fn condition(&mut self, code: u8) -> bool {
        self.cpu.flags.holds(code)
    }

    #[inline(always)]
    fn select(&mut self, condition: bool, yes: u64, no: u64) -> u64 {
        if condition { yes } else { no }
    }

    #[inline(always)]
    fn from_bool(&mut self, condition: bool) -> u64 {
        condition as u64
    }

    #[inline(always)]
    fn next_ip(&mut self) -> u64 {
        self.cpu.ip
    }

    #[inline(always)]
    fn jump(&mut self, target: u64) -> Flow {
        if K::PLACES.is_some() && !memory::is_canonical(target) {
            return Err(Stop::MISSED);
        }
        self.cpu.jump(target)
    }

    #[inline(always)]
    fn jump_if(&mut self, condition: bool, target: u64) {
        if condition {
            self.cpu.ip = target;
        }
    }

    #[inline(always)]
    fn push(&mut self, size: Size, value: u64) -> Flow {
        let top = self.cpu.get(RSP).wrapping_sub(size.bytes());
        self.store_at(top, size, value)?;
        self.cpu.set64(RSP, top);
        Ok(())
    }
}

// The operands of a handler for all forms, which are looked up: one function each for all operations.

#[inline(never)]
fn source_any(cpu: &mut Cpu, inst: &Inst, size: Size) -> Result<u64, Stop> {
    match inst.form.places() {
        Places::RegReg | Places::MemReg => Ok(cpu.get_any(inst.src, size)),
        Places::RegMem => cpu.load(cpu.address(inst), size),
        Places::RegImm | Places::MemImm => Ok(size.cut(inst.imm)),
    }
}

#[inline(never)]
fn destination_any(cpu: &mut Cpu, inst: &Inst) -> Result<u64, Stop> {
    let size = inst.form.size();
    match inst.form.places() {
        Places::MemReg | Places::MemImm => cpu.load(cpu.address(inst), size),
        _ => Ok(cpu.get_any(inst.dst, size)),
    }
}

#[inline(never)]
fn write_any(cpu: &mut Cpu, inst: &Inst, value: u64) -> Flow {
    let size = inst.form.size();
    match inst.form.places() {
        Places::MemReg | Places::MemImm => cpu.store(cpu.address(inst), size, value),
        _ => {
            cpu.set_any(inst.dst, size, value);
            Ok(())
        }
    }
}

#[inline(never)]
fn update_any(cpu: &mut Cpu, inst: &Inst, op: Arith, value: u64) -> Flow {
    let size = inst.form.size();
    match inst.form.places() {
        Places::MemReg | Places::MemImm => {
            let address = cpu.address(inst);
            if inst.form.is_locked() {
                return locked_update(cpu, address, size, op, value);
            }
            let old = cpu.load_for_update(address, size)?;
            let (new, flags) = arith::compute_any(op, size, old, value, cpu.flags);
            cpu.store(address, size, new)?;
            cpu.flags = flags;
        }
        _ => {
            let old = cpu.get_any(inst.dst, size);
            let (new, flags) = arith::compute_any(op, size, old, value, cpu.flags);
            cpu.set_any(inst.dst, size, new);
            cpu.flags = flags;
        }
    }
    Ok(())
}

/// A read-modify-write with LOCK: the flags are those of the attempt that won.
#[inline(never)]
fn locked_update(cpu: &mut Cpu, address: u64, size: Size, op: Arith, value: u64) -> Flow {
    loop {
        let old = cpu.load_for_update(address, size)?;
        let (new, flags) = arith::compute_any(op, size, old, value, cpu.flags);
        if cpu.compare_exchange(address, size, old, size.cut(new))?.is_ok() {
            cpu.flags = flags;
            return Ok(());
        }
    }
}
