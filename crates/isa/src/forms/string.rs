//! String instructions: SDM Vol. 2 MOVS, CMPS, STOS, LODS, SCAS, INS, OUTS.

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("A4", Op::Movs, [Yb, Xb]),
    form("A5", Op::Movs, [Yv, Xv]),
    form("A6", Op::Cmps, [Xb, Yb]),
    form("A7", Op::Cmps, [Xv, Yv]),
    form("AA", Op::Stos, [Yb, Al]),
    form("AB", Op::Stos, [Yv, Av]),
    form("AC", Op::Lods, [Al, Xb]),
    form("AD", Op::Lods, [Av, Xv]),
    form("AE", Op::Scas, [Al, Yb]),
    form("AF", Op::Scas, [Av, Yv]),
    form("6C", Op::Ins,  [Yb, Dx]),
    form("6D", Op::Ins,  [Yz, Dx]),
    form("6E", Op::Outs, [Dx, Xb]),
    form("6F", Op::Outs, [Dx, Xz]),
];
