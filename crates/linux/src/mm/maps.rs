//! The text of `/proc/self/maps` (man 5 proc).

use super::area::Area;
use super::{AddressSpace, Inner};
use alloc::string::String;
use core::fmt::Write;
use memory::Rights;

/// One line: range, rights, offset, device, inode, name.
pub(super) fn line(start: u64, area: &Area, inner: &Inner) -> String {
    let right = |right, letter| if area.rights.contains(right) { letter } else { '-' };
    let (offset, device, inode) =
        area.file.as_ref().map_or((0, (0, 0), 0), |(file, offset)| (*offset, file.device, file.inode));
    let mut text = format!(
        "{start:08x}-{:08x} {}{}{}{} {offset:08x} {:02x}:{:02x} {inode} ",
        area.end,
        right(Rights::READ, 'r'),
        right(Rights::WRITE, 'w'),
        right(Rights::EXEC, 'x'),
        if area.is_shared { 's' } else { 'p' },
        device.0,
        device.1,
    );
    let name = match &area.file {
        Some((file, _)) => String::from_utf8_lossy(&file.path).replace('\n', "\\012"),
        None if inner.brk > inner.brk_start && start <= inner.brk && area.end >= inner.brk_start => "[heap]".into(),
        None if is_stack(start, area, inner) => "[stack]".into(),
        None => String::new(),
    };
    if !name.is_empty() {
        while text.len() < 73 {
            text.push(' ');
        }
        text.push_str(&name);
    }
    text.push('\n');
    text
}

/// The area that holds the strings at the stack's end.
fn is_stack(start: u64, area: &Area, inner: &Inner) -> bool {
    start < inner.layout.stack_top && inner.layout.stack_top <= area.end
}

impl AddressSpace {
    /// `/proc/self/maps`.
    pub fn maps(&self) -> String {
        let inner = self.lock();
        let mut text: String = inner.areas.iter().map(|(start, area)| line(start, area, &inner)).collect();
        let vsyscall = "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]";
        let _ = writeln!(text, "{vsyscall}");
        text
    }

    /// Bytes mapped, and bytes of the stack, for `/proc/self/stat` and `status`.
    pub fn sizes(&self) -> (u64, u64) {
        let inner = self.lock();
        let stack = inner
            .areas
            .iter()
            .filter(|(start, area)| is_stack(*start, area, &inner))
            .map(|(s, area)| area.end - s)
            .sum();
        (inner.areas.total(), stack)
    }
}
