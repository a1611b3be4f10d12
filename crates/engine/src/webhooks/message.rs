//! What is said, and how it is signed.
//!
//! It is Standard Webhooks (standardwebhooks.com), so that whoever receives it finds a library that verifies it in their language.
//! Its crate for Rust was weighed: it brings a second HMAC and a second way of telling time for these few lines, of which the
//! specification's own example is the test.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::SecondsFormat;
use evolve_domain::{language::Language, payment::priced};
use evolve_store::webhooks::Owed;
use evolve_texts::{FluentArgs, FluentValue};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// What a secret begins with, so that whoever finds one knows what it is.
const PREFIX: &str = "whsec_";

/// A secret that nobody has.
#[must_use]
pub fn new_secret() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes)).into()
}

/// The signature of a message of this id and time (seconds since 1970) by a secret; nothing where it is none.
#[must_use]
pub fn signature(secret: &SecretString, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let secret = secret.expose_secret();
    let key = BASE64_STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

/// The `webhook-signature` of all secrets that are good, so that whoever knows one of them can verify it.
#[must_use]
pub fn signatures(secrets: &[SecretString], id: &str, timestamp: i64, body: &str) -> String {
    let each = secrets.iter().filter_map(|secret| signature(secret, id, timestamp, body));
    each.collect::<Vec<_>>().join(" ")
}

/// The event, as others get it.
#[must_use]
pub fn body(owed: &Owed) -> String {
    let mut data: Map<String, Value> = owed.data.as_object().cloned().unwrap_or_default();
    if let Some(user_id) = owed.user_id {
        data.insert("user_id".to_owned(), user_id.into());
    }
    let timestamp = owed.at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({ "type": owed.event, "timestamp": timestamp, "data": data }).to_string()
}

/// The event, as Slack gets it.
#[must_use]
pub fn slack(owed: &Owed, language: Language) -> String {
    json!({ "text": line(owed, language) }).to_string()
}

/// The event in a line, in a language.
fn line(owed: &Owed, language: Language) -> String {
    let mut args = FluentArgs::new();
    for (name, value) in owed.data.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), escaped);
        args.set(name.clone(), FluentValue::from(text));
    }
    let person = owed.user_id.map_or_else(|| "—".to_owned(), |id| id.to_string());
    args.set("person", FluentValue::from(person));
    if let (Some(amount), Some(currency)) = (owed.data["amount"].as_i64(), owed.data["currency"].as_str()) {
        args.set("price", FluentValue::from(escaped(&priced(amount, currency))));
    }
    let key = format!("webhook-{}", owed.event.replace(['.', '_'], "-"));
    let (text, problems) = evolve_texts::format(language, &key, Some(&args));
    // Of a newer version, which has events of which this one has no words.
    if problems.is_empty() { text } else { escaped(&owed.event) }
}

/// What Slack asks to be written in another way.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use evolve_domain::webhook::EventKind;
    use uuid::Uuid;

    use super::*;

    fn owed(kind: EventKind, data: Value) -> Owed {
        Owed {
            event_id: Uuid::nil(),
            event: kind.as_str().to_owned(),
            user_id: Some(42),
            data,
            at: DateTime::from_timestamp_micros(1_795_262_400_000_000).unwrap(),
            attempts: 1,
        }
    }

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        let both = signatures(&[secret, new_secret()], "msg", 1, "{}");
        assert_eq!(both.split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    }

    #[test]
    fn an_event_says_what_whom_and_when() {
        let owed = owed(EventKind::PaymentSucceeded, json!({ "amount": 250, "currency": "XTR" }));
        assert_eq!(
            body(&owed),
            r#"{"type":"payment.succeeded","timestamp":"2026-11-21T12:00:00.000000Z","data":{"amount":250,"currency":"XTR","user_id":42}}"#
        );
    }

    #[test]
    fn every_event_has_a_line_in_every_language_with_what_its_trigger_gives_and_slack_reads_no_markup_in_it() {
        let data = json!({
            "payment_id": "p", "way": "stars", "currency": "XTR", "amount": 250, "matched": true, "paid_at": "t",
            "premium_until": "t", "broadcast_id": "b", "chosen": 5, "sent": 3, "blocked": 1, "failed": 1,
            "update_id": 7, "reason": "<!channel> & co", "attempts": 5, "job": "broadcasts", "failures": 3,
            "newest": null, "since": "t", "age_hours": 50, "max_age_hours": 48,
        });
        for language in Language::ALL {
            for kind in EventKind::ALL {
                let line = line(&owed(*kind, data.clone()), language);
                assert_ne!(line, kind.as_str(), "{language}");
                assert!(!line.contains('<') && !line.contains('{'), "{line}");
            }
        }
        let aside = owed(EventKind::UpdateSetAside, data);
        assert!(slack(&aside, Language::Ru).contains("&lt;!channel&gt; &amp; co"));
    }
}
