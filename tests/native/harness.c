// Runs batches of instruction bytes on the real CPU, from a given state, and reports the state or the exception after.
//
// Protocol (little-endian, stdin to stdout): a batch is `u32 bytes, u32 cases, body`; the answer is `u32 bytes, body`.
// The state is an array of WORDS words (see the W_ constants). A case is
//     u64 code address, u8 code length, code, u64 mask[2], words that differ from the initial state,
//     u16 patches, each: u64 address, u16 length, bytes
// and its result is
//     u8 signal, u8 vector, u16 si_code, u32 error code, u64 cr2, u64 mask[2], words that differ from the input,
//     u16 changes, each: u64 address, u16 length, bytes.
//
// The whole loop lives in the signal handler: the trap's ucontext is the result of one case, and the same frame, edited, is
// the entry to the next one, so that entry and exit are exact in all registers, flags and floating-point state.
// The code pages are filled with int3, so every way out of a case ends in a signal. System calls made by a case are
// caught by syscall user dispatch. Data pages are seen by the harness through an alias, never at the addresses of the case.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096ul
#define CODE 0x10000000ul   // two pages, read and execute, then a hole
#define CODE_PAGES 2

// Words of the state.
enum { W_RIP = 16, W_FLAGS, W_FS, W_GS, W_FX, W_YMMH = W_FX + 52, W_CS = W_YMMH + 32, W_SELECTORS, WORDS };

struct region { uint64_t address; int pages; int protection; };
static const struct region regions[] = {
    {0x10020000ul, 2, PROT_READ | PROT_WRITE},  // then a hole
    {0x10023000ul, 1, PROT_READ},
    {0x10024000ul, 1, PROT_READ | PROT_WRITE},  // between two read-only pages
    {0x10025000ul, 1, PROT_READ},
    {0x10026000ul, 1, PROT_NONE},               // then a hole
    {0x234510020000ul, 1, PROT_READ | PROT_WRITE},
};
#define REGIONS (sizeof regions / sizeof *regions)
#define DATA_PAGES 7

static uint8_t *alias, *code_alias;             // the data and code pages, writable
static uint8_t *shadow;                         // what the data pages hold before a case
static uint8_t *pristine;                       // what they hold before patches
static uint64_t page_address[DATA_PAGES];
static int page_writable[DATA_PAGES];

static uint8_t *input, *in, *output, *out;
static uint32_t cases;
static uint64_t state[WORDS];                   // of the current case
static uint8_t *patches;                        // of the current case
static uint64_t code_at, code_length;
static int running;
static volatile uint64_t serial, alarm_serial, alarms;
static uint64_t host_fs;
static struct { gregset_t registers; uint8_t fx[512]; uint8_t header[64]; uint8_t ymmh[256]; } home;

#define GET(type) ({ type v_; memcpy(&v_, in, sizeof v_); in += sizeof v_; v_; })
#define PUT(type, value) do { type v_ = (value); memcpy(out, &v_, sizeof v_); out += sizeof v_; } while (0)

static const int greg[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                             REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint64_t mix(uint64_t z) {
    z += 0x9e3779b97f4a7c15ul;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
    return z ^ (z >> 31);
}

// The alias of a guest data address, if `length` bytes from there lie in data pages that follow each other in the alias.
static long offset_of(uint64_t address, uint64_t length) {
    for (int i = 0; i < DATA_PAGES; i++)
        if (address - page_address[i] < PAGE) {
            uint64_t last = address + length - 1 - page_address[i];
            if (last < PAGE || (i + 1 < DATA_PAGES && page_address[i + 1] == page_address[i] + PAGE && last < 2 * PAGE))
                return i * (long)PAGE + (long)(address - page_address[i]);
        }
    return -1;
}

static void die(const char *why) {
    dprintf(2, "harness: %s\n", why);
    _exit(3);
}

static void read_case(void) {
    static const uint64_t initial[WORDS] = {
        [W_FLAGS] = 0x202, [W_FX] = 0x37f, [W_FX + 3] = 0x0000ffff00001f80ul, [W_CS] = 0x2b0033};
    memcpy(state, initial, sizeof state);
    code_at = GET(uint64_t);
    code_length = GET(uint8_t);
    if (code_at < CODE || code_at + code_length > CODE + CODE_PAGES * PAGE) die("code outside the code pages");
    memcpy(code_alias + (code_at - CODE), in, code_length);
    in += code_length;
    state[W_RIP] = code_at;
    uint64_t mask[2];
    mask[0] = GET(uint64_t);
    mask[1] = GET(uint64_t);
    for (int m = 0; m < 2; m++)
        for (uint64_t bits = mask[m]; bits; bits &= bits - 1)
            state[m * 64 + __builtin_ctzl(bits)] = GET(uint64_t);
    patches = in;
    for (int n = GET(uint16_t); n > 0; n--) {
        uint64_t address = GET(uint64_t);
        uint16_t length = GET(uint16_t);
        long offset = offset_of(address, length);
        if (offset < 0) die("patch outside the data pages");
        memcpy(alias + offset, in, length);
        memcpy(shadow + offset, in, length);
        in += length;
    }
}

static void undo_patches(void) {
    memset(code_alias + (code_at - CODE), 0xcc, code_length);
    uint8_t *after = in;
    in = patches;
    for (int n = GET(uint16_t); n > 0; n--) {
        uint64_t address = GET(uint64_t);
        uint16_t length = GET(uint16_t);
        long offset = offset_of(address, length);
        memcpy(alias + offset, pristine + offset, length);
        memcpy(shadow + offset, pristine + offset, length);
        in += length;
    }
    in = after;
}

static uint8_t *fx_of(ucontext_t *uc) { return (uint8_t *)uc->uc_mcontext.fpregs; }

static void load_state(ucontext_t *uc) {
    for (int i = 0; i < 16; i++) uc->uc_mcontext.gregs[greg[i]] = state[i];
    uc->uc_mcontext.gregs[REG_RIP] = state[W_RIP];
    uc->uc_mcontext.gregs[REG_EFL] = state[W_FLAGS];
    uint64_t selectors = uc->uc_mcontext.gregs[REG_CSGSFS];
    uc->uc_mcontext.gregs[REG_CSGSFS] = (selectors & 0xffffffff0000ul) | (state[W_CS] & 0xffff) | state[W_CS] >> 16 << 48;
    uint8_t *fx = fx_of(uc);
    memcpy(fx, state + W_FX, 416);
    *(uint64_t *)(fx + 512) |= 7;
    memcpy(fx + 576, state + W_YMMH, 256);
}

static uint64_t selectors(void) {
    uint16_t s[4];
    __asm__("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3" : "=m"(s[0]), "=m"(s[1]), "=m"(s[2]), "=m"(s[3]));
    return s[0] | (uint64_t)s[1] << 16 | (uint64_t)s[2] << 32 | (uint64_t)s[3] << 48;
}

static void save_result(int signal, siginfo_t *info, ucontext_t *uc, uint64_t fs, uint64_t gs, uint64_t segments) {
    uint64_t after[WORDS];
    for (int i = 0; i < 16; i++) after[i] = uc->uc_mcontext.gregs[greg[i]];
    after[W_RIP] = uc->uc_mcontext.gregs[REG_RIP];
    after[W_FLAGS] = uc->uc_mcontext.gregs[REG_EFL] & ~0x10000ul;  // RF is set by the fault
    after[W_FS] = fs;
    after[W_GS] = gs;
    uint64_t selectors_of_frame = uc->uc_mcontext.gregs[REG_CSGSFS];
    after[W_CS] = (selectors_of_frame & 0xffff) | selectors_of_frame >> 48 << 16;
    after[W_SELECTORS] = segments;
    uint8_t *fx = fx_of(uc);
    uint64_t features = *(uint64_t *)(fx + 512);
    memcpy(after + W_FX, fx, 416);
    memcpy(after + W_YMMH, fx + 576, 256);
    if (!(features & 1)) {  // initial x87 state
        uint64_t mxcsr = after[W_FX + 3];
        memset(after + W_FX, 0, 160);
        after[W_FX] = 0x37f;
        after[W_FX + 3] = mxcsr;
    }
    after[W_FX + 3] = (after[W_FX + 3] & 0xffffffff) | 0xffff00000000ul;  // the mask is not state
    if (!(features & 2)) memset(after + W_FX + 20, 0, 256);
    if (!(features & 4)) memset(after + W_YMMH, 0, 256);

    PUT(uint8_t, signal);
    PUT(uint8_t, uc->uc_mcontext.gregs[REG_TRAPNO]);
    PUT(uint16_t, info->si_code);
    PUT(uint32_t, uc->uc_mcontext.gregs[REG_ERR]);
    PUT(uint64_t, uc->uc_mcontext.gregs[REG_CR2]);
    uint64_t mask[2] = {0, 0};
    for (int i = 0; i < WORDS; i++)
        if (after[i] != state[i]) mask[i / 64] |= 1ul << (i % 64);
    PUT(uint64_t, mask[0]);
    PUT(uint64_t, mask[1]);
    for (int i = 0; i < WORDS; i++)
        if (after[i] != state[i]) PUT(uint64_t, after[i]);

    uint8_t *count_at = out;
    uint16_t changes = 0;
    PUT(uint16_t, 0);
    for (int page = 0; page < DATA_PAGES; page++) {
        uint8_t *now = alias + page * PAGE, *then = shadow + page * PAGE;
        if (!page_writable[page] || memcmp(now, then, PAGE) == 0) continue;
        for (unsigned i = 0; i < PAGE;) {
            if (now[i] == then[i]) { i++; continue; }
            unsigned end = i + 1, same = 0;
            for (unsigned j = end; j < PAGE && same < 10; j++)
                if (now[j] != then[j]) end = j + 1, same = 0;
                else same++;
            PUT(uint64_t, page_address[page] + i);
            PUT(uint16_t, end - i);
            memcpy(out, now + i, end - i);
            out += end - i;
            changes++;
            memcpy(now + i, then + i, end - i);
            i = end;
        }
    }
    memcpy(count_at, &changes, 2);
}

static inline void set_bases(uint64_t fs, uint64_t gs) {
    __asm__ volatile("wrfsbase %0; wrgsbase %1" ::"r"(fs), "r"(gs));
}

static void handler(int signal, siginfo_t *info, void *context) {
    // The first alarms that find a case running leave it as it is, ID, bases and selectors included.
    if (signal == SIGPROF) {
        alarms = running && serial == alarm_serial ? alarms + 1 : 0;
        alarm_serial = serial;
        if (alarms < 3) return;
    }
    uint64_t fs, gs;
    __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
    uint64_t segments = selectors();
    if (segments) __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" ::"r"(0));
    set_bases(host_fs, 0);
    __asm__ volatile("push $0x202; popfq" ::: "cc", "memory");
    ucontext_t *uc = context;
    uint8_t *fx = fx_of(uc);
    if (!running) {
        if (signal != SIGILL) die("a fault of the harness itself");
        uc->uc_mcontext.gregs[REG_RIP] += 2;  // the ud2 of main
        memcpy(home.registers, uc->uc_mcontext.gregs, sizeof home.registers);
        memcpy(home.fx, fx, 512);
        memcpy(home.header, fx + 512, 64);
        memcpy(home.ymmh, fx + 576, 256);
        running = 1;
    } else {
        save_result(signal, info, uc, fs, gs, segments);
        undo_patches();
    }
    serial++;
    if (cases == 0) {
        running = 0;
        memcpy(uc->uc_mcontext.gregs, home.registers, sizeof home.registers);
        memcpy(fx, home.fx, 464);
        memcpy(fx + 512, home.header, 8);
        memcpy(fx + 576, home.ymmh, 256);
        return;
    }
    cases--;
    read_case();
    load_state(uc);
    uint64_t id = 0x202 | (state[W_FLAGS] & 0x200000);
    set_bases(state[W_FS], state[W_GS]);
    __asm__ volatile("push %0; popfq" ::"r"(id) : "cc", "memory");
}

static void map_pages(void) {
    int fd = memfd_create("data", 0);
    if (fd < 0 || ftruncate(fd, DATA_PAGES * PAGE)) die("memfd");
    alias = mmap(0, DATA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    int page = 0;
    for (unsigned r = 0; r < REGIONS; r++) {
        void *at = mmap((void *)regions[r].address, regions[r].pages * PAGE, regions[r].protection,
                        MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd, page * PAGE);
        if (at != (void *)regions[r].address) die("mmap of a data page");
        for (int i = 0; i < regions[r].pages; i++, page++) {
            page_address[page] = regions[r].address + i * PAGE;
            page_writable[page] = (regions[r].protection & PROT_WRITE) != 0;
            for (unsigned w = 0; w < PAGE / 8; w++)
                ((uint64_t *)(alias + page * PAGE))[w] = mix(page_address[page] + 8 * w);
        }
    }
    close(fd);
    shadow = malloc(DATA_PAGES * PAGE);
    pristine = malloc(DATA_PAGES * PAGE);
    memcpy(shadow, alias, DATA_PAGES * PAGE);
    memcpy(pristine, alias, DATA_PAGES * PAGE);
    fd = memfd_create("code", 0);
    if (fd < 0 || ftruncate(fd, CODE_PAGES * PAGE)) die("memfd");
    code_alias = mmap(0, CODE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    memset(code_alias, 0xcc, CODE_PAGES * PAGE);
    if (mmap((void *)CODE, CODE_PAGES * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, fd, 0) !=
        (void *)CODE)
        die("mmap of the code pages");
    close(fd);
}

static void read_all(void *to, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t n = read(0, (char *)to + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(0);
        done += n;
    }
}

static void write_all(const void *from, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t n = write(1, (const char *)from + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(0);
        done += n;
    }
}

int main(void) {
    map_pages();
    size_t room = 512ul << 20;
    input = mmap(0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    output = mmap(0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    __asm__ volatile("rdfsbase %0" : "=r"(host_fs));
    stack_t stack = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
    sigaltstack(&stack, 0);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    static const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGPROF};
    for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++) sigaction(caught[i], &action, 0);
    // Of the time that it runs itself, so that no load makes a case endless.
    struct itimerval timer = {{0, 20000}, {0, 20000}};
    setitimer(ITIMER_PROF, &timer, 0);
    // System calls from below this address, where the cases run, become SIGSYS.
    if (prctl(59 /* PR_SET_SYSCALL_USER_DISPATCH */, 1, 0x20000000ul, 1ul << 62, 0)) die("syscall user dispatch");
    for (;;) {
        uint32_t head[2];
        read_all(head, sizeof head);
        if (head[0] > room) die("batch too large");
        read_all(input, head[0]);
        in = input;
        out = output;
        cases = head[1];
        if (cases) __asm__ volatile("ud2" ::: "memory", "cc");
        if (in != input + head[0] && cases) die("a batch that does not end where it says");
        uint32_t length = out - output;
        write_all(&length, 4);
        write_all(output, length);
    }
}
