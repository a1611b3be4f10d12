//! In which language a problem's title is: what the caller's `Accept-Language` asks for.

use axum::http::{HeaderMap, header};
use evolve_domain::language::Language;

/// Of the languages that we speak, the one that the caller likes best (RFC 9110, 12.5.4); English where they like none of
/// them, or do not say.
#[must_use]
pub fn preferred(headers: &HeaderMap) -> Language {
    let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let mut liked: Vec<(f32, Language)> = lines.flat_map(|line| line.split(',')).filter_map(range).collect();
    // The sort is stable: of what is liked equally, the first named comes first.
    liked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    liked.first().map_or(Language::En, |(_, language)| *language)
}

/// One of the header's ranges, and how much it is liked; nothing where we do not speak it, or it is not wanted at all.
fn range(text: &str) -> Option<(f32, Language)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next()?;
    let weight = match parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) {
        Some(weight) => weight.trim().parse::<f32>().ok().filter(|weight: &f32| (0.0..=1.0).contains(weight))?,
        None => 1.0,
    };
    let language = if tag == "*" { Language::En } else { Language::nearest(tag)? };
    (weight > 0.0).then_some((weight, language))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Language::En)]
    #[case("ru", Language::Ru)]
    #[case("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Language::Ru)]
    #[case("en;q=0.5, ru;q=0.8", Language::Ru)]
    #[case("zxx, ru;q=0.1", Language::Ru)]
    #[case("zxx;q=1\nru ; Q=0.3", Language::Ru)]
    #[case("*, ru;q=0.5", Language::En)]
    #[case("en, ru", Language::En)]
    #[case("ru;q=0", Language::En)]
    #[case("ru;q=2", Language::En)]
    #[case("ru;q=NaN", Language::En)]
    #[case("; ,,;q=, -", Language::En)]
    fn what_is_liked_best_is_spoken(#[case] lines: &str, #[case] expected: Language) {
        let mut headers = HeaderMap::new();
        for line in lines.lines() {
            headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_str(line).unwrap());
        }
        assert_eq!(preferred(&headers), expected);
    }
}
