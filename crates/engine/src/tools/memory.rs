//! `remember`, `forget` and `recall`.

use evolve_domain::{
    fact::{
        self, Category, USUAL_CONFIDENCE,
        told::{Named, Shown, named},
    },
    memory::{
        question::{Names, Question},
        terms::terms,
    },
    safety::hidden,
};
use evolve_store::{
    StoreError,
    messages::{Message, Role},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Context, Effects, profile, text};
use crate::facts::{Outcome, Telling, Wish, past_with};

/// Messages that one search returns.
const FOUND: usize = 10;
/// Most facts of the past that one search returns.
const HELD_ONCE: usize = 5;
/// Longest piece of a found message, in characters.
const FOUND_CHARS: usize = 400;

pub(super) fn remember(args: &Value, context: &Context<'_>, effects: &mut Effects) -> Result<Value, String> {
    let category: Category = match args.get("category").and_then(Value::as_str) {
        Some(name) => name.parse()?,
        None => Category::Other,
    };
    let day = match args.get("date").and_then(Value::as_str).filter(|date| !date.trim().is_empty()) {
        Some(date) => Some(date.trim().parse().map_err(|_| "`date` must be a date such as 2026-12-31".to_owned())?),
        None => None,
    };
    let telling = Telling {
        id: Uuid::now_v7(),
        category,
        content: text(args, "fact", fact::MAX_CHARS)?,
        replaces: args.get("replaces").and_then(Value::as_str).map(str::to_owned),
        confidence: confidence(args.get("confidence")),
        day,
        source: None,
    };
    match effects.wish(Wish::Remember(telling), context)? {
        Outcome::Learnt => Ok(json!({"ok": true})),
        Outcome::Known => Ok(json!({"ok": true, "note": "this was known already"})),
        Outcome::Full => Err("the memory is full; something must be forgotten first".to_owned()),
        Outcome::Gone(_) | Outcome::Unclear(_) | Outcome::Outdated => Err("nothing was remembered".to_owned()),
    }
}

/// How sure a fact is, of 100: models say it of 1.
pub(crate) fn confidence(said: Option<&Value>) -> u8 {
    let usual = f64::from(USUAL_CONFIDENCE) / 100.0;
    let share = said.and_then(Value::as_f64).filter(|share| (0.0..=1.0).contains(share)).unwrap_or(usual);
    (0..=100_u8).rev().find(|percent| f64::from(*percent) / 100.0 <= share).unwrap_or_default()
}

pub(super) async fn forget(
    args: &Value,
    context: &Context<'_>,
    effects: &mut Effects,
) -> Result<Result<Value, String>, StoreError> {
    let words = match text(args, "fact", fact::MAX_CHARS) {
        Ok(words) => words,
        Err(problem) => return Ok(Err(problem)),
    };
    let is_outdated = args.get("outdated").and_then(Value::as_bool).unwrap_or_default();
    if let Some(forgotten) = profile::forget(&words, is_outdated, context, effects) {
        return Ok(forgotten);
    }
    let wish = if is_outdated { Wish::End(words.clone()) } else { Wish::Forget(words.clone()) };
    let mut outcome = effects.wish(wish, context);
    if !is_outdated && matches!(outcome, Ok(Outcome::Gone(0))) {
        outcome = forget_past(&words, context, effects).await?;
    }
    Ok(outcome.and_then(gone))
}

/// Forgets what is over: nothing that holds is named by these words.
async fn forget_past(
    words: &str,
    context: &Context<'_>,
    effects: &mut Effects,
) -> Result<Result<Outcome, String>, StoreError> {
    let history = context.store.facts().history(context.user_id).await?;
    let shown: Vec<Shown<'_>> = history.iter().map(|fact| (fact.content.as_str(), fact.day)).collect();
    let past = history.as_slice();
    let of = |places: Vec<usize>| places.into_iter().filter_map(move |place| past.get(place));
    Ok(match named(words, &shown) {
        Named::These(places) => {
            let going = of(places).flat_map(|fact| past_with(fact, context.facts, past)).collect();
            effects.wish(Wish::ForgetPast(going), context)
        }
        Named::Unclear(places) => Ok(Outcome::Unclear(of(places).map(|fact| fact.content.clone()).collect())),
    })
}

/// What the model is told of what was to be forgotten, or ended.
fn gone(outcome: Outcome) -> Result<Value, String> {
    match outcome {
        Outcome::Gone(count) if count > 0 => Ok(json!({"ok": true, "forgotten": count})),
        Outcome::Unclear(facts) => {
            let facts = facts.iter().map(|fact| format!("{fact:?}")).collect::<Vec<_>>().join(", ");
            Err(format!("several facts say that, and nothing was forgotten; give one of these as it stands: {facts}"))
        }
        _ => Err(
            "no such fact; give it as it stands in the section Facts, or the name of a field of the section Profile"
                .to_owned(),
        ),
    }
}

pub(super) async fn recall(args: &Value, context: &Context<'_>) -> Result<Result<Value, String>, StoreError> {
    let query = match text(args, "query", 200) {
        Ok(query) => query,
        Err(problem) => return Ok(Err(problem)),
    };
    let names = Names { person: context.profile.name.as_deref(), companion: context.companion };
    let question = Question::read(&query, names);
    let found = find(&query, &question, context).await?;
    let shown = |m: &Message| {
        json!({
            "who": match m.role { Role::User => "person", Role::Assistant => "you" },
            "when": m.created_at.with_timezone(&context.settings.time_zone).format("%Y-%m-%d %H:%M").to_string(),
            "text": hidden::without(&m.text).chars().take(FOUND_CHARS).collect::<String>(),
        })
    };
    let before = held_once(&question, context).await?;
    Ok(Ok(json!({"found": found.iter().map(shown).collect::<Vec<_>>(), "held_once": before})))
}

/// What was said, by its words, and by its meaning where that can be compared.
async fn find(query: &str, question: &Question, context: &Context<'_>) -> Result<Vec<Message>, StoreError> {
    let (memory, meaning) = (context.store.memory(), context.meanings.of(query).await);
    match memory.find(context.user_id, question, meaning.as_ref(), FOUND).await {
        Err(error) if meaning.is_some() && !error.is_unavailable() => {
            tracing::warn!(%error, "vectors could not be compared; words alone are looked for");
            context.meanings.disable(context.now);
            memory.find(context.user_id, question, None, FOUND).await
        }
        done => done,
    }
}

/// Facts that hold no longer and share a word with the question, latest first.
async fn held_once(question: &Question, context: &Context<'_>) -> Result<Vec<Value>, StoreError> {
    let zone = context.settings.time_zone;
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&zone).format("%Y-%m-%d").to_string();
    let history = context.store.facts().history(context.user_id).await?;
    let matching = history.iter().filter(|fact| terms(&fact.content).iter().any(|term| question.terms.contains(term)));
    let shown = matching
        .take(HELD_ONCE)
        .map(|fact| json!({"fact": fact.content, "told": day(fact.created_at), "until": fact.ended_at.map(day)}));
    Ok(shown.collect())
}
