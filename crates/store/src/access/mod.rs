//! Who runs the bot, and how they prove it: accounts, their sessions and one-time links, keys of other systems, and who looks at
//! statistics with a name and a password.
//!
//! What proves something (a cookie, a link, a key, a recovery code) is random and long, so a plain SHA-256 of it is enough to keep
//! ([`hash_of`]); passwords, which people choose, come here as Argon2id has made them. The secret of a second factor must be read
//! again, and is encrypted.

mod accounts;
mod api_keys;
mod api_users;
mod factors;
mod sessions;

use sha2::{Digest as _, Sha256};

pub use accounts::{Account, Change, Changed, Credentials, NewAccount};
pub use api_keys::{ApiKey, NewApiKey};
pub use api_users::ApiUser;
pub use factors::{Chosen, NewFactor};
pub use sessions::{Live, NewSession, Session};

use crate::Store;

/// Accounts and keys. Borrowed from [`Store::access`].
#[derive(Debug)]
pub struct Access<'a>(&'a Store);

impl Store {
    /// Who runs the bot, and how they prove it.
    #[must_use]
    pub fn access(&self) -> Access<'_> {
        Access(self)
    }
}

/// What is kept of a random secret.
#[must_use]
pub fn hash_of(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
