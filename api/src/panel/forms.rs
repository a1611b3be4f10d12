//! What forms send. Each has the session's token (`csrf`), or, before the door, that of the form.

use secrecy::SecretString;
use serde::Deserialize;

use crate::access::routes::LIVE;

/// `POST /admin/panel/sign-in`, at each of its steps.
#[derive(Debug, Deserialize)]
pub struct SignInForm {
    /// The token of the form.
    pub csrf: SecretString,
    /// Which step: `password`, `code` or `recovery`.
    pub step: String,
    /// The name of the account, at the first step.
    #[serde(default)]
    pub name: String,
    /// The password, at the first step.
    #[serde(default)]
    pub password: SecretString,
    /// The code, at the others.
    #[serde(default)]
    pub code: SecretString,
    /// Where to go on to; see [`own_path`].
    #[serde(default)]
    pub next: String,
}

/// `POST /admin/panel/welcome`.
#[derive(Debug, Deserialize)]
pub struct WelcomeForm {
    /// The token of the form.
    pub csrf: SecretString,
    /// The token of the link.
    pub token: SecretString,
    /// The password.
    pub password: SecretString,
    /// The same once more.
    pub again: SecretString,
    /// The second factor that was offered, sealed.
    #[serde(default)]
    pub factor: SecretString,
    /// What the app for the second factor shows; empty without one.
    #[serde(default)]
    pub code: SecretString,
}

/// Where to go on to after signing in: a page of the panel, or the first one. Addresses elsewhere would make our door the bait of
/// a stranger's.
#[must_use]
pub fn own_path(asked: &str) -> &str {
    let path = asked.split(['?', '#']).next().unwrap_or_default();
    let is_own = path == "/admin" || path.starts_with("/admin/panel/");
    // Browsers take a backslash for a slash, leave out control characters, and walk up at two dots.
    let is_plain =
        asked.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !path.contains("//") && !path.contains("..");
    let is_door = path.starts_with("/admin/panel/sign-") || path.starts_with("/admin/panel/welcome");
    // What a page asked by itself, or took away as a file, is nothing to arrive at.
    let is_page = !path.starts_with(LIVE) && !path.ends_with(".csv");
    if is_own && is_plain && !is_door && is_page { asked } else { "/admin" }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/admin", true)]
    #[case("/admin/panel/people?q=%40anna&after=1", true)]
    #[case("", false)]
    #[case("//evil.example/admin", false)]
    #[case("https://evil.example", false)]
    #[case("/admin/panel/\\evil.example", false)]
    #[case("/admin/panel/../../x", false)]
    #[case("/admin/db_metrics", false)]
    #[case("/admin/panel/sign-out", false)]
    #[case("/admin/panel/\tx", false)]
    #[case("/admin/panel/live/tail?after=1", false)]
    #[case("/admin/panel/people.csv?q=1", false)]
    fn the_door_leads_nowhere_but_inside(#[case] asked: &str, #[case] is_own: bool) {
        assert_eq!(own_path(asked), if is_own { asked } else { "/admin" });
    }
}
