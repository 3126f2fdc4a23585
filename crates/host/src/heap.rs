//! Memory for blink itself: the C library's allocator, which a program without Rust's `std` has to name (`start::main!`).

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{copy_nonoverlapping, null_mut};

/// `malloc` and its family.
pub struct Heap;

impl Heap {
    /// Does `malloc` align so anyway? All do to two words, unless less than that is asked for.
    fn is_plain(layout: Layout) -> bool {
        layout.align() <= 2 * size_of::<usize>() && layout.align() <= layout.size()
    }
}

// SAFETY: the C functions return null or memory of the size that nobody else has, aligned as `is_plain` says or as asked for.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Heap::is_plain(layout) {
            // SAFETY: any size is allowed.
            return unsafe { libc::malloc(layout.size()) }.cast();
        }
        let mut memory = null_mut();
        let align = layout.align().max(size_of::<usize>());
        // SAFETY: `memory` takes the answer; the alignment is a power of two and a multiple of a pointer's size.
        let error = unsafe { libc::posix_memalign(&mut memory, align, layout.size()) };
        if error == 0 { memory.cast() } else { null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if Heap::is_plain(layout) {
            // SAFETY: any size is allowed.
            return unsafe { libc::calloc(layout.size(), 1) }.cast();
        }
        // SAFETY: as the caller's layout; what `alloc` returns has that many bytes.
        unsafe {
            let memory = self.alloc(layout);
            if !memory.is_null() {
                memory.write_bytes(0, layout.size());
            }
            memory
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: all of the above is freed by `free`.
        unsafe { libc::free(memory.cast()) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller passes an allocation and its layout, and a size that makes a layout.
        unsafe {
            let new_layout = Layout::from_size_align_unchecked(size, layout.align());
            if Heap::is_plain(layout) && Heap::is_plain(new_layout) {
                return libc::realloc(memory.cast(), size).cast();
            }
            let new = self.alloc(new_layout);
            if !new.is_null() {
                copy_nonoverlapping(memory, new, layout.size().min(size));
                self.dealloc(memory, layout);
            }
            new
        }
    }
}
