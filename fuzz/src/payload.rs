//! The payload of an invoice: what is honoured is what we offered.

use chrono::DateTime;
use evolve_contract::payments::{Way, payload::Payload};

use crate::seal::{NOW, now};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Whatever is taken is the offer that was signed.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Payload::is_shaped(&text);
    if let Ok(read) = Payload::read(&text, &KEY.into()) {
        assert_eq!(read, offer(), "an offer was taken that nobody made");
        assert_eq!(text, read.sign(&KEY.into()));
    }
}

/// The only offer that is signed.
fn offer() -> Payload {
    Payload {
        way: Way::Stars,
        user_id: 42,
        amount: 250,
        currency: "XTR".to_owned(),
        issued_at: DateTime::from_timestamp(NOW, 0).unwrap_or_else(now),
        nonce: 7,
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let right = offer().sign(&KEY.into());
    let another = offer().sign(&"another key of another bot, no less".into());
    crate::texts(&[
        &right,
        &another,
        "p1.s.42.250.XTR.1770000000.7.",
        "p1.m.-1.99999999999999999999.RUB.x.-7.AAAA",
        ".",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_taken_and_nothing_with_one_letter_changed() {
        let right = offer().sign(&KEY.into());
        assert_eq!(Payload::read(&right, &KEY.into()), Ok(offer()));
        for at in 0..right.len() {
            for other in ["1", "A", ".", "_", ""] {
                run(format!("{}{other}{}", &right[..at], &right[at + 1..]).as_bytes());
            }
        }
    }
}
