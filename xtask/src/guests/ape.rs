//! Actually Portable Executables, made by hand: one file that is a DOS program, a shell script and an ELF program.
//!
//! The file begins with an assignment of a shell script, whose quoted value hides the DOS stub. Then comes the
//! script: it writes an ELF header over the file's first bytes by `printf '\177ELF...'` and runs the file again.
//! The program headers that the ELF header points to lie in the file as they are. Loaders that know the format read
//! the `printf` statement instead of running it.

use super::zip;

/// What an APE looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub magic: Magic,
    pub pages: Pages,
    /// A second header, for aarch64, stands before the one for x86-64.
    pub is_fat: bool,
}

/// How the file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    /// `MZqFpD='`: a DOS program too.
    Dos,
    /// `jartsr='`: a program that is none for Windows.
    Jartsr,
    /// `APEDBG='`: one made for debugging.
    Debug,
}

/// How the segments lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// The segments share a page of the file, which is mapped twice.
    Separate,
    /// The segments share a page of memory: the second one is mapped over the end of the first.
    Shared,
    /// One segment that may be written and executed.
    Writable,
}

impl Shape {
    /// An APE without surprises.
    pub const PLAIN: Shape = Shape { magic: Magic::Dos, pages: Pages::Separate, is_fat: false };

    /// The linker script of the body.
    pub fn linker_script(self) -> String {
        let (text, data) = match self.pages {
            Pages::Separate => (5, 6),
            Pages::Shared => (5, 7),
            Pages::Writable => (7, 7),
        };
        let segments = match self.pages {
            Pages::Writable => format!("text PT_LOAD FILEHDR PHDRS FLAGS({text});"),
            _ => format!("text PT_LOAD FILEHDR PHDRS FLAGS({text}); data PT_LOAD FLAGS({data});"),
        };
        let (gap, of_data) = match self.pages {
            Pages::Separate => (". += 4096;", "data"),
            Pages::Shared => ("", "data"),
            Pages::Writable => ("", "text"),
        };
        format!(
            "ENTRY(_start)\n\
             PHDRS {{ {segments} stack PT_GNU_STACK FLAGS(6); }}\n\
             SECTIONS {{\n\
             . = 0x400000 + SIZEOF_HEADERS;\n\
             .init : {{ KEEP(*(.init)) }} :text\n\
             .text : {{ *(.text .text.*) }} :text\n\
             .fini : {{ KEEP(*(.fini)) }} :text\n\
             .rodata : {{ *(.rodata .rodata.*) }} :text\n\
             {gap}\n\
             .data : {{ *(.init_array*) *(.fini_array*) *(.got*) *(.data .data.*) }} :{of_data}\n\
             .bss : {{ *(.bss .bss.* COMMON) }} :{of_data}\n\
             /DISCARD/ : {{ *(.comment) *(.note*) *(.eh_frame*) }}\n\
             }}\n"
        )
    }
}

/// Where the body begins in the file: behind the 8 KiB in which the header must stand.
const BODY: usize = 0x2000;

const E_PHOFF: usize = 32;
const E_SHOFF: usize = 40;
const OSABI_FREEBSD: u8 = 9;

/// Puts an ELF program into an APE.
pub fn wrap(elf: &[u8], shape: Shape) -> Vec<u8> {
    let header = x86_64_header(elf);
    let mut file = start(shape.magic);
    script(&mut file, &header, shape);
    assert!(file.len() <= BODY, "the script fits before the body");
    file.resize(BODY, b'\n');
    let mut body = elf.to_vec();
    move_segments(&mut body, BODY as u64);
    // The body's own header is of no use to anyone; where it was, nothing may be found.
    body[..64].fill(0);
    file.extend(body);
    zip::append(&mut file, "hello.txt", b"stored at the end of the program\n");
    file
}

/// The ELF header of the whole file: that of the body, with program headers where they are now.
pub fn x86_64_header(elf: &[u8]) -> [u8; 64] {
    let mut header: [u8; 64] = elf[..64].try_into().expect("an ELF file has a header");
    header[7] = OSABI_FREEBSD;
    add(&mut header, E_PHOFF, BODY as u64);
    header[E_SHOFF..E_SHOFF + 8].fill(0);
    header[58..64].fill(0);
    header
}

fn move_segments(elf: &mut [u8], by: u64) {
    let table = u64::from_le_bytes(elf[E_PHOFF..E_PHOFF + 8].try_into().expect("8 bytes")) as usize;
    let count = usize::from(u16::from_le_bytes([elf[56], elf[57]]));
    for at in (0..count).map(|n| table + 56 * n) {
        // PT_GNU_STACK has no place in the file.
        if elf[at..at + 4] == 1u32.to_le_bytes() {
            add(elf, at + 8, by);
        }
    }
}

fn add(bytes: &mut [u8], at: usize, more: u64) {
    let old = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    bytes[at..at + 8].copy_from_slice(&(old + more).to_le_bytes());
}

/// The beginning up to the end of the first shell statement.
fn start(magic: Magic) -> Vec<u8> {
    let mut file = Vec::new();
    match magic {
        Magic::Dos => {
            file.extend(b"MZqFpD='\n");
            file.resize(0x40, 0);
            file.extend(dos_stub());
        }
        Magic::Jartsr => file.extend(b"jartsr='\nthis is not a program for Windows\0\x01\x02\x03"),
        Magic::Debug => file.extend(b"APEDBG='\n"),
    }
    file.extend(b"\n'\n");
    file
}

/// Real mode code that prints a line and ends. It must not contain a quote.
fn dos_stub() -> Vec<u8> {
    let mut code = vec![0x0e, 0x1f]; // push cs; pop ds
    code.extend([0xba, 0x0e, 0x00]); // mov dx, text
    code.extend([0xb4, 0x09, 0xcd, 0x21]); // mov ah, 9; int 21h
    code.extend([0xb8, 0x01, 0x4c, 0xcd, 0x21]); // mov ax, 4c01h; int 21h
    code.extend(b"This program is for 64-bit machines.\r\n$");
    code
}

fn script(file: &mut Vec<u8>, header: &[u8; 64], shape: Shape) {
    let mut text = String::from("o=\"$0\"\nm=$(uname -m)\n");
    if shape.is_fat {
        text.push_str("if [ \"$m\" = aarch64 ]; then\nexec 7<> \"$o\" || exit 121\n");
        text.push_str(&statement(&aarch64_header()));
        text.push_str("exec 7<&-\nexec \"$o\" \"$@\"\nfi\n");
        // Far enough for the second header to stand in the second page.
        for row in 0..70 {
            text.push_str(&format!("# {row:02}: a loader must look further than the first page of this file\n"));
        }
    }
    text.push_str("if [ \"$m\" != x86_64 ]; then\necho \"$o: not for this machine\" >&2\nexit 1\nfi\n");
    text.push_str("exec 7<> \"$o\" || exit 121\n");
    text.push_str(&statement(header));
    text.push_str("exec 7<&-\nexec \"$o\" \"$@\"\nexit 1\n");
    file.extend(text.as_bytes());
}

/// A header that makes sense to an aarch64 loader as far as it is read.
fn aarch64_header() -> [u8; 64] {
    let mut header = [0; 64];
    header[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, OSABI_FREEBSD]);
    header[16..20].copy_from_slice(&[2, 0, 183, 0]);
    header[20] = 1;
    header[24..32].copy_from_slice(&0x0100_0000_0000u64.to_le_bytes());
    header[32..40].copy_from_slice(&0x1234u64.to_le_bytes());
    header[52..58].copy_from_slice(&[64, 0, 56, 0, 3, 0]);
    header
}

/// The `printf` statement that writes a header.
pub fn statement(header: &[u8; 64]) -> String {
    format!("printf '{}' >&7\n", escape(header))
}

/// Bytes as a shell's `printf` reads them: octal of one to three digits, and plain characters.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (n, byte) in bytes.iter().enumerate() {
        let follower = bytes.get(n + 1).copied().unwrap_or(0);
        // A digit that stands for itself would be taken for a part of a short escape before it.
        let is_alone = !is_plain(follower) || !follower.is_ascii_digit();
        match *byte {
            byte if is_plain(byte) => text.push(char::from(byte)),
            byte if is_alone && byte < 8 => text.push_str(&format!("\\{byte:o}")),
            byte => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"'\\%\"".contains(&byte)
}
