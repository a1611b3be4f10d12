//! `Telegram.WebApp.initData`: what a Web App says of the person in front of it, signed by Telegram for our bot.
//!
//! As Telegram documents it: every field but `hash` as `key=value`, sorted, joined by line feeds, is the message (so
//! `signature`, which is for third parties, is part of it); `HMAC-SHA256("WebAppData", bot token)` is the key. A field
//! that is there twice is refused, since which of the two was signed would be a matter of opinion.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::Sha256;

/// How old it may be: a stolen one is good for as long.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// How far Telegram's clock may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);
/// Longest that is looked at; real ones have under 1 KiB.
const MAX_BYTES: usize = 8192;

/// Why `initData` is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitDataError {
    /// It does not have the documented form.
    #[error("init_data is not what Telegram makes: {0}")]
    Malformed(&'static str),
    /// Telegram did not sign it for our bot.
    #[error("init_data is not signed by Telegram for this bot")]
    BadSignature,
    /// It is older than an hour.
    #[error("init_data is older than an hour; open the Web App again")]
    TooOld,
    /// It is from the future.
    #[error("init_data is from the future")]
    FromTheFuture,
}

/// Who is in front of the Web App.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WebAppUser {
    /// Telegram id.
    pub id: i64,
    /// IETF tag of their app's language.
    pub language_code: Option<String>,
    /// Their @name, without the `@`.
    #[serde(default)]
    pub username: Option<String>,
}

/// The person for whom Telegram signed this `initData`.
///
/// # Errors
/// [`InitDataError`].
pub fn verify(init_data: &str, bot_token: &SecretString, now: DateTime<Utc>) -> Result<WebAppUser, InitDataError> {
    if init_data.len() > MAX_BYTES {
        return Err(InitDataError::Malformed("it is too long"));
    }
    let mut fields: Vec<(String, String)> = url::form_urlencoded::parse(init_data.as_bytes()).into_owned().collect();
    fields.sort();
    if fields.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
        return Err(InitDataError::Malformed("a field is there twice"));
    }
    let hash = fields.iter().position(|(name, _)| name == "hash").ok_or(InitDataError::Malformed("hash is missing"))?;
    let (_, hash) = fields.remove(hash);
    check_signature(&fields, &hash, bot_token)?;

    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let signed_at: i64 = field("auth_date")
        .and_then(|value| value.parse().ok())
        .ok_or(InitDataError::Malformed("auth_date is missing or not a number"))?;
    let age = now.timestamp().saturating_sub(signed_at);
    if age > MAX_AGE.num_seconds() {
        return Err(InitDataError::TooOld);
    }
    if age < -CLOCK_SKEW.num_seconds() {
        return Err(InitDataError::FromTheFuture);
    }
    field("user")
        .and_then(|json| serde_json::from_str(json).ok())
        .ok_or(InitDataError::Malformed("user is missing or not JSON with an id"))
}

fn check_signature(fields: &[(String, String)], hash: &str, bot_token: &SecretString) -> Result<(), InitDataError> {
    let lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let claimed = from_hex(hash).ok_or(InitDataError::Malformed("hash is not 64 hexadecimal digits"))?;
    let key = mac(b"WebAppData", bot_token.expose_secret().as_bytes())?.finalize().into_bytes();
    // Compares in constant time.
    mac(&key, lines.join("\n").as_bytes())?.verify_slice(&claimed).map_err(|_| InitDataError::BadSignature)
}

fn mac(key: &[u8], message: &[u8]) -> Result<Hmac<Sha256>, InitDataError> {
    // HMAC takes keys of any length; the signature of `new_from_slice` cannot say so.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| InitDataError::BadSignature)?;
    mac.update(message);
    Ok(mac)
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn fields(auth_date: i64) -> Vec<(&'static str, String)> {
        vec![
            ("query_id", "AAHdF6IQAAAAAN0XohDhrOrc".to_owned()),
            ("user", r#"{"id":42,"first_name":"Иван & Ко","language_code":"ru"}"#.to_owned()),
            ("auth_date", auth_date.to_string()),
            ("signature", "cGxhY2Vob2xkZXI".to_owned()),
        ]
    }

    fn signed(fields: &[(&str, String)], token: &str) -> String {
        let mut lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.sort();
        let key = mac(b"WebAppData", token.as_bytes()).unwrap().finalize().into_bytes();
        let hash = mac(&key, lines.join("\n").as_bytes()).unwrap().finalize().into_bytes();
        let hash: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fields).append_pair("hash", &hash).finish()
    }

    /// Made by another implementation of Telegram's description (Python's hmac), so that we do not only agree with ourselves.
    #[test]
    fn what_telegram_would_sign_is_taken() {
        let data = include_str!("init_data_sample.txt").trim_end();
        let ivan = WebAppUser { id: 42, language_code: Some("ru".to_owned()), username: Some("ivan".to_owned()) };
        assert_eq!(verify(data, &TOKEN.into(), "2026-03-01T12:00:10Z".parse().unwrap()), Ok(ivan));
    }

    #[test]
    fn forged_stale_and_malformed_init_data_is_refused() {
        use InitDataError::{BadSignature, FromTheFuture, Malformed, TooOld};
        let at = now().timestamp();
        let good = signed(&fields(at), TOKEN);
        let verify = |data: &str| verify(data, &TOKEN.into(), now()).map(|user| user.id);
        assert_eq!(verify(&good), Ok(42), "the table below starts from a good one");
        let hash = good.rsplit_once("hash=").unwrap().1;
        let without = |name: &str| fields(at).into_iter().filter(|(key, _)| *key != name).collect::<Vec<_>>();
        let duplicate = |name: &'static str, value: &str| {
            let mut fields = fields(at);
            fields.push((name, value.to_owned()));
            fields
        };
        let table = [
            ("another bot's", signed(&fields(at), "1:other"), Err(BadSignature)),
            ("another person", good.replace("%3A42%2C", "%3A43%2C"), Err(BadSignature)),
            ("a field added", format!("{good}&is_admin=1"), Err(BadSignature)),
            ("signature removed", good.replace("signature=cGxhY2Vob2xkZXI&", ""), Err(BadSignature)),
            ("hash of zeros", good.replace(hash, &"0".repeat(64)), Err(BadSignature)),
            ("hash too short", good.replace(hash, &hash[..62]), Err(Malformed("hash is not 64 hexadecimal digits"))),
            (
                "hash with signs",
                good.replace(hash, &format!("+{}", &hash[1..])),
                Err(Malformed("hash is not 64 hexadecimal digits")),
            ),
            ("no hash", good.replace("hash=", "hush="), Err(Malformed("hash is missing"))),
            ("two hashes", format!("{good}&hash={hash}"), Err(Malformed("a field is there twice"))),
            ("two users", signed(&duplicate("user", r#"{"id":43}"#), TOKEN), Err(Malformed("a field is there twice"))),
            ("an hour old", signed(&fields(at - 3600), TOKEN), Ok(42)),
            ("older", signed(&fields(at - 3601), TOKEN), Err(TooOld)),
            ("from the future", signed(&fields(at + 31), TOKEN), Err(FromTheFuture)),
            ("age overflows", signed(&fields(i64::MIN), TOKEN), Err(TooOld)),
            ("no date", signed(&without("auth_date"), TOKEN), Err(Malformed("auth_date is missing or not a number"))),
            ("no user", signed(&without("user"), TOKEN), Err(Malformed("user is missing or not JSON with an id"))),
            ("nothing", String::new(), Err(Malformed("hash is missing"))),
            ("too long", "a".repeat(9000), Err(Malformed("it is too long"))),
        ];
        for (what, data, expected) in table {
            assert_eq!(verify(&data), expected, "{what}");
        }
    }
}
