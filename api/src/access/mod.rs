//! Who is asking: found once, before anything of an administrator is answered.
//!
//! [`guard`] stands around the whole router. For what the list ([`routes`]) has, it finds the [`Actor`] from exactly one proof
//! ([`proof`]), asks whether they may, counts how often, and puts the actor where handlers and the log find it; no handler sees a
//! cookie, a token or a key. What is under `/admin` and not in the list is refused.

pub mod accounts;
pub mod api_keys;
pub mod api_users;
pub mod cookies;
pub mod csrf;
mod document;
pub mod proof;
pub mod register;
pub mod routes;
pub mod sessions;
pub mod unknown;

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use evolve_contract::Code;
use evolve_domain::access::{Permission, Permissions, Role};
use evolve_engine::access::{AccessError, Origin, actor_of};
use evolve_store::access::Live;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

pub(crate) use document::complete;

use self::{
    proof::Refused,
    routes::{Found, Named, Opens},
};
use crate::{
    audit::refusals::Refusal,
    limits::{self, Rule},
    panel::handle::failing::Asked,
    problem::ApiError,
    proofs::{self, Proof},
    request_id::RequestId,
    state::Api,
};

/// Where whoever opens a page is led who is not signed in.
pub const SIGN_IN: &str = "/admin/panel/sign-in";
/// What pages load, which browsers keep for good.
const ASSETS: &str = "/admin/panel/assets/{hash}/{name}";
/// Longest name of a browser that is kept, in bytes.
const MAX_AGENT: usize = 200;

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Our own bot, and whoever has its key: by the beginning of a hash of it.
    ServiceKey(String),
    /// An account.
    Account {
        /// Its id.
        id: Uuid,
        /// What it is called.
        name: String,
        /// What it may do.
        role: Role,
        /// The session of the panel by which it came; nothing for who came by a bearer token.
        session: Option<Live>,
    },
    /// Another system, by the id of its key.
    ApiKey(Uuid),
    /// Somebody who looks at the statistics, by their id.
    ApiUser(Uuid),
}

/// Who asks, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// What they may do.
    pub permissions: Permissions,
}

impl Actor {
    /// As the log calls them.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.who {
            Who::ServiceKey(hash) => format!("service-key:{hash}"),
            Who::Account { id, .. } => actor_of(*id),
            Who::ApiKey(id) => format!("api-key:{id}"),
            Who::ApiUser(id) => format!("api-user:{id}"),
        }
    }

    /// The account, where it is one.
    #[must_use]
    pub const fn account(&self) -> Option<Uuid> {
        match &self.who {
            Who::Account { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The session of the panel, where they came by one.
    #[must_use]
    pub const fn session(&self) -> Option<&Live> {
        match &self.who {
            Who::Account { session, .. } => session.as_ref(),
            _ => None,
        }
    }

    /// Whether they may do this.
    #[must_use]
    pub const fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }
}

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Missing only of a route that is not in the list: then nobody gets in.
        parts.extensions.get().cloned().ok_or_else(|| Code::Forbidden.into())
    }
}

/// Lets a request through that is nothing of an administrator, and one whose actor may. What goes wrong with a page is a page.
pub async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else { return next.run(request).await };
    let named = match routes::find(request.method(), path.as_str()) {
        Found::Listed(named) => named,
        Found::Another => return next.run(request).await,
        Found::OtherMethod => return other_method(&api, &Asked::of(&request), path.as_str()),
        Found::Unlisted => {
            tracing::error!(route = path.as_str(), "a route of administrators is not in the list, and is refused");
            return ApiError::new(Code::Forbidden).into_response();
        }
    };
    let asked = Asked::of(&request);
    let (actor, response) = if named.opens == Opens::Anyone {
        (None, before_the_door(&api, named, request, next).await)
    } else {
        match admit(&api, named, &asked, request).await {
            Ok(Admitted { request, actor, decision }) => {
                let mut response = next.run(request).await;
                if let Some(decision) = decision {
                    limits::announce(&decision, response.headers_mut());
                }
                (Some(actor), response)
            }
            Err(turned) => (turned.actor, turned.response),
        }
    };
    if named.is_page { asked.shown(&api, actor.as_ref(), response) } else { response }
}

/// Answers whoever comes, as often as one address may: what is before the door looks into the database, and asks the issuer. Files do
/// neither.
async fn before_the_door(api: &Api, named: &'static Named, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let address = proofs::address(api, &parts).filter(|_| named.route != ASSETS);
    if let Some(address) = address {
        let window = named.rule.of_address(address);
        let decision = api.redis.limits().take(&window, api.limits.of(named.rule), api.clock.now()).await;
        if !decision.allowed {
            return limits::refusal(&decision);
        }
    }
    next.run(Request::from_parts(parts, body)).await
}

fn other_method(api: &Api, asked: &Asked, path: &str) -> Response {
    let response = ApiError::new(Code::MethodNotAllowed).into_response();
    let is_page = routes::ROUTES.iter().any(|named| named.route == path && named.is_page);
    if is_page { asked.shown(api, None, response) } else { response }
}

struct Admitted {
    request: Request,
    actor: Actor,
    decision: Option<evolve_store::limits::Decision>,
}

/// Somebody who may not, and the answer to them.
struct Turned {
    actor: Option<Actor>,
    response: Response,
}

/// Finds who asks, and whether they may; an answer where they may not.
async fn admit(api: &Api, named: &'static Named, asked: &Asked, request: Request) -> Result<Admitted, Box<Turned>> {
    let (parts, body) = request.into_parts();
    let actor = match proof::find(api, named, &parts).await {
        Ok(actor) => actor,
        Err(refused) => return Err(Box::new(Turned { actor: None, response: answer(named, &parts, refused) })),
    };
    let turn = |response: Response| Box::new(Turned { actor: Some(actor.clone()), response });
    let mut request = Request::from_parts(parts, body);
    if let Some(session) = actor.session() {
        request = csrf::check(api, session.id, request).await.map_err(|error| {
            let is_stale = named.is_page && error.code() == Code::Forbidden;
            turn(if is_stale { asked.stale(api, &actor) } else { error.into_response() })
        })?;
    }
    // Only a cookie comes along with what another site has a browser ask.
    let is_led = actor.session().is_some() && request.method().is_safe() && csrf::is_led(request.headers());
    if is_led && named.is_meant(request.uri().query()) {
        let refused = ApiError::new(Code::Forbidden).detail("another site leads here: open it from the panel");
        let path = request.uri().path_and_query().map_or("/admin", |path| path.as_str());
        return Err(turn(if named.is_page { asked.led(api, &actor, path) } else { refused.into_response() }));
    }
    if let Opens::May(permission) = named.opens
        && !actor.may(permission)
    {
        let refusal = Refusal::of(api, &request, &actor, (named, permission));
        // That somebody was led to what is not theirs is no try of theirs.
        if !is_led {
            refusal.write(api).await;
        }
        let refused = ApiError::new(Code::Forbidden).detail(format!("this needs the permission {permission}"));
        return Err(turn(refused.into_response()));
    }
    let decision = match &actor.who {
        // Our own bot, and the command line: nobody else has it.
        Who::ServiceKey(_) => None,
        _ => {
            let rule = rule(named, &actor);
            let window = rule.of_actor(&actor.name());
            Some(api.redis.limits().take(&window, api.limits.of(rule), api.clock.now()).await)
        }
    };
    if let Some(decision) = decision.as_ref().filter(|decision| !decision.allowed) {
        return Err(turn(limits::refusal(decision)));
    }
    request.extensions_mut().insert(actor.clone());
    request.extensions_mut().insert(named);
    Ok(Admitted { request, actor, decision })
}

/// How often somebody may ask. People leaf through pages, in a session; by a key or a token a page is opened as seldom as anything else.
fn rule(named: &Named, actor: &Actor) -> Rule {
    if named.rule == Rule::Panel && actor.session().is_none() { Rule::Admin } else { named.rule }
}

fn answer(named: &Named, parts: &Parts, refused: Refused) -> Response {
    if !(named.is_page && refused.is_unknown()) {
        return refused.into_response(named.takes_basic);
    }
    if matches!(parts.method, Method::GET | Method::HEAD) {
        let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
        return Redirect::to(&format!("{SIGN_IN}?next={}", utf8_percent_encode(path, NON_ALPHANUMERIC)))
            .into_response();
    }
    // A form that was sent after its session was over: whoever did is asked to sign in.
    ApiError::new(Code::Unauthorized).into_response()
}

/// Has a password, a code or a link looked at, as long as not too many wrong ones came from the same address, or are under way: of an
/// account that is `known` there, of its own. By account the use case counts itself; the pages of signing in go through here too.
///
/// # Errors
/// `rate_limited`, and what the use case says.
pub async fn tried<T>(
    api: &Api,
    parts: &Parts,
    (proof, known): (Proof, Option<Uuid>),
    work: impl Future<Output = Result<T, AccessError>>,
) -> Result<T, ApiError> {
    // On the heap, or each page that asks would have it on its stack.
    let work = Box::pin(work);
    let trial = proofs::begin(api, proof, (proofs::address(api, parts), known)).await?;
    match work.await {
        Err(error @ AccessError::Wrong) => Err(trial.failed(error.into()).await),
        done => Ok(done?),
    }
}

/// From where a request came, as the log and the list of sessions have it.
#[must_use]
pub fn origin(api: &Api, parts: &Parts) -> Origin {
    let agent = parts.headers.get(axum::http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let request_id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default();
    Origin {
        address: proofs::address(api, parts).map(limits::block),
        agent: agent.and_then(|agent| agent.get(..agent.len().min(MAX_AGENT))).map(str::to_owned),
        request_id,
    }
}
