//! HMAC, and times: written a second time here, so that a mistake of theirs is not ours as well.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// When everything here is read, in seconds since 1970.
pub(crate) const NOW: i64 = 1_770_000_000;

/// The same as a time.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap_or_default()
}

/// HMAC-SHA256 of a message.
pub(crate) fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // Keys of any length are taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
