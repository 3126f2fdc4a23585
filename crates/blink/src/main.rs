//! The program: see the library of this crate.
#![no_main]

host::main!(blink::run);
