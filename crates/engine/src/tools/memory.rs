//! `remember`, `forget` and `recall`.

use evolve_domain::{
    fact::{self, Category},
    memory::question::{Names, Question},
};
use evolve_store::{
    StoreError,
    messages::{Message, Role},
    turns::NewFact,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Context, Effects, MAX_EFFECTS, text};

/// Messages that one search returns.
const FOUND: usize = 10;
/// Longest piece of a found message, in characters.
const FOUND_CHARS: usize = 400;

pub(super) fn remember(args: &Value, context: &Context<'_>, effects: &mut Effects) -> Result<Value, String> {
    let content = text(args, "fact", fact::MAX_CHARS)?;
    let category: Category = match args.get("category").and_then(Value::as_str) {
        Some(name) => name.parse()?,
        None => Category::Other,
    };
    let kept = context.facts.iter().filter(|f| !effects.forgotten.contains(&f.id));
    let known = kept.clone().map(|f| &f.content).chain(effects.learnt.iter().map(|f| &f.content));
    if known.into_iter().any(|known| fact::same(known, &content)) {
        return Ok(json!({"ok": true, "note": "this was known already"}));
    }
    if effects.learnt.len() >= MAX_EFFECTS {
        return Err("enough was remembered in this turn".to_owned());
    }
    let full = context.max_facts.is_some_and(|max| kept.count() + effects.learnt.len() >= max as usize);
    if full {
        return Err("the memory is full; something must be forgotten first".to_owned());
    }
    effects.learnt.push(NewFact { id: Uuid::now_v7(), category, content });
    Ok(json!({"ok": true}))
}

pub(super) fn forget(args: &Value, context: &Context<'_>, effects: &mut Effects) -> Result<Value, String> {
    let wanted = fact::normalized(&text(args, "fact", fact::MAX_CHARS)?);
    let matches =
        |content: &str| fact::normalized(content) == wanted || contains_words(&fact::normalized(content), &wanted);
    let learnt_before = effects.learnt.len();
    effects.learnt.retain(|f| !matches(&f.content));
    let found: Vec<_> =
        context.facts.iter().filter(|f| !effects.forgotten.contains(&f.id) && matches(&f.content)).collect();
    let forgotten = found.len() + learnt_before - effects.learnt.len();
    if forgotten == 0 {
        return Err("no such fact; give it as it stands in the section Facts".to_owned());
    }
    effects.forgotten.extend(found.iter().map(|f| f.id));
    Ok(json!({"ok": true, "forgotten": forgotten}))
}

/// Whether all words of `wanted` stand in `content`, in this order and without gaps.
fn contains_words(content: &str, wanted: &str) -> bool {
    !wanted.is_empty() && format!(" {content} ").contains(&format!(" {wanted} "))
}

pub(super) async fn recall(args: &Value, context: &Context<'_>) -> Result<Result<Value, String>, StoreError> {
    let query = match text(args, "query", 200) {
        Ok(query) => query,
        Err(problem) => return Ok(Err(problem)),
    };
    let names = Names { person: context.profile.name.as_deref(), companion: context.companion };
    let question = Question::read(&query, names);
    let found = context.store.memory().find(context.user_id, &question, FOUND).await?;
    let shown = |m: &Message| {
        json!({
            "who": match m.role { Role::User => "person", Role::Assistant => "you" },
            "when": m.created_at.with_timezone(&context.settings.time_zone).format("%Y-%m-%d %H:%M").to_string(),
            "text": m.text.chars().take(FOUND_CHARS).collect::<String>(),
        })
    };
    Ok(Ok(json!({"found": found.iter().map(shown).collect::<Vec<_>>()})))
}
