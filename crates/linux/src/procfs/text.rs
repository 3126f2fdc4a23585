//! The texts of `/proc/self`, from facts about the guest. Pure. `man 5 proc`; the formats are those of Linux 6.18.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Range;

/// One line of `/proc/self/maps`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub start: u64,
    pub end: u64,
    /// `PROT_*` of Linux.
    pub protection: u32,
    pub shared: bool,
    /// Of the mapped file, else 0.
    pub offset: u64,
    /// Major and minor number, inode.
    pub device: (u32, u32),
    pub inode: u64,
    /// Path of the file, `[heap]`, `[stack]`, or nothing.
    pub name: Vec<u8>,
}

/// What the kernel keeps of a program's layout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub code: Range<u64>,
    pub data: Range<u64>,
    /// First address of the heap, whatever `brk` was moved to.
    pub brk: u64,
    /// `rsp` at start.
    pub stack: u64,
    pub arguments: Range<u64>,
    pub environment: Range<u64>,
}

/// Signal sets of the thread and its process, bit 0 for signal 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalSets {
    pub blocked: u64,
    pub ignored: u64,
    pub caught: u64,
}

/// Number, name and parents, for hosts that have no `/proc` of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    pub name: Vec<u8>,
    pub uid: u32,
    pub gid: u32,
    pub threads: u32,
}

/// `/proc/self/maps`.
pub fn maps(areas: &[Area]) -> Vec<u8> {
    let mut text = Vec::new();
    for area in areas {
        map_line(&mut text, area);
    }
    text
}

/// Reads lines of [`maps`] back. The vsyscall page is no area of the guest.
pub fn parse_maps(text: &str) -> Vec<Area> {
    text.lines().filter_map(parse_line).filter(|area| area.name != b"[vsyscall]").collect()
}

fn parse_line(line: &str) -> Option<Area> {
    let mut words = line.splitn(6, ' ');
    let (start, end) = words.next()?.split_once('-')?;
    let rights = words.next()?.as_bytes();
    let number = |word: &str| u64::from_str_radix(word, 16).ok();
    let offset = number(words.next()?)?;
    let (major, minor) = words.next()?.split_once(':')?;
    let inode = words.next()?.parse().ok()?;
    let right = |at: usize, letter: u8, bit: u32| if rights.get(at) == Some(&letter) { bit } else { 0 };
    Some(Area {
        start: number(start)?,
        end: number(end)?,
        protection: right(0, b'r', 1) | right(1, b'w', 2) | right(2, b'x', 4),
        shared: rights.get(3) == Some(&b's'),
        offset,
        device: (number(major)? as u32, number(minor)? as u32),
        inode,
        name: words.next().unwrap_or("").trim_start().replace("\\012", "\n").into_bytes(),
    })
}

fn map_line(text: &mut Vec<u8>, area: &Area) {
    let start = text.len();
    let flag = |bit: u32, letter: char| if area.protection & bit != 0 { letter } else { '-' };
    let line = format!(
        "{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ",
        area.start,
        area.end,
        flag(1, 'r'),
        flag(2, 'w'),
        flag(4, 'x'),
        if area.shared { 's' } else { 'p' },
        area.offset,
        area.device.0,
        area.device.1,
        area.inode
    );
    text.extend(line.bytes());
    if !area.name.is_empty() {
        text.resize(text.len().max(start + 73), b' ');
        for &byte in &area.name {
            match byte {
                b'\n' => text.extend(b"\\012"),
                _ => text.push(byte),
            }
        }
    }
    text.push(b'\n');
}

/// What a mapping has in memory, in the kernel's order.
#[rustfmt::skip]
const FIGURES: [&str; 19] = [
    "Rss", "Pss", "Pss_Dirty", "Shared_Clean", "Shared_Dirty", "Private_Clean", "Private_Dirty", "Referenced",
    "Anonymous", "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb",
    "Private_Hugetlb", "Swap", "SwapPss", "Locked",
];

/// Address and figures of each mapping that the host's `smaps` tells of.
fn parse_figures(text: &str) -> Vec<(u64, [u64; FIGURES.len()])> {
    let mut found: Vec<(u64, [u64; FIGURES.len()])> = Vec::new();
    for line in text.lines() {
        if let Some(area) = parse_line(line) {
            found.push((area.start, [0; FIGURES.len()]));
        } else if let (Some((name, value)), Some((_, figures))) = (line.split_once(':'), found.last_mut())
            && let Some(at) = FIGURES.iter().position(|figure| *figure == name)
        {
            figures[at] = value.split_whitespace().next().and_then(|value| value.parse().ok()).unwrap_or(0);
        }
    }
    found
}

/// `/proc/self/smaps`, with the figures of the host's where guest addresses are the host's.
///
/// DEVIATION: with paged memory nothing is known to be resident.
pub fn smaps(host: &str, areas: &[Area]) -> Vec<u8> {
    let figures = parse_figures(host);
    let mut text = Vec::new();
    for area in areas {
        map_line(&mut text, area);
        let size = (area.end - area.start) / 1024;
        let mut rows = String::new();
        for (name, value) in [("Size", size), ("KernelPageSize", 4), ("MMUPageSize", 4)] {
            let _ = writeln!(rows, "{:<16}{value:8} kB", format!("{name}:"));
        }
        let inside: Vec<_> = figures.iter().filter(|(start, _)| (area.start..area.end).contains(start)).collect();
        for (at, name) in FIGURES.iter().enumerate() {
            let sum: u64 = inside.iter().map(|(_, figures)| figures[at]).sum();
            let _ = writeln!(rows, "{:<16}{sum:8} kB", format!("{name}:"));
        }
        let _ = writeln!(rows, "THPeligible:    {:8}", 0);
        rows.push_str("VmFlags:");
        for (bit, name) in [(1, " rd"), (2, " wr"), (4, " ex")] {
            if area.protection & bit != 0 {
                rows.push_str(name);
            }
        }
        rows.push_str(if area.shared { " sh mr mw me ms \n" } else { " mr mw me \n" });
        text.extend(rows.bytes());
    }
    text
}

/// Sums of the areas, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub total: u64,
    pub data: u64,
    pub stack: u64,
    pub code: u64,
    pub library: u64,
}

/// Sums as `task_mem` of the kernel counts: data is private and writable, stack grows, code is the program's own.
pub fn sizes(areas: &[Area], layout: &Layout) -> Sizes {
    let mut sizes = Sizes::default();
    let mut executable = 0;
    for area in areas.iter().filter(|area| area.name != b"[vsyscall]") {
        let size = area.end - area.start;
        sizes.total += size;
        if area.name == b"[stack]" {
            sizes.stack += size;
        } else if area.protection & 2 != 0 && !area.shared {
            sizes.data += size;
        }
        if area.protection & 6 == 4 {
            executable += size;
        }
    }
    let page = |address: u64| address & !4095;
    sizes.code =
        (page(layout.code.end.wrapping_add(4095)).saturating_sub(page(layout.code.start))).min(executable.max(4096));
    sizes.library = executable.saturating_sub(sizes.code);
    sizes
}

/// `/proc/self/stat`: the host's line with the guest's addresses, sizes and signals.
pub fn stat(host: Option<&[u8]>, id: &Identity, areas: &[Area], layout: &Layout, signals: &SignalSets) -> Vec<u8> {
    // Name and parentheses first: a name may hold both blanks and parentheses.
    let own = format!("{} (", id.pid).into_bytes();
    let (head, mut fields) = match host.and_then(split_stat) {
        Some((head, rest)) => (head.to_vec(), rest.split(' ').map(str::to_string).collect()),
        None => {
            let mut head = own;
            head.extend(&id.name[..id.name.len().min(15)]);
            head.extend(b") ");
            let mut fields = vec!["0".to_string(); 50];
            fields[0] = "R".into();
            for (at, value) in [(1, id.parent), (2, id.group), (3, id.session), (15, 20), (17, id.threads as i32)] {
                fields[at] = value.to_string();
            }
            (head, fields)
        }
    };
    // Fields are counted from 1 in the manual; the third one is the first behind the name.
    let mut set = |number: usize, value: u64| {
        if let Some(field) = fields.get_mut(number - 3) {
            *field = value.to_string();
        }
    };
    set(23, sizes(areas, layout).total);
    for (number, value) in [(26, layout.code.start), (27, layout.code.end), (28, layout.stack), (29, 0), (30, 0)] {
        set(number, value);
    }
    // The kernel prints 31 bits of these.
    for (number, value) in [(32, signals.blocked), (33, signals.ignored), (34, signals.caught)] {
        set(number, value & 0x7fff_ffff);
    }
    for (number, value) in [(45, layout.data.start), (46, layout.data.end), (47, layout.brk)] {
        set(number, value);
    }
    for (number, range) in [(48, &layout.arguments), (50, &layout.environment)] {
        set(number, range.start);
        set(number + 1, range.end);
    }
    let mut text = head;
    text.extend(fields.join(" ").bytes());
    text.push(b'\n');
    text
}

/// Splits the host's line behind `pid (name) `.
fn split_stat(line: &[u8]) -> Option<(&[u8], &str)> {
    let end = line.iter().rposition(|&byte| byte == b')')? + 2;
    let rest = core::str::from_utf8(line.get(end..)?).ok()?.trim_end();
    Some((&line[..end], rest))
}

/// `/proc/self/statm`: sizes in pages; what is resident is the host's word.
pub fn statm(host: Option<&[u8]>, areas: &[Area], layout: &Layout) -> Vec<u8> {
    let sizes = sizes(areas, layout);
    let host = host.and_then(|text| core::str::from_utf8(text).ok()).unwrap_or("0 0 0");
    let mut resident = host.split_whitespace().skip(1).map(|word| word.parse::<u64>().unwrap_or(0));
    let total = sizes.total / 4096;
    let (all, shared) = (resident.next().unwrap_or(0).min(total), resident.next().unwrap_or(0));
    let data = (sizes.data + sizes.stack) / 4096;
    format!("{total} {all} {} {} 0 {data} 0\n", shared.min(all), sizes.code / 4096).into_bytes()
}

/// `/proc/self/limits`: the host's, with the guest's own limits of its memory in the place of some lines.
pub fn limits(host: &[u8], own: &[(&str, Option<[u64; 2]>)]) -> Vec<u8> {
    let mut text = String::new();
    for line in String::from_utf8_lossy(host).lines() {
        let known = own.iter().find(|(name, _)| line.starts_with(name));
        let _ = match known {
            Some((name, Some(limit))) => {
                let [soft, hard] = limit.map(|bytes| match bytes {
                    u64::MAX => String::from("unlimited"),
                    bytes => bytes.to_string(),
                });
                writeln!(text, "{name:<25} {soft:<20} {hard:<20} bytes     ")
            }
            _ => writeln!(text, "{line}"),
        };
    }
    text.into_bytes()
}

/// `/proc/self/status`: the host's, with the guest's sizes and signals. `descriptors` is the size of their table.
pub fn status(
    host: Option<&[u8]>,
    id: &Identity,
    areas: &[Area],
    layout: &Layout,
    signals: &SignalSets,
    descriptors: i32,
) -> Vec<u8> {
    let made;
    let host = match host {
        Some(text) => String::from_utf8_lossy(text),
        None => {
            made = skeleton(id);
            made.into()
        }
    };
    let sizes = sizes(areas, layout);
    let mut text = String::with_capacity(host.len());
    for line in host.lines() {
        let name = line.split(':').next().unwrap_or("");
        let size = match name {
            "VmPeak" | "VmSize" => Some(sizes.total),
            "VmData" => Some(sizes.data),
            "VmStk" => Some(sizes.stack),
            "VmExe" => Some(sizes.code),
            "VmLib" => Some(sizes.library),
            _ => None,
        };
        let set = match name {
            "SigBlk" => Some(signals.blocked),
            "SigIgn" => Some(signals.ignored),
            "SigCgt" => Some(signals.caught),
            _ => None,
        };
        if name == "FDSize" {
            // blink's own descriptors lie high and would show.
            let _ = writeln!(text, "FDSize:\t{descriptors}");
            continue;
        }
        let _ = match (size, set) {
            (Some(size), _) => writeln!(text, "{name}:\t{:8} kB", size / 1024),
            (_, Some(set)) => writeln!(text, "{name}:\t{set:016x}"),
            _ => writeln!(text, "{line}"),
        };
    }
    text.into_bytes()
}

/// The lines that programs look for, where the host has none.
fn skeleton(id: &Identity) -> String {
    let mut text = String::new();
    let name = String::from_utf8_lossy(&id.name[..id.name.len().min(15)]);
    let _ = write!(text, "Name:\t{name}\nUmask:\t0022\nState:\tR (running)\n");
    let _ = write!(text, "Tgid:\t{0}\nNgid:\t0\nPid:\t{0}\nPPid:\t{1}\nTracerPid:\t0\n", id.pid, id.parent);
    let _ =
        write!(text, "Uid:\t{0}\t{0}\t{0}\t{0}\nGid:\t{1}\t{1}\t{1}\t{1}\nFDSize:\t64\nGroups:\t \n", id.uid, id.gid);
    for name in ["VmPeak", "VmSize", "VmLck", "VmPin", "VmHWM", "VmRSS", "VmData", "VmStk", "VmExe", "VmLib", "VmSwap"]
    {
        let _ = writeln!(text, "{name}:\t       0 kB");
    }
    let _ = write!(text, "Threads:\t{}\nSigQ:\t0/0\n", id.threads);
    for name in ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let _ = writeln!(text, "{name}:\t0000000000000000");
    }
    text.push_str("NoNewPrivs:\t0\nSeccomp:\t0\nvoluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n");
    text
}

/// `/proc/cpuinfo` of `count` processors, from what CPUID tells the guest: `leaf(eax, ecx)` gives eax, ebx, ecx, edx.
pub fn cpuinfo(count: usize, kilohertz: u64, leaf: impl Fn(u32, u32) -> [u32; 4]) -> Vec<u8> {
    let mut text = String::new();
    let bytes = |words: &[u32]| -> String {
        let all: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take_while(|&byte| byte != 0).collect();
        String::from_utf8_lossy(&all).trim().to_string()
    };
    let [highest, b, c, d] = leaf(0, 0);
    let vendor = bytes(&[b, d, c]);
    let [signature, misc, ..] = leaf(1, 0);
    let (mut family, mut model) = (signature >> 8 & 15, signature >> 4 & 15);
    if family >= 6 {
        model |= (signature >> 16 & 15) << 4;
    }
    if family == 15 {
        family += signature >> 20 & 255;
    }
    let brand: Vec<u32> = (0x8000_0002..=0x8000_0004).flat_map(|number| leaf(number, 0)).collect();
    let brand = if leaf(0x8000_0000, 0)[0] >= 0x8000_0004 { bytes(&brand) } else { "unknown".into() };
    let mut flags = String::new();
    for (number, sub, register, bit, name) in FLAGS {
        let base = if *number >= 0x8000_0000 { 0x8000_0000 } else { 0 };
        if leaf(base, 0)[0] >= *number && leaf(*number, *sub)[*register] >> bit & 1 != 0 {
            flags.push(' ');
            flags.push_str(name);
        }
    }
    let line = (misc >> 8 & 255) * 8;
    let line = if line == 0 { 64 } else { line };
    let sizes = if leaf(0x8000_0000, 0)[0] >= 0x8000_0008 { leaf(0x8000_0008, 0)[0] } else { 0x3028 };
    for i in 0..count {
        let _ = write!(
            text,
            "processor\t: {i}\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {brand}\n\
             stepping\t: {}\ncpu MHz\t\t: {}.{:03}\ncache size\t: 1024 KB\nphysical id\t: 0\nsiblings\t: {count}\n\
             core id\t\t: {i}\ncpu cores\t: {count}\napicid\t\t: {i}\ninitial apicid\t: {i}\nfpu\t\t: yes\n\
             fpu_exception\t: yes\ncpuid level\t: {highest}\nwp\t\t: yes\nflags\t\t:{flags}\nbugs\t\t:\n\
             bogomips\t: {}.{:02}\nclflush size\t: {line}\ncache_alignment\t: {line}\n\
             address sizes\t: {} bits physical, {} bits virtual\npower management:\n\n",
            signature & 15,
            kilohertz / 1000,
            kilohertz % 1000,
            kilohertz / 500,
            kilohertz / 5 % 100,
            sizes & 255,
            sizes >> 8 & 255,
        );
    }
    text.into_bytes()
}

const EAX: usize = 0;
const EBX: usize = 1;
const ECX: usize = 2;
const EDX: usize = 3;

/// Leaf, subleaf, register, bit and the kernel's name of it, in the kernel's order (`arch/x86/include/asm/cpufeatures.h`).
#[rustfmt::skip]
const FLAGS: &[(u32, u32, usize, u32, &str)] = &[
    (1, 0, EDX, 0, "fpu"), (1, 0, EDX, 1, "vme"), (1, 0, EDX, 2, "de"), (1, 0, EDX, 3, "pse"), (1, 0, EDX, 4, "tsc"),
    (1, 0, EDX, 5, "msr"), (1, 0, EDX, 6, "pae"), (1, 0, EDX, 7, "mce"), (1, 0, EDX, 8, "cx8"), (1, 0, EDX, 9, "apic"),
    (1, 0, EDX, 11, "sep"), (1, 0, EDX, 12, "mtrr"), (1, 0, EDX, 13, "pge"), (1, 0, EDX, 14, "mca"), (1, 0, EDX, 15, "cmov"),
    (1, 0, EDX, 16, "pat"), (1, 0, EDX, 17, "pse36"), (1, 0, EDX, 18, "pn"), (1, 0, EDX, 19, "clflush"), (1, 0, EDX, 21, "dts"),
    (1, 0, EDX, 22, "acpi"), (1, 0, EDX, 23, "mmx"), (1, 0, EDX, 24, "fxsr"), (1, 0, EDX, 25, "sse"), (1, 0, EDX, 26, "sse2"),
    (1, 0, EDX, 27, "ss"), (1, 0, EDX, 28, "ht"), (1, 0, EDX, 29, "tm"), (1, 0, EDX, 31, "pbe"),
    (0x8000_0001, 0, EDX, 11, "syscall"), (0x8000_0001, 0, EDX, 20, "nx"), (0x8000_0001, 0, EDX, 22, "mmxext"),
    (0x8000_0001, 0, EDX, 25, "fxsr_opt"), (0x8000_0001, 0, EDX, 26, "pdpe1gb"), (0x8000_0001, 0, EDX, 27, "rdtscp"),
    (0x8000_0001, 0, EDX, 29, "lm"), (0x8000_0007, 0, EDX, 8, "constant_tsc nonstop_tsc"),
    (1, 0, ECX, 0, "pni"), (1, 0, ECX, 1, "pclmulqdq"), (1, 0, ECX, 3, "monitor"), (1, 0, ECX, 9, "ssse3"), (1, 0, ECX, 12, "fma"),
    (1, 0, ECX, 13, "cx16"), (1, 0, ECX, 17, "pcid"), (1, 0, ECX, 19, "sse4_1"), (1, 0, ECX, 20, "sse4_2"), (1, 0, ECX, 21, "x2apic"),
    (1, 0, ECX, 22, "movbe"), (1, 0, ECX, 23, "popcnt"), (1, 0, ECX, 24, "tsc_deadline_timer"), (1, 0, ECX, 25, "aes"),
    (1, 0, ECX, 26, "xsave"), (1, 0, ECX, 28, "avx"), (1, 0, ECX, 29, "f16c"), (1, 0, ECX, 30, "rdrand"), (1, 0, ECX, 31, "hypervisor"),
    (0x8000_0001, 0, ECX, 0, "lahf_lm"), (0x8000_0001, 0, ECX, 1, "cmp_legacy"), (0x8000_0001, 0, ECX, 4, "cr8_legacy"),
    (0x8000_0001, 0, ECX, 5, "abm"), (0x8000_0001, 0, ECX, 6, "sse4a"), (0x8000_0001, 0, ECX, 7, "misalignsse"),
    (0x8000_0001, 0, ECX, 8, "3dnowprefetch"),
    (7, 0, EBX, 0, "fsgsbase"), (7, 0, EBX, 1, "tsc_adjust"), (7, 0, EBX, 3, "bmi1"), (7, 0, EBX, 5, "avx2"), (7, 0, EBX, 7, "smep"),
    (7, 0, EBX, 8, "bmi2"), (7, 0, EBX, 9, "erms"), (7, 0, EBX, 10, "invpcid"), (7, 0, EBX, 18, "rdseed"), (7, 0, EBX, 19, "adx"),
    (7, 0, EBX, 20, "smap"), (7, 0, EBX, 23, "clflushopt"), (7, 0, EBX, 24, "clwb"), (7, 0, EBX, 29, "sha_ni"),
    (13, 1, EAX, 0, "xsaveopt"), (13, 1, EAX, 1, "xsavec"), (13, 1, EAX, 2, "xgetbv1"), (13, 1, EAX, 3, "xsaves"),
    (7, 0, ECX, 2, "umip"), (7, 0, ECX, 8, "gfni"), (7, 0, ECX, 9, "vaes"), (7, 0, ECX, 10, "vpclmulqdq"), (7, 0, ECX, 22, "rdpid"),
    (7, 0, EDX, 4, "fsrm"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout {
            code: 0x40_1000..0x40_3400,
            data: 0x40_5000..0x40_5100,
            brk: 0x40_8000,
            stack: 0x7fff_0000,
            arguments: 1..2,
            environment: 3..4,
        }
    }

    fn areas() -> Vec<Area> {
        let area =
            |start, end, protection, name: &str| Area { start, end, protection, name: name.into(), ..Area::default() };
        vec![
            Area { offset: 0x1000, device: (0xfe, 0), inode: 247030, ..area(0x40_1000, 0x40_4000, 5, "/bin/a\nb") },
            area(0x40_5000, 0x40_6000, 3, ""),
            area(0x7fff_0000, 0x7fff_2000, 3, "[stack]"),
        ]
    }

    #[test]
    fn maps_look_like_the_kernels() {
        let text = String::from_utf8(maps(&areas())).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "00401000-00404000 r-xp 00001000 fe:00 247030                             /bin/a\\012b");
        assert_eq!(lines[1], "00405000-00406000 rw-p 00000000 00:00 0 ");
        assert_eq!(parse_maps(&text), areas());
        assert_eq!(lines[2], "7fff0000-7fff2000 rw-p 00000000 00:00 0                                  [stack]");
    }

    #[test]
    fn stat_keeps_the_hosts_fields_and_tells_the_guests_addresses() {
        let host = b"27429 (a) b) R 27427 27427 4306 0 -1 4194304 96 0 0 0 0 0 0 0 20 0 1 0 208192 3133440 351 9 1 2 3 4 5 6 7 8 9 0 0 0 17 1 0 0 0 0 0 11 12 13 14 15 16 17 0\n";
        let signals = SignalSets { blocked: 0x8000_0001, ignored: 2, caught: 4 };
        let text = stat(Some(host), &Identity::default(), &areas(), &layout(), &signals);
        let wanted = "27429 (a) b) R 27427 27427 4306 0 -1 4194304 96 0 0 0 0 0 0 0 20 0 1 0 208192 24576 351 9 4198400 4207616 2147418112 0 0 6 1 2 4 0 0 0 17 1 0 0 0 0 0 4214784 4215040 4227072 1 2 3 4 0\n";
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
        let made = String::from_utf8(stat(None, &Identity::default(), &areas(), &layout(), &signals)).unwrap();
        assert_eq!(made.trim_end().split(' ').count(), 52);
    }

    #[test]
    fn cpuinfo_tells_what_cpuid_tells() {
        let leaf = |number, _| match number {
            0 => [1, 0x756e_6547, 0x6c65_746e, 0x4965_6e69],
            1 => [0x2_06c2, 8 << 8, 1, 1 << 26 | 1 << 25],
            _ => [0; 4],
        };
        let text = String::from_utf8(cpuinfo(2, 2_000_000, leaf)).unwrap();
        for line in ["processor\t: 1", "vendor_id\t: GenuineIntel", "cpu family\t: 6", "model\t\t: 44", "stepping\t: 2"]
        {
            assert!(text.contains(&format!("{line}\n")), "{line}: {text}");
        }
        assert!(text.contains("flags\t\t: sse sse2 pni\n"), "{text}");
        assert_eq!(text.matches("\n\n").count(), 2);
    }

    #[test]
    fn smaps_sums_up_what_the_host_has_of_an_area() {
        let host = "00405000-00405800 rw-p 00000000 00:00 0 \nSize: 8 kB\nRss:                   4 kB\n\
                    00405800-00406000 rw-p 00000000 00:00 0 \nRss:                   8 kB\nVmFlags: rd wr\n";
        let text = String::from_utf8(smaps(host, &areas())).unwrap();
        let resident: Vec<&str> = text.lines().filter(|line| line.starts_with("Rss:")).collect();
        let row = |value| format!("Rss:            {value:8} kB");
        assert_eq!(resident, [row(0), row(12), row(0)]);
    }

    #[test]
    fn limits_of_memory_are_the_guests() {
        let host = "Max data size             unlimited            unlimited            bytes     \n\
                    Max open files            20000                20000                files     \n";
        let text = limits(host.as_bytes(), &[("Max data size", Some([4096, u64::MAX])), ("Max open files", None)]);
        let wanted = "Max data size             4096                 unlimited            bytes     \n\
                      Max open files            20000                20000                files     \n";
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
    }

    #[test]
    fn status_has_the_guests_sizes_and_signals() {
        let host = b"Name:\tx\nVmSize:\t    3060 kB\nSigCgt:\t0000000000000000\nThreads:\t1\n";
        let signals = SignalSets { caught: 0x10, ..SignalSets::default() };
        let text =
            String::from_utf8(status(Some(host), &Identity::default(), &areas(), &layout(), &signals, 64)).unwrap();
        assert_eq!(text, "Name:\tx\nVmSize:\t      24 kB\nSigCgt:\t0000000000000010\nThreads:\t1\n");
        assert!(status(None, &Identity::default(), &areas(), &layout(), &signals, 64).starts_with(b"Name:\t\nUmask:"));
    }
}
