//! The stack: SDM Vol. 2 PUSH, POP, PUSHA, PUSHF, ENTER, LEAVE.

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("50+r",     Op::Push,    [Zv]).default64(),
    form("58+r",     Op::Pop,     [Zv]).default64(),
    form("FF /6",    Op::Push,    [Ev]).default64(),
    form("8F /0",    Op::Pop,     [Ev]).default64(),
    form("68 iz",    Op::Push,    [Iz]).default64(),
    form("6A ib",    Op::Push,    [Ibs]).default64(),
    form("06",       Op::PushSeg, [Es]).no64(),
    form("07",       Op::PopSeg,  [Es]).no64(),
    form("0E",       Op::PushSeg, [Cs]).no64(),
    form("16",       Op::PushSeg, [Ss]).no64(),
    form("17",       Op::PopSeg,  [Ss]).no64(),
    form("1E",       Op::PushSeg, [Ds]).no64(),
    form("1F",       Op::PopSeg,  [Ds]).no64(),
    form("0F A0",    Op::PushSeg, [Fs]).default64(),
    form("0F A1",    Op::PopSeg,  [Fs]).default64(),
    form("0F A8",    Op::PushSeg, [Gs]).default64(),
    form("0F A9",    Op::PopSeg,  [Gs]).default64(),
    form("60",       Op::Pusha,   []).no64(),
    form("61",       Op::Popa,    []).no64(),
    form("9C",       Op::Pushf,   []).default64(),
    form("9D",       Op::Popf,    []).default64(),
    form("C8 iw ib", Op::Enter,   [Iw, Ib]).default64(),
    form("C9",       Op::Leave,   []).default64(),
];
