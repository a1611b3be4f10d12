//! The rate limits of every route, in one table, and how an answer tells of them.

use std::{net::IpAddr, time::Duration};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;
use evolve_runtime::config::Reader;
use evolve_store::limits::{Decision, Limit};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::problem::{ApiError, seconds_up};

/// Copies of everything that one person may fetch: a copy is megabytes, and each is made anew.
const EXPORT: Limit = Limit::per_minute(3);

/// How often one person may have themselves removed. Their windows and what they used of the day go with them: without this,
/// whoever comes and goes would have no limit at all.
pub const REMOVALS: Limit = Limit { count: 20, per: Duration::from_secs(3600) };

/// What the keys of [`of_removals`] are for.
pub const REMOVALS_PURPOSE: &str = "windows of removals";

/// What is limited. Each has a window of its own per person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `POST /auth`: by the person asked for where the service key is right, otherwise by the caller's address.
    Auth,
    /// `POST /chat`.
    Chat,
    /// `POST /chat/aside`: apart from `Chat`, so that nobody loses their private chat to a group.
    Aside,
    /// `POST /chat/reset`: apart from `Chat`, so that somebody who has written a lot can still start afresh.
    Reset,
    /// Everything under `/profile` and `/relationship`, and what a person does seldom.
    Profile,
    /// `POST /chat/feedback`, with a window of its own: whoever puts hearts under everything can still look at their profile.
    Feedback,
    /// Everything under `/payments`, with a window of its own: what was paid must not wait for who looks at profiles.
    Payments,
    /// `GET /export`, with a window of its own: it is the dearest of all.
    Export,
    /// Everything under `/memory`, `/history`, `/conversations`, `/settings`, `/consent` and `/voice`: apart from `Profile`,
    /// since whoever leafs through them presses many buttons.
    Memory,
    /// `GET /api/v1/stats`, by who asks.
    Stats,
    /// What administrators ask of the API, by who they are; our own bot and the command line have no limit.
    Admin,
    /// Pages of the panel, by whose session opens them, or by the address of who is not signed in yet.
    Panel,
}

/// The limit of each rule; the defaults are the seed's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// See [`Rule::Auth`].
    pub auth: Limit,
    /// See [`Rule::Chat`] and [`Rule::Reset`].
    pub chat: Limit,
    /// See [`Rule::Aside`].
    pub aside: Limit,
    /// See [`Rule::Profile`], [`Rule::Payments`] and [`Rule::Feedback`].
    pub profile: Limit,
    /// See [`Rule::Memory`].
    pub memory: Limit,
    /// See [`Rule::Stats`].
    pub stats: Limit,
    /// See [`Rule::Admin`].
    pub admin: Limit,
    /// See [`Rule::Panel`].
    pub panel: Limit,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            auth: Limit::per_minute(10),
            chat: Limit::per_minute(10),
            aside: Limit::per_minute(6),
            profile: Limit::per_minute(20),
            memory: Limit::per_minute(60),
            stats: Limit::per_minute(10),
            admin: Limit::per_minute(10),
            panel: Limit::per_minute(240),
        }
    }
}

impl RateLimits {
    /// Reads `AUTH_RATE_LIMIT`, `CHAT_RATE_LIMIT`, `ASIDE_RATE_LIMIT`, `PROFILE_RATE_LIMIT`, `MEMORY_RATE_LIMIT`, `STATS_API_RATE_LIMIT`,
    /// `ADMIN_RATE_LIMIT` and `PANEL_RATE_LIMIT`.
    pub fn read(env: &mut Reader) -> Self {
        let defaults = Self::default();
        let (auth, chat, profile) =
            (defaults.auth.to_string(), defaults.chat.to_string(), defaults.profile.to_string());
        let (memory, aside) = (defaults.memory.to_string(), defaults.aside.to_string());
        let stats = defaults.stats.to_string();
        let (admin, panel) = (defaults.admin.to_string(), defaults.panel.to_string());
        Self {
            auth: env.or(
                "AUTH_RATE_LIMIT",
                &auth,
                "Most tokens for one person, or requests of /auth from one address.",
            ),
            chat: env.or(
                "CHAT_RATE_LIMIT",
                &chat,
                "Most messages of one person; counted apart: resets, and three times as many repeats of an Idempotency-Key.",
            ),
            aside: env.or(
                "ASIDE_RATE_LIMIT",
                &aside,
                "Most messages of one person in groups and from other chats, counted apart from CHAT_RATE_LIMIT.",
            ),
            profile: env.or(
                "PROFILE_RATE_LIMIT",
                &profile,
                "Most requests of one person under /profile and /relationship; as many, counted apart, under /payments and of /chat/feedback.",
            ),
            memory: env.or(
                "MEMORY_RATE_LIMIT",
                &memory,
                "Most requests of one person under /memory, /history, /conversations, /settings, /consent and /voice.",
            ),
            stats: env.or("STATS_API_RATE_LIMIT", &stats, "Most requests of /api/v1/stats by one name, account or key; who shows SERVICE_KEY has no limit."),
            admin: env.or(
                "ADMIN_RATE_LIMIT",
                &admin,
                "Most requests of one administrator, or of one key, under /admin and /api/v1/admin; who shows SERVICE_KEY has no limit.",
            ),
            panel: env.or("PANEL_RATE_LIMIT", &panel, "Most pages of the panel that one administrator opens in the browser; by a key or a token they count as ADMIN_RATE_LIMIT says."),
        }
    }

    /// The limit of one rule.
    #[must_use]
    pub const fn of(&self, rule: Rule) -> Limit {
        match rule {
            Rule::Auth => self.auth,
            Rule::Chat | Rule::Reset => self.chat,
            Rule::Aside => self.aside,
            Rule::Profile | Rule::Payments | Rule::Feedback => self.profile,
            Rule::Export => EXPORT,
            Rule::Memory => self.memory,
            Rule::Stats => self.stats,
            Rule::Admin => self.admin,
            Rule::Panel => self.panel,
        }
    }
}

impl Rule {
    /// Every rule that persons have windows of.
    const ALL: [Self; 9] = [
        Self::Auth,
        Self::Chat,
        Self::Aside,
        Self::Reset,
        Self::Profile,
        Self::Feedback,
        Self::Payments,
        Self::Export,
        Self::Memory,
    ];

    /// The keys of all of a person's windows.
    #[must_use]
    pub fn all_of_person(user_id: i64) -> Vec<String> {
        Self::ALL.iter().map(|rule| rule.of_person(user_id)).collect()
    }

    /// The key of a person's window.
    #[must_use]
    pub fn of_person(self, user_id: i64) -> String {
        format!("{}:{user_id}", self.name())
    }

    /// The key of the window of somebody who runs the bot, or of a key.
    #[must_use]
    pub fn of_actor(self, actor: &str) -> String {
        format!("{}:by:{actor}", self.name())
    }

    /// The key of an address's window.
    #[must_use]
    pub fn of_address(self, address: IpAddr) -> String {
        format!("{}:from:{}", self.name(), block(address))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Chat => "chat",
            Self::Aside => "aside",
            Self::Reset => "reset",
            Self::Profile => "profile",
            Self::Feedback => "feedback",
            Self::Payments => "payments",
            Self::Export => "export",
            Self::Memory => "memory",
            Self::Stats => "stats",
            Self::Admin => "admin",
            Self::Panel => "panel",
        }
    }
}

/// What counts as one caller's address. Of IPv6 the first 64 bits: that is the least that one holds.
#[must_use]
pub fn block(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
        v4 @ IpAddr::V4(_) => v4.to_string(),
    }
}

/// The key of the window of a person's removals ([`REMOVALS`]). It outlives them by an hour, so it does not say whose it is: that
/// takes our own key: each of `Keyring::signing_keys` for [`REMOVALS_PURPOSE`]. All are counted by, so that no rotation begins another
/// window: what is encrypted keeps the old key and the new one together for longer than a window lasts.
#[must_use]
pub fn of_removals(user_id: i64, key: &SecretString) -> String {
    // HMAC takes keys of any length.
    let hash = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).map(|mut mac| {
        mac.update(&user_id.to_be_bytes());
        mac.finalize().into_bytes()
    });
    let hash = hash.into_iter().flatten().take(16).map(|byte| format!("{byte:02x}"));
    format!("removal:{}", hash.collect::<String>())
}

/// How many requests the window lets through.
pub const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// How many more it lets through now.
pub const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// Seconds until all of them are back.
pub const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The answer to a request that the limit does not let through.
#[must_use]
pub fn refusal(decision: &Decision) -> Response {
    let mut response = ApiError::new(Code::RateLimited).retry_after(decision.retry_after).into_response();
    announce(decision, response.headers_mut());
    response
}

/// Adds the `RateLimit-*` headers.
pub fn announce(decision: &Decision, headers: &mut HeaderMap) {
    headers.insert(RATELIMIT_LIMIT, HeaderValue::from(decision.limit));
    headers.insert(RATELIMIT_REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(RATELIMIT_RESET, HeaderValue::from(seconds_up(decision.reset_after.max(Duration::ZERO))));
}

/// The caller's address. Behind `hops` proxies of our own it is what the outermost of them wrote into `X-Forwarded-For`;
/// what stands before that, the caller may have written.
#[must_use]
pub fn caller(peer: IpAddr, headers: &HeaderMap, hops: usize) -> IpAddr {
    if hops == 0 {
        return peer;
    }
    // A line that is not text still counts as one: our proxy may have added to it.
    let lines = headers.get_all("x-forwarded-for").iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let list = lines.collect::<Vec<_>>().join(",");
    list.split(',').rev().nth(hops - 1).and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, &["9.9.9.9"], "10.0.0.1")]
    #[case(1, &["1.2.3.4"], "1.2.3.4")]
    #[case(1, &["6.6.6.6, 1.2.3.4"], "1.2.3.4")]
    #[case(2, &["6.6.6.6, 1.2.3.4", "10.0.0.9"], "1.2.3.4")]
    #[case(1, &[], "10.0.0.1")]
    #[case(1, &["nonsense"], "10.0.0.1")]
    #[case(1, &["6.6.6.6", "ÿ, 1.2.3.4"], "1.2.3.4")]
    #[case(1, &["6.6.6.6", "ÿ"], "10.0.0.1")]
    fn only_our_own_proxies_are_believed(#[case] hops: usize, #[case] lines: &[&str], #[case] expected: IpAddr) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        assert_eq!(caller("10.0.0.1".parse().unwrap(), &headers, hops), expected);
    }

    #[test]
    fn a_window_of_removals_does_not_say_whose_it_is() {
        let of = |user_id: i64, key: &str| of_removals(user_id, &key.to_owned().into());
        assert_eq!(of(734_002_117, "key").len(), "removal:".len() + 32);
        assert_eq!(of(42, "key"), of(42, "key"));
        assert_ne!(of(42, "key"), of(43, "key"));
        assert_ne!(of(42, "key"), of(42, "another"));
    }

    #[test]
    fn a_holder_of_many_ipv6_addresses_has_one_window() {
        let key = |address: &str| Rule::Auth.of_address(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:1.2.3.4"), key("1.2.3.4"));
    }
}
