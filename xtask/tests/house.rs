//! The rules of the house: layering, `unsafe`, formatting, generated files, no traces of one machine.

use std::process::Command;

use xtask::{docs, house, places};

fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn crates_depend_only_on_what_the_design_allows() {
    assert_none(house::layering());
}

#[test]
fn the_architecture_page_draws_the_same_layers() {
    assert_none(house::layering_of_page());
}

#[test]
fn unsafe_is_forbidden_outside_memory_host_and_jit() {
    assert_none(house::forbidden_unsafe());
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    assert_none(house::unexplained_unsafe());
}

#[test]
fn every_module_says_what_it_is() {
    assert_none(house::undocumented_modules());
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    assert_none(house::machine_paths());
}

#[test]
fn generated_documents_are_current() {
    assert_none(docs::stale());
}

#[test]
fn sources_are_formatted() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let has_rustfmt = Command::new(&cargo).args(["fmt", "--version"]).output().is_ok_and(|out| out.status.success());
    if !has_rustfmt {
        eprintln!("rustfmt is not installed: formatting is not checked");
        return;
    }
    let output = Command::new(&cargo).args(["fmt", "--all", "--check"]).current_dir(places::root()).output();
    let output = output.expect("cargo runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let files: Vec<&str> = text.lines().filter(|row| row.starts_with("Diff in ")).collect();
    assert!(output.status.success(), "run `cargo fmt --all`:\n{}", files.join("\n"));
}
