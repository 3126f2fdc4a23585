//! The operations: what each instruction is, apart from how it is encoded.
//!
//! [`for_each_op!`] is the one list. A row reads
//!
//! ```text
//! Adc = adc, "adc", [RW, R], "m..mmmmx", Base;
//! |     |    |      |        |           `- CPUID feature of the legacy form (a form may name another one)
//! |     |    |      |        `- effect on o d i s z a p c: overflow, direction, interrupt, sign, zero, adjust,
//! |     |    |      |           parity, carry
//! |     |    |      `- access to the operands that Intel syntax shows: N none, R read, W write, RW both
//! |     |    `- Intel mnemonic (condition-coded families: without the condition)
//! |     `- name of the function that holds its meaning
//! `- variant of `Op`
//! ```
//!
//! Letters of the effect column: `.` untouched, `m` modified by the result, `0` cleared, `1` set, `u` undefined,
//! `t` tested, `x` tested and modified. Where forms of one operation differ (a shift by 1 and by CL), the row of the
//! form in `forms/` says so. A write of a 32-bit general register zeroes the upper half as always; `W` of a vector
//! register in a legacy SSE form leaves the upper half of the YMM register alone. Every column is compared with an
//! independent decoder by `tests/against_iced.rs`.

pub use crate::column::{Access, Feature, Flags, MAX_OPERANDS, flag};
use crate::column::{PackedFlags, pack_access, unpack_access};

/// Calls `$then! { Variant = function, "mnemonic", [access], "effect", Feature; ... }` with one row for each operation.
#[macro_export]
macro_rules! for_each_op {
    ($then:ident) => {
        $then! {
            // Base
            Add               = add,               "add",             [RW, R],       "m..mmmmm", Base;
            PushSeg           = push_seg,          "push",            [R],           "........", Base;
            PopSeg            = pop_seg,           "pop",             [W],           "........", Base;
            Or                = or,                "or",              [RW, R],       "0..mmum0", Base;
            Adc               = adc,               "adc",             [RW, R],       "m..mmmmx", Base;
            Sbb               = sbb,               "sbb",             [RW, R],       "m..mmmmx", Base;
            And               = and,               "and",             [RW, R],       "0..mmum0", Base;
            Daa               = daa,               "daa",             [],            "u..mmxmx", Base;
            Sub               = sub,               "sub",             [RW, R],       "m..mmmmm", Base;
            Das               = das,               "das",             [],            "u..mmxmx", Base;
            Xor               = xor,               "xor",             [RW, R],       "0..mmum0", Base;
            Aaa               = aaa,               "aaa",             [],            "u..uuxum", Base;
            Cmp               = cmp,               "cmp",             [R, R],        "m..mmmmm", Base;
            Aas               = aas,               "aas",             [],            "u..uuxum", Base;
            Inc               = inc,               "inc",             [RW],          "m..mmmm.", Base;
            Dec               = dec,               "dec",             [RW],          "m..mmmm.", Base;
            Push              = push,              "push",            [R],           "........", Base;
            Pop               = pop,               "pop",             [W],           "........", Base;
            Pusha             = pusha,             "pusha",           [],            "........", Base;
            Popa              = popa,              "popa",            [],            "........", Base;
            Bound             = bound,             "bound",           [R, R],        "........", Base;
            Arpl              = arpl,              "arpl",            [RW, R],       "....m...", Base;
            Movsxd            = movsxd,            "movsxd",          [W, R],        "........", Base;
            Imul3             = imul3,             "imul",            [W, R, R],     "m..uuuum", Base;
            Ins               = ins,               "ins",             [W, R],        ".t......", Base;
            Outs              = outs,              "outs",            [R, R],        ".t......", Base;
            Jcc               = jcc,               "j",               [R],           "t..tt.tt", Base;
            Test              = test,              "test",            [R, R],        "0..mmum0", Base;
            Xchg              = xchg,              "xchg",            [RW, RW],      "........", Base;
            Mov               = mov,               "mov",             [W, R],        "........", Base;
            MovSeg            = mov_seg,           "mov",             [W, R],        "........", Base;
            Lea               = lea,               "lea",             [W, N],        "........", Base;
            Nop               = nop,               "nop",             [],            "........", Base;
            Pause             = pause,             "pause",           [],            "........", Base;
            Cbw               = cbw,               "cbw",             [],            "........", Base;
            Cwd               = cwd,               "cwd",             [],            "........", Base;
            CallFar           = call_far,          "call",            [R],           "........", Base;
            Wait              = wait,              "wait",            [],            "........", Base;
            Pushf             = pushf,             "pushf",           [],            "tttttttt", Base;
            Popf              = popf,              "popf",            [],            "mmmmmmmm", Base;
            Sahf              = sahf,              "sahf",            [],            "...mmmmm", Base;
            Lahf              = lahf,              "lahf",            [],            "...ttttt", Base;
            Movs              = movs,              "movs",            [W, R],        ".t......", Base;
            Cmps              = cmps,              "cmps",            [R, R],        "mt.mmmmm", Base;
            Stos              = stos,              "stos",            [W, R],        ".t......", Base;
            Lods              = lods,              "lods",            [W, R],        ".t......", Base;
            Scas              = scas,              "scas",            [R, R],        "mt.mmmmm", Base;
            Rol               = rol,               "rol",             [RW, R],       "u......m", Base;
            Ror               = ror,               "ror",             [RW, R],       "u......m", Base;
            Rcl               = rcl,               "rcl",             [RW, R],       "u......x", Base;
            Rcr               = rcr,               "rcr",             [RW, R],       "u......x", Base;
            Shl               = shl,               "shl",             [RW, R],       "u..mmumm", Base;
            Shr               = shr,               "shr",             [RW, R],       "u..mmumm", Base;
            Sar               = sar,               "sar",             [RW, R],       "u..mmumm", Base;
            Ret               = ret,               "ret",             [R],           "........", Base;
            Les               = les,               "les",             [W, R],        "........", Base;
            Lds               = lds,               "lds",             [W, R],        "........", Base;
            Enter             = enter,             "enter",           [R, R],        "........", Base;
            Leave             = leave,             "leave",           [],            "........", Base;
            RetFar            = ret_far,           "retf",            [R],           "........", Base;
            Int3              = int3,              "int3",            [],            "........", Base;
            Int               = int,               "int",             [R],           "........", Base;
            Into              = into,              "into",            [],            "t.......", Base;
            Iret              = iret,              "iret",            [],            "mmmmmmmm", Base;
            Aam               = aam,               "aam",             [R],           "u..mmumu", Base;
            Aad               = aad,               "aad",             [R],           "u..mmumu", Base;
            Salc              = salc,              "salc",            [],            ".......t", Base;
            Xlat              = xlat,              "xlatb",           [R],           "........", Base;
            Loopne            = loopne,            "loopne",          [R],           "....t...", Base;
            Loope             = loope,             "loope",           [R],           "....t...", Base;
            Loop              = loop_,             "loop",            [R],           "........", Base;
            Jrcxz             = jrcxz,             "jrcxz",           [R],           "........", Base;
            In                = in_,               "in",              [W, R],        "........", Base;
            Out               = out,               "out",             [R, R],        "........", Base;
            Call              = call,              "call",            [R],           "........", Base;
            Jmp               = jmp,               "jmp",             [R],           "........", Base;
            JmpFar            = jmp_far,           "jmp",             [R],           "........", Base;
            Int1              = int1,              "int1",            [],            "........", Base;
            Hlt               = hlt,               "hlt",             [],            "........", Base;
            Cmc               = cmc,               "cmc",             [],            ".......x", Base;
            Not               = not,               "not",             [RW],          "........", Base;
            Neg               = neg,               "neg",             [RW],          "m..mmmmm", Base;
            Mul               = mul,               "mul",             [R],           "m..uuuum", Base;
            Imul              = imul,              "imul",            [R],           "m..uuuum", Base;
            Div               = div,               "div",             [R],           "u..uuuuu", Base;
            Idiv              = idiv,              "idiv",            [R],           "u..uuuuu", Base;
            Clc               = clc,               "clc",             [],            ".......0", Base;
            Stc               = stc,               "stc",             [],            ".......1", Base;
            Cli               = cli,               "cli",             [],            "..0.....", Base;
            Sti               = sti,               "sti",             [],            "..1.....", Base;
            Cld               = cld,               "cld",             [],            ".0......", Base;
            Std               = std,               "std",             [],            ".1......", Base;
            Sldt              = sldt,              "sldt",            [W],           "........", Base;
            Str               = str,               "str",             [W],           "........", Base;
            Lldt              = lldt,              "lldt",            [R],           "........", Base;
            Ltr               = ltr,               "ltr",             [R],           "........", Base;
            Verr              = verr,              "verr",            [R],           "....m...", Base;
            Verw              = verw,              "verw",            [R],           "....m...", Base;
            Sgdt              = sgdt,              "sgdt",            [W],           "........", Base;
            Sidt              = sidt,              "sidt",            [W],           "........", Base;
            Lgdt              = lgdt,              "lgdt",            [R],           "........", Base;
            Lidt              = lidt,              "lidt",            [R],           "........", Base;
            Smsw              = smsw,              "smsw",            [W],           "........", Base;
            Lmsw              = lmsw,              "lmsw",            [R],           "........", Base;
            Invlpg            = invlpg,            "invlpg",          [N],           "........", Base;
            Swapgs            = swapgs,            "swapgs",          [],            "........", Base;
            Lar               = lar,               "lar",             [W, R],        "....m...", Base;
            Lsl               = lsl,               "lsl",             [W, R],        "....m...", Base;
            Clts              = clts,              "clts",            [],            "........", Base;
            Invd              = invd,              "invd",            [],            "........", Base;
            Wbinvd            = wbinvd,            "wbinvd",          [],            "........", Base;
            Ud2               = ud2,               "ud2",             [],            "........", Base;
            MovCr             = mov_cr,            "mov",             [W, R],        "u..uuuuu", Base;
            MovDr             = mov_dr,            "mov",             [W, R],        "u..uuuuu", Base;
            Rdpmc             = rdpmc,             "rdpmc",           [],            "........", Base;
            Setcc             = setcc,             "set",             [W],           "t..tt.tt", Base;
            Cpuid             = cpuid,             "cpuid",           [],            "........", Base;
            Bt                = bt,                "bt",              [R, R],        "u..u.uum", Base;
            Shld              = shld,              "shld",            [RW, R, R],    "u..mmumm", Base;
            Rsm               = rsm,               "rsm",             [],            "mmmmmmmm", Base;
            Bts               = bts,               "bts",             [RW, R],       "u..u.uum", Base;
            Shrd              = shrd,              "shrd",            [RW, R, R],    "u..mmumm", Base;
            Imul2             = imul2,             "imul",            [RW, R],       "m..uuuum", Base;
            Cmpxchg           = cmpxchg,           "cmpxchg",         [RW, R],       "m..mmmmm", Base;
            Lss               = lss,               "lss",             [W, R],        "........", Base;
            Btr               = btr,               "btr",             [RW, R],       "u..u.uum", Base;
            Lfs               = lfs,               "lfs",             [W, R],        "........", Base;
            Lgs               = lgs,               "lgs",             [W, R],        "........", Base;
            Movzx             = movzx,             "movzx",           [W, R],        "........", Base;
            Ud1               = ud1,               "ud1",             [],            "........", Base;
            Btc               = btc,               "btc",             [RW, R],       "u..u.uum", Base;
            Bsf               = bsf,               "bsf",             [W, R],        "u..umuuu", Base;
            Bsr               = bsr,               "bsr",             [W, R],        "u..umuuu", Base;
            Movsx             = movsx,             "movsx",           [W, R],        "........", Base;
            Xadd              = xadd,              "xadd",            [RW, RW],      "m..mmmmm", Base;
            Bswap             = bswap,             "bswap",           [RW],          "........", Base;
            Ud0               = ud0,               "ud0",             [],            "........", Base;
            // Tsc
            Rdtsc             = rdtsc,             "rdtsc",           [],            "........", Tsc;
            // Msr
            Wrmsr             = wrmsr,             "wrmsr",           [],            "........", Msr;
            Rdmsr             = rdmsr,             "rdmsr",           [],            "........", Msr;
            // Sep
            Sysenter          = sysenter,          "sysenter",        [],            "..0.....", Sep;
            Sysexit           = sysexit,           "sysexit",         [],            "........", Sep;
            // Syscall
            Syscall           = syscall,           "syscall",         [],            "xxxxxxxx", Syscall;
            Sysret            = sysret,            "sysret",          [],            "mmmmmmmm", Syscall;
            // Cx8
            Cmpxchg8b         = cmpxchg8b,         "cmpxchg8b",       [RW],          "....m...", Cx8;
            // Cmpxchg16b
            Cmpxchg16b        = cmpxchg16b,        "cmpxchg16b",      [RW],          "....m...", Cmpxchg16b;
            // Fsgsbase
            Rdfsbase          = rdfsbase,          "rdfsbase",        [W],           "........", Fsgsbase;
            Rdgsbase          = rdgsbase,          "rdgsbase",        [W],           "........", Fsgsbase;
            Wrfsbase          = wrfsbase,          "wrfsbase",        [R],           "........", Fsgsbase;
            Wrgsbase          = wrgsbase,          "wrgsbase",        [R],           "........", Fsgsbase;
            // Cmov
            Fcmovb            = fcmovb,            "fcmovb",          [W, R],        ".......t", Cmov;
            Fcmove            = fcmove,            "fcmove",          [W, R],        "....t...", Cmov;
            Fcmovbe           = fcmovbe,           "fcmovbe",         [W, R],        "....t..t", Cmov;
            Fcmovu            = fcmovu,            "fcmovu",          [W, R],        "......t.", Cmov;
            Fcmovnb           = fcmovnb,           "fcmovnb",         [W, R],        ".......t", Cmov;
            Fcmovne           = fcmovne,           "fcmovne",         [W, R],        "....t...", Cmov;
            Fcmovnbe          = fcmovnbe,          "fcmovnbe",        [W, R],        "....t..t", Cmov;
            Fcmovnu           = fcmovnu,           "fcmovnu",         [W, R],        "......t.", Cmov;
            Fucomi            = fucomi,            "fucomi",          [R, R],        "0..0m0mm", Cmov;
            Fcomi             = fcomi,             "fcomi",           [R, R],        "0..0m0mm", Cmov;
            Fucomip           = fucomip,           "fucomip",         [R, R],        "0..0m0mm", Cmov;
            Fcomip            = fcomip,            "fcomip",          [R, R],        "0..0m0mm", Cmov;
            Cmovcc            = cmovcc,            "cmov",            [RW, R],       "t..tt.tt", Cmov;
            // Popcnt
            Popcnt            = popcnt,            "popcnt",          [W, R],        "0..0m000", Popcnt;
            // Lzcnt
            Lzcnt             = lzcnt,             "lzcnt",           [W, R],        "u..umuum", Lzcnt;
            // Bmi1
            Tzcnt             = tzcnt,             "tzcnt",           [W, R],        "u..umuum", Bmi1;
            Andn              = andn,              "andn",            [W, R, R],     "0..mmuu0", Bmi1;
            Blsr              = blsr,              "blsr",            [W, R],        "0..mmuum", Bmi1;
            Blsmsk            = blsmsk,            "blsmsk",          [W, R],        "0..m0uum", Bmi1;
            Blsi              = blsi,              "blsi",            [W, R],        "0..mmuum", Bmi1;
            Bextr             = bextr,             "bextr",           [W, R, R],     "0..umuu0", Bmi1;
            // Bmi2
            Bzhi              = bzhi,              "bzhi",            [W, R, R],     "0..mmuum", Bmi2;
            Pext              = pext,              "pext",            [W, R, R],     "........", Bmi2;
            Pdep              = pdep,              "pdep",            [W, R, R],     "........", Bmi2;
            Mulx              = mulx,              "mulx",            [W, W, R],     "........", Bmi2;
            Shlx              = shlx,              "shlx",            [W, R, R],     "........", Bmi2;
            Sarx              = sarx,              "sarx",            [W, R, R],     "........", Bmi2;
            Shrx              = shrx,              "shrx",            [W, R, R],     "........", Bmi2;
            Rorx              = rorx,              "rorx",            [W, R, R],     "........", Bmi2;
            // Adx
            Adcx              = adcx,              "adcx",            [RW, R],       ".......x", Adx;
            Adox              = adox,              "adox",            [RW, R],       "x.......", Adx;
            // Movbe
            Movbe             = movbe,             "movbe",           [W, R],        "........", Movbe;
            // Rdrand
            Rdrand            = rdrand,            "rdrand",          [W],           "0..0000m", Rdrand;
            // Rdseed
            Rdseed            = rdseed,            "rdseed",          [W],           "0..0000m", Rdseed;
            // Rdpid
            Rdpid             = rdpid,             "rdpid",           [W],           "........", Rdpid;
            // Rdtscp
            Rdtscp            = rdtscp,            "rdtscp",          [],            "........", Rdtscp;
            // Clflush
            Clflush           = clflush,           "clflush",         [R],           "........", Clflush;
            // Clflushopt
            Clflushopt        = clflushopt,        "clflushopt",      [R],           "........", Clflushopt;
            // Clwb
            Clwb              = clwb,              "clwb",            [R],           "........", Clwb;
            // Cldemote
            Cldemote          = cldemote,          "cldemote",        [N],           "........", Cldemote;
            // Prefetchw
            Prefetch          = prefetch,          "prefetch",        [N],           "........", Prefetchw;
            Prefetchw         = prefetchw,         "prefetchw",       [N],           "........", Prefetchw;
            // Prefetchwt1
            Prefetchwt1       = prefetchwt1,       "prefetchwt1",     [N],           "........", Prefetchwt1;
            // Prefetchi
            Prefetchit1       = prefetchit1,       "prefetchit1",     [N],           "........", Prefetchi;
            Prefetchit0       = prefetchit0,       "prefetchit0",     [N],           "........", Prefetchi;
            // Fpu
            Fadd              = fadd,              "fadd",            [RW, R],       "........", Fpu;
            Fmul              = fmul,              "fmul",            [RW, R],       "........", Fpu;
            Fcom              = fcom,              "fcom",            [R, R],        "........", Fpu;
            Fcomp             = fcomp,             "fcomp",           [R, R],        "........", Fpu;
            Fsub              = fsub,              "fsub",            [RW, R],       "........", Fpu;
            Fsubr             = fsubr,             "fsubr",           [RW, R],       "........", Fpu;
            Fdiv              = fdiv,              "fdiv",            [RW, R],       "........", Fpu;
            Fdivr             = fdivr,             "fdivr",           [RW, R],       "........", Fpu;
            Fld               = fld,               "fld",             [R],           "........", Fpu;
            Fst               = fst,               "fst",             [W],           "........", Fpu;
            Fstp              = fstp,              "fstp",            [W],           "........", Fpu;
            Fldenv            = fldenv,            "fldenv",          [R],           "........", Fpu;
            Fldcw             = fldcw,             "fldcw",           [R],           "........", Fpu;
            Fnstenv           = fnstenv,           "fnstenv",         [W],           "........", Fpu;
            Fnstcw            = fnstcw,            "fnstcw",          [W],           "........", Fpu;
            Fxch              = fxch,              "fxch",            [RW, RW],      "........", Fpu;
            Fnop              = fnop,              "fnop",            [],            "........", Fpu;
            Fstpnce           = fstpnce,           "fstpnce",         [W],           "........", Fpu;
            Fchs              = fchs,              "fchs",            [],            "........", Fpu;
            Fabs              = fabs,              "fabs",            [],            "........", Fpu;
            Ftst              = ftst,              "ftst",            [],            "........", Fpu;
            Fxam              = fxam,              "fxam",            [],            "........", Fpu;
            Fld1              = fld1,              "fld1",            [],            "........", Fpu;
            Fldl2t            = fldl2t,            "fldl2t",          [],            "........", Fpu;
            Fldl2e            = fldl2e,            "fldl2e",          [],            "........", Fpu;
            Fldpi             = fldpi,             "fldpi",           [],            "........", Fpu;
            Fldlg2            = fldlg2,            "fldlg2",          [],            "........", Fpu;
            Fldln2            = fldln2,            "fldln2",          [],            "........", Fpu;
            Fldz              = fldz,              "fldz",            [],            "........", Fpu;
            F2xm1             = f2xm1,             "f2xm1",           [],            "........", Fpu;
            Fyl2x             = fyl2x,             "fyl2x",           [],            "........", Fpu;
            Fptan             = fptan,             "fptan",           [],            "........", Fpu;
            Fpatan            = fpatan,            "fpatan",          [],            "........", Fpu;
            Fxtract           = fxtract,           "fxtract",         [],            "........", Fpu;
            Fprem1            = fprem1,            "fprem1",          [],            "........", Fpu;
            Fdecstp           = fdecstp,           "fdecstp",         [],            "........", Fpu;
            Fincstp           = fincstp,           "fincstp",         [],            "........", Fpu;
            Fprem             = fprem,             "fprem",           [],            "........", Fpu;
            Fyl2xp1           = fyl2xp1,           "fyl2xp1",         [],            "........", Fpu;
            Fsqrt             = fsqrt,             "fsqrt",           [],            "........", Fpu;
            Fsincos           = fsincos,           "fsincos",         [],            "........", Fpu;
            Frndint           = frndint,           "frndint",         [],            "........", Fpu;
            Fscale            = fscale,            "fscale",          [],            "........", Fpu;
            Fsin              = fsin,              "fsin",            [],            "........", Fpu;
            Fcos              = fcos,              "fcos",            [],            "........", Fpu;
            Fiadd             = fiadd,             "fiadd",           [R],           "........", Fpu;
            Fimul             = fimul,             "fimul",           [R],           "........", Fpu;
            Ficom             = ficom,             "ficom",           [R],           "........", Fpu;
            Ficomp            = ficomp,            "ficomp",          [R],           "........", Fpu;
            Fisub             = fisub,             "fisub",           [R],           "........", Fpu;
            Fisubr            = fisubr,            "fisubr",          [R],           "........", Fpu;
            Fidiv             = fidiv,             "fidiv",           [R],           "........", Fpu;
            Fidivr            = fidivr,            "fidivr",          [R],           "........", Fpu;
            Fucompp           = fucompp,           "fucompp",         [],            "........", Fpu;
            Fild              = fild,              "fild",            [R],           "........", Fpu;
            Fist              = fist,              "fist",            [W],           "........", Fpu;
            Fistp             = fistp,             "fistp",           [W],           "........", Fpu;
            Fneni             = fneni,             "fneni",           [],            "........", Fpu;
            Fndisi            = fndisi,            "fndisi",          [],            "........", Fpu;
            Fnclex            = fnclex,            "fnclex",          [],            "........", Fpu;
            Fninit            = fninit,            "fninit",          [],            "........", Fpu;
            Fnsetpm           = fnsetpm,           "fnsetpm",         [],            "........", Fpu;
            Frstor            = frstor,            "frstor",          [R],           "........", Fpu;
            Fnsave            = fnsave,            "fnsave",          [W],           "........", Fpu;
            Fnstsw            = fnstsw,            "fnstsw",          [W],           "........", Fpu;
            Ffree             = ffree,             "ffree",           [N],           "........", Fpu;
            Fucom             = fucom,             "fucom",           [R, R],        "........", Fpu;
            Fucomp            = fucomp,            "fucomp",          [R, R],        "........", Fpu;
            Faddp             = faddp,             "faddp",           [RW, R],       "........", Fpu;
            Fmulp             = fmulp,             "fmulp",           [RW, R],       "........", Fpu;
            Fcompp            = fcompp,            "fcompp",          [],            "........", Fpu;
            Fsubrp            = fsubrp,            "fsubrp",          [RW, R],       "........", Fpu;
            Fsubp             = fsubp,             "fsubp",           [RW, R],       "........", Fpu;
            Fdivrp            = fdivrp,            "fdivrp",          [RW, R],       "........", Fpu;
            Fdivp             = fdivp,             "fdivp",           [RW, R],       "........", Fpu;
            Fbld              = fbld,              "fbld",            [R],           "........", Fpu;
            Fbstp             = fbstp,             "fbstp",           [W],           "........", Fpu;
            Ffreep            = ffreep,            "ffreep",          [N],           "........", Fpu;
            // Mmx
            Emms              = emms,              "emms",            [],            "........", Mmx;
            // Sse
            Movups            = movups,            "movups",          [W, R],        "........", Sse;
            Movss             = movss,             "movss",           [RW, R],       "........", Sse;
            Movhlps           = movhlps,           "movhlps",         [RW, R],       "........", Sse;
            Movlps            = movlps,            "movlps",          [RW, R],       "........", Sse;
            Unpcklps          = unpcklps,          "unpcklps",        [RW, R],       "........", Sse;
            Unpckhps          = unpckhps,          "unpckhps",        [RW, R],       "........", Sse;
            Movlhps           = movlhps,           "movlhps",         [RW, R],       "........", Sse;
            Movhps            = movhps,            "movhps",          [RW, R],       "........", Sse;
            Prefetchnta       = prefetchnta,       "prefetchnta",     [N],           "........", Sse;
            Prefetcht0        = prefetcht0,        "prefetcht0",      [N],           "........", Sse;
            Prefetcht1        = prefetcht1,        "prefetcht1",      [N],           "........", Sse;
            Prefetcht2        = prefetcht2,        "prefetcht2",      [N],           "........", Sse;
            Movaps            = movaps,            "movaps",          [W, R],        "........", Sse;
            Cvtpi2ps          = cvtpi2ps,          "cvtpi2ps",        [RW, R],       "........", Sse;
            Cvtsi2ss          = cvtsi2ss,          "cvtsi2ss",        [RW, R],       "........", Sse;
            Movntps           = movntps,           "movntps",         [W, R],        "........", Sse;
            Cvttps2pi         = cvttps2pi,         "cvttps2pi",       [W, R],        "........", Sse;
            Cvttss2si         = cvttss2si,         "cvttss2si",       [W, R],        "........", Sse;
            Cvtps2pi          = cvtps2pi,          "cvtps2pi",        [W, R],        "........", Sse;
            Cvtss2si          = cvtss2si,          "cvtss2si",        [W, R],        "........", Sse;
            Ucomiss           = ucomiss,           "ucomiss",         [R, R],        "0..0m0mm", Sse;
            Comiss            = comiss,            "comiss",          [R, R],        "0..0m0mm", Sse;
            Movmskps          = movmskps,          "movmskps",        [W, R],        "........", Sse;
            Sqrtps            = sqrtps,            "sqrtps",          [W, R],        "........", Sse;
            Sqrtss            = sqrtss,            "sqrtss",          [RW, R],       "........", Sse;
            Rsqrtps           = rsqrtps,           "rsqrtps",         [W, R],        "........", Sse;
            Rsqrtss           = rsqrtss,           "rsqrtss",         [RW, R],       "........", Sse;
            Rcpps             = rcpps,             "rcpps",           [W, R],        "........", Sse;
            Rcpss             = rcpss,             "rcpss",           [RW, R],       "........", Sse;
            Andps             = andps,             "andps",           [RW, R],       "........", Sse;
            Andnps            = andnps,            "andnps",          [RW, R],       "........", Sse;
            Orps              = orps,              "orps",            [RW, R],       "........", Sse;
            Xorps             = xorps,             "xorps",           [RW, R],       "........", Sse;
            Addps             = addps,             "addps",           [RW, R],       "........", Sse;
            Addss             = addss,             "addss",           [RW, R],       "........", Sse;
            Mulps             = mulps,             "mulps",           [RW, R],       "........", Sse;
            Mulss             = mulss,             "mulss",           [RW, R],       "........", Sse;
            Subps             = subps,             "subps",           [RW, R],       "........", Sse;
            Subss             = subss,             "subss",           [RW, R],       "........", Sse;
            Minps             = minps,             "minps",           [RW, R],       "........", Sse;
            Minss             = minss,             "minss",           [RW, R],       "........", Sse;
            Divps             = divps,             "divps",           [RW, R],       "........", Sse;
            Divss             = divss,             "divss",           [RW, R],       "........", Sse;
            Maxps             = maxps,             "maxps",           [RW, R],       "........", Sse;
            Maxss             = maxss,             "maxss",           [RW, R],       "........", Sse;
            Pshufw            = pshufw,            "pshufw",          [W, R, R],     "........", Sse;
            Ldmxcsr           = ldmxcsr,           "ldmxcsr",         [R],           "........", Sse;
            Stmxcsr           = stmxcsr,           "stmxcsr",         [W],           "........", Sse;
            Sfence            = sfence,            "sfence",          [],            "........", Sse;
            Cmpps             = cmpps,             "cmpps",           [RW, R, R],    "........", Sse;
            Cmpss             = cmpss,             "cmpss",           [RW, R, R],    "........", Sse;
            Shufps            = shufps,            "shufps",          [RW, R, R],    "........", Sse;
            Movntq            = movntq,            "movntq",          [W, R],        "........", Sse;
            Maskmovq          = maskmovq,          "maskmovq",        [R, R],        "........", Sse;
            // Sse2
            Movupd            = movupd,            "movupd",          [W, R],        "........", Sse2;
            Movsd             = movsd,             "movsd",           [RW, R],       "........", Sse2;
            Movlpd            = movlpd,            "movlpd",          [RW, R],       "........", Sse2;
            Unpcklpd          = unpcklpd,          "unpcklpd",        [RW, R],       "........", Sse2;
            Unpckhpd          = unpckhpd,          "unpckhpd",        [RW, R],       "........", Sse2;
            Movhpd            = movhpd,            "movhpd",          [RW, R],       "........", Sse2;
            Movapd            = movapd,            "movapd",          [W, R],        "........", Sse2;
            Cvtpi2pd          = cvtpi2pd,          "cvtpi2pd",        [W, R],        "........", Sse2;
            Cvtsi2sd          = cvtsi2sd,          "cvtsi2sd",        [RW, R],       "........", Sse2;
            Movntpd           = movntpd,           "movntpd",         [W, R],        "........", Sse2;
            Cvttpd2pi         = cvttpd2pi,         "cvttpd2pi",       [W, R],        "........", Sse2;
            Cvttsd2si         = cvttsd2si,         "cvttsd2si",       [W, R],        "........", Sse2;
            Cvtpd2pi          = cvtpd2pi,          "cvtpd2pi",        [W, R],        "........", Sse2;
            Cvtsd2si          = cvtsd2si,          "cvtsd2si",        [W, R],        "........", Sse2;
            Ucomisd           = ucomisd,           "ucomisd",         [R, R],        "0..0m0mm", Sse2;
            Comisd            = comisd,            "comisd",          [R, R],        "0..0m0mm", Sse2;
            Movmskpd          = movmskpd,          "movmskpd",        [W, R],        "........", Sse2;
            Sqrtpd            = sqrtpd,            "sqrtpd",          [W, R],        "........", Sse2;
            Sqrtsd            = sqrtsd,            "sqrtsd",          [RW, R],       "........", Sse2;
            Andpd             = andpd,             "andpd",           [RW, R],       "........", Sse2;
            Andnpd            = andnpd,            "andnpd",          [RW, R],       "........", Sse2;
            Orpd              = orpd,              "orpd",            [RW, R],       "........", Sse2;
            Xorpd             = xorpd,             "xorpd",           [RW, R],       "........", Sse2;
            Addpd             = addpd,             "addpd",           [RW, R],       "........", Sse2;
            Addsd             = addsd,             "addsd",           [RW, R],       "........", Sse2;
            Mulpd             = mulpd,             "mulpd",           [RW, R],       "........", Sse2;
            Mulsd             = mulsd,             "mulsd",           [RW, R],       "........", Sse2;
            Cvtps2pd          = cvtps2pd,          "cvtps2pd",        [W, R],        "........", Sse2;
            Cvtpd2ps          = cvtpd2ps,          "cvtpd2ps",        [W, R],        "........", Sse2;
            Cvtss2sd          = cvtss2sd,          "cvtss2sd",        [RW, R],       "........", Sse2;
            Cvtsd2ss          = cvtsd2ss,          "cvtsd2ss",        [RW, R],       "........", Sse2;
            Cvtdq2ps          = cvtdq2ps,          "cvtdq2ps",        [W, R],        "........", Sse2;
            Cvtps2dq          = cvtps2dq,          "cvtps2dq",        [W, R],        "........", Sse2;
            Cvttps2dq         = cvttps2dq,         "cvttps2dq",       [W, R],        "........", Sse2;
            Subpd             = subpd,             "subpd",           [RW, R],       "........", Sse2;
            Subsd             = subsd,             "subsd",           [RW, R],       "........", Sse2;
            Minpd             = minpd,             "minpd",           [RW, R],       "........", Sse2;
            Minsd             = minsd,             "minsd",           [RW, R],       "........", Sse2;
            Divpd             = divpd,             "divpd",           [RW, R],       "........", Sse2;
            Divsd             = divsd,             "divsd",           [RW, R],       "........", Sse2;
            Maxpd             = maxpd,             "maxpd",           [RW, R],       "........", Sse2;
            Maxsd             = maxsd,             "maxsd",           [RW, R],       "........", Sse2;
            Punpcklbw         = punpcklbw,         "punpcklbw",       [RW, R],       "........", Sse2;
            Punpcklwd         = punpcklwd,         "punpcklwd",       [RW, R],       "........", Sse2;
            Punpckldq         = punpckldq,         "punpckldq",       [RW, R],       "........", Sse2;
            Packsswb          = packsswb,          "packsswb",        [RW, R],       "........", Sse2;
            Pcmpgtb           = pcmpgtb,           "pcmpgtb",         [RW, R],       "........", Sse2;
            Pcmpgtw           = pcmpgtw,           "pcmpgtw",         [RW, R],       "........", Sse2;
            Pcmpgtd           = pcmpgtd,           "pcmpgtd",         [RW, R],       "........", Sse2;
            Packuswb          = packuswb,          "packuswb",        [RW, R],       "........", Sse2;
            Punpckhbw         = punpckhbw,         "punpckhbw",       [RW, R],       "........", Sse2;
            Punpckhwd         = punpckhwd,         "punpckhwd",       [RW, R],       "........", Sse2;
            Punpckhdq         = punpckhdq,         "punpckhdq",       [RW, R],       "........", Sse2;
            Packssdw          = packssdw,          "packssdw",        [RW, R],       "........", Sse2;
            Punpcklqdq        = punpcklqdq,        "punpcklqdq",      [RW, R],       "........", Sse2;
            Punpckhqdq        = punpckhqdq,        "punpckhqdq",      [RW, R],       "........", Sse2;
            Movd              = movd,              "movd",            [W, R],        "........", Sse2;
            Movq              = movq,              "movq",            [W, R],        "........", Sse2;
            Movdqa            = movdqa,            "movdqa",          [W, R],        "........", Sse2;
            Movdqu            = movdqu,            "movdqu",          [W, R],        "........", Sse2;
            Pshufd            = pshufd,            "pshufd",          [W, R, R],     "........", Sse2;
            Pshufhw           = pshufhw,           "pshufhw",         [W, R, R],     "........", Sse2;
            Pshuflw           = pshuflw,           "pshuflw",         [W, R, R],     "........", Sse2;
            Psrlw             = psrlw,             "psrlw",           [RW, R],       "........", Sse2;
            Psraw             = psraw,             "psraw",           [RW, R],       "........", Sse2;
            Psllw             = psllw,             "psllw",           [RW, R],       "........", Sse2;
            Psrld             = psrld,             "psrld",           [RW, R],       "........", Sse2;
            Psrad             = psrad,             "psrad",           [RW, R],       "........", Sse2;
            Pslld             = pslld,             "pslld",           [RW, R],       "........", Sse2;
            Psrlq             = psrlq,             "psrlq",           [RW, R],       "........", Sse2;
            Psrldq            = psrldq,            "psrldq",          [RW, R],       "........", Sse2;
            Psllq             = psllq,             "psllq",           [RW, R],       "........", Sse2;
            Pslldq            = pslldq,            "pslldq",          [RW, R],       "........", Sse2;
            Pcmpeqb           = pcmpeqb,           "pcmpeqb",         [RW, R],       "........", Sse2;
            Pcmpeqw           = pcmpeqw,           "pcmpeqw",         [RW, R],       "........", Sse2;
            Pcmpeqd           = pcmpeqd,           "pcmpeqd",         [RW, R],       "........", Sse2;
            Lfence            = lfence,            "lfence",          [],            "........", Sse2;
            Mfence            = mfence,            "mfence",          [],            "........", Sse2;
            Cmppd             = cmppd,             "cmppd",           [RW, R, R],    "........", Sse2;
            Cmpsd             = cmpsd,             "cmpsd",           [RW, R, R],    "........", Sse2;
            Movnti            = movnti,            "movnti",          [W, R],        "........", Sse2;
            Pinsrw            = pinsrw,            "pinsrw",          [RW, R, R],    "........", Sse2;
            Pextrw            = pextrw,            "pextrw",          [W, R, R],     "........", Sse2;
            Shufpd            = shufpd,            "shufpd",          [RW, R, R],    "........", Sse2;
            Paddq             = paddq,             "paddq",           [RW, R],       "........", Sse2;
            Pmullw            = pmullw,            "pmullw",          [RW, R],       "........", Sse2;
            Movq2dq           = movq2dq,           "movq2dq",         [W, R],        "........", Sse2;
            Movdq2q           = movdq2q,           "movdq2q",         [W, R],        "........", Sse2;
            Pmovmskb          = pmovmskb,          "pmovmskb",        [W, R],        "........", Sse2;
            Psubusb           = psubusb,           "psubusb",         [RW, R],       "........", Sse2;
            Psubusw           = psubusw,           "psubusw",         [RW, R],       "........", Sse2;
            Pminub            = pminub,            "pminub",          [RW, R],       "........", Sse2;
            Pand              = pand,              "pand",            [RW, R],       "........", Sse2;
            Paddusb           = paddusb,           "paddusb",         [RW, R],       "........", Sse2;
            Paddusw           = paddusw,           "paddusw",         [RW, R],       "........", Sse2;
            Pmaxub            = pmaxub,            "pmaxub",          [RW, R],       "........", Sse2;
            Pandn             = pandn,             "pandn",           [RW, R],       "........", Sse2;
            Pavgb             = pavgb,             "pavgb",           [RW, R],       "........", Sse2;
            Pavgw             = pavgw,             "pavgw",           [RW, R],       "........", Sse2;
            Pmulhuw           = pmulhuw,           "pmulhuw",         [RW, R],       "........", Sse2;
            Pmulhw            = pmulhw,            "pmulhw",          [RW, R],       "........", Sse2;
            Cvttpd2dq         = cvttpd2dq,         "cvttpd2dq",       [W, R],        "........", Sse2;
            Cvtdq2pd          = cvtdq2pd,          "cvtdq2pd",        [W, R],        "........", Sse2;
            Cvtpd2dq          = cvtpd2dq,          "cvtpd2dq",        [W, R],        "........", Sse2;
            Movntdq           = movntdq,           "movntdq",         [W, R],        "........", Sse2;
            Psubsb            = psubsb,            "psubsb",          [RW, R],       "........", Sse2;
            Psubsw            = psubsw,            "psubsw",          [RW, R],       "........", Sse2;
            Pminsw            = pminsw,            "pminsw",          [RW, R],       "........", Sse2;
            Por               = por,               "por",             [RW, R],       "........", Sse2;
            Paddsb            = paddsb,            "paddsb",          [RW, R],       "........", Sse2;
            Paddsw            = paddsw,            "paddsw",          [RW, R],       "........", Sse2;
            Pmaxsw            = pmaxsw,            "pmaxsw",          [RW, R],       "........", Sse2;
            Pxor              = pxor,              "pxor",            [RW, R],       "........", Sse2;
            Pmuludq           = pmuludq,           "pmuludq",         [RW, R],       "........", Sse2;
            Pmaddwd           = pmaddwd,           "pmaddwd",         [RW, R],       "........", Sse2;
            Psadbw            = psadbw,            "psadbw",          [RW, R],       "........", Sse2;
            Maskmovdqu        = maskmovdqu,        "maskmovdqu",      [R, R],        "........", Sse2;
            Psubb             = psubb,             "psubb",           [RW, R],       "........", Sse2;
            Psubw             = psubw,             "psubw",           [RW, R],       "........", Sse2;
            Psubd             = psubd,             "psubd",           [RW, R],       "........", Sse2;
            Psubq             = psubq,             "psubq",           [RW, R],       "........", Sse2;
            Paddb             = paddb,             "paddb",           [RW, R],       "........", Sse2;
            Paddw             = paddw,             "paddw",           [RW, R],       "........", Sse2;
            Paddd             = paddd,             "paddd",           [RW, R],       "........", Sse2;
            // Sse3
            Fisttp            = fisttp,            "fisttp",          [W],           "........", Sse3;
            Movsldup          = movsldup,          "movsldup",        [W, R],        "........", Sse3;
            Movddup           = movddup,           "movddup",         [W, R],        "........", Sse3;
            Movshdup          = movshdup,          "movshdup",        [W, R],        "........", Sse3;
            Haddpd            = haddpd,            "haddpd",          [RW, R],       "........", Sse3;
            Haddps            = haddps,            "haddps",          [RW, R],       "........", Sse3;
            Hsubpd            = hsubpd,            "hsubpd",          [RW, R],       "........", Sse3;
            Hsubps            = hsubps,            "hsubps",          [RW, R],       "........", Sse3;
            Addsubpd          = addsubpd,          "addsubpd",        [RW, R],       "........", Sse3;
            Addsubps          = addsubps,          "addsubps",        [RW, R],       "........", Sse3;
            Lddqu             = lddqu,             "lddqu",           [W, R],        "........", Sse3;
            // Ssse3
            Pshufb            = pshufb,            "pshufb",          [RW, R],       "........", Ssse3;
            Phaddw            = phaddw,            "phaddw",          [RW, R],       "........", Ssse3;
            Phaddd            = phaddd,            "phaddd",          [RW, R],       "........", Ssse3;
            Phaddsw           = phaddsw,           "phaddsw",         [RW, R],       "........", Ssse3;
            Pmaddubsw         = pmaddubsw,         "pmaddubsw",       [RW, R],       "........", Ssse3;
            Phsubw            = phsubw,            "phsubw",          [RW, R],       "........", Ssse3;
            Phsubd            = phsubd,            "phsubd",          [RW, R],       "........", Ssse3;
            Phsubsw           = phsubsw,           "phsubsw",         [RW, R],       "........", Ssse3;
            Psignb            = psignb,            "psignb",          [RW, R],       "........", Ssse3;
            Psignw            = psignw,            "psignw",          [RW, R],       "........", Ssse3;
            Psignd            = psignd,            "psignd",          [RW, R],       "........", Ssse3;
            Pmulhrsw          = pmulhrsw,          "pmulhrsw",        [RW, R],       "........", Ssse3;
            Pabsb             = pabsb,             "pabsb",           [W, R],        "........", Ssse3;
            Pabsw             = pabsw,             "pabsw",           [W, R],        "........", Ssse3;
            Pabsd             = pabsd,             "pabsd",           [W, R],        "........", Ssse3;
            Palignr           = palignr,           "palignr",         [RW, R, R],    "........", Ssse3;
            // Sse41
            Pblendvb          = pblendvb,          "pblendvb",        [RW, R],       "........", Sse41;
            Blendvps          = blendvps,          "blendvps",        [RW, R],       "........", Sse41;
            Blendvpd          = blendvpd,          "blendvpd",        [RW, R],       "........", Sse41;
            Ptest             = ptest,             "ptest",           [R, R],        "0..0m00m", Sse41;
            Pmovsxbw          = pmovsxbw,          "pmovsxbw",        [W, R],        "........", Sse41;
            Pmovsxbd          = pmovsxbd,          "pmovsxbd",        [W, R],        "........", Sse41;
            Pmovsxbq          = pmovsxbq,          "pmovsxbq",        [W, R],        "........", Sse41;
            Pmovsxwd          = pmovsxwd,          "pmovsxwd",        [W, R],        "........", Sse41;
            Pmovsxwq          = pmovsxwq,          "pmovsxwq",        [W, R],        "........", Sse41;
            Pmovsxdq          = pmovsxdq,          "pmovsxdq",        [W, R],        "........", Sse41;
            Pmuldq            = pmuldq,            "pmuldq",          [RW, R],       "........", Sse41;
            Pcmpeqq           = pcmpeqq,           "pcmpeqq",         [RW, R],       "........", Sse41;
            Movntdqa          = movntdqa,          "movntdqa",        [W, R],        "........", Sse41;
            Packusdw          = packusdw,          "packusdw",        [RW, R],       "........", Sse41;
            Pmovzxbw          = pmovzxbw,          "pmovzxbw",        [W, R],        "........", Sse41;
            Pmovzxbd          = pmovzxbd,          "pmovzxbd",        [W, R],        "........", Sse41;
            Pmovzxbq          = pmovzxbq,          "pmovzxbq",        [W, R],        "........", Sse41;
            Pmovzxwd          = pmovzxwd,          "pmovzxwd",        [W, R],        "........", Sse41;
            Pmovzxwq          = pmovzxwq,          "pmovzxwq",        [W, R],        "........", Sse41;
            Pmovzxdq          = pmovzxdq,          "pmovzxdq",        [W, R],        "........", Sse41;
            Pminsb            = pminsb,            "pminsb",          [RW, R],       "........", Sse41;
            Pminsd            = pminsd,            "pminsd",          [RW, R],       "........", Sse41;
            Pminuw            = pminuw,            "pminuw",          [RW, R],       "........", Sse41;
            Pminud            = pminud,            "pminud",          [RW, R],       "........", Sse41;
            Pmaxsb            = pmaxsb,            "pmaxsb",          [RW, R],       "........", Sse41;
            Pmaxsd            = pmaxsd,            "pmaxsd",          [RW, R],       "........", Sse41;
            Pmaxuw            = pmaxuw,            "pmaxuw",          [RW, R],       "........", Sse41;
            Pmaxud            = pmaxud,            "pmaxud",          [RW, R],       "........", Sse41;
            Pmulld            = pmulld,            "pmulld",          [RW, R],       "........", Sse41;
            Phminposuw        = phminposuw,        "phminposuw",      [W, R],        "........", Sse41;
            Roundps           = roundps,           "roundps",         [W, R, R],     "........", Sse41;
            Roundpd           = roundpd,           "roundpd",         [W, R, R],     "........", Sse41;
            Roundss           = roundss,           "roundss",         [RW, R, R],    "........", Sse41;
            Roundsd           = roundsd,           "roundsd",         [RW, R, R],    "........", Sse41;
            Blendps           = blendps,           "blendps",         [RW, R, R],    "........", Sse41;
            Blendpd           = blendpd,           "blendpd",         [RW, R, R],    "........", Sse41;
            Pblendw           = pblendw,           "pblendw",         [RW, R, R],    "........", Sse41;
            Pextrb            = pextrb,            "pextrb",          [W, R, R],     "........", Sse41;
            Pextrd            = pextrd,            "pextrd",          [W, R, R],     "........", Sse41;
            Pextrq            = pextrq,            "pextrq",          [W, R, R],     "........", Sse41;
            Extractps         = extractps,         "extractps",       [W, R, R],     "........", Sse41;
            Pinsrb            = pinsrb,            "pinsrb",          [RW, R, R],    "........", Sse41;
            Insertps          = insertps,          "insertps",        [RW, R, R],    "........", Sse41;
            Pinsrd            = pinsrd,            "pinsrd",          [RW, R, R],    "........", Sse41;
            Pinsrq            = pinsrq,            "pinsrq",          [RW, R, R],    "........", Sse41;
            Dpps              = dpps,              "dpps",            [RW, R, R],    "........", Sse41;
            Dppd              = dppd,              "dppd",            [RW, R, R],    "........", Sse41;
            Mpsadbw           = mpsadbw,           "mpsadbw",         [RW, R, R],    "........", Sse41;
            // Sse42
            Pcmpgtq           = pcmpgtq,           "pcmpgtq",         [RW, R],       "........", Sse42;
            Crc32             = crc32,             "crc32",           [RW, R],       "........", Sse42;
            Pcmpestrm         = pcmpestrm,         "pcmpestrm",       [R, R, R],     "m..mm00m", Sse42;
            Pcmpestri         = pcmpestri,         "pcmpestri",       [R, R, R],     "m..mm00m", Sse42;
            Pcmpistrm         = pcmpistrm,         "pcmpistrm",       [R, R, R],     "m..mm00m", Sse42;
            Pcmpistri         = pcmpistri,         "pcmpistri",       [R, R, R],     "m..mm00m", Sse42;
            // Sse4a
            Movntss           = movntss,           "movntss",         [W, R],        "........", Sse4a;
            Movntsd           = movntsd,           "movntsd",         [W, R],        "........", Sse4a;
            Extrq             = extrq,             "extrq",           [RW, R, R],    "........", Sse4a;
            Insertq           = insertq,           "insertq",         [W, R, R, R],  "........", Sse4a;
            // Aes
            Aesimc            = aesimc,            "aesimc",          [W, R],        "........", Aes;
            Vaesimc           = vaesimc,           "vaesimc",         [W, R],        "........", Aes;
            Aesenc            = aesenc,            "aesenc",          [RW, R],       "........", Aes;
            Vaesenc           = vaesenc,           "vaesenc",         [W, R, R],     "........", Aes;
            Aesenclast        = aesenclast,        "aesenclast",      [RW, R],       "........", Aes;
            Vaesenclast       = vaesenclast,       "vaesenclast",     [W, R, R],     "........", Aes;
            Aesdec            = aesdec,            "aesdec",          [RW, R],       "........", Aes;
            Vaesdec           = vaesdec,           "vaesdec",         [W, R, R],     "........", Aes;
            Aesdeclast        = aesdeclast,        "aesdeclast",      [RW, R],       "........", Aes;
            Vaesdeclast       = vaesdeclast,       "vaesdeclast",     [W, R, R],     "........", Aes;
            Aeskeygenassist   = aeskeygenassist,   "aeskeygenassist", [W, R, R],     "........", Aes;
            Vaeskeygenassist  = vaeskeygenassist,  "vaeskeygenassist", [W, R, R],    "........", Aes;
            // Pclmulqdq
            Pclmulqdq         = pclmulqdq,         "pclmulqdq",       [RW, R, R],    "........", Pclmulqdq;
            Vpclmulqdq        = vpclmulqdq,        "vpclmulqdq",      [W, R, R, R],  "........", Pclmulqdq;
            // Sha
            Sha1nexte         = sha1nexte,         "sha1nexte",       [RW, R],       "........", Sha;
            Sha1msg1          = sha1msg1,          "sha1msg1",        [RW, R],       "........", Sha;
            Sha1msg2          = sha1msg2,          "sha1msg2",        [RW, R],       "........", Sha;
            Sha256rnds2       = sha256rnds2,       "sha256rnds2",     [RW, R],       "........", Sha;
            Sha256msg1        = sha256msg1,        "sha256msg1",      [RW, R],       "........", Sha;
            Sha256msg2        = sha256msg2,        "sha256msg2",      [RW, R],       "........", Sha;
            Sha1rnds4         = sha1rnds4,         "sha1rnds4",       [RW, R, R],    "........", Sha;
            // Gfni
            Gf2p8mulb         = gf2p8mulb,         "gf2p8mulb",       [RW, R],       "........", Gfni;
            Vgf2p8mulb        = vgf2p8mulb,        "vgf2p8mulb",      [W, R, R],     "........", Gfni;
            Gf2p8affineqb     = gf2p8affineqb,     "gf2p8affineqb",   [RW, R, R],    "........", Gfni;
            Vgf2p8affineqb    = vgf2p8affineqb,    "vgf2p8affineqb",  [W, R, R, R],  "........", Gfni;
            Gf2p8affineinvqb  = gf2p8affineinvqb,  "gf2p8affineinvqb", [RW, R, R],   "........", Gfni;
            Vgf2p8affineinvqb = vgf2p8affineinvqb, "vgf2p8affineinvqb", [W, R, R, R], "........", Gfni;
            // Avx
            Vmovups           = vmovups,           "vmovups",         [W, R],        "........", Avx;
            Vmovupd           = vmovupd,           "vmovupd",         [W, R],        "........", Avx;
            Vmovss            = vmovss,            "vmovss",          [W, R, R],     "........", Avx;
            Vmovsd            = vmovsd,            "vmovsd",          [W, R, R],     "........", Avx;
            Vmovhlps          = vmovhlps,          "vmovhlps",        [W, R, R],     "........", Avx;
            Vmovlps           = vmovlps,           "vmovlps",         [W, R, R],     "........", Avx;
            Vmovlpd           = vmovlpd,           "vmovlpd",         [W, R, R],     "........", Avx;
            Vmovsldup         = vmovsldup,         "vmovsldup",       [W, R],        "........", Avx;
            Vmovddup          = vmovddup,          "vmovddup",        [W, R],        "........", Avx;
            Vunpcklps         = vunpcklps,         "vunpcklps",       [W, R, R],     "........", Avx;
            Vunpcklpd         = vunpcklpd,         "vunpcklpd",       [W, R, R],     "........", Avx;
            Vunpckhps         = vunpckhps,         "vunpckhps",       [W, R, R],     "........", Avx;
            Vunpckhpd         = vunpckhpd,         "vunpckhpd",       [W, R, R],     "........", Avx;
            Vmovlhps          = vmovlhps,          "vmovlhps",        [W, R, R],     "........", Avx;
            Vmovhps           = vmovhps,           "vmovhps",         [W, R, R],     "........", Avx;
            Vmovhpd           = vmovhpd,           "vmovhpd",         [W, R, R],     "........", Avx;
            Vmovshdup         = vmovshdup,         "vmovshdup",       [W, R],        "........", Avx;
            Vmovaps           = vmovaps,           "vmovaps",         [W, R],        "........", Avx;
            Vmovapd           = vmovapd,           "vmovapd",         [W, R],        "........", Avx;
            Vcvtsi2ss         = vcvtsi2ss,         "vcvtsi2ss",       [W, R, R],     "........", Avx;
            Vcvtsi2sd         = vcvtsi2sd,         "vcvtsi2sd",       [W, R, R],     "........", Avx;
            Vmovntps          = vmovntps,          "vmovntps",        [W, R],        "........", Avx;
            Vmovntpd          = vmovntpd,          "vmovntpd",        [W, R],        "........", Avx;
            Vcvttss2si        = vcvttss2si,        "vcvttss2si",      [W, R],        "........", Avx;
            Vcvttsd2si        = vcvttsd2si,        "vcvttsd2si",      [W, R],        "........", Avx;
            Vcvtss2si         = vcvtss2si,         "vcvtss2si",       [W, R],        "........", Avx;
            Vcvtsd2si         = vcvtsd2si,         "vcvtsd2si",       [W, R],        "........", Avx;
            Vucomiss          = vucomiss,          "vucomiss",        [R, R],        "0..0m0mm", Avx;
            Vucomisd          = vucomisd,          "vucomisd",        [R, R],        "0..0m0mm", Avx;
            Vcomiss           = vcomiss,           "vcomiss",         [R, R],        "0..0m0mm", Avx;
            Vcomisd           = vcomisd,           "vcomisd",         [R, R],        "0..0m0mm", Avx;
            Vmovmskps         = vmovmskps,         "vmovmskps",       [W, R],        "........", Avx;
            Vmovmskpd         = vmovmskpd,         "vmovmskpd",       [W, R],        "........", Avx;
            Vsqrtps           = vsqrtps,           "vsqrtps",         [W, R],        "........", Avx;
            Vsqrtpd           = vsqrtpd,           "vsqrtpd",         [W, R],        "........", Avx;
            Vsqrtss           = vsqrtss,           "vsqrtss",         [W, R, R],     "........", Avx;
            Vsqrtsd           = vsqrtsd,           "vsqrtsd",         [W, R, R],     "........", Avx;
            Vrsqrtps          = vrsqrtps,          "vrsqrtps",        [W, R],        "........", Avx;
            Vrsqrtss          = vrsqrtss,          "vrsqrtss",        [W, R, R],     "........", Avx;
            Vrcpps            = vrcpps,            "vrcpps",          [W, R],        "........", Avx;
            Vrcpss            = vrcpss,            "vrcpss",          [W, R, R],     "........", Avx;
            Vandps            = vandps,            "vandps",          [W, R, R],     "........", Avx;
            Vandpd            = vandpd,            "vandpd",          [W, R, R],     "........", Avx;
            Vandnps           = vandnps,           "vandnps",         [W, R, R],     "........", Avx;
            Vandnpd           = vandnpd,           "vandnpd",         [W, R, R],     "........", Avx;
            Vorps             = vorps,             "vorps",           [W, R, R],     "........", Avx;
            Vorpd             = vorpd,             "vorpd",           [W, R, R],     "........", Avx;
            Vxorps            = vxorps,            "vxorps",          [W, R, R],     "........", Avx;
            Vxorpd            = vxorpd,            "vxorpd",          [W, R, R],     "........", Avx;
            Vaddps            = vaddps,            "vaddps",          [W, R, R],     "........", Avx;
            Vaddpd            = vaddpd,            "vaddpd",          [W, R, R],     "........", Avx;
            Vaddss            = vaddss,            "vaddss",          [W, R, R],     "........", Avx;
            Vaddsd            = vaddsd,            "vaddsd",          [W, R, R],     "........", Avx;
            Vmulps            = vmulps,            "vmulps",          [W, R, R],     "........", Avx;
            Vmulpd            = vmulpd,            "vmulpd",          [W, R, R],     "........", Avx;
            Vmulss            = vmulss,            "vmulss",          [W, R, R],     "........", Avx;
            Vmulsd            = vmulsd,            "vmulsd",          [W, R, R],     "........", Avx;
            Vcvtps2pd         = vcvtps2pd,         "vcvtps2pd",       [W, R],        "........", Avx;
            Vcvtpd2ps         = vcvtpd2ps,         "vcvtpd2ps",       [W, R],        "........", Avx;
            Vcvtss2sd         = vcvtss2sd,         "vcvtss2sd",       [W, R, R],     "........", Avx;
            Vcvtsd2ss         = vcvtsd2ss,         "vcvtsd2ss",       [W, R, R],     "........", Avx;
            Vcvtdq2ps         = vcvtdq2ps,         "vcvtdq2ps",       [W, R],        "........", Avx;
            Vcvtps2dq         = vcvtps2dq,         "vcvtps2dq",       [W, R],        "........", Avx;
            Vcvttps2dq        = vcvttps2dq,        "vcvttps2dq",      [W, R],        "........", Avx;
            Vsubps            = vsubps,            "vsubps",          [W, R, R],     "........", Avx;
            Vsubpd            = vsubpd,            "vsubpd",          [W, R, R],     "........", Avx;
            Vsubss            = vsubss,            "vsubss",          [W, R, R],     "........", Avx;
            Vsubsd            = vsubsd,            "vsubsd",          [W, R, R],     "........", Avx;
            Vminps            = vminps,            "vminps",          [W, R, R],     "........", Avx;
            Vminpd            = vminpd,            "vminpd",          [W, R, R],     "........", Avx;
            Vminss            = vminss,            "vminss",          [W, R, R],     "........", Avx;
            Vminsd            = vminsd,            "vminsd",          [W, R, R],     "........", Avx;
            Vdivps            = vdivps,            "vdivps",          [W, R, R],     "........", Avx;
            Vdivpd            = vdivpd,            "vdivpd",          [W, R, R],     "........", Avx;
            Vdivss            = vdivss,            "vdivss",          [W, R, R],     "........", Avx;
            Vdivsd            = vdivsd,            "vdivsd",          [W, R, R],     "........", Avx;
            Vmaxps            = vmaxps,            "vmaxps",          [W, R, R],     "........", Avx;
            Vmaxpd            = vmaxpd,            "vmaxpd",          [W, R, R],     "........", Avx;
            Vmaxss            = vmaxss,            "vmaxss",          [W, R, R],     "........", Avx;
            Vmaxsd            = vmaxsd,            "vmaxsd",          [W, R, R],     "........", Avx;
            Vpunpcklbw        = vpunpcklbw,        "vpunpcklbw",      [W, R, R],     "........", Avx;
            Vpunpcklwd        = vpunpcklwd,        "vpunpcklwd",      [W, R, R],     "........", Avx;
            Vpunpckldq        = vpunpckldq,        "vpunpckldq",      [W, R, R],     "........", Avx;
            Vpacksswb         = vpacksswb,         "vpacksswb",       [W, R, R],     "........", Avx;
            Vpcmpgtb          = vpcmpgtb,          "vpcmpgtb",        [W, R, R],     "........", Avx;
            Vpcmpgtw          = vpcmpgtw,          "vpcmpgtw",        [W, R, R],     "........", Avx;
            Vpcmpgtd          = vpcmpgtd,          "vpcmpgtd",        [W, R, R],     "........", Avx;
            Vpackuswb         = vpackuswb,         "vpackuswb",       [W, R, R],     "........", Avx;
            Vpunpckhbw        = vpunpckhbw,        "vpunpckhbw",      [W, R, R],     "........", Avx;
            Vpunpckhwd        = vpunpckhwd,        "vpunpckhwd",      [W, R, R],     "........", Avx;
            Vpunpckhdq        = vpunpckhdq,        "vpunpckhdq",      [W, R, R],     "........", Avx;
            Vpackssdw         = vpackssdw,         "vpackssdw",       [W, R, R],     "........", Avx;
            Vpunpcklqdq       = vpunpcklqdq,       "vpunpcklqdq",     [W, R, R],     "........", Avx;
            Vpunpckhqdq       = vpunpckhqdq,       "vpunpckhqdq",     [W, R, R],     "........", Avx;
            Vmovd             = vmovd,             "vmovd",           [W, R],        "........", Avx;
            Vmovq             = vmovq,             "vmovq",           [W, R],        "........", Avx;
            Vmovdqa           = vmovdqa,           "vmovdqa",         [W, R],        "........", Avx;
            Vmovdqu           = vmovdqu,           "vmovdqu",         [W, R],        "........", Avx;
            Vpshufd           = vpshufd,           "vpshufd",         [W, R, R],     "........", Avx;
            Vpshufhw          = vpshufhw,          "vpshufhw",        [W, R, R],     "........", Avx;
            Vpshuflw          = vpshuflw,          "vpshuflw",        [W, R, R],     "........", Avx;
            Vpsrlw            = vpsrlw,            "vpsrlw",          [W, R, R],     "........", Avx;
            Vpsraw            = vpsraw,            "vpsraw",          [W, R, R],     "........", Avx;
            Vpsllw            = vpsllw,            "vpsllw",          [W, R, R],     "........", Avx;
            Vpsrld            = vpsrld,            "vpsrld",          [W, R, R],     "........", Avx;
            Vpsrad            = vpsrad,            "vpsrad",          [W, R, R],     "........", Avx;
            Vpslld            = vpslld,            "vpslld",          [W, R, R],     "........", Avx;
            Vpsrlq            = vpsrlq,            "vpsrlq",          [W, R, R],     "........", Avx;
            Vpsrldq           = vpsrldq,           "vpsrldq",         [W, R, R],     "........", Avx;
            Vpsllq            = vpsllq,            "vpsllq",          [W, R, R],     "........", Avx;
            Vpslldq           = vpslldq,           "vpslldq",         [W, R, R],     "........", Avx;
            Vpcmpeqb          = vpcmpeqb,          "vpcmpeqb",        [W, R, R],     "........", Avx;
            Vpcmpeqw          = vpcmpeqw,          "vpcmpeqw",        [W, R, R],     "........", Avx;
            Vpcmpeqd          = vpcmpeqd,          "vpcmpeqd",        [W, R, R],     "........", Avx;
            Vzeroupper        = vzeroupper,        "vzeroupper",      [],            "........", Avx;
            Vzeroall          = vzeroall,          "vzeroall",        [],            "........", Avx;
            Vhaddpd           = vhaddpd,           "vhaddpd",         [W, R, R],     "........", Avx;
            Vhaddps           = vhaddps,           "vhaddps",         [W, R, R],     "........", Avx;
            Vhsubpd           = vhsubpd,           "vhsubpd",         [W, R, R],     "........", Avx;
            Vhsubps           = vhsubps,           "vhsubps",         [W, R, R],     "........", Avx;
            Vldmxcsr          = vldmxcsr,          "vldmxcsr",        [R],           "........", Avx;
            Vstmxcsr          = vstmxcsr,          "vstmxcsr",        [W],           "........", Avx;
            Vcmpps            = vcmpps,            "vcmpps",          [W, R, R, R],  "........", Avx;
            Vcmppd            = vcmppd,            "vcmppd",          [W, R, R, R],  "........", Avx;
            Vcmpss            = vcmpss,            "vcmpss",          [W, R, R, R],  "........", Avx;
            Vcmpsd            = vcmpsd,            "vcmpsd",          [W, R, R, R],  "........", Avx;
            Vpinsrw           = vpinsrw,           "vpinsrw",         [W, R, R, R],  "........", Avx;
            Vpextrw           = vpextrw,           "vpextrw",         [W, R, R],     "........", Avx;
            Vshufps           = vshufps,           "vshufps",         [W, R, R, R],  "........", Avx;
            Vshufpd           = vshufpd,           "vshufpd",         [W, R, R, R],  "........", Avx;
            Vaddsubpd         = vaddsubpd,         "vaddsubpd",       [W, R, R],     "........", Avx;
            Vaddsubps         = vaddsubps,         "vaddsubps",       [W, R, R],     "........", Avx;
            Vpaddq            = vpaddq,            "vpaddq",          [W, R, R],     "........", Avx;
            Vpmullw           = vpmullw,           "vpmullw",         [W, R, R],     "........", Avx;
            Vpmovmskb         = vpmovmskb,         "vpmovmskb",       [W, R],        "........", Avx;
            Vpsubusb          = vpsubusb,          "vpsubusb",        [W, R, R],     "........", Avx;
            Vpsubusw          = vpsubusw,          "vpsubusw",        [W, R, R],     "........", Avx;
            Vpminub           = vpminub,           "vpminub",         [W, R, R],     "........", Avx;
            Vpand             = vpand,             "vpand",           [W, R, R],     "........", Avx;
            Vpaddusb          = vpaddusb,          "vpaddusb",        [W, R, R],     "........", Avx;
            Vpaddusw          = vpaddusw,          "vpaddusw",        [W, R, R],     "........", Avx;
            Vpmaxub           = vpmaxub,           "vpmaxub",         [W, R, R],     "........", Avx;
            Vpandn            = vpandn,            "vpandn",          [W, R, R],     "........", Avx;
            Vpavgb            = vpavgb,            "vpavgb",          [W, R, R],     "........", Avx;
            Vpavgw            = vpavgw,            "vpavgw",          [W, R, R],     "........", Avx;
            Vpmulhuw          = vpmulhuw,          "vpmulhuw",        [W, R, R],     "........", Avx;
            Vpmulhw           = vpmulhw,           "vpmulhw",         [W, R, R],     "........", Avx;
            Vcvttpd2dq        = vcvttpd2dq,        "vcvttpd2dq",      [W, R],        "........", Avx;
            Vcvtdq2pd         = vcvtdq2pd,         "vcvtdq2pd",       [W, R],        "........", Avx;
            Vcvtpd2dq         = vcvtpd2dq,         "vcvtpd2dq",       [W, R],        "........", Avx;
            Vmovntdq          = vmovntdq,          "vmovntdq",        [W, R],        "........", Avx;
            Vpsubsb           = vpsubsb,           "vpsubsb",         [W, R, R],     "........", Avx;
            Vpsubsw           = vpsubsw,           "vpsubsw",         [W, R, R],     "........", Avx;
            Vpminsw           = vpminsw,           "vpminsw",         [W, R, R],     "........", Avx;
            Vpor              = vpor,              "vpor",            [W, R, R],     "........", Avx;
            Vpaddsb           = vpaddsb,           "vpaddsb",         [W, R, R],     "........", Avx;
            Vpaddsw           = vpaddsw,           "vpaddsw",         [W, R, R],     "........", Avx;
            Vpmaxsw           = vpmaxsw,           "vpmaxsw",         [W, R, R],     "........", Avx;
            Vpxor             = vpxor,             "vpxor",           [W, R, R],     "........", Avx;
            Vlddqu            = vlddqu,            "vlddqu",          [W, R],        "........", Avx;
            Vpmuludq          = vpmuludq,          "vpmuludq",        [W, R, R],     "........", Avx;
            Vpmaddwd          = vpmaddwd,          "vpmaddwd",        [W, R, R],     "........", Avx;
            Vpsadbw           = vpsadbw,           "vpsadbw",         [W, R, R],     "........", Avx;
            Vmaskmovdqu       = vmaskmovdqu,       "vmaskmovdqu",     [R, R],        "........", Avx;
            Vpsubb            = vpsubb,            "vpsubb",          [W, R, R],     "........", Avx;
            Vpsubw            = vpsubw,            "vpsubw",          [W, R, R],     "........", Avx;
            Vpsubd            = vpsubd,            "vpsubd",          [W, R, R],     "........", Avx;
            Vpsubq            = vpsubq,            "vpsubq",          [W, R, R],     "........", Avx;
            Vpaddb            = vpaddb,            "vpaddb",          [W, R, R],     "........", Avx;
            Vpaddw            = vpaddw,            "vpaddw",          [W, R, R],     "........", Avx;
            Vpaddd            = vpaddd,            "vpaddd",          [W, R, R],     "........", Avx;
            Vpshufb           = vpshufb,           "vpshufb",         [W, R, R],     "........", Avx;
            Vphaddw           = vphaddw,           "vphaddw",         [W, R, R],     "........", Avx;
            Vphaddd           = vphaddd,           "vphaddd",         [W, R, R],     "........", Avx;
            Vphaddsw          = vphaddsw,          "vphaddsw",        [W, R, R],     "........", Avx;
            Vpmaddubsw        = vpmaddubsw,        "vpmaddubsw",      [W, R, R],     "........", Avx;
            Vphsubw           = vphsubw,           "vphsubw",         [W, R, R],     "........", Avx;
            Vphsubd           = vphsubd,           "vphsubd",         [W, R, R],     "........", Avx;
            Vphsubsw          = vphsubsw,          "vphsubsw",        [W, R, R],     "........", Avx;
            Vpsignb           = vpsignb,           "vpsignb",         [W, R, R],     "........", Avx;
            Vpsignw           = vpsignw,           "vpsignw",         [W, R, R],     "........", Avx;
            Vpsignd           = vpsignd,           "vpsignd",         [W, R, R],     "........", Avx;
            Vpmulhrsw         = vpmulhrsw,         "vpmulhrsw",       [W, R, R],     "........", Avx;
            Vpermilps         = vpermilps,         "vpermilps",       [W, R, R],     "........", Avx;
            Vpermilpd         = vpermilpd,         "vpermilpd",       [W, R, R],     "........", Avx;
            Vtestps           = vtestps,           "vtestps",         [R, R],        "0..0m00m", Avx;
            Vtestpd           = vtestpd,           "vtestpd",         [R, R],        "0..0m00m", Avx;
            Vptest            = vptest,            "vptest",          [R, R],        "0..0m00m", Avx;
            Vbroadcastss      = vbroadcastss,      "vbroadcastss",    [W, R],        "........", Avx;
            Vbroadcastsd      = vbroadcastsd,      "vbroadcastsd",    [W, R],        "........", Avx;
            Vbroadcastf128    = vbroadcastf128,    "vbroadcastf128",  [W, R],        "........", Avx;
            Vpabsb            = vpabsb,            "vpabsb",          [W, R],        "........", Avx;
            Vpabsw            = vpabsw,            "vpabsw",          [W, R],        "........", Avx;
            Vpabsd            = vpabsd,            "vpabsd",          [W, R],        "........", Avx;
            Vpmovsxbw         = vpmovsxbw,         "vpmovsxbw",       [W, R],        "........", Avx;
            Vpmovsxbd         = vpmovsxbd,         "vpmovsxbd",       [W, R],        "........", Avx;
            Vpmovsxbq         = vpmovsxbq,         "vpmovsxbq",       [W, R],        "........", Avx;
            Vpmovsxwd         = vpmovsxwd,         "vpmovsxwd",       [W, R],        "........", Avx;
            Vpmovsxwq         = vpmovsxwq,         "vpmovsxwq",       [W, R],        "........", Avx;
            Vpmovsxdq         = vpmovsxdq,         "vpmovsxdq",       [W, R],        "........", Avx;
            Vpmuldq           = vpmuldq,           "vpmuldq",         [W, R, R],     "........", Avx;
            Vpcmpeqq          = vpcmpeqq,          "vpcmpeqq",        [W, R, R],     "........", Avx;
            Vmovntdqa         = vmovntdqa,         "vmovntdqa",       [W, R],        "........", Avx;
            Vpackusdw         = vpackusdw,         "vpackusdw",       [W, R, R],     "........", Avx;
            Vmaskmovps        = vmaskmovps,        "vmaskmovps",      [W, R, R],     "........", Avx;
            Vmaskmovpd        = vmaskmovpd,        "vmaskmovpd",      [W, R, R],     "........", Avx;
            Vpmovzxbw         = vpmovzxbw,         "vpmovzxbw",       [W, R],        "........", Avx;
            Vpmovzxbd         = vpmovzxbd,         "vpmovzxbd",       [W, R],        "........", Avx;
            Vpmovzxbq         = vpmovzxbq,         "vpmovzxbq",       [W, R],        "........", Avx;
            Vpmovzxwd         = vpmovzxwd,         "vpmovzxwd",       [W, R],        "........", Avx;
            Vpmovzxwq         = vpmovzxwq,         "vpmovzxwq",       [W, R],        "........", Avx;
            Vpmovzxdq         = vpmovzxdq,         "vpmovzxdq",       [W, R],        "........", Avx;
            Vpcmpgtq          = vpcmpgtq,          "vpcmpgtq",        [W, R, R],     "........", Avx;
            Vpminsb           = vpminsb,           "vpminsb",         [W, R, R],     "........", Avx;
            Vpminsd           = vpminsd,           "vpminsd",         [W, R, R],     "........", Avx;
            Vpminuw           = vpminuw,           "vpminuw",         [W, R, R],     "........", Avx;
            Vpminud           = vpminud,           "vpminud",         [W, R, R],     "........", Avx;
            Vpmaxsb           = vpmaxsb,           "vpmaxsb",         [W, R, R],     "........", Avx;
            Vpmaxsd           = vpmaxsd,           "vpmaxsd",         [W, R, R],     "........", Avx;
            Vpmaxuw           = vpmaxuw,           "vpmaxuw",         [W, R, R],     "........", Avx;
            Vpmaxud           = vpmaxud,           "vpmaxud",         [W, R, R],     "........", Avx;
            Vpmulld           = vpmulld,           "vpmulld",         [W, R, R],     "........", Avx;
            Vphminposuw       = vphminposuw,       "vphminposuw",     [W, R],        "........", Avx;
            Vperm2f128        = vperm2f128,        "vperm2f128",      [W, R, R, R],  "........", Avx;
            Vroundps          = vroundps,          "vroundps",        [W, R, R],     "........", Avx;
            Vroundpd          = vroundpd,          "vroundpd",        [W, R, R],     "........", Avx;
            Vroundss          = vroundss,          "vroundss",        [W, R, R, R],  "........", Avx;
            Vroundsd          = vroundsd,          "vroundsd",        [W, R, R, R],  "........", Avx;
            Vblendps          = vblendps,          "vblendps",        [W, R, R, R],  "........", Avx;
            Vblendpd          = vblendpd,          "vblendpd",        [W, R, R, R],  "........", Avx;
            Vpblendw          = vpblendw,          "vpblendw",        [W, R, R, R],  "........", Avx;
            Vpalignr          = vpalignr,          "vpalignr",        [W, R, R, R],  "........", Avx;
            Vpextrb           = vpextrb,           "vpextrb",         [W, R, R],     "........", Avx;
            Vpextrd           = vpextrd,           "vpextrd",         [W, R, R],     "........", Avx;
            Vpextrq           = vpextrq,           "vpextrq",         [W, R, R],     "........", Avx;
            Vextractps        = vextractps,        "vextractps",      [W, R, R],     "........", Avx;
            Vinsertf128       = vinsertf128,       "vinsertf128",     [W, R, R, R],  "........", Avx;
            Vextractf128      = vextractf128,      "vextractf128",    [W, R, R],     "........", Avx;
            Vpinsrb           = vpinsrb,           "vpinsrb",         [W, R, R, R],  "........", Avx;
            Vinsertps         = vinsertps,         "vinsertps",       [W, R, R, R],  "........", Avx;
            Vpinsrd           = vpinsrd,           "vpinsrd",         [W, R, R, R],  "........", Avx;
            Vpinsrq           = vpinsrq,           "vpinsrq",         [W, R, R, R],  "........", Avx;
            Vdpps             = vdpps,             "vdpps",           [W, R, R, R],  "........", Avx;
            Vdppd             = vdppd,             "vdppd",           [W, R, R, R],  "........", Avx;
            Vmpsadbw          = vmpsadbw,          "vmpsadbw",        [W, R, R, R],  "........", Avx;
            Vblendvps         = vblendvps,         "vblendvps",       [W, R, R, R],  "........", Avx;
            Vblendvpd         = vblendvpd,         "vblendvpd",       [W, R, R, R],  "........", Avx;
            Vpblendvb         = vpblendvb,         "vpblendvb",       [W, R, R, R],  "........", Avx;
            Vpcmpestrm        = vpcmpestrm,        "vpcmpestrm",      [R, R, R],     "m..mm00m", Avx;
            Vpcmpestri        = vpcmpestri,        "vpcmpestri",      [R, R, R],     "m..mm00m", Avx;
            Vpcmpistrm        = vpcmpistrm,        "vpcmpistrm",      [R, R, R],     "m..mm00m", Avx;
            Vpcmpistri        = vpcmpistri,        "vpcmpistri",      [R, R, R],     "m..mm00m", Avx;
            // Avx2
            Vpermps           = vpermps,           "vpermps",         [W, R, R],     "........", Avx2;
            Vpermd            = vpermd,            "vpermd",          [W, R, R],     "........", Avx2;
            Vpsrlvd           = vpsrlvd,           "vpsrlvd",         [W, R, R],     "........", Avx2;
            Vpsrlvq           = vpsrlvq,           "vpsrlvq",         [W, R, R],     "........", Avx2;
            Vpsravd           = vpsravd,           "vpsravd",         [W, R, R],     "........", Avx2;
            Vpsllvd           = vpsllvd,           "vpsllvd",         [W, R, R],     "........", Avx2;
            Vpsllvq           = vpsllvq,           "vpsllvq",         [W, R, R],     "........", Avx2;
            Vpbroadcastd      = vpbroadcastd,      "vpbroadcastd",    [W, R],        "........", Avx2;
            Vpbroadcastq      = vpbroadcastq,      "vpbroadcastq",    [W, R],        "........", Avx2;
            Vbroadcasti128    = vbroadcasti128,    "vbroadcasti128",  [W, R],        "........", Avx2;
            Vpbroadcastb      = vpbroadcastb,      "vpbroadcastb",    [W, R],        "........", Avx2;
            Vpbroadcastw      = vpbroadcastw,      "vpbroadcastw",    [W, R],        "........", Avx2;
            Vpmaskmovd        = vpmaskmovd,        "vpmaskmovd",      [W, R, R],     "........", Avx2;
            Vpmaskmovq        = vpmaskmovq,        "vpmaskmovq",      [W, R, R],     "........", Avx2;
            Vpgatherdd        = vpgatherdd,        "vpgatherdd",      [RW, R, RW],   "........", Avx2;
            Vpgatherdq        = vpgatherdq,        "vpgatherdq",      [RW, R, RW],   "........", Avx2;
            Vpgatherqd        = vpgatherqd,        "vpgatherqd",      [RW, R, RW],   "........", Avx2;
            Vpgatherqq        = vpgatherqq,        "vpgatherqq",      [RW, R, RW],   "........", Avx2;
            Vgatherdps        = vgatherdps,        "vgatherdps",      [RW, R, RW],   "........", Avx2;
            Vgatherdpd        = vgatherdpd,        "vgatherdpd",      [RW, R, RW],   "........", Avx2;
            Vgatherqps        = vgatherqps,        "vgatherqps",      [RW, R, RW],   "........", Avx2;
            Vgatherqpd        = vgatherqpd,        "vgatherqpd",      [RW, R, RW],   "........", Avx2;
            Vpermq            = vpermq,            "vpermq",          [W, R, R],     "........", Avx2;
            Vpermpd           = vpermpd,           "vpermpd",         [W, R, R],     "........", Avx2;
            Vpblendd          = vpblendd,          "vpblendd",        [W, R, R, R],  "........", Avx2;
            Vinserti128       = vinserti128,       "vinserti128",     [W, R, R, R],  "........", Avx2;
            Vextracti128      = vextracti128,      "vextracti128",    [W, R, R],     "........", Avx2;
            Vperm2i128        = vperm2i128,        "vperm2i128",      [W, R, R, R],  "........", Avx2;
            // Fma
            Vfmaddsub132ps    = vfmaddsub132ps,    "vfmaddsub132ps",  [RW, R, R],    "........", Fma;
            Vfmaddsub132pd    = vfmaddsub132pd,    "vfmaddsub132pd",  [RW, R, R],    "........", Fma;
            Vfmsubadd132ps    = vfmsubadd132ps,    "vfmsubadd132ps",  [RW, R, R],    "........", Fma;
            Vfmsubadd132pd    = vfmsubadd132pd,    "vfmsubadd132pd",  [RW, R, R],    "........", Fma;
            Vfmadd132ps       = vfmadd132ps,       "vfmadd132ps",     [RW, R, R],    "........", Fma;
            Vfmadd132pd       = vfmadd132pd,       "vfmadd132pd",     [RW, R, R],    "........", Fma;
            Vfmadd132ss       = vfmadd132ss,       "vfmadd132ss",     [RW, R, R],    "........", Fma;
            Vfmadd132sd       = vfmadd132sd,       "vfmadd132sd",     [RW, R, R],    "........", Fma;
            Vfmsub132ps       = vfmsub132ps,       "vfmsub132ps",     [RW, R, R],    "........", Fma;
            Vfmsub132pd       = vfmsub132pd,       "vfmsub132pd",     [RW, R, R],    "........", Fma;
            Vfmsub132ss       = vfmsub132ss,       "vfmsub132ss",     [RW, R, R],    "........", Fma;
            Vfmsub132sd       = vfmsub132sd,       "vfmsub132sd",     [RW, R, R],    "........", Fma;
            Vfnmadd132ps      = vfnmadd132ps,      "vfnmadd132ps",    [RW, R, R],    "........", Fma;
            Vfnmadd132pd      = vfnmadd132pd,      "vfnmadd132pd",    [RW, R, R],    "........", Fma;
            Vfnmadd132ss      = vfnmadd132ss,      "vfnmadd132ss",    [RW, R, R],    "........", Fma;
            Vfnmadd132sd      = vfnmadd132sd,      "vfnmadd132sd",    [RW, R, R],    "........", Fma;
            Vfnmsub132ps      = vfnmsub132ps,      "vfnmsub132ps",    [RW, R, R],    "........", Fma;
            Vfnmsub132pd      = vfnmsub132pd,      "vfnmsub132pd",    [RW, R, R],    "........", Fma;
            Vfnmsub132ss      = vfnmsub132ss,      "vfnmsub132ss",    [RW, R, R],    "........", Fma;
            Vfnmsub132sd      = vfnmsub132sd,      "vfnmsub132sd",    [RW, R, R],    "........", Fma;
            Vfmaddsub213ps    = vfmaddsub213ps,    "vfmaddsub213ps",  [RW, R, R],    "........", Fma;
            Vfmaddsub213pd    = vfmaddsub213pd,    "vfmaddsub213pd",  [RW, R, R],    "........", Fma;
            Vfmsubadd213ps    = vfmsubadd213ps,    "vfmsubadd213ps",  [RW, R, R],    "........", Fma;
            Vfmsubadd213pd    = vfmsubadd213pd,    "vfmsubadd213pd",  [RW, R, R],    "........", Fma;
            Vfmadd213ps       = vfmadd213ps,       "vfmadd213ps",     [RW, R, R],    "........", Fma;
            Vfmadd213pd       = vfmadd213pd,       "vfmadd213pd",     [RW, R, R],    "........", Fma;
            Vfmadd213ss       = vfmadd213ss,       "vfmadd213ss",     [RW, R, R],    "........", Fma;
            Vfmadd213sd       = vfmadd213sd,       "vfmadd213sd",     [RW, R, R],    "........", Fma;
            Vfmsub213ps       = vfmsub213ps,       "vfmsub213ps",     [RW, R, R],    "........", Fma;
            Vfmsub213pd       = vfmsub213pd,       "vfmsub213pd",     [RW, R, R],    "........", Fma;
            Vfmsub213ss       = vfmsub213ss,       "vfmsub213ss",     [RW, R, R],    "........", Fma;
            Vfmsub213sd       = vfmsub213sd,       "vfmsub213sd",     [RW, R, R],    "........", Fma;
            Vfnmadd213ps      = vfnmadd213ps,      "vfnmadd213ps",    [RW, R, R],    "........", Fma;
            Vfnmadd213pd      = vfnmadd213pd,      "vfnmadd213pd",    [RW, R, R],    "........", Fma;
            Vfnmadd213ss      = vfnmadd213ss,      "vfnmadd213ss",    [RW, R, R],    "........", Fma;
            Vfnmadd213sd      = vfnmadd213sd,      "vfnmadd213sd",    [RW, R, R],    "........", Fma;
            Vfnmsub213ps      = vfnmsub213ps,      "vfnmsub213ps",    [RW, R, R],    "........", Fma;
            Vfnmsub213pd      = vfnmsub213pd,      "vfnmsub213pd",    [RW, R, R],    "........", Fma;
            Vfnmsub213ss      = vfnmsub213ss,      "vfnmsub213ss",    [RW, R, R],    "........", Fma;
            Vfnmsub213sd      = vfnmsub213sd,      "vfnmsub213sd",    [RW, R, R],    "........", Fma;
            Vfmaddsub231ps    = vfmaddsub231ps,    "vfmaddsub231ps",  [RW, R, R],    "........", Fma;
            Vfmaddsub231pd    = vfmaddsub231pd,    "vfmaddsub231pd",  [RW, R, R],    "........", Fma;
            Vfmsubadd231ps    = vfmsubadd231ps,    "vfmsubadd231ps",  [RW, R, R],    "........", Fma;
            Vfmsubadd231pd    = vfmsubadd231pd,    "vfmsubadd231pd",  [RW, R, R],    "........", Fma;
            Vfmadd231ps       = vfmadd231ps,       "vfmadd231ps",     [RW, R, R],    "........", Fma;
            Vfmadd231pd       = vfmadd231pd,       "vfmadd231pd",     [RW, R, R],    "........", Fma;
            Vfmadd231ss       = vfmadd231ss,       "vfmadd231ss",     [RW, R, R],    "........", Fma;
            Vfmadd231sd       = vfmadd231sd,       "vfmadd231sd",     [RW, R, R],    "........", Fma;
            Vfmsub231ps       = vfmsub231ps,       "vfmsub231ps",     [RW, R, R],    "........", Fma;
            Vfmsub231pd       = vfmsub231pd,       "vfmsub231pd",     [RW, R, R],    "........", Fma;
            Vfmsub231ss       = vfmsub231ss,       "vfmsub231ss",     [RW, R, R],    "........", Fma;
            Vfmsub231sd       = vfmsub231sd,       "vfmsub231sd",     [RW, R, R],    "........", Fma;
            Vfnmadd231ps      = vfnmadd231ps,      "vfnmadd231ps",    [RW, R, R],    "........", Fma;
            Vfnmadd231pd      = vfnmadd231pd,      "vfnmadd231pd",    [RW, R, R],    "........", Fma;
            Vfnmadd231ss      = vfnmadd231ss,      "vfnmadd231ss",    [RW, R, R],    "........", Fma;
            Vfnmadd231sd      = vfnmadd231sd,      "vfnmadd231sd",    [RW, R, R],    "........", Fma;
            Vfnmsub231ps      = vfnmsub231ps,      "vfnmsub231ps",    [RW, R, R],    "........", Fma;
            Vfnmsub231pd      = vfnmsub231pd,      "vfnmsub231pd",    [RW, R, R],    "........", Fma;
            Vfnmsub231ss      = vfnmsub231ss,      "vfnmsub231ss",    [RW, R, R],    "........", Fma;
            Vfnmsub231sd      = vfnmsub231sd,      "vfnmsub231sd",    [RW, R, R],    "........", Fma;
            // F16c
            Vcvtph2ps         = vcvtph2ps,         "vcvtph2ps",       [W, R],        "........", F16c;
            Vcvtps2ph         = vcvtps2ph,         "vcvtps2ph",       [W, R, R],     "........", F16c;
            // AvxVnni
            Vpdpbusd          = vpdpbusd,          "vpdpbusd",        [RW, R, R],    "........", AvxVnni;
            Vpdpbusds         = vpdpbusds,         "vpdpbusds",       [RW, R, R],    "........", AvxVnni;
            Vpdpwssd          = vpdpwssd,          "vpdpwssd",        [RW, R, R],    "........", AvxVnni;
            Vpdpwssds         = vpdpwssds,         "vpdpwssds",       [RW, R, R],    "........", AvxVnni;
            // Fxsr
            Fxsave            = fxsave,            "fxsave",          [W],           "........", Fxsr;
            Fxrstor           = fxrstor,           "fxrstor",         [R],           "........", Fxsr;
            // Xsave
            Xgetbv            = xgetbv,            "xgetbv",          [],            "........", Xsave;
            Xsetbv            = xsetbv,            "xsetbv",          [],            "........", Xsave;
            Xsave             = xsave,             "xsave",           [RW],          "........", Xsave;
            Xrstor            = xrstor,            "xrstor",          [R],           "........", Xsave;
            // Xsaveopt
            Xsaveopt          = xsaveopt,          "xsaveopt",        [RW],          "........", Xsaveopt;
            // Xsavec
            Xsavec            = xsavec,            "xsavec",          [W],           "........", Xsavec;
            // Xsaves
            Xrstors           = xrstors,           "xrstors",         [R],           "........", Xsaves;
            Xsaves            = xsaves,            "xsaves",          [W],           "........", Xsaves;
            // Rtm
            Xabort            = xabort,            "xabort",          [R],           "........", Rtm;
            Xbegin            = xbegin,            "xbegin",          [R],           "........", Rtm;
            Xend              = xend,              "xend",            [],            "........", Rtm;
            Xtest             = xtest,             "xtest",           [],            "0..0m000", Rtm;
            // CetSs
            Rstorssp          = rstorssp,          "rstorssp",        [RW],          "0..0000m", CetSs;
            Setssbsy          = setssbsy,          "setssbsy",        [],            "........", CetSs;
            Saveprevssp       = saveprevssp,       "saveprevssp",     [],            ".......t", CetSs;
            Rdssp             = rdssp,             "rdssp",           [W],           "........", CetSs;
            Incssp            = incssp,            "incssp",          [R],           "........", CetSs;
            Clrssbsy          = clrssbsy,          "clrssbsy",        [RW],          "0..0000m", CetSs;
            Wruss             = wruss,             "wruss",           [W, R],        "........", CetSs;
            Wrss              = wrss,              "wrss",            [W, R],        "........", CetSs;
            // Vmx
            Vmcall            = vmcall,            "vmcall",          [],            "0..0m00m", Vmx;
            Vmlaunch          = vmlaunch,          "vmlaunch",        [],            "0..0m00m", Vmx;
            Vmresume          = vmresume,          "vmresume",        [],            "0..0m00m", Vmx;
            Vmxoff            = vmxoff,            "vmxoff",          [],            "0..0m00m", Vmx;
            Vmfunc            = vmfunc,            "vmfunc",          [],            "m..mmmmm", Vmx;
            Vmread            = vmread,            "vmread",          [W, R],        "0..0m00m", Vmx;
            Vmwrite           = vmwrite,           "vmwrite",         [R, R],        "0..0m00m", Vmx;
            Vmptrld           = vmptrld,           "vmptrld",         [R],           "0..0m00m", Vmx;
            Vmclear           = vmclear,           "vmclear",         [R],           "0..0m00m", Vmx;
            Vmxon             = vmxon,             "vmxon",           [R],           "0..0m00m", Vmx;
            Vmptrst           = vmptrst,           "vmptrst",         [W],           "0..00000", Vmx;
            Invept            = invept,            "invept",          [R, R],        "0..0m00m", Vmx;
            Invvpid           = invvpid,           "invvpid",         [R, R],        "0..0m00m", Vmx;
            // Monitor
            Monitor           = monitor,           "monitor",         [],            "........", Monitor;
            Mwait             = mwait,             "mwait",           [],            "........", Monitor;
            // Smap
            Clac              = clac,              "clac",            [],            "........", Smap;
            Stac              = stac,              "stac",            [],            "........", Smap;
            // Svm
            Vmrun             = vmrun,             "vmrun",           [],            "tttttttt", Svm;
            Vmmcall           = vmmcall,           "vmmcall",         [],            "........", Svm;
            Vmload            = vmload,            "vmload",          [],            "........", Svm;
            Vmsave            = vmsave,            "vmsave",          [],            "........", Svm;
            Stgi              = stgi,              "stgi",            [],            "........", Svm;
            Clgi              = clgi,              "clgi",            [],            "........", Svm;
            Skinit            = skinit,            "skinit",          [],            "00000000", Svm;
            Invlpga           = invlpga,           "invlpga",         [],            "........", Svm;
            // Pku
            Rdpkru            = rdpkru,            "rdpkru",          [],            "........", Pku;
            Wrpkru            = wrpkru,            "wrpkru",          [],            "........", Pku;
            // Monitorx
            Monitorx          = monitorx,          "monitorx",        [],            "........", Monitorx;
            Mwaitx            = mwaitx,            "mwaitx",          [],            "........", Monitorx;
            // Clzero
            Clzero            = clzero,            "clzero",          [],            "........", Clzero;
            // Rdpru
            Rdpru             = rdpru,             "rdpru",           [],            "0..0000m", Rdpru;
            // Wbnoinvd
            Wbnoinvd          = wbnoinvd,          "wbnoinvd",        [],            "........", Wbnoinvd;
            // CetIbt
            Endbr64           = endbr64,           "endbr64",         [],            "........", CetIbt;
            Endbr32           = endbr32,           "endbr32",         [],            "........", CetIbt;
            // Smx
            Getsec            = getsec,            "getsec",          [],            "........", Smx;
            Getsecq           = getsecq,           "getsecq",         [],            "........", Smx;
            // Ptwrite
            Ptwrite           = ptwrite,           "ptwrite",         [R],           "........", Ptwrite;
            // Waitpkg
            Tpause            = tpause,            "tpause",          [R],           "0..0000m", Waitpkg;
            Umonitor          = umonitor,          "umonitor",        [R],           "........", Waitpkg;
            Umwait            = umwait,            "umwait",          [R],           "0..0000m", Waitpkg;
            // Invpcid
            Invpcid           = invpcid,           "invpcid",         [R, R],        "........", Invpcid;
            // Movdir64b
            Movdir64b         = movdir64b,         "movdir64b",       [R, R],        "........", Movdir64b;
            // Enqcmd
            Enqcmds           = enqcmds,           "enqcmds",         [R, R],        "0..0m000", Enqcmd;
            Enqcmd            = enqcmd,            "enqcmd",          [R, R],        "0..0m000", Enqcmd;
            // Movdiri
            Movdiri           = movdiri,           "movdiri",         [W, R],        "........", Movdiri;
            // Serialize
            Serialize         = serialize,         "serialize",       [],            "........", Serialize;
            // Tsxldtrk
            Xsusldtrk         = xsusldtrk,         "xsusldtrk",       [],            "........", Tsxldtrk;
            Xresldtrk         = xresldtrk,         "xresldtrk",       [],            "........", Tsxldtrk;
            // Invlpgb
            Invlpgb           = invlpgb,           "invlpgb",         [],            "........", Invlpgb;
            Tlbsync           = tlbsync,           "tlbsync",         [],            "........", Invlpgb;
        }
    };
}

macro_rules! define {
    ($($op:ident = $function:ident, $mnemonic:literal, [$($access:ident),*], $flags:literal, $feature:ident;)*) => {
        /// One variant for each operation; see the module's documentation.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Op { $($op),* }

        impl Op {
            /// All operations, in the order of their numbers.
            pub const ALL: &'static [Op] = &[$(Op::$op),*];
            pub const COUNT: usize = Op::ALL.len();
        }

        /// All mnemonics, each with a line end behind it: a table of references would be three times as large.
        const MNEMONICS: &str = concat!($($mnemonic, "\n"),*);
        const FEATURES: [Feature; Op::COUNT] = [$(Feature::$feature),*];
        static FLAGS: [PackedFlags; Op::COUNT] = [$(PackedFlags::parse($flags)),*];
        const ACCESS: [u8; Op::COUNT] = [$(pack_access(&[$(Access::$access),*])),*];
    };
}
for_each_op!(define);

/// Where each mnemonic begins in `MNEMONICS`.
static MNEMONIC_STARTS: [u16; Op::COUNT + 1] = {
    let text = MNEMONICS.as_bytes();
    let (mut starts, mut op, mut at) = ([0; Op::COUNT + 1], 0, 0);
    while at < text.len() {
        if text[at] == b'\n' {
            op += 1;
            starts[op] = at as u16 + 1;
        }
        at += 1;
    }
    starts
};

impl Op {
    /// The Intel mnemonic; condition-coded families give it without the condition (`j`, `set`, `cmov`).
    pub fn mnemonic(self) -> &'static str {
        static TEXT: &str = MNEMONICS;
        let (start, end) = (MNEMONIC_STARTS[self as usize], MNEMONIC_STARTS[self as usize + 1] - 1);
        &TEXT[start as usize..end as usize]
    }

    /// CPUID feature of the legacy form; [`crate::Row::feature`] is exact for each form.
    pub fn feature(self) -> Feature {
        static TABLE: [Feature; Op::COUNT] = FEATURES;
        TABLE[self as usize]
    }

    pub(crate) const fn const_feature(self) -> Feature {
        FEATURES[self as usize]
    }

    /// Effect on the flags; [`crate::Row::flags`] is exact for each form.
    pub fn flags(self) -> Flags {
        FLAGS[self as usize].unpack()
    }

    /// Access to the operands; [`crate::Row::access`] is exact for each form.
    pub fn access(self) -> [Access; MAX_OPERANDS] {
        static TABLE: [u8; Op::COUNT] = ACCESS;
        unpack_access(TABLE[self as usize])
    }

    pub(crate) const fn const_access(self) -> u8 {
        ACCESS[self as usize]
    }
}
