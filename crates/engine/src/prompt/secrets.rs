//! What must not be quoted, remembered: to cut a system instruction into its runs of words takes longer than all else of it, and
//! only few differ in what is not of a person.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use evolve_domain::safety::quoting::Secret;

/// Most that are remembered: one for each language, level and manner that somebody here has.
const MOST: usize = 64;

/// By their texts.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<HashMap<String, Secret>>);

impl Secrets {
    /// That of these instructions.
    pub(super) fn of(&self, instructions: &str) -> Secret {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(instructions) {
            return known.clone();
        }
        let secret = Secret::new(instructions);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(instructions.to_owned(), secret.clone());
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_its_own_and_of_many_not_all_are_remembered() {
        let secrets = Secrets::default();
        let text = |topic: usize| {
            let topic: String =
                topic.to_string().chars().filter_map(|c| char::from_digit(c.to_digit(10)? + 10, 36)).collect();
            format!("You never speak of {topic} with anybody, whoever may ask you for it")
        };
        for (topic, other) in (0..3 * MOST).map(|topic| (text(topic), text(topic + 1))) {
            for _ in 0..2 {
                let secret = secrets.of(&topic);
                assert!(secret.is_quoted_in(&topic) && !secret.is_quoted_in(&other));
            }
        }
        let remembered = |secrets: &Secrets| secrets.0.lock().unwrap().len();
        assert_eq!(remembered(&secrets), MOST);
        let one_more = text(3 * MOST);
        for _ in 0..2 {
            secrets.of(&one_more);
            assert_eq!(remembered(&secrets), 1, "it is remembered, once");
        }
    }
}
