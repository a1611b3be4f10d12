//! `/admin/panel/conversations`: words looked for in all that was said, and one conversation. Each look is in the log of acts, and is
//! written down before anything is shown; what was looked for is not.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::get,
};
use evolve_contract::Code;
use evolve_domain::memory::terms::terms;
use evolve_engine::history::Talks;
use evolve_store::{
    history::At,
    messages::Role,
    reports::DialogPlace,
    search::{Hit, Line, Spoken},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Reader, fields,
    numbers::{asked, invalid},
    tail,
};
use crate::{
    admin::talks::{cursor, read},
    audit::Act,
    panel::{
        pages::conversations::{Conversation, Conversations, Found, SaidLine},
        parts::{Listing, Table},
        shell::Section,
    },
    problem::ApiError,
    state::Api,
};

/// Messages of a conversation on a page.
const PAGE: u32 = 100;
/// Conversations on a page of the list.
const NEWEST: u32 = 50;
/// The list of what was found.
const TABLE: &str = "conversations";
/// Longest search, in characters.
const MAX_WORDS: usize = 200;
/// Letters of an excerpt, and of them those before what was looked for.
const EXCERPT: usize = 240;
const BEFORE: usize = 80;

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/conversations", get(search))
        .route("/admin/panel/conversations/{conversation_id}", get(one))
}

/// What to look for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    person: String,
    after: Option<String>,
}

async fn search(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Asked { q, person, after } = asked(query)?;
    if q.chars().count() > MAX_WORDS || q.contains('\0') {
        return Err(invalid("q has at most 200 characters"));
    }
    let (of, person_error) = match fields::person(&person) {
        Ok(of) => (of, None),
        Err(error) => (None, Some(reader.words.say(error))),
    };
    if let Some(user_id) = of {
        act.to_person(&api.store, user_id);
    }
    let listing = Listing {
        query: vec![("q".to_owned(), q.clone()), ("person".to_owned(), person.clone())],
        is_later: after.is_some(),
        ..Listing::within(Section::Conversations.path(), TABLE)
    };
    let (view, words) = (reader.view.clone(), reader.words);
    let page = Conversations { search: q, person, person_error, found: Vec::new(), listing, view, words };
    if page.person_error.is_some() {
        // Whose it is to be is not known.
        act.detail(json!({ "messages": 0, "file": false }));
        return Ok(reader.page_with(&page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    if reader.view.is_file(TABLE) {
        // How many there are is known when the last of them is out.
        act.detail(json!({ "file": true }));
        let by = api.clone();
        return api.downloads.send(TABLE, move |after| of_file(by.clone(), page.clone(), of, after)).await;
    }
    let (page, _) = filled(&api, page, of, after.as_deref()).await?;
    act.detail(json!({ "messages": page.found.len(), "file": reader.view.file().is_some() }));
    Ok(reader.page(&page))
}

/// A page of the file.
async fn of_file(
    api: Api,
    page: Conversations,
    of: Option<i64>,
    after: Option<String>,
) -> Result<(Table, Option<String>), ApiError> {
    let (page, next) = filled(&api, page, of, after.as_deref()).await?;
    Ok((page.table(), next))
}

/// The page with what was found on it, and where the next one begins.
async fn filled(
    api: &Api,
    mut page: Conversations,
    of: Option<i64>,
    after: Option<&str>,
) -> Result<(Conversations, Option<String>), ApiError> {
    let (mut found, next) = look(api, page.search.trim(), of, after).await?;
    name(api, &mut found).await?;
    page.found = found;
    page.listing = Listing { is_later: after.is_some(), next: next.clone(), ..page.listing };
    Ok((page, next))
}

/// A page of what is there, and where the next one begins.
async fn look(
    api: &Api,
    words: &str,
    of: Option<i64>,
    after: Option<&str>,
) -> Result<(Vec<Found>, Option<String>), ApiError> {
    Ok(match (words, of) {
        // Without words nothing is shown of what was said: whose the newest conversations are, when, and what each is called.
        ("", None) => latest(api, after).await?,
        ("", Some(user_id)) => of_person(api, user_id, after).await?,
        (words, _) => {
            let place = after.map(|text| read(text).ok_or_else(|| invalid("after is a cursor")));
            let hits = api.store.search().find(words, of, place.transpose()?).await?;
            (hits.hits.into_iter().map(|hit| shown(hit, words)).collect(), hits.next.map(cursor))
        }
    })
}

/// What the conversations are called in which it was found, where they were summed up.
async fn name(api: &Api, found: &mut [Found]) -> Result<(), ApiError> {
    let untitled = || found.iter().filter(|one| one.title.is_none());
    let ids: Vec<Uuid> = untitled().filter_map(|one| one.conversation.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let titles = api.store.search().titles(&ids).await?;
    for one in found {
        let id: Option<Uuid> = one.conversation.parse().ok();
        one.title = one.title.take().or_else(|| titles.get(&id?).cloned());
    }
    Ok(())
}

/// A place in the list of all conversations, as addresses have it.
fn list_cursor((at, id): DialogPlace) -> String {
    format!("{}.{id}", tail::mark(at))
}

/// The place that a cursor of the list means.
fn read_list_cursor(cursor: &str) -> Option<DialogPlace> {
    let (at, id) = cursor.split_once('.')?;
    Some((tail::read(at)?, id.parse().ok()?))
}

/// Those of everybody, in which something was said last first, and where they go on.
async fn latest(api: &Api, after: Option<&str>) -> Result<(Vec<Found>, Option<String>), ApiError> {
    let before = after.map(|text| read_list_cursor(text).ok_or_else(|| invalid("after is a cursor"))).transpose()?;
    let (newest, next) = api.reports.newest_dialogs(before, NEWEST).await?;
    let found = |dialog: evolve_store::reports::Dialog| Found {
        conversation: dialog.id.to_string(),
        person: dialog.user_id,
        at: Some(dialog.last_message_at),
        ..Found::default()
    };
    Ok((newest.into_iter().map(found).collect(), next.map(list_cursor)))
}

/// Those of one person, newest first, and where they go on.
async fn of_person(api: &Api, user_id: i64, after: Option<&str>) -> Result<(Vec<Found>, Option<String>), ApiError> {
    let before = after.map(|text| tail::read(text).ok_or_else(|| invalid("after is a cursor"))).transpose()?;
    let Talks { talks, older, .. } = api.history.talks(user_id, before).await?;
    let found = |talk: evolve_store::exports::Talk| Found {
        conversation: talk.id.to_string(),
        person: user_id,
        title: talk.title,
        excerpt: talk.summary.unwrap_or_default(),
        at: Some(talk.started_at),
        ..Found::default()
    };
    Ok((talks.into_iter().map(found).collect(), older.map(tail::mark)))
}

fn shown(hit: Hit, words: &str) -> Found {
    let (excerpt, marks) = excerpt(&hit.message.text, words);
    Found {
        conversation: hit.conversation_id.to_string(),
        place: Some(hit.place),
        person: hit.user_id,
        excerpt,
        marks,
        at: Some(hit.message.created_at),
        ..Found::default()
    }
}

/// A piece of a text around the first of the words, and where in it words stand that were looked for, whatever their endings.
fn excerpt(text: &str, looked_for: &str) -> (String, Vec<(usize, usize)>) {
    let wanted = terms(looked_for);
    let is_wanted = |word: &str| terms(word).iter().any(|term| wanted.contains(term));
    let found = words_of(text).into_iter().find(|(from, to)| text.get(*from..*to).is_some_and(is_wanted));
    let letters_before = found.map_or(0, |(from, _)| text.get(..from).map_or(0, |before| before.chars().count()));
    let skipped = letters_before.saturating_sub(BEFORE);
    let piece: String = text.chars().skip(skipped).take(EXCERPT).collect();
    let is_cut = text.chars().count() > skipped + EXCERPT;
    let (head, tail) = (if skipped > 0 { "…" } else { "" }, if is_cut { "…" } else { "" });
    let piece = format!("{head}{piece}{tail}");
    let marks = words_of(&piece).into_iter().filter(|(from, to)| piece.get(*from..*to).is_some_and(is_wanted));
    let marks = marks.collect();
    (piece, marks)
}

/// Where the words of a text stand, in bytes.
fn words_of(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut begun: Option<usize> = None;
    for (place, c) in text.char_indices() {
        match (begun, c.is_alphanumeric()) {
            (None, true) => begun = Some(place),
            (Some(from), false) => {
                words.push((from, place));
                begun = None;
            }
            _ => {}
        }
    }
    words.extend(begun.map(|from| (from, text.len())));
    words
}

/// Which page.
#[derive(Debug, Default, Deserialize)]
struct Where {
    /// What was said before this place.
    before: Option<i32>,
    /// What was said from this place on.
    from: Option<i32>,
}

async fn one(
    reader: Reader,
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    query: Result<Query<Where>, QueryRejection>,
) -> Result<Response, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::new(Code::ConversationNotFound))?;
    let at = match asked(query)? {
        Where { before: Some(place), .. } => At::Before(place),
        Where { from: Some(place), .. } => At::From(place),
        Where { before: None, from: None } => At::End,
    };
    let spoken = api.store.search().conversation(id, at, PAGE).await?.ok_or(Code::ConversationNotFound)?;
    let Spoken { user_id, title, summary, started_at, page, older, newer, .. } = spoken;
    act.to_person(&api.store, user_id);
    act.detail(json!({ "conversation": id, "messages": page.len() }));
    let address = format!("{}/{id}", Section::Conversations.path());
    let person_name = api.profiles.get(user_id).await.ok().and_then(|person| person.profile.name);
    let line = |Line { message, place, was_spoken }: Line| SaidLine {
        place,
        is_own: message.role == Role::User,
        text: message.text,
        at: message.created_at,
        has_image: message.has_image,
        was_spoken,
    };
    Ok(reader.page(&Conversation {
        name: title,
        person: user_id,
        person_name,
        companion: api.engine.companion().to_owned(),
        summary,
        since: Some(started_at),
        messages: page.into_iter().map(line).collect(),
        earlier: older.map(|place| format!("{address}?before={place}")),
        later: newer.map(|place| format!("{address}?from={place}")),
        words: reader.words,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_around_what_was_looked_for_and_marks_it_whatever_its_ending() {
        let (piece, marks) = excerpt("Мы взяли кошку из приюта", "кошка");
        let marked: Vec<&str> = marks.iter().map(|(from, to)| &piece[*from..*to]).collect();
        assert_eq!(marked, ["кошку"]);
        let long = format!("{} кошка {}", "слово ".repeat(80), "потом ".repeat(80));
        let (piece, marks) = excerpt(&long, "кошка");
        assert!(piece.starts_with('…') && piece.ends_with('…') && piece.chars().count() <= EXCERPT + 2, "{piece}");
        assert_eq!(marks.len(), 1);
        assert_eq!(excerpt("", "кошка"), (String::new(), Vec::new()));
    }
}
