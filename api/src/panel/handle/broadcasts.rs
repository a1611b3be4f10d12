//! What is said to many: the list, writing one, and one of them with its progress as it goes on.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use evolve_contract::{
    Code,
    broadcast::{BroadcastPreviewResponse, BroadcastsResponse},
};
use evolve_domain::{access::Permission, language::Language, markup};
use evolve_engine::broadcasts::{BroadcastError, Preview};
use evolve_store::broadcasts::Broadcast as Stored;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Reader,
    draft::{draft, refused, speech, wish},
    fields::Fields,
    progress::progress,
};
use crate::{
    broadcast::{read, shown, wire},
    panel::{
        markup::Markup,
        pages::{
            broadcasts::{Broadcast, Broadcasts},
            compose::{Compose, Draft},
        },
        parts::{Listing, Table, telegram::bubble},
        words::Words,
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/broadcasts";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/broadcasts", get(list))
        .route("/admin/panel/broadcasts.csv", get(csv))
        .route("/admin/panel/broadcasts/new", get(write).post(send))
        .route("/admin/panel/broadcasts/preview", post(look))
        .route("/admin/panel/broadcasts/{broadcast_id}", get(one))
        .route("/admin/panel/broadcasts/{broadcast_id}/pause", post(pause))
        .route("/admin/panel/broadcasts/{broadcast_id}/resume", post(resume))
        .route("/admin/panel/broadcasts/{broadcast_id}/cancel", post(cancel))
        .route("/admin/panel/live/broadcasts/{broadcast_id}", get(progress))
}

#[derive(Debug, Deserialize)]
struct Asked {
    after: Option<Uuid>,
}

async fn list(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(Asked { after }) = asked.map_err(|_| Code::InvalidValue)?;
    let (broadcasts, next) = api.broadcasts.list(after).await?;
    let listing = Listing {
        path: PATH.to_owned(),
        is_later: after.is_some(),
        next: next.map(|id| id.to_string()),
        exports: true,
        ..Listing::default()
    };
    Ok(reader.page(&listed(&reader, broadcasts, listing)))
}

async fn csv(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    let of = api.clone();
    api.downloads.send("broadcasts", move |after| of_file(of.clone(), reader.clone(), after)).await
}

/// A page of the file.
async fn of_file(api: Api, reader: Reader, after: Option<Uuid>) -> Result<(Table, Option<Uuid>), ApiError> {
    let (broadcasts, next) = api.broadcasts.list(after).await?;
    let listing = Listing { is_later: after.is_some(), next: next.map(|id| id.to_string()), ..Listing::default() };
    Ok((listed(&reader, broadcasts, listing).table(), next))
}

fn listed(reader: &Reader, broadcasts: Vec<Stored>, listing: Listing) -> Broadcasts {
    let broadcasts = broadcasts.into_iter().map(wire).collect();
    Broadcasts {
        list: BroadcastsResponse { broadcasts, next: None },
        may_write: reader.may(Permission::Broadcast),
        listing,
        view: reader.view.clone(),
        words: reader.words,
    }
}

async fn write(reader: Reader) -> Response {
    composed(&reader, draft(&Fields::default()), Composed::Blank)
}

/// What comes of what was entered.
enum Composed {
    /// Nothing was.
    Blank,
    /// How it looks.
    Seen(BroadcastPreviewResponse),
    /// How it looks; it is none that was looked at before.
    Changed(BroadcastPreviewResponse),
    /// It cannot be sent.
    Wrong(String),
}

fn composed(reader: &Reader, draft: Draft, composed: Composed) -> Response {
    let (preview, error, status) = match composed {
        Composed::Blank => (None, None, StatusCode::OK),
        Composed::Seen(preview) => (Some(preview), None, StatusCode::OK),
        Composed::Changed(preview) => {
            let error = reader.words.say("panel-broadcast-changed");
            (Some(preview), Some(error), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Composed::Wrong(error) => (None, Some(error), StatusCode::UNPROCESSABLE_ENTITY),
    };
    let page = Compose { draft, error, preview, csrf: reader.csrf.clone(), words: reader.words };
    reader.page_with(&page, status)
}

async fn look(State(api): State<Api>, reader: Reader, fields: Fields) -> Result<Response, ApiError> {
    let draft = draft(&fields);
    let seen = preview(&api, reader.words, &draft).await?;
    Ok(composed(&reader, draft, seen.map_or_else(Composed::Wrong, Composed::Seen)))
}

async fn send(State(api): State<Api>, reader: Reader, fields: Fields) -> Result<Response, ApiError> {
    let (draft, words) = (draft(&fields), reader.words);
    let wish = match wish(words, &draft) {
        Ok(wish) => wish,
        Err(wrong) => return Ok(composed(&reader, draft, Composed::Wrong(wrong))),
    };
    // What nobody has looked at goes to nobody.
    if fields.text("seen") != draft.fingerprint() {
        let seen = preview(&api, words, &draft).await?;
        return Ok(composed(&reader, draft, seen.map_or_else(Composed::Wrong, Composed::Changed)));
    }
    match api.broadcasts.create(&draft.key, wish.speech, wish.send_at).await {
        Ok((broadcast, replayed)) => {
            tracing::info!(broadcast = %broadcast.id, replayed, "an administrator asks for a broadcast");
            let done = if replayed { "panel-done-broadcast-again" } else { "panel-done-broadcast" };
            Ok(reader.done(&format!("{PATH}/{}", broadcast.id), done))
        }
        Err(error) => Ok(composed(&reader, draft, Composed::Wrong(refused(words, error)?))),
    }
}

/// How what was entered looks, and how many people it reaches; or what is wrong with it, in words.
async fn preview(api: &Api, words: Words, draft: &Draft) -> Result<Result<BroadcastPreviewResponse, String>, ApiError> {
    let speech = match speech(words, draft) {
        Ok(speech) => speech,
        Err(wrong) => return Ok(Err(wrong)),
    };
    Ok(match api.broadcasts.preview(&speech, None).await {
        Ok(Preview { people, text, translations }) => {
            let translations = translations.into_iter().map(|(language, text)| (language.to_string(), shown(text)));
            Ok(BroadcastPreviewResponse { people, text: shown(text), translations: translations.collect() })
        }
        Err(error) => Err(refused(words, error)?),
    })
}

async fn one(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let one = wire(api.broadcasts.get(read(&id)?).await?);
    let words = reader.words;
    let named =
        |code: &String| code.parse().map_or_else(|_| code.clone(), |language: Language| language.name().to_owned());
    let others = one.translations.iter().map(|(code, text)| (named(code), seen(text)));
    let bubbles = std::iter::once((words.say("panel-broadcast-text"), seen(&one.text))).chain(others).collect();
    let may_write = reader.may(Permission::Broadcast);
    Ok(reader.page(&Broadcast { one, bubbles, may_write, csrf: reader.csrf.clone(), words }))
}

/// A text as Telegram shows it. It was looked at before it was taken, so there is none that cannot be.
fn seen(html: &str) -> Markup {
    markup::read(html).map_or_else(|_| Markup::text(html), |text| bubble(&shown(text)))
}

async fn pause(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let done = api.broadcasts.pause(read(&id)?).await;
    changed(&reader, done, "panel-done-broadcast-paused")
}

async fn resume(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let done = api.broadcasts.resume(read(&id)?).await;
    changed(&reader, done, "panel-done-broadcast-resumed")
}

async fn cancel(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let done = api.broadcasts.cancel(read(&id)?).await;
    changed(&reader, done, "panel-done-broadcast-cancelled")
}

fn changed(reader: &Reader, done: Result<Stored, BroadcastError>, message: &str) -> Result<Response, ApiError> {
    let broadcast = done?;
    let state = broadcast.state.as_str();
    tracing::info!(broadcast = %broadcast.id, state, "an administrator changes a broadcast");
    Ok(reader.done(&format!("{PATH}/{}", broadcast.id), message))
}
