//! Codes of the second factor: TOTP (RFC 6238) as every app has it, six digits of HMAC-SHA-1 in steps of 30 seconds.
//!
//! Of our own, over `hmac` and `sha1`, since it is ten lines, and what a library answers is whether a code holds and not for which
//! step: but by the step it is known that a code was used before.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;
use url::form_urlencoded;

/// Seconds of a step.
const STEP: i64 = 30;
/// Steps before and after the one of now whose codes are taken: clocks of telephones differ, and people type slowly.
const AROUND: i64 = 1;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;
/// Bytes of a secret: as long as the hash, as RFC 4226 has it.
const SECRET_BYTES: usize = 20;

/// A secret, in base32 as apps take it.
pub(super) fn new_secret() -> String {
    BASE32_NOPAD.encode(&rand::random::<[u8; SECRET_BYTES]>())
}

/// The step that a code is for, if it is for one of now.
pub(super) fn step_of(secret: &str, typed: &str, now: DateTime<Utc>) -> Option<i64> {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).ok()?;
    let typed: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let current = now.timestamp().div_euclid(STEP);
    (current - AROUND..=current + AROUND).find(|step| {
        let code = code(&secret, *step).unwrap_or_default();
        !code.is_empty() && bool::from(code.as_bytes().ct_eq(typed.as_bytes()))
    })
}

/// The link that apps read from a picture.
pub(super) fn uri(issuer: &str, account: &str, secret: &str) -> String {
    // Apps do not read `+` as a space.
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, account) = (encode(issuer), encode(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&digits={DIGITS}&period={STEP}")
}

fn code(secret: &[u8], step: i64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).ok()?;
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash.last()? & 0xf);
    let four: [u8; 4] = hash.get(offset..offset + 4)?.try_into().ok()?;
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 10_u32.pow(6);
    Some(format!("{number:0DIGITS$}"))
}

/// The code that an app shows at a time; nothing of what is no secret.
#[must_use]
pub fn code_at(secret: &str, now: DateTime<Utc>) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap_or_default();
    code(&secret, now.timestamp().div_euclid(STEP)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = BASE32_NOPAD.encode(b"12345678901234567890");
        for (time, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(&secret, at(time)), expected, "{time}");
        }
    }

    #[test]
    fn a_code_holds_one_step_each_way_and_no_longer() {
        let secret = new_secret();
        let code = code_at(&secret, at(1_795_000_020));
        let step = 1_795_000_020 / 30;
        for near in [-30, -1, 0, 29, 30, 59] {
            let found = step_of(&secret, &code, at(1_795_000_020 + near));
            // Of two steps the code may be the same, once in a million.
            assert!(found.is_some_and(|found| (found - step).abs() <= 1), "{near}");
        }
        assert_eq!(step_of(&secret, &format!("{} {}", &code[..3], &code[3..]), at(1_795_000_020)), Some(step));
        assert_eq!(step_of(&secret, "", at(1_795_000_020)), None);
        assert_eq!(step_of("not base32!", &code, at(1_795_000_020)), None);
    }

    #[test]
    fn apps_are_told_whose_it_is() {
        let uri = uri("Eva & co", "anna@example.org", "ABC");
        assert_eq!(
            uri,
            "otpauth://totp/Eva%20%26%20co:anna%40example.org?secret=ABC&issuer=Eva%20%26%20co&digits=6&period=30"
        );
    }
}
