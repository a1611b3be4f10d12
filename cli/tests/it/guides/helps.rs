//! What `evolve` knows: asked of the program itself, since its arguments are nowhere else.

use std::collections::BTreeMap;
use std::process::Command;

/// What one command takes.
#[derive(Default)]
struct Help {
    commands: Vec<String>,
    /// Whether a value follows, by flag.
    flags: BTreeMap<String, bool>,
    has_positional: bool,
}

/// What was asked so far.
pub(crate) struct Helps(BTreeMap<Vec<String>, Help>);

impl Helps {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether `evolve` takes these words; what is written in capitals or as `…` is the reader's.
    pub(crate) fn check(&mut self, words: &[String]) -> Result<(), String> {
        let mut path: Vec<String> = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let help = self.0.entry(path.clone()).or_insert_with(|| ask(&path));
            if word == "…" || word.starts_with(['[', '<']) {
                continue;
            }
            if word.starts_with('-') {
                let flag = word.split('=').next().unwrap_or_default();
                let Some(takes_value) = help.flags.get(flag) else { return Err(format!("there is no {flag}")) };
                if *takes_value && !word.contains('=') {
                    words.next();
                }
            } else if help.commands.contains(word) {
                path.push(word.clone());
            } else if !help.has_positional {
                return Err(format!("there is no {word}"));
            }
        }
        Ok(())
    }
}

fn ask(path: &[String]) -> Help {
    let output = Command::new(env!("CARGO_BIN_EXE_evolve")).args(path).arg("-h").output().unwrap();
    assert!(output.status.success(), "evolve {path:?} -h: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut help = Help::default();
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line.trim_end();
            help.has_positional |= section == "Arguments:";
            continue;
        }
        // What follows two blanks describes it.
        let entry = line.trim_start().split("  ").next().unwrap_or_default();
        if section == "Commands:" {
            help.commands.extend(entry.split_whitespace().next().map(str::to_owned));
        } else if entry.starts_with('-') {
            let names = entry.split([' ', ',', '=']).filter(|word| word.starts_with('-'));
            help.flags.extend(names.map(|name| (name.to_owned(), entry.contains('<'))));
        }
    }
    help
}
