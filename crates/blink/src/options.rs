//! The command line: `blink [-hvejmsZ0] [-C ROOT] [-L LOG] PROGRAM [ARG...]`.
//!
//! Short options may be joined (`-mse`), the values of `-C` and `-L` may follow at once or as the next word; every option has a long name.
//! Options end at the first word that is none, or at `--`.

use alloc::string::String;
use alloc::vec::Vec;

/// Exit status for a command line that cannot be understood, the original's.
pub const USAGE_STATUS: i32 = 48;

pub const HELP: &str = "\
Usage: blink [-hvejmsZ0] [-C ROOT] [-L LOG] PROGRAM [ARG...]
Runs a program made for x86-64 Linux: an ELF file, a #! script, or an Actually Portable Executable.
PROGRAM is looked up as it stands, then in $PATH.

  -h, --help         print this help
  -v, --version      print version and build
  -e, --stderr       write the log to standard error too
  -j, --no-jit       interpret only
  -m, --paged        keep guest memory apart: no guest access can reach memory of blink itself
  -s, --trace        write a trace of system calls to the log (to standard error without -L);
                     -ss shows calls at entry too
  -Z, --statistics   print statistics at exit
  -0, --argv0        the word after PROGRAM is its argv[0]
  -L, --log LOG      write the log to the file LOG
  -C, --root ROOT    the directory ROOT is /; no privileges are needed. Of several between colons, absolute paths are tried in
                     each in order; an empty one is the host's /

Environment:
  BLINK_LOG_FILENAME  the log file if there is no -L
  BLINK_OVERLAYS      the root if there is no -C (default :o)
  PATH                where to look for PROGRAM (default /usr/local/bin:/bin:/usr/bin)

Exit status: the program's. 127 if it is not found, 126 if it cannot be run, 48 for a bad command line.
";

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub help: bool,
    pub version: bool,
    pub log_to_stderr: bool,
    pub no_jit: bool,
    pub paged: bool,
    /// How often `-s` was given.
    pub trace: u8,
    pub statistics: bool,
    pub argv0: bool,
    pub log: Option<Vec<u8>>,
    /// `-C`: one directory, or several between colons.
    pub root: Option<Vec<u8>>,
    /// The program and its arguments; with `argv0` its `argv[0]` is the second word.
    pub words: Vec<Vec<u8>>,
}

impl Options {
    /// Parses the words behind `blink`. The error is one line for the user.
    pub fn parse(words: &[Vec<u8>]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.as_slice() {
                b"--" => {
                    options.words = rest.cloned().collect();
                    break;
                }
                [b'-', b'-', name @ ..] => options.long(name, &mut rest)?,
                [b'-', letters @ ..] if !letters.is_empty() => options.short(letters, &mut rest)?,
                _ => {
                    options.words = core::iter::once(word).chain(rest).cloned().collect();
                    break;
                }
            }
        }
        if options.help || options.version {
            return Ok(options);
        }
        match (options.words.len(), options.argv0) {
            (0, _) => Err("no program given".into()),
            (1, true) => Err("option -0 needs an argv[0] after the program".into()),
            _ => Ok(options),
        }
    }

    fn short<'a>(&mut self, letters: &[u8], rest: &mut impl Iterator<Item = &'a Vec<u8>>) -> Result<(), String> {
        for (at, letter) in letters.iter().enumerate() {
            if let b'L' | b'C' = letter {
                let joined = &letters[at + 1..];
                let value = if joined.is_empty() { rest.next().cloned() } else { Some(joined.to_vec()) };
                return if *letter == b'L' { self.set_log(value, "-L") } else { self.set_root(value, "-C") };
            }
            if !self.set_flag(*letter) {
                return Err(format!("unknown option -{}", letter.escape_ascii()));
            }
        }
        Ok(())
    }

    fn long<'a>(&mut self, text: &[u8], rest: &mut impl Iterator<Item = &'a Vec<u8>>) -> Result<(), String> {
        let (name, value) = match text.iter().position(|&byte| byte == b'=') {
            Some(at) => (&text[..at], Some(text[at + 1..].to_vec())),
            None => (text, None),
        };
        if name == b"log" {
            let value = value.or_else(|| rest.next().cloned());
            return self.set_log(value, "--log");
        }
        if name == b"root" {
            let value = value.or_else(|| rest.next().cloned());
            return self.set_root(value, "--root");
        }
        let Some(letter) = LONG.iter().find(|row| row.0.as_bytes() == name).map(|row| row.1) else {
            return Err(format!("unknown option --{}", name.escape_ascii()));
        };
        if value.is_some() {
            return Err(format!("option --{} takes no value", name.escape_ascii()));
        }
        self.set_flag(letter);
        Ok(())
    }

    fn set_log(&mut self, value: Option<Vec<u8>>, option: &str) -> Result<(), String> {
        match value {
            Some(path) if !path.is_empty() => self.log = Some(path),
            _ => return Err(format!("option {option} needs a file name")),
        }
        Ok(())
    }

    fn set_root(&mut self, value: Option<Vec<u8>>, option: &str) -> Result<(), String> {
        self.root = Some(value.ok_or(format!("option {option} needs a directory"))?);
        Ok(())
    }

    /// False if there is no such option.
    fn set_flag(&mut self, letter: u8) -> bool {
        match letter {
            b'h' => self.help = true,
            b'v' => self.version = true,
            b'e' => self.log_to_stderr = true,
            b'j' => self.no_jit = true,
            b'm' => self.paged = true,
            b's' => self.trace = self.trace.saturating_add(1),
            b'Z' => self.statistics = true,
            b'0' => self.argv0 = true,
            _ => return false,
        }
        true
    }
}

const LONG: [(&str, u8); 8] = [
    ("help", b'h'),
    ("version", b'v'),
    ("stderr", b'e'),
    ("no-jit", b'j'),
    ("paged", b'm'),
    ("trace", b's'),
    ("statistics", b'Z'),
    ("argv0", b'0'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(&line.split(' ').filter(|w| !w.is_empty()).map(|w| w.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|w| w.as_bytes().to_vec()).collect()
    }

    #[test]
    fn options_end_at_the_program() {
        let options = parse("-m ./a -e --help").unwrap();
        assert_eq!(options, Options { paged: true, words: words("./a -e --help"), ..Options::default() });
        assert_eq!(parse("-- -a").unwrap().words, words("-a"));
        assert_eq!(parse("- -a").unwrap().words, words("- -a"));
    }

    #[test]
    fn short_options_may_be_joined() {
        let options = parse("-mjsseZL log -0 ./a b").unwrap();
        let log = Some(b"log".to_vec());
        let words = words("./a b");
        let mut wanted =
            Options { paged: true, no_jit: true, trace: 2, log_to_stderr: true, words, ..Options::default() };
        (wanted.statistics, wanted.argv0, wanted.log) = (true, true, log);
        assert_eq!(options, wanted);
        assert_eq!(parse("-Lx a").unwrap().log, Some(b"x".to_vec()));
    }

    #[test]
    fn every_option_has_a_long_name() {
        let short = parse("-vejmsZ0 -Lx -Cy: a b").unwrap();
        let long = "--version --stderr --no-jit --paged --trace --statistics --argv0";
        assert_eq!(parse(&format!("{long} --log x --root y: a b")).unwrap(), short);
        assert_eq!(parse(&format!("{long} --log=x --root=y: a b")).unwrap(), short);
        assert!(parse("--help").unwrap().help);
        for (name, letter) in LONG {
            assert!(HELP.contains(&format!("-{}, --{name} ", char::from(letter))), "{name}");
        }
    }

    #[test]
    fn bad_lines_are_refused_with_a_reason() {
        for (line, reason) in [
            ("", "no program given"),
            ("-m", "no program given"),
            ("-x a", "unknown option -x"),
            ("-mx a", "unknown option -x"),
            ("--nope a", "unknown option --nope"),
            ("--paged=1 a", "option --paged takes no value"),
            ("-L", "option -L needs a file name"),
            ("-C", "option -C needs a directory"),
            ("--log= a", "option --log needs a file name"),
            ("-0 a", "option -0 needs an argv[0] after the program"),
        ] {
            assert_eq!(parse(line), Err(reason.to_string()), "{line}");
        }
    }
}
