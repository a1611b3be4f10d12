//! Bearer tokens: nobody is let in but with what we signed.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use evolve_api::auth::token::Tokens;

use crate::seal::{NOW, mac, now};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const PERSON: i64 = 42;
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// Whatever is taken is the token that was made, to the letter.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(holder) = Tokens::new(&SECRET.into()).verify(&text, now()) {
        assert_eq!((holder.person, holder.language), (PERSON, None));
        assert_eq!(text, made(), "a token was taken that is not the one that was made");
    }
}

/// The only token that the secret signs for somebody and now.
fn made() -> String {
    let claims = format!(
        r#"{{"sub":"{PERSON}","aud":"evolve-api","iss":"evolve-api","jti":"01890a5d-ac96-774b-bcce-b302099a8057","iat":{NOW},"exp":{}}}"#,
        NOW + 3600
    );
    sealed(HEADER, &claims)
}

fn sealed(header: &str, claims: &str) -> String {
    let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
    let seal = BASE64.encode(mac(SECRET.as_bytes(), text.as_bytes()));
    format!("{text}.{seal}")
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let right = made();
    let claims = right.split('.').nth(1).unwrap_or_default();
    let unsigned = format!("{}.{claims}.", BASE64.encode(r#"{"alg":"none"}"#));
    let strange = sealed(r#"{"alg":"HS512","kid":"../../etc/passwd","crit":["x"]}"#, "[]");
    let nobody = sealed(HEADER, r#"{"sub":"-1","aud":["evolve-api"],"iss":"evolve-api","iat":1e9,"exp":null}"#);
    crate::texts(&[&right, &unsigned, &strange, &nobody, "..", "a.b.c"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_taken_and_nothing_with_one_letter_changed() {
        let right = made();
        assert_eq!(Tokens::new(&SECRET.into()).verify(&right, now()).map(|holder| holder.person), Ok(PERSON));
        for at in 0..right.len() {
            for other in ["A", "w", "_", ".", "=", ""] {
                run(format!("{}{other}{}", &right[..at], &right[at + 1..]).as_bytes());
            }
        }
    }
}
