//! Virtual machines: SDM Vol. 3 (VMX), APM Vol. 3 (SVM).

use super::form::{Form, form};
use super::kind::Kind::*;
use crate::op::Op;

#[rustfmt::skip]
pub(super) const FORMS: &[Form] = &[
    form("NP 0F 01 C1",    Op::Vmcall,   []),
    form("NP 0F 01 C2",    Op::Vmlaunch, []),
    form("NP 0F 01 C3",    Op::Vmresume, []),
    form("NP 0F 01 C4",    Op::Vmxoff,   []),
    form("NP 0F 01 D4",    Op::Vmfunc,   []),
    form("0F 01 D8",       Op::Vmrun,    []),
    form("NFx 0F 01 D9",   Op::Vmmcall,  []),
    form("0F 01 DA",       Op::Vmload,   []),
    form("0F 01 DB",       Op::Vmsave,   []),
    form("0F 01 DC",       Op::Stgi,     []),
    form("0F 01 DD",       Op::Clgi,     []),
    form("0F 01 DE",       Op::Skinit,   []),
    form("0F 01 DF",       Op::Invlpga,  []),
    form("NP 0F 78 /r",    Op::Vmread,   [Er, Gr]),
    form("NP 0F 79 /r",    Op::Vmwrite,  [Gr, Er]),
    form("NP 0F C7 /6",    Op::Vmptrld,  [Mq]),
    form("66 0F C7 /6",    Op::Vmclear,  [Mq]),
    form("F3 0F C7 /6",    Op::Vmxon,    [Mq]),
    form("NP 0F C7 /7",    Op::Vmptrst,  [Mq]),
    form("66 0F 38 80 /r", Op::Invept,   [Gr, Mdq]),
    form("66 0F 38 81 /r", Op::Invvpid,  [Gr, Mdq]),
];
