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
    let _ = writeln!(std::io::stderr(), "evolve: {error:#}");
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
