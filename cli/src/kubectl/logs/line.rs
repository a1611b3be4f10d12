//! One line of a log, and how it is shown.

use std::io::IsTerminal as _;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value};

use super::source::Source;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// When it was written; known but for lines that no kubelet has stamped.
    pub(super) at: Option<Timestamp>,
    /// The short name of where it is from.
    from: String,
    text: String,
}

impl Line {
    /// From the bytes that the API server sends: a time, a space, the line.
    pub(super) fn read(source: &Source, bytes: &[u8]) -> Self {
        let whole = String::from_utf8_lossy(bytes);
        let whole = whole.trim_end_matches(['\n', '\r']);
        let stamped = whole.split_once(' ').and_then(|(at, text)| Some((at.parse().ok()?, text)));
        let (at, text) = stamped.map_or((None, whole), |(at, text)| (Some(at), text));
        let from =
            if source.is_one_of_many { format!("{}/{}", source.pod, source.container) } else { source.pod.clone() };
        Self { at, from, text: text.to_owned() }
    }
}

/// How lines are shown.
#[derive(Clone, Debug)]
pub(super) struct Printer {
    /// Whether each line says where it is from.
    pub(super) prefixed: bool,
    bot: String,
    is_pretty: bool,
    is_terminal: bool,
}

impl Printer {
    pub(super) fn new(bot: &str, is_pretty: bool) -> Self {
        Self { prefixed: false, bot: bot.to_owned(), is_pretty, is_terminal: std::io::stdout().is_terminal() }
    }

    /// A line, as it is shown.
    pub(super) fn text(&self, line: &Line) -> String {
        let pretty = self.is_pretty.then(|| pretty(&line.text)).flatten();
        let mut text = pretty.unwrap_or_else(|| line.text.clone());
        if self.prefixed {
            let short = line.from.strip_prefix(&self.bot).and_then(|rest| rest.strip_prefix('-'));
            text = format!("[{}] {text}", short.unwrap_or(&line.from));
        }
        // Into a file or a pipe it goes as it was written; a terminal would obey it.
        if self.is_terminal {
            text.retain(|letter| !letter.is_control() || letter == '\t');
        }
        text
    }
}

/// A line of JSON as the processes write them, as text; nothing where it is none.
fn pretty(line: &str) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    let mut take = |name: &str| fields.remove(name).map(|value| plain(&value)).unwrap_or_default();
    let [at, level, message] = ["timestamp", "level", "message"].map(&mut take);
    for noise in ["target", "span", "spans"] {
        take(noise);
    }
    let rest: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    Some(format!("{at} {level:<5} {message}  {}", rest.join(" ")).trim_end().to_owned())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_is_shown_as_text_and_any_other_as_it_is() {
        let line =
            r#"{"timestamp":"2026-03-01T03:30:00Z","level":"WARN","message":"slow","target":"evolve_api","ms":1200}"#;
        assert_eq!(pretty(line).as_deref(), Some("2026-03-01T03:30:00Z WARN  slow  ms=1200"));
        assert_eq!(pretty("thread 'main' panicked"), None);
    }

    #[test]
    fn a_terminal_is_not_spoken_to_and_a_file_gets_every_byte() {
        let line = Line { at: None, from: "eva-api-5b9c".to_owned(), text: "a\tb\x1b[2J".to_owned() };
        let mut printer = Printer { prefixed: true, bot: "eva".to_owned(), is_pretty: false, is_terminal: true };
        assert_eq!(printer.text(&line), "[api-5b9c] a\tb[2J");
        printer.is_terminal = false;
        assert_eq!(printer.text(&line), "[api-5b9c] a\tb\x1b[2J");
    }
}
