//! A model-independent estimate of how many tokens a text costs.
//!
//! Budgets are kept with it, not bills: providers report what they really counted. Tokenizers give about one token per four
//! ASCII characters and per two of Cyrillic; erring high keeps a prompt inside its budget.

/// Estimated tokens of `text`.
#[must_use]
pub fn estimate(text: &str) -> u32 {
    let (ascii, other) =
        text.chars().fold((0_u64, 0_u64), |(a, o), c| if c.is_ascii() { (a + 1, o) } else { (a, o + 1) });
    u32::try_from(ascii.div_ceil(4) + other.div_ceil(2) + 1).unwrap_or(u32::MAX)
}

/// Says of one text after the other whether it still fits into a budget of tokens; the budget is never used up whole.
pub fn budget(tokens: u32) -> impl FnMut(&str) -> bool {
    let mut left = tokens;
    move |text| {
        left = left.saturating_sub(estimate(text));
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cyrillic_costs_twice_as_much_as_ascii() {
        assert_eq!(estimate(&"a".repeat(400)), 101);
        assert_eq!(estimate(&"я".repeat(400)), 201);
        assert_eq!(estimate(""), 1);
    }
}
