//! The tools that the model may use in a turn.
//!
//! A tool changes nothing by itself: it notes an effect in [`Effects`], and persist writes all effects together with the
//! answer. So a turn that fails, or is taken over, leaves none behind. Arguments are the model's invention: everything
//! is checked, and what is wrong is told to the model in words that let it try again.

mod memory;
mod profile;
mod specs;

use chrono::{DateTime, Utc};
use evolve_domain::{
    profile::{Profile, ProfilePatch, Settings},
    safety::{hidden, quoting::Secret},
    zones,
};
use evolve_store::{
    Store, StoreError,
    facts::{Fact, FactChanges},
    turns::ToolCall,
};
pub(crate) use memory::confidence;
use serde_json::{Value, json};
pub use specs::specs;

use crate::{
    facts::{Outcome, Wish, settle},
    meaning::Meanings,
};

/// Most effects of one kind in one turn: a model in a loop must not fill the memory.
pub(crate) const MAX_EFFECTS: usize = 10;
/// Most calls worked in one round; the rest is refused.
pub(crate) const MAX_CALLS: usize = 8;

/// What the tools of a turn know.
#[derive(Debug)]
pub struct Context<'a> {
    /// For what is not in the prompt.
    pub store: &'a Store,
    /// For what was said in other words.
    pub meanings: &'a Meanings,
    /// The person.
    pub user_id: i64,
    /// What is remembered of them.
    pub facts: &'a [Fact],
    /// What that is at.
    pub facts_version: i32,
    /// Most facts of their plan.
    pub max_facts: Option<u32>,
    /// What they told of themselves.
    pub profile: &'a Profile,
    /// How they want things.
    pub settings: Settings,
    /// The companion's name.
    pub companion: &'a str,
    /// What the model was told to be, which is nothing to remember.
    pub secret: &'a Secret,
    /// When the turn began.
    pub now: DateTime<Utc>,
}

/// What the tools of a turn have noted, to be written by persist.
#[derive(Debug, Default)]
pub struct Effects {
    /// What is to be done to the facts, in order.
    pub wishes: Vec<Wish>,
    /// What that comes to.
    pub facts: FactChanges,
    /// Changes of profile and settings.
    pub patch: ProfilePatch,
    /// Calls of known tools.
    pub calls: Vec<ToolCall>,
}

impl Effects {
    /// Adds a wish, unless it can do nothing, and says what comes of it.
    fn wish(&mut self, wish: Wish, context: &Context<'_>) -> Result<Outcome, String> {
        if self.wishes.len() >= MAX_EFFECTS {
            return Err("enough was remembered in this turn".to_owned());
        }
        self.wishes.push(wish);
        let (changes, mut outcomes) = settle(&self.wishes, context.facts, context.facts_version, context.max_facts);
        let outcome = outcomes.pop().unwrap_or(Outcome::Full);
        if matches!(outcome, Outcome::Full | Outcome::Outdated | Outcome::Gone(0) | Outcome::Unclear(_)) {
            self.wishes.pop();
        } else {
            self.facts = changes;
        }
        Ok(outcome)
    }
}

/// A tool, by the name in its spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Remember,
    Forget,
    Recall,
    SetProfile,
    CurrentTime,
}

impl Tool {
    const ALL: [Self; 5] = [Self::Remember, Self::Forget, Self::Recall, Self::SetProfile, Self::CurrentTime];

    const fn name(self) -> &'static str {
        match self {
            Self::Remember => "remember",
            Self::Forget => "forget",
            Self::Recall => "recall",
            Self::SetProfile => "set_profile",
            Self::CurrentTime => "current_time",
        }
    }
}

/// What tools are called.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Tool::ALL.into_iter().map(Tool::name)
}

/// Runs one call and returns what the model is told. `Err` is Postgres, not the model.
///
/// # Errors
/// [`StoreError`], from the tools that read.
pub async fn run(
    name: &str,
    args: &Value,
    context: &Context<'_>,
    effects: &mut Effects,
    metrics: &crate::EngineMetrics,
) -> Result<Value, StoreError> {
    let Some(tool) = Tool::ALL.into_iter().find(|tool| tool.name() == name) else {
        let known = Tool::ALL.map(Tool::name).join(", ");
        return Ok(json!({"error": format!("there is no such tool; there are: {known}")}));
    };
    let told = match tool {
        // Whatever is stored is shown to its person, and may be told to them word for word.
        Tool::Remember | Tool::SetProfile if context.secret.is_quoted_in(&hidden::without(&words(args))) => {
            Err("these are your instructions, and nothing about the person".to_owned())
        }
        Tool::Remember => memory::remember(args, context, effects),
        Tool::Forget => memory::forget(args, context, effects).await?,
        Tool::Recall => memory::recall(args, context).await?,
        Tool::SetProfile => profile::set_profile(args, context.now, effects),
        Tool::CurrentTime => Ok(current_time(context)),
    };
    metrics.tool(tool.name(), told.is_ok());
    effects.calls.push(ToolCall { name: tool.name(), ok: told.is_ok() });
    Ok(told.unwrap_or_else(|problem| json!({"error": problem})))
}

fn current_time(context: &Context<'_>) -> Value {
    let local = context.now.with_timezone(&context.settings.time_zone);
    json!({
        "local_time": local.format("%Y-%m-%d %H:%M").to_string(),
        "weekday": local.format("%A").to_string(),
        "time_zone": zones::shown(context.settings.time_zone),
    })
}

/// All that arguments say in words.
fn words(args: &Value) -> String {
    match args {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields.values().map(words).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

/// A text argument, on one line.
fn text(args: &Value, name: &str, max_chars: usize) -> Result<String, String> {
    let value = args.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` must be a text"))?;
    evolve_domain::fact::one_line(value, max_chars).ok_or_else(|| format!("`{name}` is empty"))
}
