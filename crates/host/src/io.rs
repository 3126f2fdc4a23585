//! Reading and writing of data, on guest memory or on buffers of our own, as lists of segments.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::file;
use crate::once::Once;
use alloc::vec::Vec;
use core::marker::PhantomData;
use memory::GuestRange;

/// Linux's `UIO_MAXIOV`.
const BATCH: usize = 1024;

/// Buffers for one transfer, in order.
#[derive(Debug, Default)]
pub struct Segments<'a> {
    list: Vec<libc::iovec>,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Segments<'a> {
    pub fn new() -> Self {
        Segments { list: Vec::new(), memory: PhantomData }
    }

    /// Memory that the call may write.
    pub fn push_mut(&mut self, bytes: &'a mut [u8]) {
        self.push_raw(bytes.as_mut_ptr(), bytes.len());
    }

    /// Memory that the call only reads.
    pub fn push(&mut self, bytes: &'a [u8]) {
        self.push_raw(bytes.as_ptr().cast_mut(), bytes.len());
    }

    /// Guest memory, checked for what the call does.
    pub fn push_guest(&mut self, range: &'a GuestRange) {
        for chunk in range.chunks() {
            self.push_raw(chunk.host.as_ptr(), chunk.length);
        }
    }

    /// A segment of `length` bytes where the guest has no memory: the kernel meets the fault exactly where it would
    /// have met the guest's, after what lies before has been transferred.
    pub fn push_bad(&mut self, length: usize) {
        self.push_raw(nowhere(), length);
    }

    pub(crate) fn push_raw(&mut self, pointer: *mut u8, length: usize) {
        self.list.push(libc::iovec { iov_base: pointer.cast(), iov_len: length });
    }

    /// Number of segments.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn list(&self) -> &[libc::iovec] {
        &self.list
    }
}

/// The start of an inaccessible page.
fn nowhere() -> *mut u8 {
    static PAGE: Once<usize> = Once::new();
    let address = *PAGE.get_or_make(|| {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a fresh mapping that nobody else knows.
        let page = unsafe { libc::mmap(core::ptr::null_mut(), 65536, libc::PROT_NONE, flags, -1, 0) };
        // Page 0 is not accessible either.
        if page == libc::MAP_FAILED { 8 } else { page as usize }
    });
    address as *mut u8
}

/// Where in the file a transfer happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the descriptor's offset, which moves.
    Current,
    At(i64),
}

/// man 2 read, readv, pread64, preadv, preadv2: bytes transferred.
pub fn read(fd: i32, into: &Segments, position: Position, flags: u32) -> Result<usize, Errno> {
    transfer(Direction::Read, fd, into, position, flags)
}

/// man 2 write, writev, pwrite64, pwritev, pwritev2: bytes transferred.
pub fn write(fd: i32, from: &Segments, position: Position, flags: u32) -> Result<usize, Errno> {
    transfer(Direction::Write, fd, from, position, flags)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Read,
    Write,
}

/// One call for what fits one, else a call for each batch as long as they are filled.
fn transfer(
    direction: Direction,
    fd: i32,
    segments: &Segments,
    position: Position,
    flags: u32,
) -> Result<usize, Errno> {
    let mut done = 0usize;
    let mut batches = segments.list.chunks(BATCH).peekable();
    loop {
        let batch = batches.next().unwrap_or(&[]);
        let wanted: usize = batch.iter().map(|segment| segment.iov_len).sum();
        let at = match position {
            Position::Current => Position::Current,
            Position::At(offset) => Position::At(offset.wrapping_add(done as i64)),
        };
        match one(direction, fd, batch, at, flags) {
            Ok(n) => {
                done += n;
                // A reader takes what is there; only a file is read to the end of a long buffer.
                let goes_on =
                    n == wanted && batches.peek().is_some() && (direction == Direction::Write || is_regular(fd));
                if !goes_on {
                    return Ok(done);
                }
            }
            Err(_) if done > 0 => return Ok(done),
            Err(error) => return Err(error),
        }
    }
}

fn is_regular(fd: i32) -> bool {
    file::status(fd).is_ok_and(|status| status.mode & 0o170000 == 0o100000)
}

fn one(direction: Direction, fd: i32, batch: &[libc::iovec], position: Position, flags: u32) -> Result<usize, Errno> {
    let is_read = direction == Direction::Read;
    let fd = fd as usize;
    // SAFETY (all calls below): every segment is memory lent for the lifetime of `Segments`, writable where the call writes,
    // or the inaccessible page, which the kernel refuses to touch.
    if position == Position::Current && flags == 0 {
        if let [segment] = batch {
            let number = if is_read { libc::SYS_read } else { libc::SYS_write };
            // SAFETY: see above.
            return unsafe { blocking(number, [fd, segment.iov_base as usize, segment.iov_len]) };
        }
        let number = if is_read { libc::SYS_readv } else { libc::SYS_writev };
        // SAFETY: see above.
        return unsafe { blocking(number, [fd, batch.as_ptr() as usize, batch.len()]) };
    }
    let offset = match position {
        Position::Current => -1i64,
        Position::At(offset) => offset,
    };
    // The kernel joins two longs to an offset; on 64-bit hosts the low one has it all.
    let low = offset as usize;
    let high = if cfg!(target_pointer_width = "64") { 0 } else { (offset >> 32) as usize };
    if flags == 0 {
        let number = if is_read { libc::SYS_preadv } else { libc::SYS_pwritev };
        // SAFETY: see above.
        return unsafe { blocking(number, [fd, batch.as_ptr() as usize, batch.len(), low, high]) };
    }
    let number = if is_read { libc::SYS_preadv2 } else { libc::SYS_pwritev2 };
    // SAFETY: see above.
    unsafe { blocking(number, [fd, batch.as_ptr() as usize, batch.len(), low, high, flags as usize]) }
}

/// The error of a vector call whose list cannot be read: `EFAULT`, unless the descriptor or the position is at fault, which the
/// kernel looks at before.
pub fn probe_vectors(fd: i32, is_read: bool, position: Position) -> Errno {
    let list = nowhere() as usize;
    let result = match position {
        Position::Current => {
            let number = if is_read { libc::SYS_readv } else { libc::SYS_writev };
            // SAFETY: the kernel finds no list there.
            unsafe { call(number, [fd as usize, list, 1]) }
        }
        Position::At(offset) => {
            let number = if is_read { libc::SYS_preadv } else { libc::SYS_pwritev };
            let high = if cfg!(target_pointer_width = "64") { 0 } else { (offset >> 32) as usize };
            // SAFETY: as above.
            unsafe { call(number, [fd as usize, list, 1, offset as usize, high]) }
        }
    };
    result.err().unwrap_or(Errno::EFAULT)
}

/// man 2 vmsplice. A pipe that is written keeps the pages themselves: they must be the guest's for ever, whatever it unmaps
/// (see [`vmsplice_copies`]).
pub fn vmsplice(fd: i32, segments: &Segments, flags: u32) -> Result<usize, Errno> {
    let list = &segments.list[..segments.list.len().min(BATCH)];
    // SAFETY: as for `transfer`; what is lent to be read is only read by the kernel, which has counted the pages.
    unsafe { blocking(libc::SYS_vmsplice, [fd as usize, list.as_ptr() as usize, list.len(), flags as usize]) }
}

/// Gives a pipe pages with copies of `pieces`, each of which begins at an offset into its first page.
pub fn vmsplice_copies(fd: i32, pieces: &[(usize, Vec<u8>)], flags: u32) -> Result<usize, Errno> {
    let page = crate::mapping::page_size() as usize;
    let room = |(offset, bytes): &(usize, Vec<u8>)| (offset + bytes.len()).next_multiple_of(page);
    let length: usize = pieces.iter().map(room).sum();
    let (protection, how) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh mapping that nobody else knows.
    let base = unsafe { libc::mmap(core::ptr::null_mut(), length, protection, how, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    let mut segments = Segments::new();
    let mut at = base.cast::<u8>();
    for piece in pieces {
        let (offset, bytes) = piece;
        // SAFETY: there is room for the piece between its offset and the next one's first page.
        unsafe {
            let to = at.add(*offset);
            to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            segments.push_raw(to, bytes.len());
            at = at.add(room(piece));
        }
    }
    let result = vmsplice(fd, &segments, flags);
    // SAFETY: the mapping of above, of which only the pipe knows now.
    unsafe { libc::munmap(base, length) };
    result
}

/// man 2 getrandom.
pub fn random(segments: &Segments, flags: u32) -> Result<usize, Errno> {
    let mut done = 0;
    for segment in &segments.list {
        // SAFETY: as for `transfer`.
        match unsafe { blocking(libc::SYS_getrandom, [segment.iov_base as usize, segment.iov_len, flags as usize]) } {
            Ok(n) => {
                done += n;
                if n < segment.iov_len {
                    break;
                }
            }
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn pointer(offset: Option<&mut i64>) -> usize {
    offset.map_or(0, |offset| offset as *mut i64 as usize)
}

/// man 2 sendfile.
pub fn sendfile(to: i32, from: i32, offset: Option<&mut i64>, count: usize) -> Result<usize, Errno> {
    #[cfg(target_pointer_width = "64")]
    let number = libc::SYS_sendfile;
    #[cfg(not(target_pointer_width = "64"))]
    let number = libc::SYS_sendfile64;
    // SAFETY: the offset lives over the call.
    unsafe { blocking(number, [to as usize, from as usize, pointer(offset), count]) }
}

/// man 2 splice.
pub fn splice(
    from: i32,
    from_offset: Option<&mut i64>,
    to: i32,
    to_offset: Option<&mut i64>,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    let args = [from as usize, pointer(from_offset), to as usize, pointer(to_offset), count, flags as usize];
    // SAFETY: the offsets live over the call.
    unsafe { blocking(libc::SYS_splice, args) }
}

/// man 2 tee.
pub fn tee(from: i32, to: i32, count: usize, flags: u32) -> Result<usize, Errno> {
    // SAFETY: integers only.
    unsafe { blocking(libc::SYS_tee, [from as usize, to as usize, count, flags as usize]) }
}

/// man 2 copy_file_range.
pub fn copy_file_range(
    from: i32,
    from_offset: Option<&mut i64>,
    to: i32,
    to_offset: Option<&mut i64>,
    count: usize,
    flags: u32,
) -> Result<usize, Errno> {
    let args = [from as usize, pointer(from_offset), to as usize, pointer(to_offset), count, flags as usize];
    // SAFETY: the offsets live over the call.
    unsafe { call(libc::SYS_copy_file_range, args) }
}
