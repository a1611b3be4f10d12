//! A script for pgbench that asks what a turn asks: the same statements, as many values of the same types, sent in the same way.
//! Each of its transactions is the first turn of somebody new, or it would find its own rows of before: the person and every id that
//! the turn made are drawn anew, all else is as it was in the turn that was watched.

use std::collections::BTreeMap;

use crate::capture::Ran;

/// From where on the script's people are numbered: nobody else has such an id.
pub(crate) const FIRST_OF_SCRIPT: i64 = 5_000_000_000_000_000;
const LAST_OF_SCRIPT: i64 = 9_000_000_000_000_000;

/// A statement of the turn, and the types that were named for its values; empty where none was.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) ran: Ran,
    pub(crate) types: Vec<String>,
}

/// The script, and the values that pgbench is told beside it, by the names that the script has for them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) values: Vec<(String, String)>,
}

/// Makes it of the statements of a turn of this person.
pub(crate) fn script(statements: &[Typed], person: i64) -> Script {
    let mut text = format!("\\set person random({FIRST_OF_SCRIPT}, {LAST_OF_SCRIPT})\n");
    text.push_str("\\set salt random(1, 9000000000000000)\n");
    let (person, mut ids, mut told) = (person.to_string(), BTreeMap::new(), Vec::new());
    for (statement, number) in statements.iter().zip(1..) {
        let Typed { ran, types } = statement;
        let mut places = Vec::with_capacity(ran.values.len());
        for (place, value) in ran.values.iter().enumerate() {
            let kind = types.get(place).map(String::as_str).unwrap_or_default();
            let expression = match value {
                None => "NULL".to_owned(),
                Some(value) if *value == person => ":person".to_owned(),
                Some(value) if kind == "uuid" => {
                    let next = ids.len();
                    let id = *ids.entry(value.clone()).or_insert(next);
                    format!("md5({id} || '-' || :salt::bigint)")
                }
                Some(value) => {
                    let name = format!("s{number}p{}", place + 1);
                    told.push((name.clone(), value.clone()));
                    format!(":{name}")
                }
            };
            places.push(if kind.is_empty() { format!("({expression})") } else { format!("({expression})::{kind}") });
        }
        text.push_str(&filled(&ran.sql, &places));
        text.push_str(";\n");
    }
    Script { text, values: told }
}

/// The statement with these in place of `$1`, `$2` and so on.
fn filled(sql: &str, places: &[String]) -> String {
    let mut filled = String::with_capacity(sql.len() * 2);
    let mut letters = sql.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied().unwrap_or(' ');
        if letter == '$' && next.is_ascii_digit() {
            let mut number = 0;
            while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                number = number * 10 + digit as usize;
                letters.next();
            }
            filled.push_str(places.get(number.wrapping_sub(1)).map_or("NULL", String::as_str));
        } else {
            filled.push(letter);
            // `[1:n]` is a slice, which pgbench takes for a value of its own.
            if letter == ':' && before != ':' && (next.is_alphabetic() || next == '_') {
                filled.push(' ');
            }
        }
        before = letter;
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(sql: &str, values: &[Option<&str>], types: &[&str]) -> Typed {
        let values = values.iter().map(|value| value.map(str::to_owned)).collect();
        let types = types.iter().map(|&kind| kind.to_owned()).collect();
        Typed { ran: Ran { sql: sql.to_owned(), values }, types }
    }

    #[test]
    fn who_and_what_was_made_is_drawn_anew_and_all_else_stays() {
        let id = "019aab00-0000-7000-8000-000000000001";
        let statements = [
            typed(
                "INSERT INTO turns SELECT $1, $2, $3::text, a[1:n], $10",
                &[Some("42"), Some(id), None, None, None, None, None, None, None, Some("it's: 42")],
                &["bigint", "uuid", "text", "", "", "", "", "", "", "text"],
            ),
            typed("SELECT $1, $2", &[Some(id), Some("{}")], &["uuid", "text[]"]),
        ];
        let Script { text, values } = script(&statements, 42);
        let lines: Vec<_> = text.lines().skip(2).collect();
        let id = "(md5(0 || '-' || :salt::bigint))::uuid";
        let expected = [
            format!("INSERT INTO turns SELECT (:person)::bigint, {id}, (NULL)::text::text, a[1: n], (:s1p10)::text;"),
            format!("SELECT {id}, (:s2p2)::text[];"),
        ];
        assert_eq!(lines, expected);
        let told = [("s1p10", "it's: 42"), ("s2p2", "{}")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values, told);
    }
}
