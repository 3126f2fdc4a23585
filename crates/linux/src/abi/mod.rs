//! Structures and constants of the x86-64 Linux ABI, written out byte by byte: never the host's layout.
//!
//! [`abi_struct!`] declares a structure by the offsets of its fields; the generated type is a plain Rust struct that
//! decodes from and encodes to little-endian guest bytes on every host. Constants are in one file per concern.

pub mod consts;
pub mod flags;
pub mod structs;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
pub use structs::*;

/// A value with a fixed guest layout.
pub trait Abi: Sized {
    /// Bytes in guest memory.
    const SIZE: usize;
    /// The value in `bytes`, which are exactly `SIZE`.
    fn decode(bytes: &[u8]) -> Self;
    /// Writes the value into `bytes`, which are exactly `SIZE`. Padding stays as it is.
    fn encode(&self, bytes: &mut [u8]);
    /// Appends the value as the trace shows it.
    fn describe(&self, out: &mut String);
}

macro_rules! abi_integers {
    ($($ty:ty)*) => {$(
        impl Abi for $ty {
            const SIZE: usize = size_of::<$ty>();
            fn decode(bytes: &[u8]) -> Self {
                let mut raw = [0; size_of::<$ty>()];
                raw.copy_from_slice(bytes);
                <$ty>::from_le_bytes(raw)
            }
            fn encode(&self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
            fn describe(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )*};
}
abi_integers! { u8 i8 u16 i16 u32 i32 u64 i64 }

impl<T: Abi + Copy, const N: usize> Abi for [T; N] {
    const SIZE: usize = T::SIZE * N;
    fn decode(bytes: &[u8]) -> Self {
        core::array::from_fn(|i| T::decode(&bytes[i * T::SIZE..(i + 1) * T::SIZE]))
    }
    fn encode(&self, bytes: &mut [u8]) {
        for (item, raw) in self.iter().zip(bytes.chunks_exact_mut(T::SIZE)) {
            item.encode(raw);
        }
    }
    fn describe(&self, out: &mut String) {
        if T::SIZE == 1 {
            let text: Vec<u8> = self
                .iter()
                .map(|b| {
                    let mut raw = [0];
                    b.encode(&mut raw);
                    raw[0]
                })
                .collect();
            let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
            crate::trace::quote(&text[..end], out);
            return;
        }
        out.push('[');
        for (i, item) in self.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            item.describe(out);
        }
        out.push(']');
    }
}

/// Declares structures by total size and field offsets: `pub struct Timespec(16) { 0 tv_sec: i64, 8 tv_nsec: i64 }`.
/// Bytes without a field are zero when a whole structure is written. `as path` names the function that the trace shows it by.
#[macro_export]
macro_rules! abi_struct {
    (@describe $value:ident, $out:ident, ($show:path) $($field:ident)*) => { $show($value, $out) };
    (@describe $value:ident, $out:ident, () $($field:ident)*) => {{
        $out.push('{');
        let mut first = true;
        $(
            if !core::mem::take(&mut first) { $out.push_str(", "); }
            $out.push_str(concat!(stringify!($field), "="));
            $crate::abi::Abi::describe(&$value.$field, $out);
        )*
        let _ = first;
        $out.push('}');
    }};
    ($($(#[$meta:meta])* pub struct $name:ident($size:literal) $(as $show:path)? { $($offset:literal $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name { $(pub $field: $ty),* }

        impl $crate::abi::Abi for $name {
            const SIZE: usize = $size;
            fn decode(bytes: &[u8]) -> Self {
                $name { $($field: <$ty as $crate::abi::Abi>::decode(&bytes[$offset..$offset + <$ty as $crate::abi::Abi>::SIZE])),* }
            }
            fn encode(&self, bytes: &mut [u8]) {
                $($crate::abi::Abi::encode(&self.$field, &mut bytes[$offset..$offset + <$ty as $crate::abi::Abi>::SIZE]);)*
            }
            fn describe(&self, out: &mut alloc::string::String) {
                $crate::abi_struct!(@describe self, out, ($($show)?) $($field)*);
            }
        }

        impl Default for $name {
            fn default() -> Self { <$name as $crate::abi::Abi>::decode(&[0; $size]) }
        }
    )*};
}
