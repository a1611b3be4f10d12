//! What is handed out between two pages of one sign-in and comes back: encrypted and signed by the keys of the store, each for one
//! purpose and some minutes. So nothing is kept for who never comes back, and nobody makes one of their own.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::Keyring;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// The password was right, and the second factor is asked for.
    SecondFactor,
    /// A second factor that is being set up.
    NewFactor,
    /// Somebody is at the issuer.
    Issuer,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    purpose: Purpose,
    until: DateTime<Utc>,
    it: T,
}

/// Seals it for so long.
pub(super) fn seal<T: Serialize>(
    keys: &Keyring,
    purpose: Purpose,
    it: T,
    now: DateTime<Utc>,
    lasting: TimeDelta,
) -> Option<String> {
    let envelope = Envelope { purpose, until: now + lasting, it };
    Some(keys.encrypt(&serde_json::to_string(&envelope).ok()?))
}

/// What was sealed, if it is ours, for this, and not over.
pub(super) fn open<T: DeserializeOwned>(
    keys: &Keyring,
    purpose: Purpose,
    sealed: &str,
    now: DateTime<Utc>,
) -> Option<T> {
    let text = keys.decrypt(sealed, "a sealed value").ok()?;
    let envelope: Envelope<T> = serde_json::from_str(&text).ok()?;
    (envelope.purpose == purpose && now < envelope.until).then_some(envelope.it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_for_its_purpose_in_its_time_by_its_keys() {
        let ring = || Keyring::parse(&fernet::Fernet::generate_key().into()).unwrap();
        let (keys, others) = (ring(), ring());
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let sealed = seal(&keys, Purpose::NewFactor, "it", now, TimeDelta::minutes(5)).unwrap();
        let open = |keys, purpose, minutes| {
            open::<String>(keys, purpose, &sealed, now + TimeDelta::minutes(minutes)).is_some()
        };
        assert!(open(&keys, Purpose::NewFactor, 4));
        assert!(!open(&keys, Purpose::NewFactor, 5) && !open(&keys, Purpose::Issuer, 4));
        assert!(!open(&others, Purpose::NewFactor, 4));
    }
}
