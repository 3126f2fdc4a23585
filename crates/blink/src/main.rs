//! The program: see the library of this crate.
#![no_main]
#![cfg_attr(not(panic = "unwind"), no_std)]

host::main!(blink::run, blink::panicked);
