//! Encrypted columns: what is read of one is what was written, and keys may be anything.

use evolve_store::Keyring;
use secrecy::SecretString;

/// 32 bytes that nobody encrypts with.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const WRITTEN: &str = "Иван";

/// Bytes as a token, and as a list of keys.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // Whoever says what is wrong with a key must not show it.
    if let Err(wrong) = Keyring::parse(&SecretString::from(&*text)) {
        assert!(text.len() < 20 || !wrong.contains(&*text), "a refusal quotes what is refused");
    }
    let Ok(keys) = Keyring::parse(&KEY.into()) else { return };
    if let Ok(read) = keys.decrypt(&text, "a column") {
        assert_eq!(read, WRITTEN, "read is what was never written");
        assert!(keys.is_current(&text));
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let token = Keyring::parse(&KEY.into()).map(|keys| keys.encrypt(WRITTEN)).unwrap_or_default();
    let two = format!("{KEY}, {KEY}");
    crate::texts(&[&token, &two, "gAAAAA==", "gAAAAABp", ", ,"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_with_one_letter_changed() {
        let keys = Keyring::parse(&KEY.into()).unwrap();
        let token = keys.encrypt(WRITTEN);
        assert_eq!(keys.decrypt(&token, "a column").unwrap(), WRITTEN);
        for at in 0..token.len() {
            for other in ["A", "w", "_", "=", ""] {
                run(format!("{}{other}{}", &token[..at], &token[at + 1..]).as_bytes());
            }
        }
    }
}
