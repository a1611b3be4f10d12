//! `values.yaml` with its comments. A YAML parser gives the values and forgets the comments; those are found line by line,
//! which is enough for a file of our own that keeps to nested maps in block style.

use std::collections::HashMap;

use anyhow::{Context as _, bail, ensure};
use serde_yaml_ng::{Mapping, Value};

/// The marker of lines that are for the schema.
const SCHEMA: &str = "@schema ";

/// All values.
#[derive(Debug)]
pub(crate) struct Values {
    /// In the order of the file.
    pub(crate) fields: Vec<Field>,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its key.
    pub(crate) name: String,
    /// What its comment says.
    pub(crate) description: String,
    /// What its comment adds to the schema.
    pub(crate) schema: Mapping,
    /// What it is when nobody says otherwise.
    pub(crate) default: Value,
    /// Those below it, if it is a map with keys of its own.
    pub(crate) fields: Vec<Self>,
}

#[derive(Debug, Default)]
struct Comment {
    description: String,
    schema: Mapping,
}

impl Values {
    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is not YAML, or a value at the top has no comment.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let Value::Mapping(values) = serde_yaml_ng::from_str(text)? else { bail!("it is not a map") };
        let mut comments = comments(text)?;
        let fields = fields(&values, "", &mut comments)?;
        for field in &fields {
            ensure!(!field.description.is_empty(), "{} has no comment", field.name);
        }
        Ok(Self { fields })
    }
}

fn fields(values: &Mapping, above: &str, comments: &mut HashMap<String, Comment>) -> anyhow::Result<Vec<Field>> {
    let one = |(name, default): (&Value, &Value)| {
        let name = name.as_str().context("a key is not text")?.to_owned();
        let path = format!("{above}{name}");
        let Comment { description, schema } =
            comments.remove(&path).with_context(|| format!("{path} was not found"))?;
        // What may have any keys has none of ours.
        let is_free = schema.contains_key("additionalProperties");
        let below = match default {
            Value::Mapping(below) if !is_free => fields(below, &format!("{path}."), comments)?,
            _ => Vec::new(),
        };
        Ok(Field { name, description, schema, default: default.clone(), fields: below })
    };
    values.iter().map(one).collect()
}

/// The comment above each key, by the key's path.
fn comments(text: &str) -> anyhow::Result<HashMap<String, Comment>> {
    let mut found = HashMap::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut comment = Comment::default();
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let depth = line.len() - content.len();
        if let Some(words) = content.strip_prefix('#') {
            comment.add(words.trim()).with_context(|| format!("line {}", number + 1))?;
        } else if let Some((key, _)) = content.split_once(':').filter(|_| !content.starts_with('-')) {
            path.retain(|(other, _)| *other < depth);
            path.push((depth, key));
            let names: Vec<&str> = path.iter().map(|(_, name)| *name).collect();
            found.insert(names.join("."), std::mem::take(&mut comment));
        } else {
            // An empty line ends a comment that belongs to no key.
            comment = Comment::default();
        }
    }
    Ok(found)
}

impl Comment {
    fn add(&mut self, words: &str) -> anyhow::Result<()> {
        if let Some(yaml) = words.strip_prefix(SCHEMA) {
            let more: Mapping = serde_yaml_ng::from_str(yaml)?;
            self.schema.extend(more);
            return Ok(());
        }
        if !self.description.is_empty() {
            self.description.push(' ');
        }
        self.description.push_str(words);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_belongs_to_the_key_below_it_and_what_is_for_the_schema_is_not_shown() {
        let text = "# Of the file.\n\n# The\n# image.\nimage:\n  # When.\n  # @schema {enum: [a, b]}\n  pull: a\n";
        let values = Values::parse(text).unwrap();
        let image = &values.fields[0];
        let pull = &image.fields[0];
        assert_eq!((image.description.as_str(), pull.description.as_str()), ("The image.", "When."));
        assert!(pull.schema.contains_key("enum"), "{pull:?}");
    }

    #[test]
    fn a_value_that_nobody_explained_is_refused() {
        assert!(Values::parse("a: 1\n").unwrap_err().to_string().contains("a has no comment"));
    }
}
