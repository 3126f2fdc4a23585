//! The stub for the CPUs that have one, and what the handler must know of it.

pub const HAS_STUB: bool = true;

unsafe extern "C" {
    /// `stub(pending, number, args)`: the kernel's answer as it is, or [`super::OUT`].
    #[link_name = "blink_blocking_call"]
    pub(super) fn stub(pending: *const u32, number: libc::c_long, args: *const usize) -> libc::c_long;
    #[link_name = "blink_blocking_begin"]
    static BEGIN: u8;
    #[link_name = "blink_blocking_end"]
    static END: u8;
    #[link_name = "blink_blocking_out"]
    static LEAVE: u8;
}

/// The program counter to go on with after a signal at `pc`: the way out if the thread was about to enter the kernel.
pub(crate) fn leave_window(pc: usize) -> usize {
    let (begin, end) = (&raw const BEGIN as usize, &raw const END as usize);
    if (begin..end).contains(&pc) { &raw const LEAVE as usize } else { pc }
}

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", @progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    "blink_blocking_call:",
    "push rbx",
    "mov rbx, rdi",
    "mov rax, rsi",
    "mov r11, rdx",
    "mov rdi, [r11]",
    "mov rsi, [r11 + 8]",
    "mov rdx, [r11 + 16]",
    "mov r10, [r11 + 24]",
    "mov r8, [r11 + 32]",
    "mov r9, [r11 + 40]",
    "blink_blocking_begin:",
    "cmp dword ptr [rbx], 0",
    "jne blink_blocking_out",
    "syscall",
    "blink_blocking_end:",
    "pop rbx",
    "ret",
    "blink_blocking_out:",
    "mov rax, -0x10000",
    "pop rbx",
    "ret",
    ".popsection",
);

#[cfg(target_arch = "x86")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", @progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    "blink_blocking_call:",
    "push ebp",
    "push ebx",
    "push esi",
    "push edi",
    "mov eax, [esp + 28]",
    "mov ebx, [eax]",
    "mov ecx, [eax + 4]",
    "mov edx, [eax + 8]",
    "mov esi, [eax + 12]",
    "mov edi, [eax + 16]",
    "mov ebp, [eax + 20]",
    "mov eax, [esp + 20]",
    "blink_blocking_begin:",
    "cmp dword ptr [eax], 0",
    "jne blink_blocking_out",
    "mov eax, [esp + 24]",
    "int 0x80",
    "blink_blocking_end:",
    "pop edi",
    "pop esi",
    "pop ebx",
    "pop ebp",
    "ret",
    "blink_blocking_out:",
    "mov eax, -0x10000",
    "jmp blink_blocking_end",
    ".popsection",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", %progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".p2align 2",
    "blink_blocking_call:",
    "mov x9, x0",
    "mov x8, x1",
    "mov x10, x2",
    "ldp x0, x1, [x10]",
    "ldp x2, x3, [x10, #16]",
    "ldp x4, x5, [x10, #32]",
    "blink_blocking_begin:",
    "ldr w11, [x9]",
    "cbnz w11, blink_blocking_out",
    "svc #0",
    "blink_blocking_end:",
    "ret",
    "blink_blocking_out:",
    "movn x0, #0xffff",
    "ret",
    ".popsection",
);

#[cfg(target_arch = "arm")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", %progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".arm",
    ".p2align 2",
    ".type blink_blocking_call, %function",
    "blink_blocking_call:",
    "push {{r4, r5, r7, lr}}",
    "mov r12, r0",
    "mov r7, r1",
    "mov lr, r2",
    "ldm lr, {{r0, r1, r2, r3, r4, r5}}",
    "blink_blocking_begin:",
    "ldr lr, [r12]",
    "cmp lr, #0",
    "bne blink_blocking_out",
    "svc #0",
    "blink_blocking_end:",
    "pop {{r4, r5, r7, pc}}",
    "blink_blocking_out:",
    "movw r0, #0",
    "movt r0, #0xffff",
    "pop {{r4, r5, r7, pc}}",
    ".popsection",
);

#[cfg(target_arch = "s390x")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", @progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".p2align 2",
    "blink_blocking_call:",
    "stmg %r6, %r8, 48(%r15)",
    "lgr %r8, %r2",
    "lgr %r1, %r3",
    "lmg %r2, %r7, 0(%r4)",
    "blink_blocking_begin:",
    "lt %r0, 0(%r8)",
    "jne blink_blocking_out",
    "svc 0",
    "blink_blocking_end:",
    "lmg %r6, %r8, 48(%r15)",
    "br %r14",
    "blink_blocking_out:",
    "lgfi %r2, -65536",
    "j blink_blocking_end",
    ".popsection",
);

#[cfg(target_arch = "riscv64")]
core::arch::global_asm!(
    ".pushsection .text.blink_blocking, \"ax\", @progbits",
    ".globl blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".hidden blink_blocking_call, blink_blocking_begin, blink_blocking_end, blink_blocking_out",
    ".p2align 2",
    "blink_blocking_call:",
    "mv t0, a0",
    "mv a7, a1",
    "mv t1, a2",
    "ld a0, 0(t1)",
    "ld a1, 8(t1)",
    "ld a2, 16(t1)",
    "ld a3, 24(t1)",
    "ld a4, 32(t1)",
    "ld a5, 40(t1)",
    "blink_blocking_begin:",
    "lw t2, 0(t0)",
    "bnez t2, blink_blocking_out",
    "ecall",
    "blink_blocking_end:",
    "ret",
    "blink_blocking_out:",
    "li a0, -65536",
    "ret",
    ".popsection",
);
