//! `cargo xtask CHORE [ARG...]`: picks a chore by name.

#![forbid(unsafe_code)]

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask CHORE [ARG...]

  test                   every test there is; closes with `N passed, N failed`
  suite NAME [ARG...]    one long suite: decoder, cpu, linux, programs
                         threads takes: [--runs N] [--scale N] [--form plain|interpreted|paged|native] [--host CPU] [PROGRAM...]
                         programs takes: [--only TEXT] [--form plain|interpreted|paged] [--native-twice] [--list]
  guests [--check]       rebuild the programs under guests/, or compare them with a fresh build
  hosts [TARGET...]      build for other CPUs and run the tests there (all when none is named)
  bench [NAME...]        speed as ratios to native, guest instructions per second, start-up, sizes
  sizes                  sizes of the release and tiny profiles
  docs [--check]         rewrite the generated documents
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((chore, rest)) = args.split_first() else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    let outcome = match chore.as_str() {
        "test" => xtask::test::main(rest),
        "suite" => xtask::suite::main(rest),
        "guests" => xtask::guests::main(rest),
        "hosts" => xtask::hosts::main(rest),
        "bench" => xtask::bench::main(rest),
        "sizes" => xtask::sizes::main(rest),
        "docs" => xtask::docs::main(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("no chore is called {other:?}\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
