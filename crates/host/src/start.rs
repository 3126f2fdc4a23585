//! The way in from C and the way out: [`main!`](crate::main), [`exit`].
//!
//! blink does not use Rust's own `main`: the runtime would ignore SIGPIPE, install handlers for SIGSEGV and SIGBUS and open
//! descriptors 0 to 2 where they are closed, and the guest must find all of that as it was.

use alloc::vec::Vec;
use core::ffi::{CStr, c_char, c_int};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Defines the C `main` of a program, which calls `$run: fn(Start) -> i32` and returns its result as exit status, and has panics
/// told by `$panicked: fn(&dyn Display, Option<&Location>)`.
///
/// The crate that uses it says `#![no_main]` and `#![cfg_attr(not(panic = "unwind"), no_std)]`: where panics end it, the program does
/// without Rust's `std`, whose own way to tell of a panic reads debug information and is a fifth of blink's size.
#[macro_export]
macro_rules! main {
    ($run:path, $panicked:path) => {
        /// Called by the C library once, with the vectors of the process.
        #[unsafe(no_mangle)]
        extern "C" fn main(argc: core::ffi::c_int, argv: *const *const core::ffi::c_char) -> core::ffi::c_int {
            #[cfg(panic = "unwind")]
            std::panic::set_hook(Box::new(|info| {
                let payload = info.payload();
                let text = payload.downcast_ref::<&str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                $panicked(&text.unwrap_or("unknown"), info.location());
            }));
            // SAFETY: the C library calls `main` with a vector of `argc` strings that live as long as the process.
            $run(unsafe { $crate::start::Start::new(argc, argv) })
        }

        #[cfg(not(panic = "unwind"))]
        #[panic_handler]
        fn panic(info: &core::panic::PanicInfo) -> ! {
            $crate::start::panic(|| $panicked(&info.message(), info.location()))
        }

        #[cfg(not(panic = "unwind"))]
        #[global_allocator]
        static HEAP: $crate::heap::Heap = $crate::heap::Heap;

        /// Nothing unwinds, but the `alloc` crate as it comes refers to the functions that would do it.
        #[cfg(not(panic = "unwind"))]
        #[unsafe(no_mangle)]
        extern "C" fn rust_eh_personality() {}

        #[cfg(not(panic = "unwind"))]
        #[unsafe(no_mangle)]
        extern "C" fn _Unwind_Resume() -> ! {
            $crate::start::abort()
        }

        /// The tables of 32-bit ARM name these two.
        #[cfg(all(not(panic = "unwind"), target_arch = "arm"))]
        #[unsafe(no_mangle)]
        extern "C" fn __aeabi_unwind_cpp_pr0() {}

        #[cfg(all(not(panic = "unwind"), target_arch = "arm"))]
        #[unsafe(no_mangle)]
        extern "C" fn __aeabi_unwind_cpp_pr1() {}
    };
}

/// The end of a program that has panicked: `tell` says why, unless it panics itself.
pub fn panic(tell: impl FnOnce()) -> ! {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if !IS_TOLD.swap(true, SeqCst) {
        tell();
    }
    abort()
}

/// Dies of SIGABRT.
pub fn abort() -> ! {
    // SAFETY: ends the process.
    unsafe { libc::abort() }
}

/// How this process was started.
#[derive(Debug, Clone, Default)]
pub struct Start {
    pub arguments: Vec<Vec<u8>>,
    /// `NAME=value` strings in the order of the process, duplicates and strings without `=` included.
    pub environment: Vec<Vec<u8>>,
}

impl Start {
    /// Copies the vectors.
    ///
    /// # Safety
    /// `argv` points at `argc` pointers to C strings, and nobody changes the environment meanwhile.
    #[doc(hidden)]
    pub unsafe fn new(argc: c_int, argv: *const *const c_char) -> Start {
        let count = usize::try_from(argc).unwrap_or(0);
        // SAFETY: the caller vouches for `argc` pointers.
        let arguments = (0..count).map(|i| unsafe { bytes(*argv.add(i)) }).collect();
        // SAFETY: `environ` is a vector of C strings that ends with a null pointer, or null itself.
        let environment = unsafe { vector(environ()) };
        Start { arguments, environment }
    }
}

#[cfg(not(target_os = "macos"))]
fn environ() -> *const *const c_char {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: POSIX defines `environ`; reading the pointer races with nobody at start.
    unsafe { environ }
}

#[cfg(target_os = "macos")]
fn environ() -> *const *const c_char {
    // SAFETY: the function returns a pointer to the process's `environ`.
    unsafe { *libc::_NSGetEnviron() as *const *const c_char }
}

/// # Safety
/// `list` is null or a vector of C strings with a null pointer at its end.
unsafe fn vector(list: *const *const c_char) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if list.is_null() {
        return all;
    }
    let mut at = list;
    // SAFETY: `at` moves from entry to entry and stops at the null pointer.
    while let Some(entry) = unsafe { at.as_ref() }.filter(|entry| !entry.is_null()) {
        // SAFETY: not null, so a C string.
        all.push(unsafe { bytes(*entry) });
        // SAFETY: the null pointer at the end is not reached yet.
        at = unsafe { at.add(1) };
    }
    all
}

/// # Safety
/// `string` is a C string.
unsafe fn bytes(string: *const c_char) -> Vec<u8> {
    // SAFETY: by the caller.
    unsafe { CStr::from_ptr(string) }.to_bytes().to_vec()
}

/// An entry of the auxiliary vector that the host's kernel gave blink, 0 if there is none.
pub fn auxiliary(kind: u64) -> u64 {
    #[cfg(target_os = "linux")]
    // SAFETY: reads a table of the C library.
    return unsafe { libc::getauxval(kind as libc::c_ulong) } as u64;
    #[cfg(not(target_os = "linux"))]
    {
        let _ = kind;
        0
    }
}

/// True if a message can be written to the descriptor.
pub fn is_open(fd: i32) -> bool {
    // SAFETY: asks for flags, touches no memory.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// Restores what a program may expect of the process when blink itself ends early: nothing buffered, plain status.
pub fn exit(status: i32) -> ! {
    // SAFETY: ends the process at once; nothing of ours needs destructors.
    unsafe { libc::_exit(status) }
}
