//! Overcommit: Linux refuses at once what the machine can never have (`__vm_enough_memory` in mode 0, `man 5 proc` of
//! `overcommit_memory`). Programs count on it: an absurd `malloc` fails instead of being killed later.
//!
//! DEVIATION: a mapping that becomes writable by mprotect is not looked at, and mode 2 is the host's own business.

use crate::errno::Errno;
use host::io::{self, Position, Segments};
use host::once::Once;
use host::{file, system};

/// Can `length` more bytes of private writable memory be promised? ENOMEM otherwise.
pub(super) fn check(length: u64) -> Result<(), Errno> {
    static LIMIT: Once<u64> = Once::new();
    // Small ones need no question.
    if length < 1 << 28 || length <= *LIMIT.get_or_make(limit) { Ok(()) } else { Err(Errno::ENOMEM) }
}

/// RAM and swap together, or no limit where the host was told so.
fn limit() -> u64 {
    if mode() == Some(b'1') {
        return u64::MAX;
    }
    system::info().map_or(u64::MAX, |info| info.total_ram.saturating_add(info.total_swap))
}

/// The host's overcommit mode, as a digit.
fn mode() -> Option<u8> {
    const CLOSE_ON_EXEC: u32 = 0o2000000;
    let fd = file::open(file::CWD, c"/proc/sys/vm/overcommit_memory", CLOSE_ON_EXEC, 0).ok()?;
    let mut digit = [0];
    let mut segments = Segments::new();
    segments.push_mut(&mut digit);
    let count = io::read(fd, &segments, Position::Current, 0);
    drop(segments);
    let _ = file::close(fd);
    (count == Ok(1)).then_some(digit[0])
}
