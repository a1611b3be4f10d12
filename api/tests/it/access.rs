//! Who may ask what: sessions, keys, tokens of linked persons, names and passwords; and that every route asks.

use chrono::TimeDelta;
use evolve_api::access::routes::{ROUTES, is_under_admin};
use evolve_contract::{
    Code,
    access::{AccountResponse, AccountUpdate, ApiKeyResponse, MeResponse, SessionsResponse},
};
use evolve_domain::access::Role;
use evolve_engine::access::{Access, AccessConfig, Origin, code_at};
use evolve_runtime::metrics::Metrics;
use evolve_store::{
    Store, StoreConfig,
    redis::{Redis, RedisConfig},
};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup, fernet_key};

const REGISTRATION: &str = "a token for registration";
/// The password of who is [`signed_in`].
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Many requests of one story are not too many.
async fn setup() -> Setup {
    Setup::new().await.with("ADMIN_RATE_LIMIT", "1000/minute").with("ADMIN_REGISTRATION_TOKEN", REGISTRATION)
}

/// Somebody in their browser.
pub(crate) struct Browser<'a> {
    api: &'a Api,
    id: Uuid,
    token: SecretString,
    csrf: String,
}

/// An account that signed in, as the pages of the panel do it.
pub(crate) async fn signed_in<'a>(setup: &Setup, api: &'a Api, name: &str, role: Role) -> Browser<'a> {
    let store = StoreConfig {
        database_url: setup.database_url.as_str().into(),
        pool_size: 2,
        encryption_key: fernet_key().into(),
    };
    let metrics = Metrics::new();
    let store = Store::connect(&store, &metrics).unwrap();
    let redis = Redis::connect(&RedisConfig::default(), &metrics);
    let access = Access::new(store, redis, api.clock.clone(), AccessConfig::default()).unwrap();
    let (account, link) = access.create(name, role).await.unwrap();
    let offer = access.offer_factor("Eva", &account).unwrap();
    let code = code_at(offer.secret.expose_secret(), api.clock.now());
    let factor = Some((offer.sealed.expose_secret(), code.as_str()));
    let welcomed = access.welcome(link.expose_secret(), &PASSWORD.into(), factor, &Origin::default()).await.unwrap();
    let entered = welcomed.entered;
    Browser { api, id: account.id, csrf: access.csrf(entered.session), token: entered.token }
}

impl Browser<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookie = format!("other=1; evolve_session={}", self.token.expose_secret());
        self.api.request(method, path).header("cookie", cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api.send(self.request(Method::GET, path)).await
    }

    /// Sends a form of a page.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let with_token: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        self.api.send(self.request(Method::POST, path).form(&with_token)).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.api.send(self.request(method, path).header("x-csrf-token", &self.csrf).json(&body)).await
    }
}

fn as_service(api: &Api, method: Method, path: &str) -> RequestBuilder {
    api.request(method, path).header("x-service-key", SERVICE_KEY)
}

async fn actors(setup: &Setup, act: &str) -> Vec<String> {
    let query = sqlx::query_as("SELECT DISTINCT actor FROM audit_log WHERE act = $1").bind(act);
    let rows: Vec<(String,)> = query.fetch_all(&setup.pool()).await.unwrap();
    rows.into_iter().map(|(actor,)| actor).collect()
}

#[test]
fn every_route_of_administrators_is_in_the_list_and_says_what_opens_it() {
    let document = serde_json::to_value(evolve_api::openapi()).unwrap();
    for path in evolve_api::router::paths().iter().filter(|path| is_under_admin(path)) {
        for method in document["paths"][path].as_object().unwrap().keys() {
            let is_listed =
                ROUTES.iter().any(|named| named.route == path && named.method.as_str().eq_ignore_ascii_case(method));
            assert!(is_listed, "{method} {path} is not in api::access::routes::ROUTES, and so refused");
        }
    }
    // Pages are for people: they are in no document, and all in the list.
    for path in evolve_api::panel::handle::paths() {
        assert!(ROUTES.iter().any(|named| named.route == path && named.is_page), "{path} is not in the list");
    }
    for named in ROUTES.iter().filter(|named| named.is_page) {
        assert!(
            evolve_api::panel::handle::paths().iter().any(|path| path == named.route),
            "{} is nowhere",
            named.route
        );
    }
    for named in ROUTES.iter().filter(|named| !named.is_page) {
        let operation = &document["paths"][named.route][named.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{} {} is in the list, and nowhere else", named.method, named.route);
        let proofs = operation["security"].as_array().unwrap();
        assert!(proofs.iter().any(|proof| proof["session"].is_array()), "{operation}");
        assert!(operation["responses"]["401"].is_object() && operation["responses"]["429"].is_object(), "{operation}");
    }
}

#[tokio::test]
async fn a_session_opens_what_its_role_may_and_the_log_says_whose_it_was() {
    let setup = setup().await;
    let api = setup.start().await;
    let support = signed_in(&setup, &api, "vera", Role::Support).await;
    assert_eq!(support.get("/admin/payments").await.status, StatusCode::OK);
    assert_eq!(support.get("/admin/scheduler_status").await.status, StatusCode::OK);
    for closed in ["/admin/audit", "/api/v1/admin/broadcast", "/api/v1/admin/accounts"] {
        let refused = support.get(closed).await;
        assert_eq!(refused.code(), Code::Forbidden, "{closed}");
        assert!(refused.problem().detail.unwrap().starts_with("this needs the permission"), "{closed}");
    }
    let me: MeResponse = serde_json::from_value(support.get("/api/v1/auth/me").await.json()).unwrap();
    assert_eq!((me.name.as_deref(), me.role.as_deref()), (Some("vera"), Some("support")));
    assert_eq!(me.permissions, ["people", "content", "manage_people", "refund", "operations"]);
    assert_eq!(me.csrf_token.as_deref(), Some(support.csrf.as_str()));

    let decline = support.send(Method::POST, "/admin/payments/none/decline", json!({})).await;
    assert_eq!(decline.code(), Code::PaymentNotFound);
    assert_eq!(actors(&setup, "payment.decline").await, [format!("account:{}", support.id)]);
    let forbidden = support.send(Method::POST, "/admin/failures/replay", json!({})).await;
    assert_eq!(forbidden.code(), Code::Forbidden);
    assert_eq!(actors(&setup, "failure.replay_all").await, [""; 0]);

    api.clock.advance(TimeDelta::hours(12));
    assert_eq!(support.get("/admin/payments").await.code(), Code::Unauthorized, "it rested for too long");
}

#[tokio::test]
async fn what_a_page_of_ours_did_not_ask_for_is_not_done() {
    let setup = setup().await;
    let api = setup.start().await;
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let anna = signed_in(&setup, &api, "anna", Role::Owner).await;
    let post = || vera.request(Method::POST, "/admin/payments/none/decline");
    assert_eq!(api.send(post()).await.code(), Code::Forbidden, "a cookie comes along with anything");
    for wrong in ["", "wrong", anna.csrf.as_str()] {
        assert_eq!(api.send(post().header("x-csrf-token", wrong)).await.code(), Code::Forbidden, "{wrong}");
        assert_eq!(api.send(post().form(&[("csrf", wrong)])).await.code(), Code::Forbidden, "{wrong}");
    }
    let right = || post().header("x-csrf-token", &vera.csrf);
    for (name, value) in [("origin", "https://evil.example.org"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        assert_eq!(api.send(right().header(name, value)).await.code(), Code::Forbidden, "{name}: {value}");
    }
    assert_eq!(actors(&setup, "payment.decline").await, [""; 0]);
    let origin = api.base.origin().ascii_serialization();
    assert_eq!(api.send(right().header("origin", origin)).await.code(), Code::PaymentNotFound);
    let form = [("reason", "a & b"), ("csrf", vera.csrf.as_str())];
    assert_eq!(api.send(post().form(&form)).await.code(), Code::PaymentNotFound, "a form of a page");
}

#[tokio::test]
async fn a_key_opens_its_scopes_and_two_proofs_open_nothing() {
    let setup = setup().await;
    let api = setup.start().await;
    let make = json!({ "name": "Warehouse", "scopes": ["operations", "refund"], "expires_at": api.clock.now() + TimeDelta::days(1) });
    let made = api.send(as_service(&api, Method::POST, "/api/v1/admin/api-keys").json(&make)).await;
    let made: ApiKeyResponse = serde_json::from_value(made.json()).unwrap();
    let key = made.key.unwrap();
    let by_header = |path: &str| api.request(Method::GET, path).header("x-api-key", &key);
    assert_eq!(api.send(by_header("/admin/failures")).await.status, StatusCode::OK);
    assert_eq!(api.get("/admin/failures", Some(&key)).await.status, StatusCode::OK, "as a bearer, too");
    assert_eq!(api.send(by_header("/admin/audit")).await.code(), Code::Forbidden);
    let slip = api.request(Method::POST, "/admin/payments/none/decline").header("x-api-key", &key);
    assert_eq!(api.send(slip).await.code(), Code::PaymentNotFound, "no page, and so no token of one");
    assert_eq!(actors(&setup, "payment.decline").await, [format!("api-key:{}", made.id)]);
    assert_eq!(api.get("/admin/failures", Some("evk_another")).await.code(), Code::Unauthorized);
    for two in [
        by_header("/admin/failures").header("x-service-key", SERVICE_KEY),
        by_header("/admin/failures").bearer_auth(&key),
        by_header("/admin/failures").header("cookie", "evolve_session=some"),
    ] {
        assert_eq!(api.send(two).await.code(), Code::Unauthorized);
    }

    let listed = api.client.api_keys(&SERVICE_KEY.into()).await.unwrap().keys;
    assert_eq!((listed[0].last_used_at, listed[0].key.as_deref()), (Some(api.clock.now()), None), "shown once");
    assert!(listed[0].created_by.starts_with("service-key:"));
    let kept = "SELECT count(*) FROM api_keys k WHERE row_to_json(k)::text LIKE '%' || $1 || '%'";
    let (kept,): (i64,) = sqlx::query_as(kept).bind(&key).fetch_one(&setup.pool()).await.unwrap();
    assert_eq!(kept, 0);
    api.clock.advance(TimeDelta::days(1));
    assert_eq!(api.send(by_header("/admin/failures")).await.code(), Code::Unauthorized, "it is over");

    let body = serde_json::from_value(json!({ "name": "For good", "scopes": ["operations"] })).unwrap();
    let made = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap();
    let key = made.key.unwrap();
    assert_eq!(api.get("/admin/failures", Some(&key)).await.status, StatusCode::OK);
    api.client.revoke_api_key(&SERVICE_KEY.into(), &made.id).await.unwrap();
    assert_eq!(api.get("/admin/failures", Some(&key)).await.code(), Code::Unauthorized);
    for scopes in [json!([]), json!(["everything"]), json!(["access"])] {
        let body = json!({ "name": "Warehouse", "scopes": scopes });
        let refused = api.send(as_service(&api, Method::POST, "/api/v1/admin/api-keys").json(&body)).await;
        assert_eq!(refused.code(), Code::InvalidValue, "{body}");
    }
}

#[tokio::test]
async fn the_token_of_a_person_opens_what_the_account_that_they_are_linked_to_may() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/admin/payments", Some(&token)).await.code(), Code::Forbidden, "nobody's account");
    let account = json!({ "name": "ivan", "role": "support" });
    let made = api.send(as_service(&api, Method::POST, "/api/v1/admin/accounts").json(&account)).await;
    let made: AccountResponse = serde_json::from_value(made.json()).unwrap();
    assert!(made.link.unwrap().starts_with("/admin/panel/welcome?token="));
    let link = AccountUpdate { telegram_id: Some(IVAN), ..AccountUpdate::default() };
    let early = api.client.update_account(&SERVICE_KEY.into(), &made.id, &link).await.unwrap_err();
    assert_eq!(early.code(), Some(Code::InvalidValue), "they have not written to the bot");
    api.say(&token, "Привет", None).await.unwrap();
    let linked = api.client.update_account(&SERVICE_KEY.into(), &made.id, &link).await.unwrap();
    assert_eq!(linked.telegram_id, Some(IVAN));
    assert_eq!(api.get("/admin/payments", Some(&token)).await.status, StatusCode::OK);
    assert_eq!(api.get("/admin/audit", Some(&token)).await.code(), Code::Forbidden);
    api.clock.advance(TimeDelta::hours(1));
    assert_eq!(api.get("/admin/payments", Some(&token)).await.code(), Code::Unauthorized, "the token is over");
    let token = api.token(IVAN).await;
    let out = AccountUpdate { enabled: Some(false), ..AccountUpdate::default() };
    api.client.update_account(&SERVICE_KEY.into(), &made.id, &out).await.unwrap();
    assert_eq!(api.get("/admin/payments", Some(&token)).await.code(), Code::Forbidden, "shut out");
}

#[tokio::test]
async fn who_has_the_token_registers_and_their_name_and_password_open_the_statistics_alone() {
    let setup = setup().await;
    let api = setup.start().await;
    let register = async |name: &str, password: &str, token: &str| {
        let body = json!({ "username": name, "password": password, "admin_token": token });
        api.post("/api/v1/auth/register", None, &body).await
    };
    let anna = register("Anna", "password1", REGISTRATION).await;
    assert_eq!((anna.status, anna.json()["username"].as_str()), (StatusCode::CREATED, Some("anna")));
    assert_eq!(register("vera", "password1", "a wrong token, as long").await.code(), Code::Forbidden);
    let taken = register("anna", "password2", REGISTRATION).await;
    assert_eq!((taken.status, taken.code()), (StatusCode::BAD_REQUEST, Code::NameTaken));
    assert_eq!(register("vera", "short", REGISTRATION).await.code(), Code::InvalidValue);
    let (hash,): (String,) =
        sqlx::query_as("SELECT password_hash FROM api_users").fetch_one(&setup.pool()).await.unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let id = anna.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(actors(&setup, "api_user.register").await.len(), 2, "also of who was refused by the name");
    assert!(actors(&setup, "api_user.register").await.contains(&format!("api-user:{id}")));

    let nothing = api.get("/api/v1/auth/me", None).await;
    assert_eq!(nothing.code(), Code::Unauthorized);
    let asked = Some("Basic realm=\"evolve\", charset=\"UTF-8\"");
    assert_eq!(nothing.header("www-authenticate"), asked);
    let basic = |path: &str, password: &str| api.request(Method::GET, path).basic_auth("anna", Some(password));
    let wrong = api.send(basic("/api/v1/auth/me", "password2")).await;
    assert_eq!((wrong.code(), wrong.header("www-authenticate")), (Code::Unauthorized, asked));
    let me: MeResponse = serde_json::from_value(api.send(basic("/api/v1/auth/me", "password1")).await.json()).unwrap();
    assert_eq!((me.actor, me.permissions), (format!("api-user:{id}"), vec!["numbers".to_owned()]));
    assert_eq!(api.send(basic("/admin/scheduler_status", "password1")).await.code(), Code::Forbidden);
    let two = basic("/api/v1/auth/me", "password1").header("x-service-key", SERVICE_KEY);
    assert_eq!(api.send(two).await.code(), Code::Unauthorized);

    api.client.remove_api_user(&SERVICE_KEY.into(), &id).await.unwrap();
    assert_eq!(api.send(basic("/api/v1/auth/me", "password1")).await.code(), Code::Unauthorized);
    assert_eq!(api.client.api_users(&SERVICE_KEY.into()).await.unwrap().users, []);
}

#[tokio::test]
async fn who_guesses_at_the_token_of_registration_is_not_listened_to_and_without_one_nobody_registers() {
    let setup = setup().await.with("AUTH_RATE_LIMIT", "100/minute");
    let api = setup.start().await;
    let body = |token: &str| json!({ "username": "anna", "password": "password1", "admin_token": token });
    for _ in 0..10 {
        let refused = api.post("/api/v1/auth/register", None, &body("a wrong token, as long")).await;
        assert_eq!(refused.code(), Code::Forbidden);
    }
    for token in ["a wrong token, as long", REGISTRATION] {
        let refused = api.post("/api/v1/auth/register", None, &body(token)).await;
        assert_eq!((refused.code(), refused.header("retry-after")), (Code::RateLimited, Some("30")));
    }
    let api = Api::start().await;
    assert_eq!(api.post("/api/v1/auth/register", None, &body(REGISTRATION)).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn accounts_are_changed_and_their_sessions_end_with_what_they_may() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = signed_in(&setup, &api, "anna", Role::Owner).await;
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let sessions = async |browser: &Browser<'_>| {
        let answer = browser.get("/api/v1/admin/sessions").await;
        serde_json::from_value::<SessionsResponse>(answer.json()).unwrap().sessions
    };
    let (all, own) = (sessions(&anna).await, sessions(&vera).await);
    assert_eq!((all.len(), own.len()), (2, 1), "everybody sees their own");
    assert!(own[0].current && own[0].way == "link" && own[0].account_id == vera.id.to_string());
    let annas = all.iter().find(|session| session.current).unwrap().id.clone();
    let others = vera.send(Method::DELETE, &format!("/api/v1/admin/sessions/{annas}"), json!({})).await;
    assert_eq!(others.code(), Code::AccessNotFound);

    let path = format!("/api/v1/admin/accounts/{}", vera.id);
    let wrong = anna.send(Method::PATCH, &path, json!({ "role": "king" })).await;
    assert_eq!(wrong.code(), Code::InvalidValue);
    let changed = anna.send(Method::PATCH, &path, json!({ "role": "analyst" })).await;
    assert_eq!((changed.status, changed.json()["role"].as_str()), (StatusCode::OK, Some("analyst")));
    assert_eq!(vera.get("/api/v1/auth/me").await.code(), Code::Unauthorized, "another role is another session");
    let own = format!("/api/v1/admin/accounts/{}", anna.id);
    assert_eq!(anna.send(Method::PATCH, &own, json!({ "enabled": false })).await.code(), Code::LastOwner);
    let nobody = format!("/api/v1/admin/accounts/{}/reset", Uuid::nil());
    assert_eq!(anna.send(Method::POST, &nobody, json!({})).await.code(), Code::AccessNotFound);
    let taken = anna.send(Method::POST, "/api/v1/admin/accounts", json!({ "name": "VERA", "role": "support" })).await;
    assert_eq!(taken.code(), Code::NameTaken);
    let reset = api.client.reset_account(&SERVICE_KEY.into(), &vera.id.to_string()).await.unwrap();
    assert!(reset.link.is_some() && !reset.has_password && !reset.has_second_factor);

    api.client.end_session(&SERVICE_KEY.into(), &annas).await.unwrap();
    assert_eq!(anna.get("/api/v1/auth/me").await.code(), Code::Unauthorized);
    for act in ["account.change", "account.create", "session.revoke", "account.reset"] {
        assert!(!actors(&setup, act).await.is_empty(), "{act}");
    }
}

#[tokio::test]
async fn who_asks_too_often_waits_and_our_own_key_does_not() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let anna = signed_in(&setup, &api, "anna", Role::Owner).await;
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    for left in (0..10).rev() {
        let answer = anna.get("/admin/failures").await;
        let remaining = answer.header("ratelimit-remaining").map(str::to_owned);
        assert_eq!((answer.status, remaining), (StatusCode::OK, Some(left.to_string())));
    }
    assert_eq!(anna.get("/admin/failures").await.code(), Code::RateLimited);
    assert_eq!(vera.get("/admin/failures").await.status, StatusCode::OK, "each has their own");
    for _ in 0..12 {
        let answer = api.send(as_service(&api, Method::GET, "/admin/failures")).await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (StatusCode::OK, None));
    }
}

#[tokio::test]
async fn from_where_much_is_shown_that_is_nothing_a_session_and_a_key_that_nobody_here_has_seen_are_served() {
    let setup = setup().await;
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Support).await;
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let body = serde_json::from_value(json!({ "name": "Warehouse", "scopes": ["operations"] })).unwrap();
    let key = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap().key.unwrap();
    let token = api.token(IVAN).await;
    let unseen = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap().key.unwrap();
    let path = "/admin/failures";
    let at_work = async || {
        assert_eq!(eva.get(path).await.status, StatusCode::OK);
        assert_eq!(api.get(path, Some(&key)).await.status, StatusCode::OK);
        assert_eq!(api.send(as_service(&api, Method::GET, path)).await.status, StatusCode::OK);
    };
    at_work().await;
    let nothing = async |n: u32| {
        let request = api.request(Method::GET, path);
        let request = match n % 3 {
            0 => request.header("cookie", format!("evolve_session=made-up-{n}")),
            1 => request.bearer_auth(format!("evk_made-up-{n}")),
            _ => request.bearer_auth(&token),
        };
        api.send(request).await
    };
    let looked_up = [Code::Unauthorized, Code::Unauthorized, Code::Forbidden];
    for n in 0..63 {
        assert_eq!(nothing(n).await.code(), looked_up[n as usize % 3], "{n}");
    }
    at_work().await;
    assert_eq!(vera.get(path).await.status, StatusCode::OK);
    assert_eq!(api.get(path, Some(&unseen)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_dead_key_that_is_shown_again_and_again_is_looked_up_once_in_some_seconds() {
    let setup = setup().await;
    let api = setup.start().await;
    let body = serde_json::from_value(json!({ "name": "Warehouse", "scopes": ["operations"] })).unwrap();
    let made = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap();
    let (key, path) = (made.key.unwrap(), "/admin/failures");
    assert_eq!(api.get(path, Some(&key)).await.status, StatusCode::OK);
    api.client.revoke_api_key(&SERVICE_KEY.into(), &made.id).await.unwrap();
    assert_eq!(api.get(path, Some(&key)).await.code(), Code::Unauthorized);
    // Who asked Postgres now would find that it works.
    sqlx::query("UPDATE api_keys SET revoked_at = NULL").execute(&setup.pool()).await.unwrap();
    assert_eq!(api.get(path, Some(&key)).await.code(), Code::Unauthorized);
    api.clock.advance(TimeDelta::seconds(5));
    assert_eq!(api.get(path, Some(&key)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_opens_pages_as_seldom_as_anything_else() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let body = serde_json::from_value(json!({ "name": "Warehouse", "scopes": ["operations"] })).unwrap();
    let key = api.client.create_api_key(&SERVICE_KEY.into(), &body).await.unwrap().key.unwrap();
    let (page, endpoint) = ("/admin/panel/failures", "/admin/failures");
    for path in [page, endpoint].repeat(5) {
        assert_eq!(api.get(path, Some(&key)).await.status, StatusCode::OK, "{path}");
    }
    for path in [page, endpoint] {
        assert_eq!(api.get(path, Some(&key)).await.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
}

#[tokio::test]
async fn behind_a_proxy_of_ours_no_name_of_a_host_has_a_cookie_without_its_prefix_taken() {
    let setup = setup().await.with("TRUSTED_PROXY_HOPS", 1);
    let api = setup.start().await;
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    assert_eq!(vera.get("/api/v1/auth/me").await.code(), Code::Unauthorized);
    let cookie = format!("__Host-evolve_session={}", vera.token.expose_secret());
    let request = api.request(Method::GET, "/api/v1/auth/me").header("cookie", cookie);
    assert_eq!(api.send(request).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_id_is_in_the_log_as_we_write_it_however_it_was_asked_for() {
    let setup = setup().await;
    let api = setup.start().await;
    let id = Uuid::now_v7();
    let typed = id.simple().to_string().to_uppercase();
    let path = format!("/api/v1/admin/api-keys/{typed}");
    assert_eq!(api.send(as_service(&api, Method::DELETE, &path)).await.code(), Code::AccessNotFound);
    let subjects: Vec<(String,)> =
        sqlx::query_as("SELECT DISTINCT subject FROM audit_log").fetch_all(&setup.pool()).await.unwrap();
    assert_eq!(subjects, [(format!("api_key:{id}"),)]);
}

#[tokio::test]
async fn while_one_service_key_takes_the_place_of_another_each_is_called_as_ever() {
    let (new, old) = ("a new key of a test of 32 letters", "the old key of a test of 32 letters");
    let called = async |keys: &str, key: &str| {
        let api = Setup::new().await.with("SERVICE_KEY", keys).start().await;
        let asked = api.request(Method::GET, "/api/v1/auth/me").header("x-service-key", key);
        let me: MeResponse = serde_json::from_value(api.send(asked).await.json()).unwrap();
        me.actor
    };
    let both = format!("{new},{old}");
    assert_eq!(called(&both, old).await, called(old, old).await);
    assert_eq!(called(&both, new).await, called(new, new).await);
    assert_ne!(called(&both, new).await, called(&both, old).await);
}

#[tokio::test]
async fn of_many_passwords_at_once_from_one_address_few_are_looked_at_and_a_page_of_many_numbers_is_served() {
    let setup = setup().await;
    let api = setup.start().await;
    let body = json!({ "username": "anna", "password": "password1", "admin_token": REGISTRATION });
    assert_eq!(api.post("/api/v1/auth/register", None, &body).await.status, StatusCode::CREATED);
    let ask =
        |password: String| api.send(api.request(Method::GET, "/api/v1/auth/me").basic_auth("anna", Some(password)));
    let numbers = futures::future::join_all((0..30).map(|_| ask("password1".to_owned()))).await;
    assert!(numbers.iter().all(|answer| answer.status == StatusCode::OK), "{:?}", numbers[29].status);
    let guesses = futures::future::join_all((0..100).map(|n| ask(format!("guessed-{n}")))).await;
    let looked_at = guesses.iter().filter(|answer| answer.status == StatusCode::UNAUTHORIZED).count();
    assert!(looked_at <= 11, "{looked_at}");
}
