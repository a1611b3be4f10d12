//! Accounts, sessions and keys as lines of lists.

use evolve_store::access::{Account, ApiKey, ApiUser, Session};
use uuid::Uuid;

use crate::{
    access::api_keys::names,
    panel::pages::access::{AccountLine, KeyLine, SessionLine, UserLine},
};

pub(super) fn account_line(account: Account) -> AccountLine {
    AccountLine {
        id: account.id.to_string(),
        name: account.name,
        role: account.role.as_str().to_owned(),
        has_factor: account.has_second_factor,
        telegram: account.telegram_id,
        is_ready: account.has_password || account.is_external,
        is_disabled: account.disabled_at.is_some(),
        last: account.seen_at,
    }
}

/// A session, as it is listed; `current` is the one that looks.
pub(super) fn session_line(session: Session, current: Option<Uuid>) -> SessionLine {
    SessionLine {
        id: session.id.to_string(),
        account: session.name,
        address: session.address,
        browser: session.agent.as_deref().map(browser),
        since: Some(session.created_at),
        last: Some(session.seen_at),
        is_own: current == Some(session.id),
    }
}

/// A browser and its system, of the long line that it calls itself by; the line's beginning, where they are not known.
fn browser(agent: &str) -> String {
    // The order matters: each pretends to be those after it.
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("YaBrowser", "Yandex"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = |of: &[(&str, &'static str)]| of.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (known(&browsers), known(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => agent.chars().take(40).collect(),
    }
}

pub(super) fn key_line(key: ApiKey) -> KeyLine {
    KeyLine {
        id: key.id.to_string(),
        name: key.name,
        begins: key.hint,
        scopes: names(key.scopes),
        last: key.last_used_at,
        until: key.expires_at,
    }
}

pub(super) fn user_line(user: ApiUser) -> UserLine {
    UserLine { id: user.id.to_string(), name: user.username, since: Some(user.created_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_though_it_pretends_to_be_others() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(browser(edge), "Edge, Windows");
        assert_eq!(browser("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"), "Firefox, Linux");
        assert_eq!(browser("curl/8.5.0"), "curl/8.5.0");
    }
}
