//! What a Web App says of the person in front of it: nobody is taken for somebody whom Telegram did not sign for.

use evolve_api::auth::init_data;
use url::form_urlencoded::{Serializer, parse};

use crate::seal::{NOW, mac, now};

const BOT_TOKEN: &str = "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4";
const PERSON: i64 = 42;
const USER: &str = r#"{"id":42,"first_name":"Иван & Ко","language_code":"ru"}"#;

/// Whatever is taken says what was signed, however it is written.
pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(user) = init_data::verify(&text, &BOT_TOKEN.into(), now()) {
        assert_eq!(user.id, PERSON, "taken for another than the one who is signed for");
        assert_eq!(message(&text), message(&signed()), "taken, and says something else than what is signed");
    }
}

/// Fields in their order, without the signature.
fn message(init_data: &str) -> String {
    let mut lines: Vec<String> = parse(init_data.as_bytes())
        .filter(|(name, _)| name != "hash")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn fields() -> [(&'static str, String); 3] {
    [("auth_date", NOW.to_string()), ("query_id", "AAHdF6IQAAAAAN0XohDhrOrc".to_owned()), ("user", USER.to_owned())]
}

/// What Telegram would give: the only thing that is ever signed with this token.
pub(crate) fn signed() -> String {
    let message = fields().map(|(name, value)| format!("{name}={value}")).join("\n");
    let key = mac(b"WebAppData", BOT_TOKEN.as_bytes());
    let hash: String = mac(&key, message.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Serializer::new(String::new()).extend_pairs(fields()).append_pair("hash", &hash).finish()
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let right = signed();
    let twice = format!("{right}&user=%7B%22id%22%3A43%7D");
    let joined = right.replacen("&query_id=", "%0Aquery_id%3D", 1);
    crate::texts(&[&right, &twice, &joined, "hash=&auth_date=", "user=%FF%00&hash=00"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_taken_and_nothing_with_one_letter_changed() {
        let right = signed();
        assert_eq!(init_data::verify(&right, &BOT_TOKEN.into(), now()).unwrap().id, PERSON);
        for at in 0..right.len() {
            for other in ["0", "a", "%", "&", "=", "9", "%0A"] {
                let changed = format!("{}{other}{}", &right[..at], &right[at + 1..]);
                run(changed.as_bytes());
            }
        }
    }
}
