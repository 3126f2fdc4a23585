//! The command lines under `tests/programs/*.txt` and `tests/programs/debian/*.txt`.
//!
//! ```text
//! # a comment
//! # packages: gcc g++         the Debian packages that the file needs
//! == awk                      what the following lines are about; for busybox, the applet
//! % gcc -o x x.c              prepares the section's lines natively: they start with the files that it left
//! $ awk '{print $2}' words    one command line
//! > end of it                 its continuation on a new line
//! $? ps | wc -l               only the exit status is compared: the output varies natively too
//! $+ go build                 takes long: only in the suite when it is called by itself
//! $~ ip link                  left out under emulators of other CPUs, which show through
//! $! unshare x                FIXME: known to differ; a difference is told but not counted
//! ```

use std::path::{Path, PathBuf};

/// What runs a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shell {
    /// The shell of this busybox; a line without need of a shell is the applet's own arguments.
    Busybox(PathBuf),
    /// `/bin/sh`, whatever the system has there.
    System,
}

/// One command line of a data file.
#[derive(Clone, Debug)]
pub struct Line {
    pub file: PathBuf,
    pub number: usize,
    pub section: String,
    /// Position within its section, from 0.
    pub index: usize,
    pub text: String,
    /// What is run natively before, once for the section; nothing if empty.
    pub preparation: String,
    pub shell: Shell,
    pub is_output_compared: bool,
    pub is_long: bool,
    pub is_left_to_the_machine: bool,
    pub is_known_to_differ: bool,
}

impl Line {
    /// `busybox.txt:12`.
    pub fn place(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        format!("{}:{}", name.to_string_lossy(), self.number)
    }

    /// The words of a command that needs no shell: its first word is the applet that the section is about.
    pub fn words(&self) -> Option<Vec<String>> {
        let words = split(&self.text)?;
        if words.first()? == &self.section { Some(words) } else { None }
    }
}

/// Reads one data file.
pub fn read(file: &Path, shell: &Shell) -> Result<Vec<Line>, String> {
    parse(file, &contents(file)?, shell)
}

/// The packages that the file's head names.
pub fn packages(file: &Path) -> Result<Vec<String>, String> {
    let text = contents(file)?;
    let names = text.lines().filter_map(|row| row.strip_prefix("# packages: "));
    Ok(names.flat_map(|names| names.split(' ').map(str::to_string)).collect())
}

fn contents(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn parse(file: &Path, text: &str, shell: &Shell) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = Vec::new();
    let (mut section, mut preparation) = (String::new(), String::new());
    let mut index = 0;
    let mut is_preparing = false;
    for (number, row) in text.lines().enumerate() {
        let number = number + 1;
        let bad = |what: &str| Err(format!("{}:{number}: {what}: {row}", file.display()));
        if let Some(name) = row.strip_prefix("== ") {
            section = name.to_string();
            preparation.clear();
            index = 0;
        } else if let Some(command) = row.strip_prefix("% ") {
            preparation.push_str(command);
            preparation.push('\n');
            is_preparing = true;
        } else if let Some(more) = row.strip_prefix("> ").or(if row == ">" { Some("") } else { None }) {
            if is_preparing {
                preparation.push_str(more);
                preparation.push('\n');
                continue;
            }
            let Some(line) = lines.last_mut() else { return bad("nothing to continue") };
            line.text.push('\n');
            line.text.push_str(more);
        } else if let Some((mark, command)) =
            row.split_once(' ').filter(|(mark, _)| matches!(*mark, "$" | "$?" | "$+" | "$~" | "$!"))
        {
            lines.push(Line {
                file: file.to_path_buf(),
                number,
                section: section.clone(),
                index,
                text: command.to_string(),
                preparation: preparation.clone(),
                shell: shell.clone(),
                is_long: mark == "$+",
                is_output_compared: mark != "$?",
                is_left_to_the_machine: mark == "$~",
                is_known_to_differ: mark == "$!",
            });
            index += 1;
            is_preparing = false;
        } else if !row.is_empty() && !row.starts_with('#') {
            return bad("neither `== `, `% `, `$ `, `$? `, `$+ `, `$~ `, `$! `, `> ` nor `#`");
        }
    }
    Ok(lines)
}

/// Splits quotes as a shell would, or gives up where only a shell knows what is meant.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '$' | '`' | '\\' => return None,
                        c => word.push(c),
                    }
                }
            }
            '|' | '&' | ';' | '<' | '>' | '(' | ')' | '$' | '`' | '\\' | '*' | '?' | '[' | '#' | '~' | '{' | '}'
            | '!' | '\n' | '\t' => return None,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_commands_are_split_and_others_left_to_a_shell() {
        let text = "== cut\n$ cut -d ' ' -f\"1 2\"\n$ cut x | cat\n$? echo\n> more\n";
        let lines = parse(Path::new("x.txt"), text, &Shell::System).unwrap();
        assert_eq!(lines[0].words().unwrap(), ["cut", "-d", " ", "-f1 2"]);
        assert_eq!(lines[1].words(), None);
        assert_eq!(lines[2].text, "echo\nmore");
        assert!(!lines[2].is_output_compared);
    }

    #[test]
    fn rows_of_no_kind_are_refused() {
        assert!(parse(Path::new("x.txt"), "cut x\n", &Shell::System).is_err());
    }

    #[test]
    fn preparations_belong_to_their_section() {
        let text = "== a\n% cc x\n> y\n% ld\n$ ./a\n$+ ./a b\n> c\n== b\n$ ./b\n";
        let lines = parse(Path::new("x.txt"), text, &Shell::System).unwrap();
        assert_eq!(lines[0].preparation, "cc x\ny\nld\n");
        assert_eq!((lines[1].text.as_str(), lines[1].is_long), ("./a b\nc", true));
        assert_eq!(lines[1].preparation, lines[0].preparation);
        assert_eq!(lines[2].preparation, "");
    }
}
