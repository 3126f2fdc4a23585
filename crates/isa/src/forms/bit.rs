//! Bits: SDM Vol. 2 BT, BSF, BSR, TZCNT, LZCNT, POPCNT, BSWAP, CRC32, MOVBE.

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("0F A3 /r",        Op::Bt,     [Ev, Gv]),
    form("0F BA /4 ib",     Op::Bt,     [Ev, Ib]),
    form("0F AB /r",        Op::Bts,    [Ev, Gv]).lock(),
    form("0F BA /5 ib",     Op::Bts,    [Ev, Ib]).lock(),
    form("0F B3 /r",        Op::Btr,    [Ev, Gv]).lock(),
    form("0F BA /6 ib",     Op::Btr,    [Ev, Ib]).lock(),
    form("0F BB /r",        Op::Btc,    [Ev, Gv]).lock(),
    form("0F BA /7 ib",     Op::Btc,    [Ev, Ib]).lock(),
    form("NF3 0F BC /r",    Op::Bsf,    [Gv, Ev]),
    form("NF3 0F BD /r",    Op::Bsr,    [Gv, Ev]),
    form("F3 0F BC /r",     Op::Tzcnt,  [Gv, Ev]),
    form("F3 0F BD /r",     Op::Lzcnt,  [Gv, Ev]),
    form("F3 0F B8 /r",     Op::Popcnt, [Gv, Ev]),
    form("0F C8+r",         Op::Bswap,  [Zv]),
    form("F2 0F 38 F0 /r",  Op::Crc32,  [Gy, Eb]),
    form("F2 0F 38 F1 /r",  Op::Crc32,  [Gy, Ev]),
    form("NFx 0F 38 F0 /r", Op::Movbe,  [Gv, Mv]),
    form("NFx 0F 38 F1 /r", Op::Movbe,  [Mv, Gv]),
];
