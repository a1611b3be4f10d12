//! What models are told: written here, looked at before it is used, compared with what was before, and taken back.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use evolve_contract::Code;
use evolve_domain::{access::Permission, language::Language, relationship::Level};
use evolve_engine::{
    prompt::overrides::{MAX_CHARS, is_known},
    steering::{Preview, Sample as Asks, Shown, SteeringError},
};
use evolve_store::prompts::Version;
use serde::Deserialize;
use serde_json::json;

use super::{
    Reader,
    actors::Actors,
    fields::{Fields, number},
};
use crate::{
    audit::Act,
    panel::{
        pages::prompts::{Compared, Prompt, PromptLine, Prompts, Sample, Seen, VersionLine},
        parts::{FieldError, Listing, Table},
        words::Words,
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/prompts";
/// Its versions.
const TABLE: &str = "versions";
/// Highest level of a relationship.
const MAX_LEVEL: u8 = 10;

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/prompts", get(list))
        .route("/admin/panel/prompts/{prompt}", get(one).post(write))
        .route("/admin/panel/prompts/{prompt}/restore", post(restore))
}

/// What a model may answer, which takes longer than a page may.
pub fn previews() -> Router<Api> {
    Router::new().route("/admin/panel/prompts/{prompt}/preview", post(look))
}

async fn list(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    let prompts = api.engine.prompts().await.map_err(|error| problem(&api, error))?;
    let prompts = prompts.into_iter().map(|state| PromptLine { name: state.named.name, version: state.version });
    Ok(reader.page(&Prompts { prompts: prompts.collect(), view: reader.view.clone(), words: reader.words }))
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Asked {
    /// To be shown beside the one in force.
    version: Option<i32>,
    /// Versions below this one.
    after: Option<i32>,
}

async fn one(
    State(api): State<Api>,
    reader: Reader,
    Path(name): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.map_err(|_| Code::InvalidValue)?;
    if reader.view.is_file(TABLE) {
        let by = api.clone();
        return api.downloads.send(TABLE, move |after| of_file(by.clone(), reader.clone(), name.clone(), after)).await;
    }
    page(&api, &reader, &name, asked, None).await
}

/// A page of the file of versions.
async fn of_file(api: Api, reader: Reader, name: String, after: Option<i32>) -> Result<(Table, Option<i32>), ApiError> {
    let (page, older) = filled(&api, &reader, &name, Asked { version: None, after }, None).await?;
    Ok((page.table(), older))
}

/// What was entered, and what came of it.
#[derive(Default)]
struct Entered {
    text: String,
    why: String,
    sample: Sample,
    wrong: Option<FieldError>,
    seen: Option<Seen>,
}

async fn page(
    api: &Api,
    reader: &Reader,
    name: &str,
    asked: Asked,
    entered: Option<Entered>,
) -> Result<Response, ApiError> {
    let (page, _) = filled(api, reader, name, asked, entered).await?;
    let status = if page.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(reader.page_with(&page, status))
}

/// The page of a prompt, and where its versions go on.
async fn filled(
    api: &Api,
    reader: &Reader,
    name: &str,
    asked: Asked,
    entered: Option<Entered>,
) -> Result<(Prompt, Option<i32>), ApiError> {
    let actors = Actors::known(api).await?;
    let shown = api.engine.prompt(name, asked.after).await;
    let Shown { state, content, configured, versions, older } = shown.map_err(|error| problem(api, error))?;
    let in_force = content.as_deref().unwrap_or(&configured);
    let compared = match asked.version {
        Some(version) => Some(compared(api, name, version, in_force).await?),
        None => None,
    };
    let line = |version: Version| VersionLine {
        version: version.version,
        at: Some(version.created_at),
        by: Some(actors.called(&version.author)),
        why: Some(version.note),
        is_current: state.version == Some(version.version),
    };
    let history = versions.into_iter().map(line).collect();
    let entered = entered.unwrap_or_else(|| Entered { text: content.unwrap_or_default(), ..Entered::default() });
    let page = Prompt {
        text: entered.text,
        why: entered.why,
        wrong: entered.wrong,
        sample: entered.sample,
        seen: entered.seen,
        compared,
        history,
        listing: Listing {
            is_later: asked.after.is_some(),
            next: older.map(|older| older.to_string()),
            ..Listing::within(format!("{PATH}/{name}"), TABLE)
        },
        configured,
        is_configured: state.version.is_none(),
        name: state.named.name,
        may_change: reader.may(Permission::Configure),
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    };
    Ok((page, older))
}

/// A version beside what is in force.
async fn compared(api: &Api, name: &str, version: i32, current: &str) -> Result<Compared, ApiError> {
    // The page that begins with it.
    let shown = api.engine.prompt(name, Some(version.saturating_add(1))).await.map_err(|error| problem(api, error))?;
    let found = shown.versions.into_iter().find(|found| found.version == version);
    let found = found.ok_or(Code::PromptNotFound)?;
    Ok(Compared { version, content: found.content, current: current.to_owned() })
}

fn entered(fields: &Fields) -> Entered {
    let text = |name: &str| fields.text(name).to_owned();
    let sample = Sample { language: text("language"), level: text("level"), message: text("message") };
    Entered { text: text("text"), why: text("why"), sample, ..Entered::default() }
}

async fn write(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let mut entered = entered(&fields);
    let characters = entered.text.chars().count();
    act.detail(json!({ "prompt": is_known(&name).then_some(&name), "characters": characters }));
    let (by, entry) = (reader.actor.name(), act.entry());
    match api.engine.write_prompt(&name, &entered.text, &entered.why, &by, &entry).await {
        Ok(version) => {
            tracing::info!(prompt = name, version, "an administrator writes a prompt");
            Ok(reader.done(&format!("{PATH}/{name}"), "panel-done-prompt"))
        }
        Err(error) => {
            entered.wrong = Some(refused(&api, reader.words, &entered.text, error)?);
            page(&api, &reader, &name, Asked::default(), Some(entered)).await
        }
    }
}

async fn look(
    State(api): State<Api>,
    reader: Reader,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let mut entered = entered(&fields);
    match seen(&api, reader.words, &name, &entered).await? {
        Ok(seen) => entered.seen = Some(seen),
        Err(wrong) => entered.wrong = Some(wrong),
    }
    page(&api, &reader, &name, Asked::default(), Some(entered)).await
}

/// How what was entered reads; or what is wrong with it.
async fn seen(api: &Api, words: Words, name: &str, entered: &Entered) -> Result<Result<Seen, FieldError>, ApiError> {
    let Sample { language, level, message } = &entered.sample;
    let level =
        number::<u8>(level).ok().map(|level| level.unwrap_or(1)).filter(|level| (1..=MAX_LEVEL).contains(level));
    let Some(level) = level else {
        return Ok(Err(FieldError::new("level", words.say("panel-prompt-wrong-level"))));
    };
    let language: Option<Language> = language.parse().ok();
    let message = Some(message.trim()).filter(|message| !message.is_empty());
    let sample = Asks { content: Some(&entered.text), language, level: Level::at(level), message };
    Ok(match api.engine.preview_prompt(name, sample).await {
        Ok(Preview { system, tokens, answer, model }) => Ok(Seen { system, tokens, answer: answer.zip(model) }),
        Err(error) => Err(refused(api, words, &entered.text, error)?),
    })
}

async fn restore(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let version: Option<i32> = number(fields.text("version")).map_err(|_| Code::PromptNotFound)?;
    act.detail(json!({ "prompt": is_known(&name).then_some(&name), "version": version }));
    let (by, entry) = (reader.actor.name(), act.entry());
    let chosen = api.engine.choose_prompt(&name, version, &by, &entry).await;
    chosen.map_err(|error| problem(&api, error))?;
    tracing::info!(prompt = name, version, "an administrator chooses a version of a prompt");
    Ok(reader.done(&format!("{PATH}/{name}"), "panel-done-prompt-restored"))
}

/// Why it was not done; the error itself where it is none of what was entered.
fn refused(api: &Api, words: Words, text: &str, error: SteeringError) -> Result<FieldError, ApiError> {
    let (field, key) = match &error {
        SteeringError::Invalid { field: "content", .. } if text.trim().is_empty() => {
            ("text", "panel-prompt-wrong-blank")
        }
        SteeringError::Invalid { field: "content", .. } if text.chars().count() > MAX_CHARS => {
            ("text", "panel-prompt-wrong-long")
        }
        SteeringError::Invalid { field: "content", .. } => ("text", "panel-prompt-wrong-signs"),
        SteeringError::Invalid { field: "message", .. } => ("message", "panel-prompt-wrong-message"),
        SteeringError::Invalid { .. } => ("why", "panel-note-too-long"),
        SteeringError::Model(_) => ("message", "panel-prompt-model-away"),
        _ => return Err(problem(api, error)),
    };
    Ok(FieldError::new(field, words.say(key)))
}

fn problem(api: &Api, error: SteeringError) -> ApiError {
    ApiError::of_steering(error, api.clock.now())
}
