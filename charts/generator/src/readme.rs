//! The chart's README: how to install it in a few lines, and every value with its meaning and default.

use std::fmt::Write as _;

use crate::values::{Field, Values};

const INTRODUCTION: &str = include_str!("introduction.md");

/// The README as Markdown.
///
/// # Errors
/// When a default cannot be written.
pub(crate) fn readme(values: &Values) -> anyhow::Result<String> {
    let mut text = format!("{INTRODUCTION}\n| value | meaning | default |\n| --- | --- | --- |\n");
    rows(&mut text, &values.fields, "")?;
    Ok(text)
}

fn rows(text: &mut String, fields: &[Field], above: &str) -> anyhow::Result<()> {
    for field in fields {
        let path = format!("{above}{}", field.name);
        let has_rows = field.fields.iter().any(|below| !below.description.is_empty());
        let default = if has_rows { String::new() } else { format!("`{}`", serde_json::to_string(&field.default)?) };
        writeln!(text, "| `{path}` | {} | {} |", cell(&field.description), cell(&default))?;
        if has_rows {
            rows(text, &field.fields, &format!("{path}."))?;
        }
    }
    Ok(())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_row_and_a_group_has_no_default() {
        let values = Values::parse("# A group.\nimage:\n  # When | how.\n  pull: a\n# Any.\nnodes:\n  x: y\n").unwrap();
        let text = readme(&values).unwrap();
        for row in ["| `image` | A group. |  |", "| `image.pull` | When \\| how. | `\"a\"` |", "`{\"x\":\"y\"}` |"] {
            assert!(text.contains(row), "{text}");
        }
    }
}
