//! What of an expression must return data. An alert says nothing while all is well, and a panel says 0 where it has nothing to say:
//! so of comparisons it is the sides that are asked for, of `absent` what may not be, and of alternatives each but the constants.

const SETS: [&str; 3] = ["or", "and", "unless"];
/// Of two that begin alike, the longer comes first.
const COMPARISONS: [&str; 6] = ["==", "!=", ">=", "<=", ">", "<"];
/// What may follow an operator.
const MODIFIERS: [&str; 5] = ["bool", "on", "ignoring", "group_left", "group_right"];
const ABSENT: [&str; 2] = ["absent", "absent_over_time"];

/// The parts of this expression that must return data.
pub(super) fn needed(expression: &str) -> Vec<&str> {
    let bare = without_brackets(expression.trim());
    for operators in [&SETS[..], &COMPARISONS[..]] {
        let sides = split(bare, operators);
        if sides.len() > 1 {
            return sides.into_iter().flat_map(needed).collect();
        }
    }
    if let Some(inner) = ABSENT.into_iter().find_map(|name| argument(bare, name)) {
        return needed(inner);
    }
    let is_constant = bare.parse::<f64>().is_ok() || argument(bare, "vector").is_some();
    if is_constant { Vec::new() } else { vec![bare] }
}

/// What this function is called with, where the whole expression is a call of it.
fn argument<'a>(expression: &'a str, function: &str) -> Option<&'a str> {
    let called = expression.strip_prefix(function)?.trim_start();
    let inner = without_brackets(called);
    (inner.len() < called.len()).then_some(inner)
}

fn without_brackets(mut expression: &str) -> &str {
    while expression.starts_with('(') && closing(expression) == expression.len() {
        expression = expression[1..expression.len() - 1].trim();
    }
    expression
}

/// The sides of these operators, where they stand outside of brackets.
fn split<'a>(expression: &'a str, operators: &[&str]) -> Vec<&'a str> {
    let (mut sides, mut begun) = (Vec::new(), 0);
    for (at, _, depth) in letters(expression) {
        if depth > 0 || at < begun {
            continue;
        }
        if let Some(operator) = operators.iter().find(|operator| stands_at(expression, at, operator)) {
            sides.push(&expression[begun..at]);
            let after = at + operator.len();
            begun = after + modifiers(&expression[after..]);
        }
    }
    sides.push(&expression[begun..]);
    sides
}

/// How much of this belongs to the operator before it: `bool`, `on (…)` and the like.
fn modifiers(after: &str) -> usize {
    let mut rest = after.trim_start();
    while let Some(word) = MODIFIERS.into_iter().find(|word| stands_at(rest, 0, word)) {
        rest = rest[word.len()..].trim_start();
        if word != "bool" && rest.starts_with('(') {
            rest = rest[closing(rest)..].trim_start();
        }
    }
    after.len() - rest.len()
}

fn stands_at(expression: &str, at: usize, operator: &str) -> bool {
    let is_of_a_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
    let (before, rest) = expression.split_at(at);
    rest.strip_prefix(operator).is_some_and(|after| {
        let is_alone = !before.ends_with(is_of_a_word) && !after.starts_with(is_of_a_word);
        is_alone || !operator.starts_with(is_of_a_word)
    })
}

/// Where the bracket that this begins with is closed: the place after that.
fn closing(expression: &str) -> usize {
    let closes = |(at, letter, depth): (usize, char, usize)| {
        (depth == 1 && matches!(letter, ')' | ']' | '}')).then_some(at + letter.len_utf8())
    };
    letters(expression).into_iter().find_map(closes).unwrap_or(expression.len())
}

/// The letters that are not quoted: where each is, and within how many brackets; a bracket is within itself.
fn letters(expression: &str) -> Vec<(usize, char, usize)> {
    let (mut found, mut depth, mut quote, mut is_escaped) = (Vec::new(), 0_usize, None, false);
    for (at, letter) in expression.char_indices() {
        if let Some(mark) = quote {
            let closes = letter == mark && !is_escaped;
            is_escaped = letter == '\\' && mark != '`' && !is_escaped;
            quote = (!closes).then_some(mark);
            continue;
        }
        match letter {
            '"' | '\'' | '`' => quote = Some(letter),
            '(' | '[' | '{' => {
                depth += 1;
                found.push((at, letter, depth));
            }
            ')' | ']' | '}' => {
                found.push((at, letter, depth));
                depth = depth.saturating_sub(1);
            }
            _ => found.push((at, letter, depth)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::needed;

    #[rstest]
    #[case("sum(rate(a[5m]))", &["sum(rate(a[5m]))"])]
    #[case("sum(a) > 0.05", &["sum(a)"])]
    #[case("(sum(leader{job=\"x\"}) or vector(0)) < 1", &["sum(leader{job=\"x\"})"])]
    #[case("absent(up{service=\"eva-api\"} == 1)", &["up{service=\"eva-api\"}"])]
    #[case("absent(max(up) == 1) or avg_over_time(max(up)[10m:30s]) < 0.3", &["max(up)", "avg_over_time(max(up)[10m:30s])"])]
    #[case("sum(a{b=~\"5..\"}) / sum(a) > 0.05", &["sum(a{b=~\"5..\"}) / sum(a)"])]
    #[case("a >= bool b", &["a", "b"])]
    #[case("(a > 1) and on (pod) (b < 2 or c)", &["a", "b", "c"])]
    #[case("a == on (x) group_left (y) b unless c", &["a", "b", "c"])]
    #[case("sum(max by (n) (a) > bool 0)", &["sum(max by (n) (a) > bool 0)"])]
    #[case("time() - max(a or on (n) b) > 60", &["time() - max(a or on (n) b)"])]
    #[case("a{said=\"x > 1 or (y\"} > 2", &["a{said=\"x > 1 or (y\"}"])]
    #[case("a{said=~\"\\\\\\\"or\"} or b_or_c", &["a{said=~\"\\\\\\\"or\"}", "b_or_c"])]
    #[case("(a) / (b) > 1", &["(a) / (b)"])]
    fn of_an_expression_that_says_nothing_while_all_is_well_its_sides_are_needed(
        #[case] expression: &str,
        #[case] parts: &[&str],
    ) {
        assert_eq!(needed(expression), parts);
    }
}
