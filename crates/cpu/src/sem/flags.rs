//! Instructions on single flags (SDM Vol. 2A CLC, CLD, CMC, LAHF; Vol. 2B SAHF, STC, STD).

use super::calls;
use crate::flags::{AF, CF, DF, Flags, OF, PF, SF, ZF};
use crate::size::Size;
use crate::state::RAX;

calls! {
    Clc(cpu, _inst) {
        cpu.flags = cpu.flags.with_carry(false);
        Ok(())
    }
    Stc(cpu, _inst) {
        cpu.flags = cpu.flags.with_carry(true);
        Ok(())
    }
    Cmc(cpu, _inst) {
        cpu.flags = cpu.flags.with_carry(!cpu.flags.carry());
        Ok(())
    }
    Cld(cpu, _inst) {
        cpu.system_flags &= !DF;
        Ok(())
    }
    Std(cpu, _inst) {
        cpu.system_flags |= DF;
        Ok(())
    }
    /// AH = SF ZF 0 AF 0 PF 1 CF.
    Lahf(cpu, _inst) {
        let bits = cpu.flags.bits() & 0xff | 2;
        let value = cpu.get(RAX) & !0xff00 | bits << 8;
        cpu.set(RAX, Size::B8, value);
        Ok(())
    }
    Sahf(cpu, _inst) {
        let changed = SF | ZF | AF | PF | CF;
        let bits = cpu.get(RAX) >> 8 & changed | cpu.flags.bits() & OF;
        cpu.flags = Flags::from_bits(bits);
        Ok(())
    }
}
