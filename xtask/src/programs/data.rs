//! The command lines under `tests/programs/*.txt`.
//!
//! ```text
//! # a comment
//! == awk                      what the following lines are about; for busybox, the applet
//! $ awk '{print $2}' words    one command line
//! > end of it                 its continuation on a new line
//! $? ps | wc -l               only the exit status is compared: the output varies natively too
//! $~ ip link                  left out under emulators of other CPUs, which show through
//! $! unshare x                FIXME: known to differ; a difference is told but not counted
//! ```

use std::path::{Path, PathBuf};

/// One command line of a data file.
#[derive(Clone, Debug)]
pub struct Line {
    pub file: PathBuf,
    pub number: usize,
    pub section: String,
    /// Position within its section, from 0.
    pub index: usize,
    pub text: String,
    pub is_output_compared: bool,
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
pub fn read(file: &Path) -> Result<Vec<Line>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = Vec::new();
    let mut section = String::new();
    let mut index = 0;
    for (number, row) in text.lines().enumerate() {
        let number = number + 1;
        let bad = |what: &str| Err(format!("{}:{number}: {what}: {row}", file.display()));
        if let Some(name) = row.strip_prefix("== ") {
            section = name.to_string();
            index = 0;
        } else if let Some(more) = row.strip_prefix("> ").or(if row == ">" { Some("") } else { None }) {
            let Some(line) = lines.last_mut() else { return bad("nothing to continue") };
            line.text.push('\n');
            line.text.push_str(more);
        } else if let Some((mark, command)) =
            row.split_once(' ').filter(|(mark, _)| matches!(*mark, "$" | "$?" | "$~" | "$!"))
        {
            lines.push(Line {
                file: file.to_path_buf(),
                number,
                section: section.clone(),
                index,
                text: command.to_string(),
                is_output_compared: mark != "$?",
                is_left_to_the_machine: mark == "$~",
                is_known_to_differ: mark == "$!",
            });
            index += 1;
        } else if !row.is_empty() && !row.starts_with('#') {
            return bad("neither `== `, `$ `, `$? `, `$~ `, `$! `, `> ` nor `#`");
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
        let lines = parse(Path::new("x.txt"), text).unwrap();
        assert_eq!(lines[0].words().unwrap(), ["cut", "-d", " ", "-f1 2"]);
        assert_eq!(lines[1].words(), None);
        assert_eq!(lines[2].text, "echo\nmore");
        assert!(!lines[2].is_output_compared);
    }

    #[test]
    fn rows_of_no_kind_are_refused() {
        assert!(parse(Path::new("x.txt"), "cut x\n").is_err());
    }
}
