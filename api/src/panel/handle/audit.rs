//! The log of what was done by those who run the bot.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use evolve_contract::audit::{AuditEntry, AuditResponse};
use serde::Deserialize;

use super::{Reader, actors::Actors};
use crate::{
    audit::list::{self, Filter},
    panel::{
        pages::audit::Audit,
        parts::{Listing, Table},
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/audit";
/// Entries of a page, and of one look as the file is made.
const PAGE: u32 = 50;
const LOOK: u32 = 200;

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/audit", get(show)).route("/admin/panel/audit.csv", get(csv))
}

/// By what it is narrowed down, as the form sends it: what is empty is not asked.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    person: String,
    after: Option<String>,
}

impl Asked {
    /// The filter; nothing where it can find nothing, since what should be a number is none.
    fn filter(&self, actors: &Actors, after: Option<String>, limit: u32) -> Option<Filter> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let person = given(&self.person).map(|text| text.parse::<i64>().ok());
        if person == Some(None) {
            return None;
        }
        Some(Filter {
            person: person.flatten(),
            act: given(&self.act),
            actor: given(&self.actor).map(|typed| actors.meant(&typed)),
            after,
            limit: Some(limit),
            ..Filter::default()
        })
    }

    async fn entries(
        &self,
        (api, actors): (&Api, &Actors),
        after: Option<String>,
        limit: u32,
    ) -> Result<AuditResponse, ApiError> {
        match self.filter(actors, after, limit) {
            Some(filter) => list::page(api, filter).await,
            None => Ok(AuditResponse { entries: Vec::new(), next: None }),
        }
    }

    fn page(self, reader: &Reader, entries: Vec<AuditEntry>, next: Option<String>) -> Audit {
        let query = [("actor", &self.actor), ("act", &self.act), ("person", &self.person)];
        let listing = Listing {
            path: PATH.to_owned(),
            query: query.map(|(name, value)| (name.to_owned(), value.clone())).to_vec(),
            is_later: self.after.is_some(),
            next,
            exports: true,
            ..Listing::default()
        };
        let Self { actor, act, person, .. } = self;
        let (called, view) = (HashMap::new(), reader.view.clone());
        Audit { actor, act, person, entries, called, listing, view, words: reader.words }
    }
}

async fn show(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.unwrap_or_default();
    let actors = Actors::known(&api).await?;
    let AuditResponse { entries, next } = asked.entries((&api, &actors), asked.after.clone(), PAGE).await?;
    Ok(reader.page(&Audit { called: actors.into_names(), ..asked.page(&reader, entries, next) }))
}

async fn csv(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.unwrap_or_default();
    let (actors, of) = (Actors::known(&api).await?, api.clone());
    let send = move |after| of_file((of.clone(), actors.clone()), reader.clone(), asked.clone(), after);
    api.downloads.send("audit", send).await
}

/// A page of the file.
async fn of_file(
    (api, actors): (Api, Actors),
    reader: Reader,
    asked: Asked,
    after: Option<String>,
) -> Result<(Table, Option<String>), ApiError> {
    let asked = Asked { after, ..asked };
    let AuditResponse { entries, next } = asked.entries((&api, &actors), asked.after.clone(), LOOK).await?;
    Ok((asked.page(&reader, entries, next.clone()).table(), next))
}
