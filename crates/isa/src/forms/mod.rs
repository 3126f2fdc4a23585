//! The forms: how each operation is written.

use crate::op::{Access, Feature, Flags, MAX_OPERANDS, Op};

/// One form of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub op: Op,
}

/// All forms, in the order of [`crate::Instruction::row`].
pub static ROWS: &[Row] = &[];

impl Row {
    /// CPUID feature of this form.
    pub fn feature(&self) -> Feature {
        self.op.feature()
    }

    /// Effect of this form on the flags.
    pub fn flags(&self) -> Flags {
        self.op.flags()
    }

    /// Access of this form to its operands.
    pub fn access(&self) -> [Access; MAX_OPERANDS] {
        self.op.access()
    }
}
