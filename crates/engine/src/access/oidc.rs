//! Signing in by OpenID Connect: discovery, the code flow with PKCE, state and nonce, and a claim that means a role.
//!
//! The issuer is the administrator's choice, not a stranger's, so it is asked as any server of ours; redirects are not followed.
//! Signatures, audience and issuer of its tokens are `jsonwebtoken`'s to check, which we have for our own; what is left of the protocol is
//! this file. (The `openidconnect` crate does all of it, and brings forty crates along, `rsa` with its open advisory among them.)
//!
//! Who comes back is given an account by [`super::issuer`].

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::access::Role;
use evolve_runtime::http::{self, ClientConfig};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;
use url::Url;

use super::{AccessError, OidcConfig, config::is_safe, random_token};

/// What is known of the issuer is asked for again after so long; where a token is signed by a key that is not known, once a minute.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);
const ASKED_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// How far the issuer's clock may be off.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// Largest answer of the issuer, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;
/// The issuer answers within this, or somebody has to try again.
const LIMITS: ClientConfig = ClientConfig { total: Duration::from_secs(10), connect: Duration::from_secs(5) };
/// Signatures that only the holder of a private key makes.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) state: String,
    nonce: String,
    verifier: String,
}

/// What discovery tells.
#[derive(Clone, Debug, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

struct Provider {
    discovery: Discovery,
    keys: JwkSet,
    asked_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// What a token says. What else it says is looked into for the role.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    azp: Option<String>,
    pub(super) preferred_username: Option<String>,
    pub(super) email: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// An issuer, and what is known of it.
pub(super) struct Oidc {
    pub(super) config: OidcConfig,
    http: reqwest::Client,
    known: Mutex<Option<Arc<Provider>>>,
}

impl Oidc {
    pub(super) fn new(config: OidcConfig) -> reqwest::Result<Self> {
        Ok(Self { config, http: http::client(LIMITS)?, known: Mutex::new(None) })
    }

    /// What is known of the issuer, asked for again where it is older than `at_most`.
    async fn provider(&self, now: DateTime<Utc>, at_most: TimeDelta) -> Result<Arc<Provider>, AccessError> {
        let mut known = self.known.lock().await;
        if let Some(provider) = known.as_ref().filter(|provider| now - provider.asked_at < at_most) {
            return Ok(Arc::clone(provider));
        }
        let mut url = self.config.issuer.clone();
        let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let discovery: Discovery = answer(self.http.get(url)).await?;
        let same = |text: &str| text.trim_end_matches('/').to_owned();
        if same(&discovery.issuer) != same(self.config.issuer.as_str()) {
            return Err(AccessError::Issuer("its discovery document is of another issuer".to_owned()));
        }
        let urls = [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri];
        if !urls.into_iter().all(is_safe) {
            return Err(AccessError::Issuer("its discovery document names a URL that is not https".to_owned()));
        }
        let keys = answer(self.http.get(discovery.jwks_uri.clone())).await?;
        let provider = Arc::new(Provider { discovery, keys, asked_at: now });
        *known = Some(Arc::clone(&provider));
        Ok(provider)
    }

    pub(super) async fn start(&self, now: DateTime<Utc>) -> Result<(Url, Kept), AccessError> {
        let provider = self.provider(now, KNOWN_FOR).await?;
        let kept = Kept { state: random_token(), nonce: random_token(), verifier: random_token() };
        let challenge = BASE64.encode(Sha256::digest(kept.verifier.as_bytes()));
        let mut url = provider.discovery.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", self.config.redirect_url.as_str())
            .append_pair("scope", &self.config.scopes)
            .append_pair("state", &kept.state)
            .append_pair("nonce", &kept.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok((url, kept))
    }

    /// Changes a code for what the issuer says of who brought it.
    pub(super) async fn claims(&self, code: &str, kept: &Kept, now: DateTime<Utc>) -> Result<Claims, AccessError> {
        let provider = self.provider(now, KNOWN_FOR).await?;
        let Tokens { id_token } = answer(self.token_request(&provider.discovery, code, kept)).await?;
        let claims = match self.verified(&provider, &id_token) {
            // A key that is newer than what is known.
            Err(None) => {
                let provider = self.provider(now, ASKED_AGAIN_AFTER).await?;
                self.verified(&provider, &id_token)
            }
            verified => verified,
        };
        let claims = claims
            .map_err(|error| AccessError::Issuer(error.unwrap_or("its token is signed by nobody's key").to_owned()))?;
        let is_nonce = claims.nonce.as_deref().is_some_and(|nonce| same(nonce, &kept.nonce));
        let is_for_us = claims.azp.as_ref().is_none_or(|party| *party == self.config.client_id);
        let (now, skew) = (now.timestamp(), SKEW.num_seconds());
        let is_now = now < claims.exp.saturating_add(skew) && claims.iat <= now.saturating_add(skew);
        if !is_nonce || !is_for_us || !is_now || claims.sub.is_empty() {
            return Err(AccessError::Issuer("its token is of another sign-in, for somebody else, or over".to_owned()));
        }
        Ok(claims)
    }

    fn token_request(&self, discovery: &Discovery, code: &str, kept: &Kept) -> RequestBuilder {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect_url.as_str()),
            ("code_verifier", kept.verifier.as_str()),
        ];
        let request = self.http.post(discovery.token_endpoint.clone());
        let methods = &discovery.token_endpoint_auth_methods_supported;
        // Basic is what every issuer takes that does not say otherwise.
        let is_basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        match &self.config.client_secret {
            Some(secret) if is_basic => {
                let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                request.basic_auth(encode(&self.config.client_id), Some(encode(secret.expose_secret()))).form(&form)
            }
            secret => {
                form.push(("client_id", self.config.client_id.as_str()));
                form.extend(secret.as_ref().map(|secret| ("client_secret", secret.expose_secret())));
                request.form(&form)
            }
        }
    }

    /// What a token says, if it is the issuer's and for us; `Err(None)` where its key is not known.
    fn verified(&self, provider: &Provider, token: &str) -> Result<Claims, Option<&'static str>> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Some("it gave no token"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Some("its token is signed in a way that proves nothing"));
        }
        let key = match &header.kid {
            Some(kid) => provider.keys.find(kid),
            // Without a name there must be no choice.
            None => provider.keys.keys.first().filter(|_| provider.keys.keys.len() == 1),
        };
        let key = DecodingKey::from_jwk(key.ok_or(None)?).map_err(|_| Some("its key cannot be read"))?;
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&[&self.config.client_id]);
        validation.set_issuer(&[&provider.discovery.issuer]);
        validation.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
        // By our own clock, as with tokens of ours.
        validation.validate_exp = false;
        let data = jsonwebtoken::decode::<Claims>(token, &key, &validation);
        data.map(|data| data.claims).map_err(|_| Some("its token does not hold"))
    }

    /// The first role of the map that somebody has.
    pub(super) fn role(&self, claims: &Claims) -> Option<Role> {
        let claim = self.config.role_claim.as_str();
        // A name may have dots in it.
        let said = claims.others.get(claim).or_else(|| {
            let (first, rest) = claim.split_once('.')?;
            rest.split('.').try_fold(claims.others.get(first)?, |value, name| value.get(name))
        })?;
        let has = |group: &str| match said {
            Value::String(one) => one == group,
            Value::Array(several) => several.iter().any(|one| one.as_str() == Some(group)),
            _ => false,
        };
        self.config.roles.0.iter().find(|(group, _)| has(group)).map(|(_, role)| *role)
    }
}

pub(super) fn same(one: &str, another: &str) -> bool {
    bool::from(one.as_bytes().ct_eq(another.as_bytes()))
}

/// What the issuer answers, of a size that anything sane has.
async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, AccessError> {
    let failed = |what: &str| AccessError::Issuer(what.to_owned());
    // Without the URL, of which the query may be a secret.
    let sent = request.send().await.map_err(|error| AccessError::Issuer(error.without_url().to_string()))?;
    let status = sent.status();
    if !status.is_success() {
        return Err(AccessError::Issuer(format!("it answered {}", status.as_u16())));
    }
    let (mut body, mut response) = (Vec::new(), sent);
    while let Some(chunk) = response.chunk().await.map_err(|_| failed("its answer broke off"))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(failed("its answer is too long"));
        }
    }
    serde_json::from_slice(&body).map_err(|_| failed("its answer is not what OpenID Connect says"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn oidc(claim: &str, roles: &str) -> Oidc {
        let url = |text: &str| Url::parse(text).unwrap();
        Oidc::new(OidcConfig {
            issuer: url("https://id.example.org"),
            client_id: "eva".to_owned(),
            client_secret: None,
            scopes: "openid".to_owned(),
            role_claim: claim.to_owned(),
            roles: roles.parse().unwrap(),
            redirect_url: url("https://bot.example.org/admin/panel/oidc/callback"),
        })
        .unwrap()
    }

    fn role(claim: &str, others: &Value) -> Option<Role> {
        let mut claims = json!({ "sub": "1", "exp": 1, "iat": 1 });
        claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        oidc(claim, "chiefs=owner, staff=support").role(&serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn a_claim_means_the_first_role_of_the_map() {
        assert_eq!(role("groups", &json!({ "groups": ["staff", "chiefs"] })), Some(Role::Owner));
        assert_eq!(role("groups", &json!({ "groups": "staff" })), Some(Role::Support));
        assert_eq!(role("realm.roles", &json!({ "realm": { "roles": ["staff"] } })), Some(Role::Support));
        assert_eq!(role("https://a.b/roles", &json!({ "https://a.b/roles": ["staff"] })), Some(Role::Support));
        for none in [json!({}), json!({ "groups": [] }), json!({ "groups": ["Staff"] }), json!({ "groups": 7 })] {
            assert_eq!(role("groups", &none), None, "{none}");
        }
    }
}
