//! `docs/instructions.md` is what the tables say. `BLINK_UPDATE=1` (or `cargo xtask docs`) writes it anew.

use std::path::Path;

#[test]
fn docs_of_instructions_are_current() {
    let mut page = String::new();
    isa::document::document(&mut page).expect("a string takes everything");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/instructions.md");
    if std::env::var_os("BLINK_UPDATE").is_some() {
        std::fs::write(&file, &page).expect("docs/ is writable");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/instructions.md is stale: run `cargo xtask docs`");
}
