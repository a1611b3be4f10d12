//! Encryption of what people tell of themselves: Fernet, with a list of keys so that they can be rotated.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use fernet::Fernet;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::StoreError;

/// The keys of `ENCRYPTION_KEY`: the first encrypts, all decrypt. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Vec<Key>>);

struct Key {
    fernet: Fernet,
    /// As it was given: what others are derived from.
    text: SecretString,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({} keys)", self.0.len())
    }
}

impl Keyring {
    /// Reads a comma-separated list of Fernet keys.
    ///
    /// # Errors
    /// A sentence about what is wrong with it, which does not show it.
    pub fn parse(list: &SecretString) -> Result<Self, String> {
        let parts = list.expose_secret().split(',').map(str::trim).filter(|part| !part.is_empty());
        let key = |part: &str| Some(Key { fernet: Fernet::new(part)?, text: part.into() });
        let keys: Vec<_> = parts.enumerate().map(|(i, part)| key(part).ok_or(i + 1)).collect::<Result<_, _>>().map_err(
            |i| format!("key {i} of the list is not a Fernet key (32 bytes in URL-safe base64; `openssl rand -base64 32 | tr +/ -_` makes one)"),
        )?;
        if keys.is_empty() { Err("it holds no key".to_owned()) } else { Ok(Self(Arc::new(keys))) }
    }

    /// Encrypts with the first key.
    #[must_use]
    pub fn encrypt(&self, text: &str) -> String {
        self.encrypt_bytes(text.as_bytes())
    }

    /// Encrypts what may be no text.
    pub(crate) fn encrypt_bytes(&self, bytes: &[u8]) -> String {
        // `parse` refuses an empty list.
        self.0.first().map(|key| key.fernet.encrypt(bytes)).unwrap_or_default()
    }

    /// Decrypts with whichever key fits; `what` names the value in the error.
    ///
    /// # Errors
    /// [`StoreError::Undecryptable`].
    pub fn decrypt(&self, token: &str, what: &'static str) -> Result<String, StoreError> {
        let bytes = self.decrypt_bytes(token, what)?;
        String::from_utf8(bytes).map_err(|e| StoreError::Corrupt { what, reason: e.utf8_error().to_string() })
    }

    /// As [`Self::decrypt`], of what may be no text.
    pub(crate) fn decrypt_bytes(&self, token: &str, what: &'static str) -> Result<Vec<u8>, StoreError> {
        self.0.iter().find_map(|key| key.fernet.decrypt(token).ok()).ok_or(StoreError::Undecryptable(what))
    }

    /// Whether the first key made this token, so that rotation can leave it.
    #[must_use]
    pub fn is_current(&self, token: &str) -> bool {
        self.0.first().is_some_and(|key| key.fernet.decrypt(token).is_ok())
    }

    /// A short name of each key, in the order of the list: it tells which key somebody needs, and nothing about the key.
    #[must_use]
    pub fn fingerprints(&self) -> Vec<String> {
        let derived = self.signing_keys("the fingerprint of a key");
        derived.iter().map(|key| key.expose_secret().chars().take(12).collect()).collect()
    }

    /// Keys for signing, for one purpose: the first signs, all are accepted. Derived from the keys that encrypt, they last as
    /// long as what is stored, and no signature says anything about the keys that they come from.
    #[must_use]
    pub fn signing_keys(&self, purpose: &str) -> Vec<SecretString> {
        let derive = |key: &Key| {
            // HMAC takes keys of any length; the signature of `new_from_slice` cannot say so.
            let mut mac = Hmac::<Sha256>::new_from_slice(key.text.expose_secret().as_bytes()).ok()?;
            mac.update(purpose.as_bytes());
            Some(BASE64.encode(mac.finalize().into_bytes()).into())
        };
        self.0.iter().filter_map(derive).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_key_still_decrypts_and_the_newest_encrypts() {
        let (old, new) = (Fernet::generate_key(), Fernet::generate_key());
        let before = Keyring::parse(&old.clone().into()).unwrap();
        let after = Keyring::parse(&format!("{new}, {old}").into()).unwrap();
        let token = before.encrypt("Иван");
        assert_eq!(after.decrypt(&token, "name").unwrap(), "Иван");
        assert!(!after.is_current(&token));
        assert!(after.is_current(&after.encrypt("Иван")));
        assert!(before.decrypt(&after.encrypt("Иван"), "name").is_err());
    }

    #[test]
    fn what_an_older_key_signed_is_accepted_and_purposes_are_kept_apart() {
        let (old, new) = (Fernet::generate_key(), Fernet::generate_key());
        let keys = |list: &str, purpose| {
            let keys = Keyring::parse(&list.into()).unwrap().signing_keys(purpose);
            keys.iter().map(|key| key.expose_secret().to_owned()).collect::<Vec<_>>()
        };
        let before = keys(&old, "bills");
        assert_eq!(keys(&format!("{new},{old}"), "bills")[1..], before);
        assert_ne!(keys(&old, "other"), before);
        assert!(before[0].len() >= 43 && !before[0].contains(&old));
    }

    #[test]
    fn a_fingerprint_tells_keys_apart_and_shows_none() {
        let (old, new) = (Fernet::generate_key(), Fernet::generate_key());
        let of = |list: String| Keyring::parse(&list.into()).unwrap().fingerprints();
        let both = of(format!("{new},{old}"));
        assert_eq!(both, [of(new.clone()), of(old.clone())].concat());
        assert_ne!(both[0], both[1]);
        assert!(both[0].len() == 12 && !new.contains(&both[0]));
    }

    #[test]
    fn a_bad_key_is_named_by_its_place_and_not_shown() {
        let error = Keyring::parse(&format!("{},hunter2", Fernet::generate_key()).into()).unwrap_err();
        assert!(error.starts_with("key 2 of the list") && !error.contains("hunter2"), "{error}");
        assert!(Keyring::parse(&" , ".into()).is_err());
    }
}
