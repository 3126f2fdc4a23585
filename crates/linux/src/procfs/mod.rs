//! `/proc` as the guest must see it: where the host would tell of blink, a text or a path made from the guest's truth.

pub mod text;

pub use text::{Area, Layout, SignalSets};
