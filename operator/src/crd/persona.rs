//! Who the companion is.

use std::collections::BTreeMap;

use evolve_domain::language::Language;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::reference::ConfigMapKeyRef;
use super::rules::{one_line, rules, rules_at, texts, time_zone};

/// Longest prompt, in characters: a prompt is paid for in every turn.
pub const MAX_PROMPT: usize = 32_768;

/// Who the companion is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules_at(".promptFrom", &[
    ("!(has(self.prompt) && has(self.promptFrom))", "the prompt is here or in a ConfigMap: remove one of prompt and promptFrom"),
])))]
pub struct Persona {
    /// What it is called.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = one_line(
        "must be one line and must not be blank: it is what the companion calls itself",
    )))]
    pub name: String,
    /// Its character, in its own words; the built-in one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_PROMPT), extend("x-kubernetes-validations" = rules(&[
        (r"self.matches('\\S')", "must not be blank: say who the companion is, or remove prompt for the built-in character"),
    ])))]
    pub prompt: Option<String>,
    /// The ConfigMap entry with its character. The API restarts when it changes. `evolve up` uses the built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_from: Option<ConfigMapKeyRef>,
    /// Its language with people who have not chosen one.
    #[schemars(schema_with = "language")]
    pub language: Language,
    /// The IANA time zone of people who have not named theirs.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = time_zone()))]
    pub time_zone: String,
    /// Whether it may speak of adult matters, in private, with people who say that they are 18 or older and agree to it. It asks
    /// each of them once, with the first answer, and is decent with everybody who has not agreed. Check that your models' terms
    /// and your law allow it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub adult: bool,
    /// The levels of the relationship, first to last; the five built-in ones when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), extend("x-kubernetes-validations" = rules(&[
        ("size(self) == 0 || self[0].points == 0", "the first level is where everybody begins: give it points: 0"),
        ("self.map(level, level.points).isSorted() && self.all(a, self.exists_one(b, a.points == b.points))",
         "each level needs more points than the one before it"),
        ("self.all(a, self.exists_one(b, a.name == b.name))", "two levels have one name, and people could not tell them apart: rename one"),
    ])))]
    pub levels: Vec<Level>,
    /// What being away costs in points of the relationship; nothing when absent. A level once reached is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay: Option<Decay>,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            name: "Мария".to_owned(),
            prompt: None,
            prompt_from: None,
            language: Language::Ru,
            time_zone: "Europe/Moscow".to_owned(),
            adult: false,
            levels: Vec::new(),
            decay: None,
        }
    }
}

/// A level of the relationship.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// What it is called.
    #[schemars(length(min = 1, max = 64), extend("x-kubernetes-validations" = one_line("must be one line and not blank: people see it")))]
    pub name: String,
    /// What it is called in a language in which it has another name, by language code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = Language::ALL.len(), "additionalProperties" = texts(64), "x-kubernetes-validations" = rules(&[
        (&format!("self.all(language, language in {:?})", Language::ALL.map(Language::as_str)),
         &format!("a level has names in {}: remove other languages", Language::ALL.map(Language::as_str).join(" and "))),
        (r"self.all(language, self[language].matches('\\S') && !self[language].matches('[\\p{Cc}\\p{Zl}\\p{Zp}]'))",
         "each name must be one line and not blank: people see it"),
    ])))]
    pub names: BTreeMap<String, String>,
    /// Points at which it begins.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub points: u32,
    /// How the companion speaks with people on it; as the built-in level of the same place when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2000), extend("x-kubernetes-validations" = rules(&[
        (r"self.matches('\\S')", "must not be blank: leave it out for the built-in voice"),
    ])))]
    pub voice: Option<String>,
}

/// How points of the relationship fade while a person is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decay {
    /// Days of being away that cost nothing.
    #[schemars(range(min = 1, max = 1000))]
    pub after_days: u32,
    /// Points that each further day costs.
    #[schemars(range(min = 1, max = 1000))]
    pub points_per_day: u32,
}

/// A language that the product speaks.
fn language(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Language::ALL })
}
