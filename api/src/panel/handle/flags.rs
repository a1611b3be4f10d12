//! What is switched on for whom: turned here, with its history.

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use evolve_contract::Code;
use evolve_domain::{access::Permission, plan::Plan};
use evolve_engine::steering::{FlagState, SteeringError, Turning};
use serde_json::json;

use super::{Reader, actors::Actors, fields::Fields};
use crate::{
    admin::flags::change,
    audit::Act,
    panel::{
        download,
        pages::flags::{Entered, Flag, FlagLine, Flags},
        parts::{FieldError, Listing},
        words::Words,
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/flags";
/// What is typed to take a flag from who has it by name.
const NOBODY: &str = "-";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/flags", get(list))
        .route("/admin/panel/flags.csv", get(csv))
        .route("/admin/panel/flags/{flag}", get(one).post(turn))
}

async fn list(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(reader.page(&all(&api, &reader).await?))
}

async fn csv(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(download::download(&all(&api, &reader).await?.table(), "flags"))
}

async fn all(api: &Api, reader: &Reader) -> Result<Flags, ApiError> {
    let actors = Actors::known(api).await?;
    let states = api.engine.flags().await.map_err(|error| problem(api, error))?;
    Ok(Flags {
        flags: states.into_iter().map(|state| line(state, &actors)).collect(),
        may_change: reader.may(Permission::Configure),
        listing: Listing { path: PATH.to_owned(), exports: true, ..Listing::default() },
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    })
}

fn line(FlagState { flag, turned }: FlagState, actors: &Actors) -> FlagLine {
    let rollout = turned.as_ref().map(|turned| turned.rollout).unwrap_or_default();
    FlagLine {
        name: flag.as_str().to_owned(),
        percent: rollout.percent,
        plan: rollout.plan.map(|plan| plan.as_str().to_owned()),
        knows_plan: flag.knows_plan(),
        people: turned.as_ref().and_then(|turned| u32::try_from(turned.people.len()).ok()).unwrap_or_default(),
        changed_at: turned.as_ref().map(|turned| turned.updated_at),
        changed_by: turned.map(|turned| actors.called(&turned.updated_by)),
    }
}

async fn one(State(api): State<Api>, reader: Reader, Path(name): Path<String>) -> Result<Response, ApiError> {
    page(&api, &reader, &name, None).await
}

/// A flag; with what was entered, where something was.
async fn page(api: &Api, reader: &Reader, name: &str, entered: Option<Entered>) -> Result<Response, ApiError> {
    let actors = Actors::known(api).await?;
    let states = api.engine.flags().await.map_err(|error| problem(api, error))?;
    let state = states.into_iter().find(|state| state.flag.as_str() == name).ok_or(Code::FlagNotFound)?;
    let changes = api.engine.flag_history(name).await.map_err(|error| problem(api, error))?;
    let history = changes.into_iter().map(change).map(|mut change| {
        change.changed_by = actors.called(&change.changed_by);
        change
    });
    let flag = line(state, &actors);
    let is_wrong = entered.as_ref().is_some_and(|entered| entered.wrong.is_some());
    let page = Flag {
        entered: entered.unwrap_or_else(|| flag.as_entered()),
        history: history.collect(),
        flag,
        may_change: reader.may(Permission::Configure),
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    };
    Ok(reader.page_with(&page, if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }))
}

async fn turn(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(name): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    let text = |name: &str| fields.text(name).to_owned();
    let entered = Entered {
        percent: text("percent"),
        plan: text("plan"),
        people: text("people"),
        note: text("note"),
        wrong: None,
    };
    let wish = match read(reader.words, &entered) {
        Ok(wish) => wish,
        Err(wrong) => return page(&api, &reader, &name, Some(Entered { wrong: Some(wrong), ..entered })).await,
    };
    let Wish { percent, plan, people } = wish;
    let named = people.as_ref().map(Vec::len);
    act.detail(json!({ "percent": percent, "plan": plan.map(Plan::as_str), "people": named }));
    let by = reader.actor.name();
    let turning = Turning { percent, plan, people: people.as_deref(), note: &entered.note, by: &by };
    match api.engine.turn_flag(&name, turning, &act.entry()).await {
        Ok(state) => {
            tracing::info!(flag = %state.flag, percent, "an administrator turns a flag");
            Ok(reader.done(&format!("{PATH}/{}", state.flag), "panel-done-flag"))
        }
        Err(error) => {
            let wrong = refused(&api, reader.words, error)?;
            page(&api, &reader, &name, Some(Entered { wrong: Some(wrong), ..entered })).await
        }
    }
}

struct Wish {
    percent: u8,
    plan: Option<Plan>,
    people: Option<Vec<i64>>,
}

/// What was entered; or what is wrong with it.
fn read(words: Words, entered: &Entered) -> Result<Wish, FieldError> {
    let wrong = |field, key| FieldError::new(field, words.say(key));
    let percent = entered.percent.trim().parse::<u8>().ok().filter(|percent| *percent <= 100);
    let percent = percent.ok_or_else(|| wrong("percent", "panel-flag-wrong-percent"))?;
    let plan = match entered.plan.as_str() {
        "" => None,
        plan => Some(plan.parse::<Plan>().map_err(|_| wrong("plan", "panel-flag-wrong-plan"))?),
    };
    let people = match entered.people.trim() {
        "" => None,
        NOBODY => Some(Vec::new()),
        typed => {
            let numbers = typed.split([',', ';', ' ', '\n']).filter(|part| !part.is_empty()).map(str::parse::<i64>);
            let numbers: Result<Vec<i64>, _> = numbers.collect();
            Some(numbers.map_err(|_| wrong("people", "panel-flag-wrong-people"))?)
        }
    };
    Ok(Wish { percent, plan, people })
}

/// Why it was not done; the error itself where it is none of what was entered.
fn refused(api: &Api, words: Words, error: SteeringError) -> Result<FieldError, ApiError> {
    let SteeringError::Invalid { field, .. } = &error else { return Err(problem(api, error)) };
    let (field, key) = match *field {
        "percent" => ("percent", "panel-flag-wrong-percent"),
        "plan" => ("plan", "panel-flag-wrong-plan"),
        "people" => ("people", "panel-flag-wrong-people"),
        _ => ("note", "panel-note-too-long"),
    };
    Ok(FieldError::new(field, words.say(key)))
}

fn problem(api: &Api, error: SteeringError) -> ApiError {
    ApiError::of_steering(error, api.clock.now())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn people_are_left_taken_out_or_named() {
        let words = Words { language: Language::En, zone: Tz::UTC };
        let of = |people: &str| {
            let entered = Entered { percent: "5".into(), people: people.into(), ..Entered::default() };
            read(words, &entered).map(|wish| wish.people)
        };
        assert_eq!(of(" "), Ok(None));
        assert_eq!(of("-"), Ok(Some(Vec::new())));
        assert_eq!(of("42, 43;44 45"), Ok(Some(vec![42, 43, 44, 45])));
        assert_eq!(of("@anna").unwrap_err().field, "people");
        for percent in ["", "101", "-1", "all"] {
            let wrong =
                read(words, &Entered { percent: percent.into(), ..Entered::default() }).map(|wish| wish.percent);
            assert_eq!(wrong.unwrap_err().field, "percent", "{percent}");
        }
    }
}
