//! BMI1 and BMI2: SDM Vol. 2 ANDN, BEXTR, BLSI, BZHI, MULX, PDEP, PEXT, RORX, SARX.

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("VEX.LZ.0F38 F2 /r",       Op::Andn,   [Gy, By, Ey]),
    form("VEX.LZ.0F38 F3 /1",       Op::Blsr,   [By, Ey]),
    form("VEX.LZ.0F38 F3 /2",       Op::Blsmsk, [By, Ey]),
    form("VEX.LZ.0F38 F3 /3",       Op::Blsi,   [By, Ey]),
    form("VEX.LZ.0F38 F5 /r",       Op::Bzhi,   [Gy, Ey, By]),
    form("VEX.LZ.F3.0F38 F5 /r",    Op::Pext,   [Gy, By, Ey]),
    form("VEX.LZ.F2.0F38 F5 /r",    Op::Pdep,   [Gy, By, Ey]),
    form("VEX.LZ.F2.0F38 F6 /r",    Op::Mulx,   [Gy, By, Ey]),
    form("VEX.LZ.0F38 F7 /r",       Op::Bextr,  [Gy, Ey, By]),
    form("VEX.LZ.66.0F38 F7 /r",    Op::Shlx,   [Gy, Ey, By]),
    form("VEX.LZ.F3.0F38 F7 /r",    Op::Sarx,   [Gy, Ey, By]),
    form("VEX.LZ.F2.0F38 F7 /r",    Op::Shrx,   [Gy, Ey, By]),
    form("VEX.LZ.F2.0F3A F0 /r ib", Op::Rorx,   [Gy, Ey, Ib]),
];
