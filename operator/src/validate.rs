//! Whether an `EvolveBot` can be used. Pure; every problem is found, and says its path and how to mend it.
//!
//! Most of what can be wrong is in the schema, as bounds and CEL rules, so that the API server refuses it. The same schema
//! is used here, for `evolve up` and for objects that were stored before a rule existed; [`own`] adds what a schema cannot
//! say.

mod own;
mod schema;

use serde_json::Value;

use crate::crd::{API_VERSION, EvolveBot, KIND, ParseError};

pub use self::own::cluster_problems;

/// Everything that is wrong with `bot`; empty when nothing is.
#[must_use]
pub fn problems(bot: &EvolveBot) -> Vec<String> {
    let Ok(value) = serde_json::to_value(bot) else {
        return vec!["the resource cannot be written as JSON".to_owned()];
    };
    let mut problems = Vec::new();
    gather(&mut problems, schema::problems(&value));
    gather(&mut problems, own::problems(bot));
    problems
}

/// Adds what has not been said yet: some of the own checks make a rule of the schema stricter, with the same words.
fn gather(problems: &mut Vec<String>, more: Vec<String>) {
    for problem in more {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Reads a bot from YAML, and validates it.
///
/// # Errors
/// [`ParseError`], with every problem that validation finds.
pub(crate) fn parse(text: &str) -> Result<EvolveBot, ParseError> {
    // By way of YAML's own value: it refuses a key that is there twice.
    let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
    let mut value = serde_json::to_value(yaml).map_err(|error| ParseError::Shape(error.to_string()))?;
    if let Value::Object(object) = &mut value {
        // In a cluster the API server asks for it; here a name is enough.
        object.entry("spec").or_insert_with(|| Value::Object(Default::default()));
    }
    let bot: EvolveBot = serde_path_to_error::deserialize(&value)
        .map_err(|error| ParseError::Shape(format!("{}: {}", error.path(), error.inner())))?;
    let mut problems = Vec::new();
    for (field, expected) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        if value.get(field).and_then(Value::as_str) != Some(expected) {
            problems.push(format!("{field}: must be {expected}"));
        }
    }
    gather(&mut problems, schema::problems(&value));
    gather(&mut problems, own::problems(&bot));
    if problems.is_empty() { Ok(bot) } else { Err(ParseError::Invalid(problems)) }
}
