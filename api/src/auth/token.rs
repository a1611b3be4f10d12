//! Our bearer tokens: JWT, HS256 and nothing else, one hour.
//!
//! The library checks the signature, the pinned algorithm, audience and issuer. Times are checked here against the
//! [`Clock`](evolve_runtime::clock::Clock) of the process, so that a test can let an hour pass.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::language::Language;
use evolve_runtime::secrets;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who makes our tokens, and for whom.
const ISSUER: &str = "evolve-api";
/// Who takes them.
const AUDIENCE: &str = "evolve-api";
/// How long one is good.
pub const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How far another replica's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    /// The person, by Telegram id.
    sub: String,
    aud: String,
    iss: String,
    /// Tells tokens apart in logs of other systems; not remembered here.
    jti: Uuid,
    iat: i64,
    exp: i64,
    /// The code of the language of the person's app, where Telegram told it. One that only another version speaks is nobody's
    /// reason to refuse the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The hash of the person's @name, where whoever asked told it; empty where they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    /// Whether our own bot asked for it, which shows it to nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bot: bool,
}

/// For whom a token was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person, by Telegram id.
    pub person: i64,
    /// The language of their app, where Telegram told it.
    pub language: Option<Language>,
    /// The hash of their @name ([`People::handle`](evolve_store::people::People::handle)), empty where they have none; nothing where that
    /// is not known.
    pub handle: Option<String>,
    /// Whether our own bot shows it, on behalf of the person, and not the person.
    pub by_bot: bool,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has run out.
    #[error("the token has expired; ask /auth for a new one")]
    Expired,
    /// It is not one of ours.
    #[error("the token is not valid")]
    Invalid,
}

/// Makes and checks tokens.
#[derive(Clone)]
pub struct Tokens {
    encoding: EncodingKey,
    /// Of every secret whose tokens are taken, the one that signs first.
    decoding: Vec<DecodingKey>,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// Tokens signed with `secret`; of several, with the first, and those of all are taken.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
        // See the header: we look at the times ourselves.
        validation.validate_exp = false;
        let encoding = EncodingKey::from_secret(secrets::first(secret).expose_secret().as_bytes());
        let decoding = secrets::keys(secret).map(|key| DecodingKey::from_secret(key.as_bytes())).collect();
        Self { encoding, decoding, validation }
    }

    /// A token for one person.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    pub fn issue(&self, holder: Holder, now: DateTime<Utc>) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: holder.person.to_string(),
            aud: AUDIENCE.to_owned(),
            iss: ISSUER.to_owned(),
            jti: Uuid::new_v4(),
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            language: holder.language.map(|language| language.as_str().to_owned()),
            handle: holder.handle,
            bot: holder.by_bot,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    fn claims(&self, token: &str) -> Result<Claims, TokenError> {
        for key in &self.decoding {
            match jsonwebtoken::decode::<Claims>(token, key, &self.validation) {
                Ok(data) => return Ok(data.claims),
                Err(error) => tracing::debug!(error = ?error.kind(), "a token was refused"),
            }
        }
        Err(TokenError::Invalid)
    }

    /// The person for whom a token was made.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Holder, TokenError> {
        let claims = self.claims(token)?;
        if now.timestamp() >= claims.exp {
            return Err(TokenError::Expired);
        }
        // Not from the future, and never longer-lived than we make them.
        if claims.iat > (now + CLOCK_SKEW).timestamp() || claims.exp.saturating_sub(claims.iat) > LIFETIME.num_seconds()
        {
            return Err(TokenError::Invalid);
        }
        let person: i64 = claims.sub.parse().map_err(|_| TokenError::Invalid)?;
        // As we write it, so that one person has one name.
        if person <= 0 || person.to_string() != claims.sub {
            return Err(TokenError::Invalid);
        }
        let language = claims.language.and_then(|code| code.parse().ok());
        Ok(Holder { person, language, handle: claims.handle, by_bot: claims.bot })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const IVAN: Holder = Holder { person: 42, language: None, handle: None, by_bot: false };

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new(&SECRET.into())
    }

    fn claims() -> Value {
        let iat = now().timestamp();
        json!({"sub": "42", "aud": "evolve-api", "iss": "evolve-api", "jti": Uuid::nil(), "iat": iat, "exp": iat + 3600})
    }

    fn signed(header: &Header, claims: &Value, secret: &str) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn without(name: &str) -> Value {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    #[test]
    fn a_token_is_good_for_its_person_and_one_hour() {
        let token = tokens().issue(IVAN, now()).unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(IVAN));
        assert_eq!(tokens().verify(&token, now() + TimeDelta::seconds(3599)), Ok(IVAN));
        assert_eq!(tokens().verify(&token, now() + LIFETIME), Err(TokenError::Expired));
        assert_ne!(token, tokens().issue(IVAN, now()).unwrap(), "each has its own jti");
    }

    #[test]
    fn a_token_tells_the_language_of_an_app_and_is_good_where_another_version_made_it() {
        let spoken = Holder { language: Some(Language::Ru), ..IVAN };
        let token = tokens().issue(spoken.clone(), now()).unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(spoken));
        let named = Holder { handle: Some("5f0c2a91".to_owned()), ..IVAN };
        let token = tokens().issue(named.clone(), now()).unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(named));
        let of_bot = Holder { by_bot: true, ..IVAN };
        let token = tokens().issue(of_bot.clone(), now()).unwrap();
        assert_eq!(tokens().verify(&token, now()), Ok(of_bot));
        // One before knew no such claim; one after may speak what we do not.
        for claims in [claims(), with("language", json!("tlh")), with("a_claim_to_come", json!(1))] {
            let token = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
            assert_eq!(tokens().verify(&token, now()), Ok(IVAN), "{claims}");
        }
    }

    #[test]
    fn tokens_of_two_secrets_are_taken_while_one_takes_the_others_place() {
        let new = "another secret of thirty-two chars";
        let of = |list: &str| Tokens::new(&list.into());
        let (only_old, old_first) = (of(SECRET), of(&format!("{SECRET},{new}")));
        let (new_first, only_new) = (of(&format!("{new},{SECRET}")), of(new));
        let takes = |tokens: &Tokens, token: &str| tokens.verify(token, now()) == Ok(IVAN);
        // Each step of the way beside the one before it.
        for (one, other) in [(&only_old, &old_first), (&old_first, &new_first), (&new_first, &only_new)] {
            let (token, another) = (one.issue(IVAN, now()).unwrap(), other.issue(IVAN, now()).unwrap());
            assert!(takes(one, &token) && takes(other, &token) && takes(one, &another) && takes(other, &another));
        }
        assert!(!takes(&only_new, &only_old.issue(IVAN, now()).unwrap()));
    }

    #[test]
    fn forged_tokens_are_refused() {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as B64};
        let hs256 = Header::new(Algorithm::HS256);
        let good = signed(&hs256, &claims(), SECRET);
        assert_eq!(tokens().verify(&good, now()), Ok(IVAN), "the table below starts from a good one");
        let body = good.split('.').nth(1).unwrap();
        let none = |alg: &str| format!("{}.{body}.", B64.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#)));
        let iat = now().timestamp();
        let table = [
            ("alg none", none("none")),
            ("alg None", none("None")),
            ("alg HS256 without signature", none("HS256")),
            ("another HMAC", signed(&Header::new(Algorithm::HS512), &claims(), SECRET)),
            ("another key", signed(&hs256, &claims(), "another secret of thirty-two chars")),
            ("an empty key", signed(&hs256, &claims(), "")),
            ("wrong audience", signed(&hs256, &with("aud", json!("elsewhere")), SECRET)),
            ("no audience", signed(&hs256, &without("aud"), SECRET)),
            ("wrong issuer", signed(&hs256, &with("iss", json!("elsewhere")), SECRET)),
            ("no issuer", signed(&hs256, &without("iss"), SECRET)),
            ("no person", signed(&hs256, &without("sub"), SECRET)),
            ("not a number", signed(&hs256, &with("sub", json!("admin")), SECRET)),
            ("no expiry", signed(&hs256, &without("exp"), SECRET)),
            ("no jti", signed(&hs256, &without("jti"), SECRET)),
            ("lives too long", signed(&hs256, &with("exp", json!(iat + 3601)), SECRET)),
            ("from the future", signed(&hs256, &with("iat", json!(iat + 60)), SECRET)),
            ("from the beginning of time", signed(&hs256, &with("iat", json!(i64::MIN)), SECRET)),
            ("until its end", signed(&hs256, &with("exp", json!(i64::MAX)), SECRET)),
            ("another spelling of the person", signed(&hs256, &with("sub", json!("+42")), SECRET)),
            ("a group", signed(&hs256, &with("sub", json!("-42")), SECRET)),
            (
                "body changed",
                format!(
                    "{}.{}.{}",
                    good.split('.').next().unwrap(),
                    B64.encode(with("sub", json!("43")).to_string()),
                    good.split('.').nth(2).unwrap()
                ),
            ),
            ("signature cut", good[..good.len() - 2].to_owned()),
            ("nothing", String::new()),
            ("dots", "..".to_owned()),
        ];
        for (what, token) in table {
            assert_eq!(tokens().verify(&token, now()), Err(TokenError::Invalid), "{what}");
        }
        let expired = signed(&hs256, &with("exp", json!(iat)), SECRET);
        assert_eq!(tokens().verify(&expired, now()), Err(TokenError::Expired));
    }
}
