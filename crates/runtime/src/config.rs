//! Configuration from environment variables, read so that the person who got it wrong sees every mistake at once.
//!
//! A binary's configuration is one struct with a `fn read(env: &mut Reader) -> Self`-like constructor that asks the
//! [`Reader`] for each variable. The reader collects problems and hands out harmless stand-in values; only
//! [`Reader::finish`] decides. The same calls, run against an empty environment, give the reference page
//! ([`Reader::reference`]), which therefore cannot be out of date.
//!
//! A variable that is set to an empty string counts as not set. Every variable may instead be given as `NAME_FILE`, the
//! path of a file that holds the value (as Kubernetes and Docker mount secrets); one trailing line break is cut.

use std::{collections::HashMap, fmt::Display, path::Path, str::FromStr};

use secrecy::SecretString;

use crate::secrets::SecretFiles;

/// One variable that a binary reads, for the reference page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// The value used when it is not set; `None` for a variable without default.
    pub default: Option<String>,
    /// Whether start-up fails without it.
    pub required: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What it means, with its unit.
    pub doc: &'static str,
}

/// A variable as it was read, for whoever runs the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the environment.
    pub name: &'static str,
    /// What it says, or what holds without it; nothing where that is secret, too long to be looked at, or there is none.
    pub value: Option<String>,
    /// Whether it was set.
    pub is_set: bool,
    /// Whether its value must never be shown.
    pub is_secret: bool,
}

/// Longest value that is shown, in characters: what is longer holds texts, as of who the companion is.
const MAX_SHOWN: usize = 200;

/// Every problem that was found in the configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the configuration has {} problem(s):\n{}", problems.len(), problems.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    /// One sentence each, starting with the variable's name.
    pub problems: Vec<String>,
}

/// Reads variables, collecting problems and documentation on the way.
#[derive(Debug)]
pub struct Reader {
    values: HashMap<String, String>,
    problems: Vec<String>,
    variables: Vec<Variable>,
    files: SecretFiles,
}

impl Reader {
    /// Reads from the environment of this process.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_values(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))))
    }

    /// Reads from the given pairs: for tests, and for rendering the reference.
    pub fn from_values<K: Into<String>, V: Into<String>>(values: impl IntoIterator<Item = (K, V)>) -> Self {
        let values = values.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { values, problems: Vec::new(), variables: Vec::new(), files: SecretFiles::default() }
    }

    /// A variable that must be set. Where it is missing or wrong, the problem is noted and `T::default()` stands in.
    pub fn required<T>(&mut self, name: &'static str, doc: &'static str) -> T
    where
        T: FromStr<Err: Display> + Default,
    {
        self.note(name, None, true, false, doc);
        self.parse_or_note(name, true).unwrap_or_default()
    }

    /// A variable with a default, which is given as it would be written in the environment.
    pub fn or<T>(&mut self, name: &'static str, default: &str, doc: &'static str) -> T
    where
        T: FromStr<Err: Display> + Default,
    {
        self.note(name, Some(default.to_owned()), false, false, doc);
        match self.parse_or_note(name, false) {
            Some(value) => value,
            None => default.parse().unwrap_or_default(),
        }
    }

    /// A variable that may be left out.
    pub fn optional<T>(&mut self, name: &'static str, doc: &'static str) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        self.note(name, None, false, false, doc);
        self.parse_or_note(name, false)
    }

    /// A JSON value with a default.
    pub fn json_or<T>(&mut self, name: &'static str, default: T, doc: &'static str) -> T
    where
        T: serde::de::DeserializeOwned + serde::Serialize,
    {
        self.note(name, serde_json::to_string(&default).ok(), false, false, doc);
        let Some(text) = self.raw(name) else { return default };
        match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                self.problem(format!("{name} is not the JSON that is expected: {error}"));
                default
            }
        }
    }

    /// A JSON value that may be left out.
    pub fn optional_json<T>(&mut self, name: &'static str, doc: &'static str) -> Option<T>
    where
        T: serde::de::DeserializeOwned,
    {
        self.note(name, None, false, false, doc);
        let text = self.raw(name)?;
        serde_json::from_str(&text)
            .inspect_err(|error| self.problem(format!("{name} is not the JSON that is expected: {error}")))
            .ok()
    }

    /// A secret of at least `min_chars` characters that must be set.
    pub fn required_secret(&mut self, name: &'static str, min_chars: usize, doc: &'static str) -> SecretString {
        self.note(name, None, true, true, doc);
        let value = self.raw(name);
        match &value {
            None => self.problem(format!("{name} is not set: {doc}")),
            Some(text) => self.check_length(name, text, min_chars),
        }
        value.unwrap_or_default().into()
    }

    /// A secret that may be left out, of at least `min_chars` characters where it is there.
    pub fn optional_secret(&mut self, name: &'static str, min_chars: usize, doc: &'static str) -> Option<SecretString> {
        self.note(name, None, false, true, doc);
        let text = self.raw(name)?;
        self.check_length(name, &text, min_chars);
        Some(text.into())
    }

    /// The secret in a variable whose name comes from configuration itself (a provider's `apiKeyEnv`), so that it is
    /// not part of the reference.
    pub fn named_secret(&mut self, name: &str) -> Option<SecretString> {
        self.raw(name).map(Into::into)
    }

    /// Notes a problem that the caller found (a value out of bounds, two variables that contradict each other). The
    /// sentence starts with the variable's name and says how to mend it.
    pub fn problem(&mut self, sentence: String) {
        self.problems.push(sentence);
    }

    /// The variables asked for so far, in order.
    #[must_use]
    pub fn reference(&self) -> &[Variable] {
        &self.variables
    }

    /// The variables asked for so far as they were read, by name. Nothing of a secret is in it, nor the user and the password of an
    /// address.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let setting = |variable: &Variable| {
            let set = self.values.get(variable.name).filter(|value| !value.is_empty());
            let value = set.or(variable.default.as_ref()).filter(|_| !variable.secret);
            Setting {
                name: variable.name,
                value: value.filter(|value| value.chars().count() <= MAX_SHOWN).map(|value| without_user(value)),
                is_set: set.is_some(),
                is_secret: variable.secret,
            }
        };
        let mut settings: Vec<Setting> = self.variables.iter().map(setting).collect();
        settings.sort_unstable_by_key(|setting| setting.name);
        settings.dedup_by_key(|setting| setting.name);
        settings
    }

    /// The files that variables were read from so far, to be watched.
    #[must_use]
    pub fn secret_files(&self) -> SecretFiles {
        self.files.clone()
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem noted.
    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(ConfigError { problems: self.problems }) }
    }

    fn note(&mut self, name: &'static str, default: Option<String>, required: bool, secret: bool, doc: &'static str) {
        self.variables.push(Variable { name, default, required, secret, doc });
    }

    fn check_length(&mut self, name: &str, text: &str, min_chars: usize) {
        let length = text.chars().count();
        if length < min_chars {
            self.problem(format!(
                "{name} has {length} characters and needs at least {min_chars}; `openssl rand -hex 32` makes a good one"
            ));
        }
    }

    fn parse_or_note<T: FromStr<Err: Display>>(&mut self, name: &str, required: bool) -> Option<T> {
        let Some(text) = self.raw(name) else {
            if required {
                let doc = self.variables.last().map_or("", |v| v.doc);
                self.problem(format!("{name} is not set: {doc}"));
            }
            return None;
        };
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(format!("{name} cannot be read: {error}"));
                None
            }
        }
    }

    fn raw(&mut self, name: &str) -> Option<String> {
        if let Some(value) = self.values.get(name).filter(|v| !v.is_empty()) {
            return Some(value.clone());
        }
        let path = self.values.get(&format!("{name}_FILE")).filter(|v| !v.is_empty())?.clone();
        match std::fs::read_to_string(Path::new(&path)) {
            Ok(text) => {
                self.files.note(Path::new(&path), text.as_bytes());
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let text = text.strip_suffix('\r').unwrap_or(text).to_owned();
                // Whoever asks again gets the same: a pipe gives it once.
                self.values.insert(name.to_owned(), text.clone());
                Some(text)
            }
            Err(error) => {
                self.problem(format!("{name}_FILE names {path}, which cannot be read: {error}"));
                None
            }
        }
    }
}

/// A value in which no address names a user or a password.
fn without_user(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | ',') || c.is_whitespace());
        let (authority, others) = after.split_at(end.unwrap_or(after.len()));
        shown.push_str(before);
        shown.push_str("://");
        shown.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = others;
    }
    shown.push_str(rest);
    shown
}

/// The reference as a Markdown table, for the generated page.
#[must_use]
pub fn markdown(variables: &[Variable]) -> String {
    let mut page = String::from("| variable | default | meaning |\n| --- | --- | --- |\n");
    for v in variables {
        let default = match (&v.default, v.required) {
            (Some(default), _) if default.is_empty() => "(empty)".to_owned(),
            (Some(default), _) => format!("`{}`", default.replace('|', "\\|")),
            (None, true) => "**required**".to_owned(),
            (None, false) => "not set".to_owned(),
        };
        let secret = if v.secret { " *(secret)*" } else { "" };
        page.push_str(&format!("| `{}` | {default} | {}{secret} |\n", v.name, v.doc.replace('|', "\\|")));
    }
    page
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn every_problem_is_listed_at_once_and_names_its_variable() {
        let mut env = Reader::from_values([("PORT", "eighty"), ("JWT_SECRET", "short"), ("KEY_FILE", "/nonexistent")]);
        let _: u16 = env.or("PORT", "8000", "port");
        let _: String = env.required("DATABASE_URL", "where Postgres is");
        let _ = env.required_secret("JWT_SECRET", 32, "signs tokens");
        let _ = env.optional_secret("KEY", 1, "a key");
        let error = env.finish(()).unwrap_err();
        let text = error.to_string();
        for part in
            ["PORT cannot be read", "DATABASE_URL is not set: where Postgres is", "JWT_SECRET has 5", "KEY_FILE names"]
        {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        assert_eq!(error.problems.len(), 4);
        assert!(!text.contains("short"), "a secret's value was shown");
    }

    #[test]
    fn what_is_configured_is_shown_without_secrets() {
        let long = "x".repeat(MAX_SHOWN + 1);
        let given = [
            ("URL", "https://eva:pass@word@example.org/a?b=c@d, http://f@g"),
            ("KEY", "0123456789"),
            ("LONG", long.as_str()),
            ("EMPTY", ""),
        ];
        let mut env = Reader::from_values(given);
        let _: String = env.or("URL", "", "an address");
        let _ = env.optional_secret("KEY", 1, "a key");
        let _: Option<String> = env.optional("LONG", "a text");
        let _: u16 = env.or("EMPTY", "7", "a number");
        let shown = env.settings();
        let of = |name: &str| shown.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(of("URL").value.as_deref(), Some("https://example.org/a?b=c@d, http://g"));
        assert_eq!((of("KEY").value.as_deref(), of("KEY").is_set, of("KEY").is_secret), (None, true, true));
        assert_eq!((of("LONG").value.as_deref(), of("LONG").is_set), (None, true));
        assert_eq!((of("EMPTY").value.as_deref(), of("EMPTY").is_set), (Some("7"), false));
    }

    #[test]
    fn a_secret_may_come_from_a_file_and_an_empty_variable_is_not_set() {
        let dir = std::env::temp_dir().join(format!("evolve-config-{}", std::process::id()));
        std::fs::write(&dir, "0123456789\n").unwrap();
        let mut env = Reader::from_values([("A_FILE", dir.to_str().unwrap()), ("A", ""), ("B", "")]);
        assert_eq!(env.required_secret("A", 10, "a").expose_secret(), "0123456789");
        assert_eq!(env.or::<u16>("B", "7", "b"), 7);
        env.finish(()).unwrap();
        std::fs::remove_file(dir).unwrap();
    }
}
