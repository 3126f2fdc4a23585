//! The gate between Rust and translated code: the thread's state at the `gs` base, entering, leaving, and the second look-up.

use core::arch::{asm, global_asm};
use core::mem::offset_of;
use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Entries of each table of jump targets.
pub const TABLE: usize = 1 << 16;

/// Everything that translated code reaches through `gs`.
#[repr(C, align(64))]
pub struct State {
    /// First, as `host::signal::native` wants it.
    pub host_fs: u64,
    pub host_rsp: u64,
    pub guest_fs: u64,
    /// Where to enter.
    pub entry: u64,
    /// The word that keeps the thread from entering.
    pub attention: u64,
    /// Address of the FXSAVE image.
    pub image: u64,
    /// Number of the exit that was taken, or [`INDIRECT`] or [`CANCELLED`].
    pub exit: u32,
    /// [`ASYNCHRONOUS`] or [`FAULT`], where a signal made the thread leave at `pc`.
    pub interrupted: u32,
    pub pc: u64,
    /// Target of an indirect branch, and the guest's RCX during it.
    pub wanted: u64,
    pub saved_rcx: u64,
    /// RAX and RDX during the second look-up, and the way on.
    pub saved_rax: u64,
    pub saved_rdx: u64,
    pub way: u64,
    pub flags: u64,
    /// What blink itself computes with.
    pub host_mxcsr: u32,
    _pad: u32,
    _pad2: u64,
    /// RAX to R15.
    pub registers: [u64; 16],
    _pad3: [u64; 480],
    /// Host addresses by the low 16 bits of guest addresses; what is there proves the rest of the address. 0 where nothing is
    /// known: a page of the table is filled when its first entry is made.
    pub jumps: [u64; TABLE],
    /// By bits 4 to 19: negated guest addresses, and the host addresses of their code.
    pub keys: [u64; TABLE],
    pub ways: [u64; TABLE],
}

pub const INDIRECT: u32 = 0xffff_ffff;
pub const CANCELLED: u32 = 0xffff_fffe;
pub const ASYNCHRONOUS: u32 = 1;
pub const FAULT: u32 = 2;

/// Where the highest arena ends. Arenas are among the guest's addresses, which are below all of blink's.
static CODE_END: AtomicUsize = AtomicUsize::new(0);

/// Tells the handler of an arena that ends at `end`.
pub fn announce(end: usize) {
    CODE_END.fetch_max(end, Relaxed);
}

/// Offsets for translated code.
pub const EXIT: u32 = offset_of!(State, exit) as u32;
pub const WANTED: u32 = offset_of!(State, wanted) as u32;
pub const SAVED_RCX: u32 = offset_of!(State, saved_rcx) as u32;
pub const JUMPS: u32 = offset_of!(State, jumps) as u32;

unsafe extern "C" {
    /// Runs translated code from `state.entry` until it leaves.
    #[link_name = "blink_native_enter"]
    pub fn enter(state: *mut State);
    /// Where translated code leaves to, with the guest's registers in place and `exit` set.
    #[link_name = "blink_native_leave"]
    static LEAVE: u8;
    #[link_name = "blink_native_cancel"]
    static CANCEL: u8;
    /// The second look-up for `wanted`, RCX saved.
    #[link_name = "blink_native_miss"]
    static MISS: u8;
    #[link_name = "blink_native_miss_rax"]
    static MISS_RAX: u8;
    #[link_name = "blink_native_miss_rdx"]
    static MISS_RDX: u8;
    #[link_name = "blink_native_miss_end"]
    static MISS_END: u8;
    #[link_name = "blink_native_entering"]
    static ENTERING: u8;
    #[link_name = "blink_native_entered"]
    static ENTERED: u8;
}

macro_rules! place {
    ($name:ident) => {
        &raw const $name as usize
    };
}

pub fn leave() -> usize {
    place!(LEAVE)
}

pub fn miss() -> usize {
    place!(MISS)
}

/// Where in the second look-up RAX, and where RDX too, is in its place in the state.
pub fn miss_ranges() -> [Range<usize>; 3] {
    let end = place!(MISS_END);
    [place!(MISS)..end, place!(MISS_RAX)..end, place!(MISS_RDX)..end]
}

/// Where a thread inside, interrupted at `pc`, is to go on (`host::signal::native`). Runs in the handler.
pub fn divert(pc: usize, is_fault: bool) -> Option<usize> {
    let state: *mut State;
    // SAFETY: the handler calls this for threads whose `gs` base is their state, which nobody else uses meanwhile.
    unsafe {
        asm!("rdgsbase {}", out(reg) state, options(nomem, nostack, preserves_flags));
        let is_translated = pc < CODE_END.load(Relaxed) || (place!(MISS)..place!(MISS_END)).contains(&pc);
        if !is_translated {
            // On the way in or out, or in another handler, which sends the thread out itself.
            if (place!(ENTERING)..place!(ENTERED)).contains(&pc) {
                (*state).entry = place!(CANCEL) as u64;
            }
            return (!is_fault).then_some(pc);
        }
        (*state).interrupted = if is_fault { FAULT } else { ASYNCHRONOUS };
        (*state).pc = pc as u64;
    }
    Some(leave())
}

global_asm!(
    ".pushsection .text.blink_native, \"ax\", @progbits",
    ".globl blink_native_enter, blink_native_leave, blink_native_cancel, blink_native_miss, blink_native_miss_rax",
    ".globl blink_native_miss_rdx, blink_native_miss_end, blink_native_entering, blink_native_entered",
    ".hidden blink_native_enter, blink_native_leave, blink_native_cancel, blink_native_miss, blink_native_miss_rax",
    ".hidden blink_native_miss_rdx, blink_native_miss_end, blink_native_entering, blink_native_entered",
    "blink_native_enter:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "mov [rdi + {host_rsp}], rsp",
    "rdfsbase rax",
    "mov [rdi + {host_fs}], rax",
    "wrgsbase rdi",
    // A signal before this look is seen by it; one that comes later finds the thread between the two marks.
    "mov rax, gs:[{attention}]",
    "cmp dword ptr [rax], 0",
    "jne 3f",
    "blink_native_entering:",
    "mov rax, gs:[{image}]",
    "fxrstor64 [rax]",
    "mov rax, gs:[{guest_fs}]",
    "wrfsbase rax",
    "push qword ptr gs:[{flags}]",
    "popfq", // on the host's stack: the guest's has a red zone
    "mov rcx, gs:[{registers} + 0x08]",
    "mov rdx, gs:[{registers} + 0x10]",
    "mov rbx, gs:[{registers} + 0x18]",
    "mov rsp, gs:[{registers} + 0x20]",
    "mov rbp, gs:[{registers} + 0x28]",
    "mov rsi, gs:[{registers} + 0x30]",
    "mov rdi, gs:[{registers} + 0x38]",
    "mov r8, gs:[{registers} + 0x40]",
    "mov r9, gs:[{registers} + 0x48]",
    "mov r10, gs:[{registers} + 0x50]",
    "mov r11, gs:[{registers} + 0x58]",
    "mov r12, gs:[{registers} + 0x60]",
    "mov r13, gs:[{registers} + 0x68]",
    "mov r14, gs:[{registers} + 0x70]",
    "mov r15, gs:[{registers} + 0x78]",
    "mov rax, gs:[{registers}]",
    "jmp qword ptr gs:[{entry}]",
    "blink_native_entered:",
    "3:",
    "mov dword ptr gs:[{exit}], {CANCELLED}",
    "jmp 4f",
    "blink_native_cancel:",
    "mov dword ptr gs:[{exit}], {CANCELLED}",
    "blink_native_leave:",
    "mov gs:[{registers}], rax",
    "mov gs:[{registers} + 0x08], rcx",
    "mov gs:[{registers} + 0x10], rdx",
    "mov gs:[{registers} + 0x18], rbx",
    "mov gs:[{registers} + 0x20], rsp",
    "mov gs:[{registers} + 0x28], rbp",
    "mov gs:[{registers} + 0x30], rsi",
    "mov gs:[{registers} + 0x38], rdi",
    "mov gs:[{registers} + 0x40], r8",
    "mov gs:[{registers} + 0x48], r9",
    "mov gs:[{registers} + 0x50], r10",
    "mov gs:[{registers} + 0x58], r11",
    "mov gs:[{registers} + 0x60], r12",
    "mov gs:[{registers} + 0x68], r13",
    "mov gs:[{registers} + 0x70], r14",
    "mov gs:[{registers} + 0x78], r15",
    "mov rsp, gs:[{host_rsp}]",
    "pushfq",
    "pop qword ptr gs:[{flags}]",
    "cld",
    "rdfsbase rax",
    "mov gs:[{guest_fs}], rax",
    "mov rax, gs:[{host_fs}]",
    "wrfsbase rax",
    "mov rax, gs:[{image}]",
    "fxsave64 [rax]",
    "ldmxcsr gs:[{host_mxcsr}]",
    "4:",
    "xor eax, eax",
    "wrgsbase rax",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    "blink_native_miss:",
    "mov gs:[{saved_rax}], rax",
    "blink_native_miss_rax:",
    "mov gs:[{saved_rdx}], rdx",
    "blink_native_miss_rdx:",
    "mov rcx, gs:[{wanted}]",
    "rorx eax, ecx, 4",
    "movzx eax, ax",
    "mov rdx, gs:[rax * 8 + {keys}]",
    "lea rcx, [rcx + rdx]",
    "jrcxz 2f",
    "mov dword ptr gs:[{exit}], {INDIRECT}",
    "mov rdx, gs:[{saved_rdx}]",
    "mov rax, gs:[{saved_rax}]",
    "mov rcx, gs:[{saved_rcx}]",
    "jmp blink_native_leave",
    "2:",
    "mov rdx, gs:[rax * 8 + {ways}]",
    "mov gs:[{way}], rdx",
    "mov rdx, gs:[{saved_rdx}]",
    "mov rax, gs:[{saved_rax}]",
    "mov rcx, gs:[{saved_rcx}]",
    "jmp qword ptr gs:[{way}]",
    "blink_native_miss_end:",
    ".popsection",
    host_fs = const offset_of!(State, host_fs),
    host_rsp = const offset_of!(State, host_rsp),
    guest_fs = const offset_of!(State, guest_fs),
    entry = const offset_of!(State, entry),
    attention = const offset_of!(State, attention),
    image = const offset_of!(State, image),
    exit = const offset_of!(State, exit),
    wanted = const offset_of!(State, wanted),
    saved_rcx = const offset_of!(State, saved_rcx),
    saved_rax = const offset_of!(State, saved_rax),
    saved_rdx = const offset_of!(State, saved_rdx),
    way = const offset_of!(State, way),
    flags = const offset_of!(State, flags),
    host_mxcsr = const offset_of!(State, host_mxcsr),
    registers = const offset_of!(State, registers),
    keys = const offset_of!(State, keys),
    ways = const offset_of!(State, ways),
    CANCELLED = const CANCELLED,
    INDIRECT = const INDIRECT,
);
