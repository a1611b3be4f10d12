//! What Postgres was asked in one turn, out of its own log: each statement with its values as text.

/// What begins every entry of the log while it is read.
pub(crate) const MARK: &str = "@@";

/// A statement that ran, and its values; none where it was NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) sql: String,
    pub(crate) values: Vec<Option<String>>,
}

/// The prepared statements that ran, in order. An entry begins with [`MARK`]; of one with several lines, Postgres writes a tab
/// before each but the first.
pub(crate) fn statements(log: &str) -> Vec<Ran> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        if let Some(entry) = line.strip_prefix(MARK) {
            entries.push(entry.to_owned());
        } else if let Some(entry) = entries.last_mut() {
            entry.push('\n');
            entry.push_str(line.strip_prefix('\t').unwrap_or(line));
        }
    }
    let mut ran: Vec<Ran> = Vec::new();
    for entry in entries {
        if let Some((_, sql)) = entry.strip_prefix("LOG:  execute ").and_then(|rest| rest.split_once(": ")) {
            ran.push(Ran { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some(values) = values_in(&entry)
            && let Some(last) = ran.last_mut()
        {
            last.values = values;
        }
    }
    ran
}

/// `DETAIL:  parameters: $1 = '42', $2 = NULL`; a quote within a value is doubled.
fn values_in(entry: &str) -> Option<Vec<Option<String>>> {
    let rest = entry.strip_prefix("DETAIL:  ")?;
    // Since Postgres 16 with a capital letter.
    let mut rest = rest.strip_prefix("parameters: ").or_else(|| rest.strip_prefix("Parameters: "))?;
    let mut values = Vec::new();
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            values.push(None);
            rest = after;
            continue;
        }
        let (text, after) = quoted(value.strip_prefix('\'')?)?;
        values.push(Some(text));
        rest = after;
    }
    Some(values)
}

/// The text up to the quote that ends it, and what stands after that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut read = String::new();
    let mut rest = text;
    loop {
        let (piece, after) = rest.split_once('\'')?;
        read.push_str(piece);
        match after.strip_prefix('\'') {
            Some(after) => {
                read.push('\'');
                rest = after;
            }
            None => return Some((read, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_with_their_lines_and_values() {
        let log = "\
            of before\n\
            @@LOG:  execute sqlx_s_3: SELECT $1,\n\t\t  $2 FROM t\n\
            @@DETAIL:  Parameters: $1 = '42', $2 = NULL, $3 = 'it''s = ''so'', \n\tall', $4 = '{}'\n\
            @@LOG:  statement: COMMIT\n\
            @@LOG:  execute sqlx_s_4: SELECT 1\n\
            @@LOG:  execute <unnamed>: SELECT $1\n\
            @@DETAIL:  parameters: $1 = ''\n";
        let some = |text: &str| Some(text.to_owned());
        let of = |sql: &str, values: Vec<Option<String>>| Ran { sql: sql.to_owned(), values };
        let expected = [
            of("SELECT $1,\n\t  $2 FROM t", vec![some("42"), None, some("it's = 'so', \nall"), some("{}")]),
            of("SELECT 1", Vec::new()),
            of("SELECT $1", vec![some("")]),
        ];
        assert_eq!(statements(log), expected);
    }
}
