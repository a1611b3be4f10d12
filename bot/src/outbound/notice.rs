//! Notices: what the API's jobs owe people. They are owed as a code with values, and put into words here, as they are sent:
//! the API speaks no language.

use chrono::{DateTime, Utc};
use evolve_domain::language::Language;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::texts::{Text, date, zone};

/// The method under which a notice is owed; Telegram has none of that name.
const METHOD: &str = "notice";

#[derive(Debug, Deserialize)]
struct Notice {
    chat_id: i64,
    notice: Kind,
    #[serde(default)]
    until: DateTime<Utc>,
    language: String,
    time_zone: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Kind {
    #[serde(rename = "premium_ending")]
    Ending,
    #[serde(rename = "premium_late")]
    Late,
    #[serde(rename = "premium_ended")]
    Ended,
    #[serde(rename = "payment_refunded")]
    Refunded,
    #[serde(rename = "refund_declined")]
    Declined,
    #[serde(rename = "premium_granted")]
    Granted,
}

/// The call that an owed row stands for: itself, or a notice in words. Nothing for a notice of a newer version.
pub(super) fn worded(method: &str, params: &Value) -> Option<(String, Value)> {
    if method != METHOD {
        return Some((method.to_owned(), params.clone()));
    }
    let notice: Notice = serde_json::from_value(params.clone()).ok()?;
    let language = notice.language.parse().unwrap_or(Language::En);
    let zone = zone(notice.time_zone.as_deref());
    let until = date(notice.until.with_timezone(&zone).date_naive(), language);
    let text = match notice.notice {
        Kind::Ending => Text::NoticePremiumEnding { date: &until },
        Kind::Late => Text::NoticePremiumLate { date: &until },
        Kind::Ended => Text::NoticePremiumEnded,
        Kind::Refunded => Text::PaymentRefunded,
        Kind::Declined => Text::NoticeRefundDeclined { date: &until },
        Kind::Granted if notice.until == DateTime::<Utc>::default() => Text::PremiumEndless,
        Kind::Granted => Text::NoticePremiumGranted { date: &until },
    };
    let params = json!({ "chat_id": notice.chat_id, "text": text.render(language), "parse_mode": "HTML" });
    Some(("sendMessage".to_owned(), params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_put_into_the_words_of_its_person_and_the_day_is_theirs() {
        let params = json!({ "chat_id": 42, "notice": "premium_ending", "until": "2026-03-08T22:00:00Z",
                             "language": "en", "time_zone": "Europe/Moscow" });
        let (method, params) = worded("notice", &params).unwrap();
        assert_eq!((method.as_str(), &params["chat_id"]), ("sendMessage", &json!(42)));
        assert!(params["text"].as_str().unwrap().contains("March 9, 2026"), "{params}");
    }

    #[test]
    fn a_notice_of_a_newer_version_is_left_alone_and_other_calls_go_as_they_are() {
        assert_eq!(worded("notice", &json!({ "chat_id": 42, "notice": "telepathy" })), None);
        let call = json!({ "chat_id": 42, "text": "hi" });
        assert_eq!(worded("sendMessage", &call), Some(("sendMessage".to_owned(), call)));
    }
}
