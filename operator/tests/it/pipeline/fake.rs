//! An API server that knows what it will be asked: any call that nobody expected fails the test, whatever the code does
//! about the answer. It stores what is applied, so that a story can play what comes after.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response, StatusCode};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

/// One call: its verb, and the path that it went to.
pub(super) type Call = String;

/// The server. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct FakeApi(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What is stored, by path.
    objects: BTreeMap<String, Value>,
    calls: Vec<Call>,
    /// The calls that may come, in their order; any may while absent.
    expected: Option<VecDeque<Call>>,
    unexpected: Vec<Call>,
    /// Calls that fail, and with what.
    failures: BTreeMap<Call, u16>,
    versions: u64,
}

impl FakeApi {
    /// A client whose server this is.
    pub(super) fn client(&self) -> Client {
        let this = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let this = this.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await?;
                let call = format!("{} {}", parts.method, parts.uri.path());
                let answer = this.locked(|state| state.answer(&parts.method, parts.uri.path(), &call, &body));
                Ok::<_, kube::Error>(answer)
            }
        });
        Client::new(service, "default")
    }

    /// From now on these calls come, in this order, and no others.
    pub(super) fn expect<const N: usize>(&self, calls: [&str; N]) {
        self.check();
        self.locked(|state| {
            state.expected = Some(calls.into_iter().map(str::to_owned).collect());
            state.calls.clear();
        });
    }

    /// From now on any call may come.
    pub(super) fn allow(&self) {
        self.check();
        self.locked(|state| {
            state.expected = None;
            state.calls.clear();
        });
    }

    /// What was called since the last [`Self::expect`] or [`Self::allow`], or since the beginning.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.locked(|state| state.calls.clone())
    }

    /// This call fails until [`Self::heal`].
    pub(super) fn fail(&self, call: &str, status: u16) {
        self.locked(|state| state.failures.insert(call.to_owned(), status));
    }

    /// No call fails any longer.
    pub(super) fn heal(&self) {
        self.locked(|state| state.failures.clear());
    }

    /// Stores an object as if it had always been there.
    pub(super) fn put(&self, path: &str, object: Value) -> Value {
        self.locked(|state| state.store(path, object))
    }

    /// Takes an object away as if somebody had deleted it.
    pub(super) fn remove(&self, path: &str) {
        self.locked(|state| state.objects.remove(path));
    }

    /// Everything that is stored.
    pub(super) fn objects(&self) -> BTreeMap<String, Value> {
        self.locked(|state| state.objects.clone())
    }

    /// Fails the test if there was a call that nobody expected, or one that was expected did not come.
    pub(super) fn check(&self) {
        self.locked(|state| {
            assert!(state.unexpected.is_empty(), "nobody expected these calls: {:#?}", state.unexpected);
            let missing = state.expected.iter().flatten().collect::<Vec<_>>();
            assert!(missing.is_empty(), "these calls did not come: {missing:#?}");
        });
    }

    fn locked<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn answer(&mut self, method: &Method, path: &str, call: &str, body: &[u8]) -> Response<Body> {
        self.calls.push(call.to_owned());
        if let Some(expected) = &mut self.expected {
            if expected.front().map(String::as_str) != Some(call) {
                self.unexpected.push(call.to_owned());
                return failure(StatusCode::IM_A_TEAPOT, "nobody expected this call");
            }
            expected.pop_front();
        }
        if let Some(status) = self.failures.get(call) {
            return failure(StatusCode::from_u16(*status).unwrap(), "this call fails in this story");
        }
        let object = path.strip_suffix("/status").unwrap_or(path);
        match *method {
            Method::GET => match self.objects.get(object) {
                Some(found) => respond(StatusCode::OK, found),
                None => failure(StatusCode::NOT_FOUND, "there is no such object"),
            },
            Method::POST => {
                let new: Value = serde_json::from_slice(body).unwrap();
                let name = new["metadata"]["name"].as_str().unwrap().to_owned();
                respond(StatusCode::CREATED, &self.store(&format!("{path}/{name}"), new))
            }
            // A status has one owner, and is what was applied last. Of other objects no field is ever let go of here.
            Method::PATCH => {
                let mut applied: Value = serde_json::from_slice(body).unwrap();
                if let Some(refused) = self.refuse_version(object, &applied) {
                    return refused;
                }
                let mut after = self.objects.get(object).cloned().unwrap_or_else(|| json!({}));
                match path.ends_with("/status") {
                    true => after["status"] = applied["status"].take(),
                    false => merge(&mut after, applied),
                }
                respond(StatusCode::OK, &self.store(object, after))
            }
            Method::DELETE => match self.objects.remove(object) {
                Some(gone) => respond(StatusCode::OK, &gone),
                None => failure(StatusCode::NOT_FOUND, "there is no such object"),
            },
            _ => failure(StatusCode::METHOD_NOT_ALLOWED, "this server does not do that"),
        }
    }

    /// Who names a version means that one. Of what is not there, any will do.
    fn refuse_version(&self, path: &str, applied: &Value) -> Option<Response<Body>> {
        let named = applied["metadata"].get("resourceVersion")?;
        let found = self.objects.get(path)?;
        (found["metadata"]["resourceVersion"] != *named)
            .then(|| failure(StatusCode::CONFLICT, "the object has been modified"))
    }

    fn store(&mut self, path: &str, mut object: Value) -> Value {
        self.versions += 1;
        object["metadata"]["resourceVersion"] = json!(self.versions.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("uid-of-{path}"));
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }
}

fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    Response::builder().status(status).body(Body::from(body.to_string().into_bytes())).unwrap()
}

fn failure(status: StatusCode, message: &str) -> Response<Body> {
    let reason = if status == StatusCode::NOT_FOUND { "NotFound" } else { "InternalError" };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status.as_u16(),
    });
    respond(status, &body)
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
