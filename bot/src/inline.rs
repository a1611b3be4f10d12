//! Inline mode: `@bot question?` in any chat, and one short answer to put there.
//!
//! Telegram sends a query at every pause of somebody's typing, and wants each answered within seconds. So it is not stored: it
//! is answered in the background from wherever it comes in, as a checkout is, and one that is lost comes again with the next key.
//! What is half typed is not paid for: a question is asked when it ends as one does, with a question mark of any language, `!`
//! or `.`, is long enough, and nothing was typed after it for [`PAUSE`]. An answer that comes too late for its query waits
//! under its key, which is made of the person, the words and the day: the same question again costs nothing, whoever's replica
//! it reaches. Telegram keeps the answer for the person too. Only who has started the bot is answered (who has settings: a word
//! in a group makes a person, but no settings): anybody else is shown the way. That is looked up anew for every whole question,
//! since the turn would make a person of somebody who has just had themselves removed.

use std::{sync::Arc, time::Duration};

use evolve_contract::{ClientError, Code, aside::AsideRequest};
use evolve_domain::{fact::one_line, language::Language, words::QUESTION_MARKS};
use moka::future::Cache;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::{api::has_come, bot::Bot, handlers::look_after_in_private, markdown, telegram::unreadable, texts::Text};

/// The kind of update.
pub(crate) const KIND: &str = "inline_query";
/// For so long nothing may have been typed after a question.
const PAUSE: Duration = Duration::from_millis(400);
/// Shortest question, in letters and digits.
const SHORTEST: usize = 5;
/// What Telegram waits for, with something to spare.
const PATIENCE: Duration = Duration::from_secs(9);
/// How long Telegram keeps an answer for its person, in seconds; and what may be otherwise in a moment.
const KEPT: (u32, u32) = (600, 3);
/// How long it is remembered that somebody has started the bot, which queries came, and what was typed last.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Most queries at a time; beyond it they go without an answer, and come again with the next key.
const AT_A_TIME: usize = 256;
/// Longest description under an answer's title, in characters.
const DESCRIPTION: usize = 200;
/// Where a button leads: to the private chat, and what to say there.
const START: &str = "inline";
const HELP: &str = "do_help";
const PREMIUM: &str = "do_premium";

#[derive(Clone, Debug, Deserialize)]
struct Query {
    id: String,
    from: From,
    query: String,
}

#[derive(Clone, Debug, Deserialize)]
struct From {
    id: i64,
    #[serde(default)]
    first_name: String,
    language_code: Option<String>,
}

/// What this process knows of people who ask. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Askers {
    /// The query that came last.
    last: Cache<i64, String>,
    /// Queries that came: Telegram gives an update again that is not confirmed.
    seen: Cache<String, ()>,
    /// Who has started the bot.
    known: Cache<i64, ()>,
    places: Arc<Semaphore>,
}

impl Default for Askers {
    fn default() -> Self {
        Self { last: cache(), seen: cache(), known: cache(), places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

fn cache<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build()
}

/// Sees to an update if it is such a query; it is then nobody else's. The answer is given in the background.
pub(crate) async fn take(bot: &Bot, update: &Value) -> bool {
    let Some(query) = update.get(KIND) else { return false };
    match serde_json::from_value::<Query>(query.clone()) {
        Ok(query) if !bot.askers.seen.contains_key(&query.id) => {
            bot.askers.seen.insert(query.id.clone(), ()).await;
            bot.askers.last.insert(query.from.id, query.id.clone()).await;
            match bot.askers.places.clone().try_acquire_owned() {
                Ok(place) => {
                    let (bot, tasks) = (bot.clone(), bot.tasks.clone());
                    drop(tasks.spawn_work(async move {
                        answer(&bot, &query).await;
                        drop(place);
                    }));
                }
                Err(error) => bot.metrics.swallow("inline_crowded", &error),
            }
        }
        Ok(_) => {}
        Err(error) => bot.metrics.swallow("inline_unreadable", &unreadable(&error)),
    }
    true
}

/// What is shown under the words that somebody types.
enum Shown {
    /// An answer to put into the chat.
    Answer { question: String, answer: String },
    /// A line that leads to the private chat; and for how long it holds.
    Way(Text<'static>, &'static str, u32),
    /// Nothing.
    Nothing,
}

async fn answer(bot: &Bot, query: &Query) {
    let shown = tokio::time::timeout(PATIENCE, shown(bot, query)).await;
    // Made too late, the answer is there when the question is asked again.
    let shown = shown.unwrap_or(Some(Shown::Way(Text::InlineLater, HELP, 1)));
    let Some(shown) = shown else { return };
    let language = language(bot, query).await;
    bot.metrics.received(match &shown {
        Shown::Answer { .. } => "inline_answer",
        _ => "inline_query",
    });
    let params = params(query, &shown, language);
    if let Err(error) = bot.telegram.call("answerInlineQuery", &params).await {
        // As a rule the query is too old: somebody has typed on.
        bot.metrics.swallow("inline_answer", &error);
    }
}

/// What to show; nothing at all where something else was typed meanwhile.
async fn shown(bot: &Bot, query: &Query) -> Option<Shown> {
    let question = question(&query.query);
    if question.is_some() {
        tokio::time::sleep(PAUSE).await;
        if bot.askers.last.get(&query.from.id).await.is_some_and(|last| last != query.id) {
            return None;
        }
    }
    match is_known(bot, query.from.id, question.is_some()).await {
        Ok(true) => {}
        Ok(false) => return Some(Shown::Way(Text::InlineStart, START, KEPT.1)),
        Err(error) => {
            bot.metrics.swallow("inline_person", &error);
            return Some(Shown::Nothing);
        }
    }
    let Some(question) = question else { return Some(Shown::Way(Text::InlineHint, HELP, KEPT.0)) };
    let language = language(bot, query).await;
    look_after_in_private(bot, query.from.id, language, &question).await;
    let request = AsideRequest {
        user_id: query.from.id,
        message: question.clone(),
        name: query.from.first_name.clone(),
        language: Some(language.to_string()),
        ..AsideRequest::default()
    };
    Some(match bot.api.aside(&key(bot, query.from.id, &request), &request).await {
        Ok(answer) => Shown::Answer { question, answer: answer.response_text },
        Err(error) => {
            bot.metrics.swallow("inline_asked", &error);
            match error.code() {
                Some(Code::Banned) => Shown::Nothing,
                Some(Code::QuotaExhausted) => Shown::Way(Text::InlineQuota, PREMIUM, KEPT.1),
                _ => Shown::Way(Text::InlineLater, HELP, KEPT.1),
            }
        }
    })
}

/// Whether somebody has started the bot; asked `anew`, as things are now.
async fn is_known(bot: &Bot, person: i64, anew: bool) -> Result<bool, ClientError> {
    if !anew && bot.askers.known.contains_key(&person) {
        return Ok(true);
    }
    let is_known = bot.api.profile(person).await?.is_some_and(|profile| has_come(&profile));
    // Who is not may be in a moment.
    if is_known {
        bot.askers.known.insert(person, ()).await;
    }
    Ok(is_known)
}

async fn language(bot: &Bot, query: &Query) -> Language {
    let profile = bot.api.settled_profile(query.from.id).await;
    let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
    chosen.unwrap_or_else(|| Language::from_telegram(query.from.language_code.as_deref()))
}

/// What is asked, if it is a whole question: on one line, with one mark at its end.
fn question(typed: &str) -> Option<String> {
    // Beside the marks of the languages: what keyboards of any have.
    const MARKS: [char; 5] = ['!', '.', '…', '？', '。'];
    let is_mark = |c: char| QUESTION_MARKS.contains(&c) || MARKS.contains(&c);
    let line = one_line(typed, usize::MAX)?;
    let words = line.trim_end_matches(|c: char| is_mark(c) || c.is_whitespace());
    let mark = line.get(words.len()..)?.trim().chars().next()?;
    let is_long = words.chars().filter(|c| c.is_alphanumeric()).take(SHORTEST).count() == SHORTEST;
    is_long.then(|| format!("{words}{mark}"))
}

/// The same for the same question of the same person on the same day.
fn key(bot: &Bot, person: i64, request: &AsideRequest) -> String {
    let hash = Sha256::new()
        .chain_update(person.to_be_bytes())
        .chain_update(request.language.as_deref().unwrap_or_default())
        .chain_update([0])
        .chain_update(&request.message)
        .finalize();
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("inline-{}-{hash}", bot.clock.now().date_naive())
}

fn params(query: &Query, shown: &Shown, language: Language) -> Value {
    let mut params = json!({ "inline_query_id": query.id, "results": [], "is_personal": true, "cache_time": KEPT.1 });
    match shown {
        Shown::Answer { question, answer } => {
            if let Some(result) = article(question, answer, language) {
                params["results"] = json!([result]);
                params["cache_time"] = KEPT.0.into();
            }
        }
        Shown::Way(text, start, seconds) => {
            params["button"] = json!({ "text": text.render(language), "start_parameter": start });
            params["cache_time"] = (*seconds).into();
        }
        Shown::Nothing => {}
    }
    params
}

/// The one result. The question stands above the answer where there is room: people in the chat have not seen it.
fn article(question: &str, answer: &str, language: Language) -> Option<Value> {
    let html = markdown::to_messages(answer).into_iter().next()?;
    let asked = format!("<i>{}</i>\n\n{html}", markdown::escape(question));
    let fits = markdown::plain(&asked).encode_utf16().count() <= markdown::MESSAGE_UNITS;
    Some(json!({
        "type": "article",
        "id": "answer",
        "title": Text::InlineAnswer.render(language),
        "description": one_line(&markdown::plain(&html), DESCRIPTION),
        "input_message_content": {
            "message_text": if fits { asked } else { html },
            "parse_mode": "HTML",
            "link_preview_options": { "is_disabled": true },
        },
    }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Столица Франции?", Some("Столица Франции?"))]
    #[case("  Столица\nФранции  ?!?? ", Some("Столица Франции?"))]
    #[case("Столица Франции", None)]
    #[case("Как?", None)]
    #[case("?????", None)]
    #[case("", None)]
    fn a_question_is_whole_when_it_ends_as_one_does(#[case] typed: &str, #[case] asked: Option<&str>) {
        assert_eq!(question(typed).as_deref(), asked);
    }

    #[test]
    fn neither_question_nor_answer_breaks_the_markup_and_both_fit() {
        let result = article("<b>1 < 2?", "**Да** <script>", Language::Ru).unwrap();
        let text = result["input_message_content"]["message_text"].as_str().unwrap();
        assert_eq!(text, "<i>&lt;b&gt;1 &lt; 2?</i>\n\n<b>Да</b> &lt;script&gt;");
        assert_eq!(result["description"], "Да <script>");
        let long = article(&"я".repeat(200), &"ы".repeat(4090), Language::Ru).unwrap();
        let units = long["input_message_content"]["message_text"].as_str().unwrap().encode_utf16().count();
        assert!(units <= markdown::MESSAGE_UNITS, "{units}");
        assert!(article("a?", "\u{200b}", Language::Ru).is_none());
    }
}
