//! The payload of an invoice: what we offered, to whom, for how much, when, signed with a key that API and bot share and that
//! outlives them: a subscription renews itself for years.
//!
//! Telegram carries it through the payment and shows it to nobody. Since it says all that there is to check, the bot can
//! answer a `pre_checkout_query` from it alone, while Postgres and the API are away: whatever it accepts can be honoured
//! later, when Telegram reports the payment.
//!
//! `p1.<way>.<person>.<amount>.<currency>.<issued>.<nonce>.<signature>`, at most 128 bytes, as Telegram asks.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::Way;

/// How long an offer stands: prices change, and a chat is full of old invoices.
pub const MAX_AGE: TimeDelta = TimeDelta::hours(24);
/// How far the clocks of API and bot may differ.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);
/// Of the signature, in bytes: 128 bits are out of anybody's reach.
const SIGNATURE: usize = 16;
/// What the keys that sign payloads are derived for.
pub const KEY_PURPOSE: &str = "evolve invoice payload key 1";
/// What the shared key is used for here, so that no signature of another use fits.
const PURPOSE: &[u8] = b"evolve invoice payload 1";

/// What is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// How it is paid.
    pub way: Way,
    /// To whom.
    pub user_id: i64,
    /// The price, in the currency's smallest unit.
    pub amount: i64,
    /// The currency.
    pub currency: String,
    /// When.
    pub issued_at: DateTime<Utc>,
    /// Tells two offers of one second apart.
    pub nonce: u64,
}

/// Why a payment for a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is not one of ours.
    #[error("the payload was not made here")]
    Forged,
    /// It was offered to somebody else.
    #[error("the offer was made to another person")]
    OtherPerson,
    /// Price or currency are not those that were offered.
    #[error("the price is not the one that was offered")]
    OtherPrice,
    /// It is too old.
    #[error("the offer is too old")]
    TooOld,
}

impl Payload {
    /// As it goes to Telegram.
    #[must_use]
    pub fn sign(&self, key: &SecretString) -> String {
        let text = self.text();
        let signature = signature(&text, key).unwrap_or_default();
        format!("{text}.{}", BASE64.encode(signature))
    }

    /// Reads one that we signed.
    ///
    /// # Errors
    /// [`PayloadError::Forged`].
    pub fn read(text: &str, key: &SecretString) -> Result<Self, PayloadError> {
        let (signed, given) = text.rsplit_once('.').ok_or(PayloadError::Forged)?;
        let given = BASE64.decode(given).map_err(|_| PayloadError::Forged)?;
        let mac = mac(signed, key).ok_or(PayloadError::Forged)?;
        if given.len() != SIGNATURE {
            return Err(PayloadError::Forged);
        }
        // Compares in constant time.
        mac.verify_truncated_left(&given).map_err(|_| PayloadError::Forged)?;
        let payload = Self::parse(signed).ok_or(PayloadError::Forged)?;
        (payload.text() == signed).then_some(payload).ok_or(PayloadError::Forged)
    }

    /// Reads one that any of these keys signed: keys are rotated.
    ///
    /// # Errors
    /// [`PayloadError::Forged`].
    pub fn read_any(text: &str, keys: &[SecretString]) -> Result<Self, PayloadError> {
        keys.iter().find_map(|key| Self::read(text, key).ok()).ok_or(PayloadError::Forged)
    }

    /// Whether it looks like one of ours, whoever signed it: what another program sold with the same token does not.
    #[must_use]
    pub fn is_shaped(text: &str) -> bool {
        text.starts_with("p1.") && text.split('.').count() == 8
    }

    /// Whether this person may pay this now.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, user_id: i64, currency: &str, amount: i64, now: DateTime<Utc>) -> Result<(), PayloadError> {
        self.check_price(user_id, currency, amount)?;
        let age = now - self.issued_at;
        if age > MAX_AGE || age < -CLOCK_SKEW { Err(PayloadError::TooOld) } else { Ok(()) }
    }

    /// Whether this is what the person has paid, however long ago it was offered: renewals come after months.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check_price(&self, user_id: i64, currency: &str, amount: i64) -> Result<(), PayloadError> {
        if self.user_id != user_id {
            return Err(PayloadError::OtherPerson);
        }
        if (self.currency.as_str(), self.amount) != (currency, amount) {
            return Err(PayloadError::OtherPrice);
        }
        Ok(())
    }

    fn text(&self) -> String {
        let way = match self.way {
            Way::Stars => "s",
            Way::StarsMonthly => "m",
            Way::Money => "c",
        };
        let issued = self.issued_at.timestamp();
        format!("p1.{way}.{}.{}.{}.{issued}.{:x}", self.user_id, self.amount, self.currency, self.nonce)
    }

    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let ["p1", way, user_id, amount, currency, issued, nonce] = parts.as_slice() else { return None };
        Some(Self {
            way: match *way {
                "s" => Way::Stars,
                "m" => Way::StarsMonthly,
                "c" => Way::Money,
                _ => return None,
            },
            user_id: user_id.parse().ok()?,
            amount: amount.parse().ok()?,
            currency: (*currency).to_owned(),
            issued_at: DateTime::from_timestamp(issued.parse().ok()?, 0)?,
            nonce: u64::from_str_radix(nonce, 16).ok()?,
        })
    }
}

fn signature(text: &str, key: &SecretString) -> Option<Vec<u8>> {
    let whole = mac(text, key)?.finalize().into_bytes();
    whole.get(..SIGNATURE).map(<[u8]>::to_vec)
}

fn mac(text: &str, key: &SecretString) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; the signature of `new_from_slice` cannot say so.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    mac.update(PURPOSE);
    mac.update(b"\0");
    mac.update(text.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretString {
        "0123456789abcdef0123456789abcdef".into()
    }

    fn now() -> DateTime<Utc> {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn offer() -> Payload {
        Payload {
            way: Way::StarsMonthly,
            user_id: (1 << 52) - 1,
            amount: 100_000_000,
            currency: "XTR".to_owned(),
            issued_at: now(),
            nonce: u64::MAX,
        }
    }

    #[test]
    fn an_offer_comes_back_as_it_was_and_fits_into_what_telegram_carries() {
        let text = offer().sign(&key());
        assert!((1..=128).contains(&text.len()), "{} bytes", text.len());
        assert_eq!(Payload::read(&text, &key()), Ok(offer()));
        assert!(Payload::is_shaped(&text) && !Payload::is_shaped("donation"));
    }

    #[test]
    fn what_was_changed_or_signed_with_another_key_is_forged() {
        let text = offer().sign(&key());
        let other: SecretString = "another key of thirty-two letters".into();
        assert_eq!(Payload::read(&text, &other), Err(PayloadError::Forged));
        assert_eq!(Payload::read_any(&text, &[other.clone(), key()]), Ok(offer()));
        assert_eq!(Payload::read_any(&text, &[]), Err(PayloadError::Forged));
        let cheaper = text.replace("100000000", "1");
        for forged in [cheaper.as_str(), &text[..text.len() - 1], &text[1..], "", ".", "p1.m.1.1.XTR.1.1."] {
            assert_eq!(Payload::read(forged, &key()), Err(PayloadError::Forged), "{forged}");
        }
    }

    #[test]
    fn only_the_person_the_price_and_the_day_of_the_offer_are_taken() {
        let (offer, person) = (offer(), (1 << 52) - 1);
        assert_eq!(offer.check(person, "XTR", 100_000_000, now()), Ok(()));
        assert_eq!(offer.check(7, "XTR", 100_000_000, now()), Err(PayloadError::OtherPerson));
        assert_eq!(offer.check(person, "XTR", 1, now()), Err(PayloadError::OtherPrice));
        assert_eq!(offer.check(person, "RUB", 100_000_000, now()), Err(PayloadError::OtherPrice));
        let late = now() + MAX_AGE + TimeDelta::seconds(1);
        assert_eq!(offer.check(person, "XTR", 100_000_000, late), Err(PayloadError::TooOld));
        assert_eq!(offer.check_price(person, "XTR", 100_000_000), Ok(()), "a renewal comes after months");
    }
}
