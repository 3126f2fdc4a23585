//! Not written yet.

/// Says so.
pub fn main(_args: &[String]) -> crate::Outcome {
    Err("not written yet".into())
}
