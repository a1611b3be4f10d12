//! The code of a person's link, by which others come to the companion: `https://t.me/BOT?start=ref_CODE`.

/// What the parameter of such a link begins with.
pub const PREFIX: &str = "ref_";

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The parameter of a person's link. Nothing where the id is nobody's.
#[must_use]
pub fn parameter(user_id: i64) -> Option<String> {
    let mut rest = usize::try_from(user_id).ok().filter(|id| *id > 0)?;
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push(char::from(*DIGITS.get(rest % 36)?));
        rest /= 36;
    }
    Some(format!("{PREFIX}{}", digits.into_iter().rev().collect::<String>()))
}

/// Whose link it is. Anybody can write anything there: nothing for what none of ours says.
#[must_use]
pub fn referrer(parameter: &str) -> Option<i64> {
    let code = parameter.strip_prefix(PREFIX)?;
    let is_code = (1..=13).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
    let id = if is_code { i64::from_str_radix(code, 36).ok()? } else { return None };
    (id > 0 && self::parameter(id).as_deref() == Some(parameter)).then_some(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn a_link_leads_back_to_whose_it_is(id in 1..i64::MAX) {
            prop_assert_eq!(referrer(&parameter(id).unwrap()), Some(id));
        }

        #[test]
        fn whatever_is_written_there_harms_nobody(text in "(ref_)?\\PC{0,70}") {
            if let Some(id) = referrer(&text) {
                prop_assert_eq!(parameter(id), Some(text));
            }
        }
    }

    #[rstest]
    #[case("ref_")]
    #[case("ref_0")]
    #[case("ref_00z")]
    #[case("ref_-5")]
    #[case("ref_+5")]
    #[case("ref_Z")]
    #[case("ref_zzzzzzzzzzzzz")]
    #[case("ref_16 ")]
    #[case("16")]
    fn what_is_not_a_code_is_nobodys(#[case] parameter: &str) {
        assert_eq!(referrer(parameter), None);
    }

    #[test]
    fn nobody_has_no_link() {
        assert_eq!((parameter(0), parameter(-100)), (None, None));
        assert_eq!(parameter(42).as_deref(), Some("ref_16"));
    }
}
