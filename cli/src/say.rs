//! Speaking to the person at the terminal. What is asked for goes to stdout, complaints to stderr. A reader who has gone
//! away (`evolve … | head`) is no reason to fail.

use std::fmt::Display;
use std::io::Write;

/// One line on stdout.
pub(crate) fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A piece of a line on stdout, shown at once.
pub(crate) fn show(piece: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "{piece}").and_then(|()| out.flush());
}

/// Why a command failed, on stderr: the error and what caused it.
pub(crate) fn complain(error: &anyhow::Error) {
    let _ = writeln!(std::io::stderr(), "evolve: {}", explain(error));
}

/// What went wrong beside what was asked for, on stderr.
pub(crate) fn warn(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "evolve: {line}");
}

/// An error and its causes, each once: some libraries say in their message what their cause says again.
pub(crate) fn explain(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// A command of ours as the person would type it here.
pub(crate) fn command(arguments: &str) -> String {
    let program = std::env::current_exe().ok().and_then(|path| {
        let here = std::env::current_dir().ok()?;
        let on_path = std::env::var_os("PATH")
            .is_some_and(|list| std::env::split_paths(&list).any(|directory| path.parent() == Some(&directory)));
        let shown =
            if on_path { path.file_name()?.into() } else { path.strip_prefix(here).unwrap_or(&path).to_owned() };
        Some(shown.display().to_string())
    });
    format!("{} {arguments}", program.unwrap_or_else(|| "evolve".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cause_repeats_is_said_once() {
        let error = anyhow::anyhow!("refused").context("cannot connect: refused").context("no database");
        assert_eq!(explain(&error), "no database: cannot connect: refused");
    }
}
