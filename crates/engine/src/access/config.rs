//! What is configured about who runs the bot.

use std::str::FromStr;

use evolve_domain::access::Role;
use evolve_runtime::config::Reader;
use secrecy::SecretString;
use url::{Host, Url};

/// Shortest token of registration, in characters.
const MIN_TOKEN_CHARS: usize = 16;

/// Whose claims mean which role, in the order in which they are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMap(pub Vec<(String, Role)>);

impl FromStr for RoleMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(|entry| {
            let (group, role) = entry.rsplit_once('=').ok_or_else(|| format!("{entry:?} is not group=role"))?;
            Ok((group.trim().to_owned(), role.trim().parse()?))
        });
        entries.collect::<Result<_, String>>().map(Self)
    }
}

/// Where people are known who come by OpenID Connect.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Who knows them; its discovery document is below it.
    pub issuer: Url,
    /// As whom we ask.
    pub client_id: String,
    /// How we prove it, where we can keep a secret.
    pub client_secret: Option<SecretString>,
    /// What is asked for.
    pub scopes: String,
    /// Which claim says what somebody may do; `a.b` for `b` inside `a`.
    pub role_claim: String,
    /// What it says means which role.
    pub roles: RoleMap,
    /// Where people come back to.
    pub redirect_url: Url,
}

/// Everything that is configured.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// Whether owners and admins must have a second factor.
    pub second_factor_required: bool,
    /// Whoever knows it may register to see the statistics; nobody can where there is none.
    pub registration_token: Option<SecretString>,
    /// Where people are known.
    pub oidc: Option<OidcConfig>,
    /// Whether people find the panel at an address with `https`.
    pub is_https: bool,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { second_factor_required: true, registration_token: None, oidc: None, is_https: false }
    }
}

impl AccessConfig {
    /// Reads `PANEL_SECOND_FACTOR`, `PANEL_URL`, `ADMIN_REGISTRATION_TOKEN` and `OIDC_…`.
    pub fn read(env: &mut Reader) -> Self {
        let factor: String = env.or(
            "PANEL_SECOND_FACTOR",
            "required",
            "Whether owners and admins must have a second factor: `required` or `optional`.",
        );
        if !matches!(factor.as_str(), "required" | "optional") {
            env.problem("PANEL_SECOND_FACTOR must be required or optional".to_owned());
        }
        let registration_token = env.optional_secret(
            "ADMIN_REGISTRATION_TOKEN",
            MIN_TOKEN_CHARS,
            "Whoever shows it may register with a name and a password to see the statistics; without it nobody can.",
        );
        let panel: Option<Url> = env.optional(
            "PANEL_URL",
            "Where people find the API in their browsers (`https://bot.example.org`); needed for OIDC_ISSUER.",
        );
        let is_https = panel.as_ref().is_some_and(|panel| panel.scheme() == "https");
        Self { second_factor_required: factor != "optional", registration_token, oidc: oidc(env, panel), is_https }
    }
}

fn oidc(env: &mut Reader, panel: Option<Url>) -> Option<OidcConfig> {
    let issuer: Option<Url> = env.optional(
        "OIDC_ISSUER",
        "Whom administrators may sign in by, with OpenID Connect: the issuer, as its discovery document names it.",
    );
    let client_id: Option<String> = env.optional("OIDC_CLIENT_ID", "Our id at OIDC_ISSUER.");
    let client_secret = env.optional_secret("OIDC_CLIENT_SECRET", 1, "Our secret at OIDC_ISSUER, where it gave one.");
    let scopes = env.or("OIDC_SCOPES", "openid profile email", "What is asked of OIDC_ISSUER, separated by spaces.");
    let role_claim =
        env.or("OIDC_ROLE_CLAIM", "groups", "The claim that says what somebody may do; `a.b` for `b` inside `a`.");
    let roles: RoleMap = env.optional(
        "OIDC_ROLES",
        "What that claim says means which role: `group=role`, comma-separated, the first that somebody has. Who has none does not come in.",
    )
    .unwrap_or_default();
    let issuer = issuer?;
    if !is_safe(&issuer) {
        env.problem("OIDC_ISSUER must be https (http on this machine alone)".to_owned());
    }
    if roles.0.is_empty() {
        env.problem("OIDC_ROLES is needed with OIDC_ISSUER: without it nobody could come in".to_owned());
    }
    let Some(client_id) = client_id else {
        env.problem("OIDC_CLIENT_ID is needed with OIDC_ISSUER".to_owned());
        return None;
    };
    let Some(redirect_url) = panel.and_then(|panel| panel.join("/admin/panel/oidc/callback").ok()) else {
        env.problem("PANEL_URL is needed with OIDC_ISSUER: people are sent back to it".to_owned());
        return None;
    };
    Some(OidcConfig { issuer, client_id, client_secret, scopes, role_claim, roles, redirect_url })
}

/// Whether what is asked of this URL, and answered, is seen by nobody on the way.
pub(super) fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&'static str, &'static str)]) -> (AccessConfig, Vec<String>) {
        let mut env = Reader::from_values(variables.iter().copied());
        let config = AccessConfig::read(&mut env);
        let problems = env.finish(()).err().map(|error| error.problems).unwrap_or_default();
        (config, problems)
    }

    #[test]
    fn nothing_is_needed_and_owners_have_a_second_factor() {
        let (config, problems) = read(&[]);
        assert_eq!(problems, [""; 0]);
        assert!(config.second_factor_required && config.registration_token.is_none() && config.oidc.is_none());
        assert!(!read(&[("PANEL_SECOND_FACTOR", "optional")]).0.second_factor_required);
        assert!(!config.is_https && read(&[("PANEL_URL", "https://bot.example.org")]).0.is_https);
    }

    #[test]
    fn an_issuer_needs_what_it_needs_and_each_that_is_missing_is_named() {
        let (_, problems) = read(&[("OIDC_ISSUER", "http://id.example.org"), ("PANEL_SECOND_FACTOR", "no")]);
        for name in ["PANEL_SECOND_FACTOR", "OIDC_ISSUER", "OIDC_ROLES", "OIDC_CLIENT_ID"] {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name}: {problems:?}");
        }
        let (config, problems) = read(&[
            ("OIDC_ISSUER", "https://id.example.org/realms/eva"),
            ("OIDC_CLIENT_ID", "eva"),
            ("OIDC_ROLES", "cn=staff,dc=example=support, chiefs=owner"),
            ("PANEL_URL", "https://bot.example.org"),
        ]);
        assert!(!problems.is_empty(), "an entry with a comma in it is two");
        assert!(problems.iter().all(|problem| problem.starts_with("OIDC_ROLES")), "{problems:?}");
        assert!(config.oidc.is_some());
        let map: RoleMap = "/staff/eva=support, chiefs=owner".parse().unwrap();
        assert_eq!(map.0, [("/staff/eva".to_owned(), Role::Support), ("chiefs".to_owned(), Role::Owner)]);
    }
}
