//! Multiplication and division: SDM Vol. 2 MUL, IMUL, DIV, IDIV.

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("F6 /4",    Op::Mul,   [Eb]),
    form("F7 /4",    Op::Mul,   [Ev]),
    form("F6 /5",    Op::Imul,  [Eb]),
    form("F7 /5",    Op::Imul,  [Ev]),
    form("F6 /6",    Op::Div,   [Eb]),
    form("F7 /6",    Op::Div,   [Ev]),
    form("F6 /7",    Op::Idiv,  [Eb]),
    form("F7 /7",    Op::Idiv,  [Ev]),
    form("69 /r iz", Op::Imul3, [Gv, Ev, Iz]),
    form("6B /r ib", Op::Imul3, [Gv, Ev, Ibs]),
    form("0F AF /r", Op::Imul2, [Gv, Ev]),
];
