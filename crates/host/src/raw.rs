//! How plain values become words of a system call, and the macro that declares wrappers of calls without structures.

use core::ffi::CStr;

/// A value that a system call takes in one word.
pub(crate) trait Word {
    fn word(&self) -> usize;
}

macro_rules! words {
    ($($ty:ty)*) => {$(
        impl Word for $ty {
            // Signed values are sign-extended by the cast.
            fn word(&self) -> usize { *self as usize }
        }
    )*};
}
words! { i32 u32 usize isize }

impl Word for &CStr {
    fn word(&self) -> usize {
        self.as_ptr() as usize
    }
}

impl Word for Option<&CStr> {
    fn word(&self) -> usize {
        self.map_or(0, |text| text.as_ptr() as usize)
    }
}

/// Declares functions that pass integers and C strings to a call and return its result.
macro_rules! plain_calls {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),*) = $number:expr;)*) => {$(
        $(#[$meta])*
        pub fn $name($($arg: $ty),*) -> Result<usize, crate::errno::Errno> {
            // SAFETY: integers, and C strings that live as long as the call.
            unsafe { crate::call::call($number, [$(crate::raw::Word::word(&$arg)),*]) }
        }
    )*};
}

/// As `plain_calls`, for calls that wait for others and that a signal interrupts.
macro_rules! blocking_calls {
    ($($(#[$meta:meta])* fn $name:ident($($arg:ident: $ty:ty),*) = $number:expr;)*) => {$(
        $(#[$meta])*
        pub fn $name($($arg: $ty),*) -> Result<usize, crate::errno::Errno> {
            // SAFETY: integers, and C strings that live as long as the call.
            unsafe { crate::call::blocking($number, [$(crate::raw::Word::word(&$arg)),*]) }
        }
    )*};
}

pub(crate) use {blocking_calls, plain_calls};
