//! Children that share this process's memory, and so all that blink keeps there, while their parent's thread waits for them (`vfork`).
//! They may be killed at any moment, and must then leave nothing behind that is locked or half changed.
//!
//! What such a child, a *borrower*, holds of blink's locks bears its number, so that the parent can free it ([`Departed`]). What it
//! allocates does not come from the C library, whose locks nobody could free, but from an arena that needs none; what it gives
//! back to the C library waits for the parent.

use crate::once::Once;
use core::alloc::Layout;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use memory::Departed;

/// How many borrowers there are, at least: with none, nobody looks further.
static COUNT: AtomicU32 = AtomicU32::new(0);
static NEXT: AtomicU32 = AtomicU32::new(1);
/// What is thread-local of a thread and of the borrower that it waits for: the borrower's number.
static KEY: Once<Option<libc::pthread_key_t>> = Once::new();

fn key() -> Option<libc::pthread_key_t> {
    let make = || {
        let mut key = 0;
        // SAFETY: `key` takes the answer; there is no destructor.
        (unsafe { libc::pthread_key_create(&mut key, None) } == 0).then_some(key)
    };
    *KEY.get_or_make(make)
}

/// The number of the borrower that calls, or 0.
pub(crate) fn current() -> u32 {
    if COUNT.load(Relaxed) == 0 { 0 } else { look() }
}

#[cold]
fn look() -> u32 {
    let Some(Some(key)) = KEY.get() else { return 0 };
    // SAFETY: the key was made.
    unsafe { libc::pthread_getspecific(*key) as usize as u32 }
}

fn set(number: u32) {
    if let Some(key) = key() {
        // SAFETY: the key was made; the value is no pointer to anything.
        unsafe { libc::pthread_setspecific(key, number as usize as *const libc::c_void) };
    }
}

/// The calling thread is about to make a borrower, and then waits for its end.
pub(crate) struct Borrowing {
    number: u32,
    outer: u32,
}

impl Borrowing {
    pub fn begin() -> Borrowing {
        const LAST: u32 = (1 << 30) - 1;
        let outer = current();
        let number = NEXT.fetch_add(1, Relaxed) % LAST + 1;
        arena();
        COUNT.fetch_add(1, SeqCst);
        set(number);
        Borrowing { number, outer }
    }

    /// The borrower has ended, or there was none.
    pub fn end(self) -> Departed {
        set(self.outer);
        COUNT.fetch_sub(1, SeqCst);
        if self.outer == 0 {
            free_what_waits();
        }
        // SAFETY: the kernel let this thread go on, so the borrower is gone; numbers come back after a thousand million others.
        let departed = unsafe { Departed::new(self.number) };
        crate::log::recover(&departed);
        crate::signal::values::recover(&departed);
        departed
    }
}

/// In the child of a fork, which has no borrowers.
pub(crate) fn forget_all() {
    set(0);
    COUNT.store(0, SeqCst);
}

/// Bytes of the arena; pages of it that are never used cost nothing.
const LENGTH: usize = if size_of::<usize>() == 8 { 256 << 20 } else { 16 << 20 };
/// Blocks have `1 << class` bytes and are aligned so, up to a page.
const CLASSES: core::ops::RangeInclusive<u32> = 5..=23;
const UNIT: usize = 1 << 5;
/// The arena and what links its free blocks.
const MAPPED: usize = LENGTH + LENGTH / UNIT * size_of::<AtomicU32>();
const PAGE: usize = 4096;

/// Where the arena is; not null once there is one. It stays for ever.
static BASE: AtomicPtr<u8> = AtomicPtr::new(null_mut());
/// Bytes that have been given out.
static USED: AtomicUsize = AtomicUsize::new(0);
/// For each class the free blocks, chained: in the lower half the place of the first one in units, plus one; in the upper half how often this
/// changed, so that nobody takes an old chain for the present one.
static FREE: [AtomicU64; 24] = [const { AtomicU64::new(0) }; 24];
/// Blocks of the C library that are to be freed, chained by their first words.
static WAITING: AtomicPtr<u8> = AtomicPtr::new(null_mut());

fn arena() -> Option<NonNull<u8>> {
    if let Some(base) = NonNull::new(BASE.load(Acquire)) {
        return Some(base);
    }
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at a place of the kernel's choice.
    let made = unsafe { libc::mmap(null_mut(), MAPPED, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if made == libc::MAP_FAILED {
        return None;
    }
    if let Err(first) = BASE.compare_exchange(null_mut(), made.cast(), AcqRel, Acquire) {
        // SAFETY: nobody has seen ours.
        unsafe { libc::munmap(made, MAPPED) };
        return NonNull::new(first);
    }
    NonNull::new(made.cast())
}

/// Is this a block of the arena?
#[inline]
pub(crate) fn owns(block: *mut u8) -> bool {
    let base = BASE.load(Relaxed);
    !base.is_null() && block.addr().wrapping_sub(base.addr()) < LENGTH
}

/// The class of blocks for a layout.
fn class(layout: Layout) -> Option<u32> {
    if layout.align() > PAGE {
        return None;
    }
    let class = layout.size().max(layout.align()).max(UNIT).checked_next_power_of_two()?.trailing_zeros();
    CLASSES.contains(&class).then_some(class)
}

/// The place of the block that follows a free one in its chain. It lies outside the block, which somebody else may have taken and be
/// using by now: then the chain has changed, and what is read here is of no use.
fn link<'a>(base: NonNull<u8>, place: u32) -> &'a AtomicU32 {
    let at = LENGTH + (place as usize - 1) * size_of::<AtomicU32>();
    // SAFETY: behind the arena there is a word for each unit of it; all of that stays for ever.
    unsafe { AtomicU32::from_ptr(base.as_ptr().add(at).cast()) }
}

/// A block; null when the arena is full or the block would be too large.
pub(crate) fn alloc(layout: Layout) -> *mut u8 {
    let (Some(class), Some(base)) = (class(layout), NonNull::new(BASE.load(Acquire))) else { return null_mut() };
    let free = &FREE[class as usize];
    let mut head = free.load(Acquire);
    while head as u32 != 0 {
        let next = link(base, head as u32).load(Relaxed);
        let new = ((head >> 32).wrapping_add(1) << 32) | u64::from(next);
        match free.compare_exchange_weak(head, new, AcqRel, Acquire) {
            // SAFETY: inside the arena.
            Ok(_) => return unsafe { base.as_ptr().add((head as u32 as usize - 1) * UNIT) },
            Err(now) => head = now,
        }
    }
    let size = 1usize << class;
    let align = size.min(PAGE);
    let mut used = USED.load(Relaxed);
    loop {
        let start = used.next_multiple_of(align);
        if start + size > LENGTH {
            return null_mut();
        }
        match USED.compare_exchange_weak(used, start + size, Relaxed, Relaxed) {
            // SAFETY: inside the arena.
            Ok(_) => return unsafe { base.as_ptr().add(start) },
            Err(now) => used = now,
        }
    }
}

/// Gives a block of the arena back. Anybody may.
///
/// # Safety
/// The block came from [`alloc`] with this layout, and nobody uses it any more.
pub(crate) unsafe fn free(block: *mut u8, layout: Layout) {
    let (Some(class), Some(base)) = (class(layout), NonNull::new(BASE.load(Acquire))) else { return };
    let place = ((block.addr() - base.addr().get()) / UNIT + 1) as u32;
    let free = &FREE[class as usize];
    let mut head = free.load(Relaxed);
    loop {
        link(base, place).store(head as u32, Relaxed);
        let new = ((head >> 32).wrapping_add(1) << 32) | u64::from(place);
        match free.compare_exchange_weak(head, new, AcqRel, Relaxed) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

/// Leaves a block of the C library to be freed by the parent.
///
/// # Safety
/// The block came from the C library, and nobody uses it any more.
pub(crate) unsafe fn free_later(block: *mut u8) {
    let mut first = WAITING.load(Relaxed);
    loop {
        // SAFETY: the C library's blocks have room for a pointer, and this one is ours.
        unsafe { block.cast::<*mut u8>().write(first) };
        match WAITING.compare_exchange_weak(first, block, Release, Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

fn free_what_waits() {
    let mut block = WAITING.swap(null_mut(), Acquire);
    while !block.is_null() {
        // SAFETY: chained by `free_later`; nobody else has the chain any more.
        unsafe {
            let next = block.cast::<*mut u8>().read();
            libc::free(block.cast());
            block = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of several threads never overlap, and come back.
    #[test]
    fn blocks_are_their_owners() {
        arena().expect("there is memory");
        std::thread::scope(|scope| {
            for thread in 1..=4u8 {
                scope.spawn(move || {
                    let mut held: Vec<(*mut u8, Layout)> = Vec::new();
                    for round in 0..5000usize {
                        let layout = Layout::from_size_align(1 + round * 37 % 5000, 1 << (round % 13)).unwrap();
                        let block = alloc(layout);
                        assert!(owns(block) && block.addr().is_multiple_of(layout.align()));
                        // SAFETY: a block of that size.
                        unsafe { block.write_bytes(thread, layout.size()) };
                        held.push((block, layout));
                        if held.len() > 20 {
                            let (block, layout) = held.swap_remove(round % 20);
                            for at in 0..layout.size() {
                                // SAFETY: as above.
                                assert_eq!(unsafe { block.add(at).read() }, thread);
                            }
                            // SAFETY: it is not used any more.
                            unsafe { free(block, layout) };
                        }
                    }
                });
            }
        });
        assert!(USED.load(SeqCst) < 4 << 20, "what was given back is used again");
    }
}
