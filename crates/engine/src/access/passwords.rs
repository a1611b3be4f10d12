//! Passwords: Argon2id with the parameters that OWASP names, which take 19 MiB and some tens of milliseconds. So they are not made on
//! the runtime's threads, and at most two at a time: more would only take memory from each other. Few wait for that; who comes when
//! those do is sent away for a second, so that nobody can have a queue grow in which others wait for minutes.
//!
//! Hashes of bcrypt, which seed 004's system made, are taken and replaced at the next sign-in.

use std::{sync::Arc, time::Duration};

use argon2::{Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::AccessError;

/// How many are made at a time.
const AT_A_TIME: usize = 2;
/// How many wait for that, and for how long whoever comes then is sent away.
const WAITING: usize = 32;
const BUSY: Duration = Duration::from_secs(1);
/// How the hashes begin that are made now. Argon2's defaults are OWASP's: 19 MiB, two passes, one lane.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// Of nobody: what is shown with a name that nobody has is compared with it, so that it takes as long as with another.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Shortest password of an account, in characters, and longest, in bytes.
const SHORTEST: usize = 12;
const LONGEST: usize = 128;

/// How a password compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Whether it is the one.
    pub is_right: bool,
    /// Whether it should be kept by another hash.
    pub is_old: bool,
}

/// Makes and compares hashes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    at_work: Arc<Semaphore>,
    /// Those at work, and those who wait.
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// One for a process.
    #[must_use]
    pub fn new() -> Self {
        Self::of(AT_A_TIME)
    }

    /// One that leaves room for others.
    pub(super) fn one_at_a_time() -> Self {
        Self::of(1)
    }

    fn of(at_a_time: usize) -> Self {
        Self { at_work: Arc::new(Semaphore::new(at_a_time)), places: Arc::new(Semaphore::new(at_a_time + WAITING)) }
    }

    /// The hash of a password, with a salt of its own.
    ///
    /// # Errors
    /// [`AccessError::Refused`] where too many wait already, [`AccessError::Broken`].
    pub async fn hash(&self, password: &SecretString) -> Result<String, AccessError> {
        let (password, salt) = (password.clone(), rand::random::<[u8; 16]>());
        let hash = self.aside(move || {
            let hash: Option<PasswordHash> =
                Argon2::default().hash_password_with_salt(password.expose_secret().as_bytes(), &salt).ok();
            hash.map(|hash| hash.to_string())
        });
        hash.await?.ok_or(AccessError::Broken("a password could not be hashed"))
    }

    /// Whether a password is the one of a hash; without a hash it is not, after as long a time.
    ///
    /// # Errors
    /// [`AccessError::Refused`] where too many wait already, [`AccessError::Broken`].
    pub async fn compare(&self, password: &SecretString, hash: Option<&SecretString>) -> Result<Compared, AccessError> {
        let password = password.clone();
        let is_somebodys = hash.is_some();
        let hash = hash.map_or_else(|| NOBODYS.into(), SecretString::clone);
        self.aside(move || {
            let (password, hash) = (password.expose_secret(), hash.expose_secret());
            let is_bcrypt = hash.starts_with("$2");
            let is_right = if is_bcrypt {
                bcrypt::verify(password, hash).unwrap_or(false)
            } else {
                Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
            };
            Compared { is_right: is_right && is_somebodys, is_old: !hash.starts_with(CURRENT) }
        })
        .await
    }

    /// Does it on another thread, when there is room. Who is not waited for any more keeps their place until it is done.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AccessError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| AccessError::Refused(BUSY))?;
        let permit = Arc::clone(&self.at_work).acquire_owned().await;
        let permit = permit.map_err(|_| AccessError::Broken("no passwords are compared any more"))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((permit, place));
            done
        });
        done.await.map_err(|_| AccessError::Broken("comparing a password panicked"))
    }
}

/// Whether a password may be chosen by somebody of this name.
pub(super) fn check(name: &str, password: &SecretString) -> Result<(), AccessError> {
    let password = password.expose_secret();
    let invalid = |reason: String| Err(AccessError::Invalid { field: "password", reason });
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return invalid(format!("{SHORTEST} characters or more, and at most {LONGEST} bytes"));
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 || (password.to_lowercase().contains(name) && password.len() < name.len() + 8) {
        return invalid("too easy to guess".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let passwords = Passwords::new();
        let right: SecretString = "correct horse battery".into();
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.starts_with(CURRENT), "{hash}");
        assert_ne!(hash, passwords.hash(&right).await.unwrap(), "each has a salt of its own");
        let hash = hash.into();
        let same = passwords.compare(&right, Some(&hash)).await.unwrap();
        assert_eq!(same, Compared { is_right: true, is_old: false });
        assert!(!passwords.compare(&"incorrect horse".into(), Some(&hash)).await.unwrap().is_right);
        assert!(!passwords.compare(&right, None).await.unwrap().is_right);
    }

    #[tokio::test]
    async fn few_wait_and_whoever_comes_then_is_sent_away_at_once() {
        let passwords = Passwords::new();
        let busy = Arc::clone(&passwords.at_work).acquire_many_owned(2).await.unwrap();
        let wrong: SecretString = "wrong".into();
        let mut waiting: Vec<_> = (0..AT_A_TIME + WAITING).map(|_| Box::pin(passwords.compare(&wrong, None))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        let refused = passwords.compare(&wrong, None).await;
        assert!(matches!(refused, Err(AccessError::Refused(_))), "{refused:?}");
        // Who does not wait any more leaves their place.
        drop(waiting);
        drop(busy);
        assert!(!passwords.compare(&wrong, None).await.unwrap().is_right);
    }

    #[test]
    fn the_hash_of_nobody_is_one_that_is_compared() {
        assert!(NOBODYS.starts_with(CURRENT) && PasswordHash::new(NOBODYS).is_ok());
    }

    #[tokio::test]
    async fn a_hash_of_bcrypt_is_taken_and_said_to_be_old() {
        let hash = bcrypt::hash("correct horse", 4).unwrap().into();
        let passwords = Passwords::new();
        let right = passwords.compare(&"correct horse".into(), Some(&hash)).await.unwrap();
        assert_eq!(right, Compared { is_right: true, is_old: true });
        assert!(!passwords.compare(&"another horse".into(), Some(&hash)).await.unwrap().is_right);
        let spoilt = "$2b$spoilt".into();
        assert!(!passwords.compare(&"correct horse".into(), Some(&spoilt)).await.unwrap().is_right);
    }

    #[test]
    fn passwords_that_are_guessed_first_are_not_taken() {
        assert!(check("anna", &"correct horse battery".into()).is_ok());
        for bad in ["", "short", "aaaaaaaaaaaaaaaa", "anna12345678", &"long".repeat(40)] {
            assert!(check("anna12345", &bad.into()).is_err(), "{bad}");
        }
    }
}
