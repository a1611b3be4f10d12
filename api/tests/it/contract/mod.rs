//! Every answer of the API that any test gets is one that the OpenAPI document tells: its status, its type, and its JSON by the schema.
//!
//! The judge stands around the router of each API that a test starts, so that it sees the answers to the typed client too, and to
//! whoever writes to a socket. What it finds fails the test at its end. Schemathesis makes requests up and judges the answers alike;
//! here it is what stories ask that is judged, which are answers that take a life to get.
//!
//! `jsonschema` was weighed: it is kept by the maker of Schemathesis, and brings forty crates, thirty of which nothing else of ours
//! needs; `boon` brings three, passes the same suite, and takes a place in a document for a schema, as OpenAPI has them.

mod story;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::header,
    middleware::{self, Next},
    response::Response,
};
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

/// What the document is called among schemas. Nothing is there.
const NAME: &str = "https://evolve.invalid/openapi.json";
/// Longest body that is judged.
const MAX_BODY: usize = 64 << 20;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

/// The document, and the schemas of all that it says of answers.
struct Document {
    json: Value,
    schemas: Schemas,
    /// By their places in the document.
    places: BTreeMap<String, SchemaIndex>,
}

impl Document {
    fn read() -> Self {
        let json = serde_json::to_value(evolve_api::openapi()).unwrap();
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        // OpenAPI 3.1 has them so.
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.add_resource(NAME, json.clone()).unwrap();
        let mut compile = |place: String| {
            let index = compiler.compile(&format!("{NAME}#{place}"), &mut schemas);
            (place.clone(), index.unwrap_or_else(|error| panic!("{place}: {error:#}")))
        };
        let places = schemas_of(&json).into_iter().map(&mut compile).collect();
        Self { json, schemas, places }
    }

    /// The operations, as `GET /profile/{user_id}`.
    fn operations(&self) -> BTreeSet<String> {
        let paths = self.json["paths"].as_object().unwrap();
        let named = |path: &String, method: &String| format!("{} {path}", method.to_uppercase());
        paths
            .iter()
            .flat_map(|(path, operations)| {
                operations.as_object().unwrap().keys().map(move |method| named(path, method))
            })
            .collect()
    }

    /// What is wrong with an answer's JSON, if anything is.
    fn wrong(&self, place: &str, bytes: &[u8]) -> Option<String> {
        let index = self.places.get(place)?;
        let value: Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => return Some(format!("no JSON: {error}")),
        };
        self.schemas.validate(&value, *index).err().map(|error| format!("{error}\n{value}"))
    }
}

/// The places of the schemas of all answers.
fn schemas_of(document: &Value) -> Vec<String> {
    let mut places = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                for (kind, content) in answer["content"].as_object().into_iter().flatten() {
                    if content["schema"].is_object() {
                        places.push(place(path, method, status, kind));
                    }
                }
            }
        }
    }
    places
}

fn place(path: &str, method: &str, status: &str, kind: &str) -> String {
    let escaped = |part: &str| part.replace('~', "~0").replace('/', "~1");
    format!("/paths/{}/{method}/responses/{status}/content/{}/schema", escaped(path), escaped(kind))
}

/// What was seen of the answers of one API.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contract(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    /// What was answered that the document does not tell.
    faults: Vec<String>,
    /// The operations that did what was asked of them.
    done: BTreeSet<String>,
}

impl Contract {
    /// The router with the judge around it.
    pub(crate) fn around(&self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self.clone(), judge))
    }

    /// The operations that did what was asked of them.
    fn done(&self) -> BTreeSet<String> {
        self.seen(|seen| seen.done.clone())
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Fails a test at its end, where an answer was none that the document tells.
pub(crate) struct Watched(pub(crate) Contract);

impl Drop for Watched {
    fn drop(&mut self) {
        let faults = self.0.seen(|seen| std::mem::take(&mut seen.faults));
        // A test that fails already says enough.
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "the OpenAPI document does not tell this:\n{}", faults.join("\n\n"));
        }
    }
}

async fn judge(State(contract): State<Contract>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_lowercase();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    // Pages, files and what is nowhere are in no document.
    let Some(path) = path else { return response };
    let operation = &DOCUMENT.json["paths"][&path][&method];
    if !operation.is_object() {
        return response;
    }
    let status = response.status();
    let name = format!("{} {path}", method.to_uppercase());
    let fault = |what: &str| contract.seen(|seen| seen.faults.push(format!("{name} answers {status}: {what}")));
    let answer = &operation["responses"][status.as_str()];
    if !answer.is_object() {
        fault("it is not documented");
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    if answer["content"].is_object() && !answer["content"][&kind].is_object() {
        fault(&format!("{kind:?} is not documented"));
        return response;
    }
    if status.is_success() || status.is_redirection() {
        contract.seen(|seen| seen.done.insert(name.clone()));
    }
    if !kind.ends_with("json") {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
        fault("its body broke off");
        return Response::from_parts(parts, Body::empty());
    };
    if let Some(wrong) = DOCUMENT.wrong(&place(&path, &method, status.as_str(), &kind), &bytes) {
        fault(&wrong);
    }
    Response::from_parts(parts, Body::from(bytes))
}

#[test]
fn what_the_document_does_not_tell_is_found() {
    let place = place("/health", "get", "200", "application/json");
    let pool = r#"{"size": 1, "in_use": 0, "max": 5, "waiting": 0}"#;
    let told = |status: &str| format!(r#"{{"status": {status}, "uptime_seconds": 1, "pool": {pool}}}"#);
    assert_eq!(DOCUMENT.wrong(&place, told(r#""healthy""#).as_bytes()), None);
    for wrong in ["{}", &told("7"), r#"{"status": "healthy"}"#, "[]", "healthy"] {
        assert!(DOCUMENT.wrong(&place, wrong.as_bytes()).is_some(), "{wrong}");
    }
}
