//! Instructions on flags alone: SDM Vol. 2 CLC, STC, CMC, CLD, STD, CLI, STI, LAHF, SAHF.

use super::form::{Form, form};
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("F5",          Op::Cmc,  []),
    form("F8",          Op::Clc,  []),
    form("F9",          Op::Stc,  []),
    form("FA",          Op::Cli,  []),
    form("FB",          Op::Sti,  []),
    form("FC",          Op::Cld,  []),
    form("FD",          Op::Std,  []),
    form("9E",          Op::Sahf, []),
    form("9F",          Op::Lahf, []),
    form("D6",          Op::Salc, []).no64(),
    form("NP 0F 01 CA", Op::Clac, []),
    form("NP 0F 01 CB", Op::Stac, []),
];
