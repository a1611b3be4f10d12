//! The panel's door over HTTP: one-time links, signing in, and being turned away.

mod closed;
mod elsewhere;
mod inside;
mod outside;

use std::{collections::BTreeMap, sync::Mutex};

use chrono::TimeDelta;
use evolve_contract::access::{AccountResponse, AccountsResponse};
use evolve_engine::access::code_at;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;

use crate::harness::{Answer, Api, SERVICE_KEY, Setup};

const PASSWORD: &str = "four words that nobody guesses";
const WELCOME: &str = "/admin/panel/welcome";
const SIGN_IN: &str = "/admin/panel/sign-in";

async fn setup() -> Setup {
    Setup::new().await.with("PANEL_RATE_LIMIT", "1000/minute").with("ADMIN_RATE_LIMIT", "1000/minute")
}

/// A browser, as far as it keeps cookies.
struct Visitor<'a> {
    api: &'a Api,
    jar: Mutex<BTreeMap<String, String>>,
}

impl<'a> Visitor<'a> {
    fn new(api: &'a Api) -> Self {
        Self { api, jar: Mutex::default() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let jar = self.jar.lock().unwrap();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.api.request(method, path).header("cookie", cookies.join("; "))
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = self.api.send(request).await;
        let mut jar = self.jar.lock().unwrap();
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).form(fields)).await
    }

    /// Sends a form that stands on a page of the panel, with its token.
    async fn form(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = hidden(&self.get(page).await.text, "csrf");
        let with_token: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        self.post(path, &with_token).await
    }
}

/// What a page has in a field that is not seen.
fn hidden(page: &str, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&field).unwrap_or_else(|| panic!("there is no {name} in {page}")).1;
    rest.split('"').next().unwrap().to_owned()
}

fn between<'a>(page: &'a str, begins: &str, ends: &str) -> &'a str {
    let rest = page.split_once(begins).unwrap_or_else(|| panic!("there is no {begins} in {page}")).1;
    rest.split(ends).next().unwrap()
}

#[track_caller]
fn says(answer: &Answer, status: StatusCode, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{:?}", answer.headers);
    assert!(answer.text.contains(words), "it does not say {words}: {}", answer.text);
}

#[track_caller]
fn leads_to(answer: &Answer, path: &str) {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some(path)), "{}", answer.text);
}

/// Makes an account: the address of its link.
async fn invited(api: &Api, name: &str, role: &str) -> String {
    let request = api.request(Method::POST, "/api/v1/admin/accounts").header("x-service-key", SERVICE_KEY);
    let made = api.send(request.json(&json!({ "name": name, "role": role }))).await;
    let account: AccountResponse = serde_json::from_value(made.json()).unwrap();
    account.link.unwrap()
}

async fn id_of(api: &Api, name: &str) -> String {
    let request = api.request(Method::GET, "/api/v1/admin/accounts").header("x-service-key", SERVICE_KEY);
    let all: AccountsResponse = serde_json::from_value(api.send(request).await.json()).unwrap();
    all.accounts.into_iter().find(|account| account.name == name).unwrap().id
}

/// Chooses a password, and a second factor where `with_factor`: the secret, and what came of it.
async fn welcomed(visitor: &Visitor<'_>, link: &str, with_factor: bool) -> (String, Answer) {
    let page = visitor.get(link).await.text;
    let secret = between(&page, "<code class=\"secret\">", "<").to_owned();
    let code = if with_factor { code_at(&secret, visitor.api.clock.now()) } else { String::new() };
    let (csrf, token, factor) = (hidden(&page, "csrf"), hidden(&page, "token"), hidden(&page, "factor"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("token", &token),
        ("factor", &factor),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("code", &code),
    ];
    (secret, visitor.post(WELCOME, &fields).await)
}

/// Somebody who is in.
async fn inside<'a>(api: &'a Api, name: &str, role: &str) -> Visitor<'a> {
    let visitor = Visitor::new(api);
    let with_factor = matches!(role, "owner" | "admin");
    let (_, answer) = welcomed(&visitor, &invited(api, name, role).await, with_factor).await;
    assert!(answer.status == StatusCode::OK || answer.status == StatusCode::SEE_OTHER, "{}", answer.text);
    visitor
}

#[tokio::test]
async fn a_link_asks_for_a_password_and_a_second_factor_and_says_what_is_wrong_with_them() {
    let setup = setup().await;
    let api = setup.start().await;
    let link = invited(&api, "anna", "owner").await;
    let anna = Visitor::new(&api);
    let page = anna.get(&link).await;
    says(&page, StatusCode::OK, "Welcome, anna");
    let (csrf, token, factor) = (hidden(&page.text, "csrf"), hidden(&page.text, "token"), hidden(&page.text, "factor"));
    let secret = between(&page.text, "<code class=\"secret\">", "<");
    let send = async |password: &str, again: &str, code: &str| {
        let fields = [("csrf", csrf.as_str()), ("token", &token), ("factor", &factor)];
        let typed = [("password", password), ("again", again), ("code", code)];
        anna.post(WELCOME, &[fields, typed].concat()).await
    };
    let right = code_at(secret, api.clock.now());
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    says(&send(PASSWORD, "another one", &right).await, unprocessable, "These are not the same twice.");
    says(&send("short", "short", &right).await, unprocessable, "At least 12 characters");
    says(&send(PASSWORD, PASSWORD, "").await, unprocessable, "Your role needs a second factor");
    let refused = send(PASSWORD, PASSWORD, wrong).await;
    says(&refused, unprocessable, "This code is wrong");
    assert!(refused.text.contains(secret) && !refused.text.contains(PASSWORD), "{}", refused.text);

    let done = send(PASSWORD, PASSWORD, &right).await;
    says(&done, StatusCode::OK, "Recovery codes");
    assert_eq!(done.text.matches("<li><code>").count(), 10, "{}", done.text);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    says(&anna.get("/admin").await, StatusCode::OK, "anna");
    says(&Visitor::new(&api).get(&link).await, StatusCode::UNAUTHORIZED, "This link has run out");
}

#[tokio::test]
async fn who_comes_again_shows_all_that_they_chose_and_is_led_where_they_wanted_to_go() {
    let setup = setup().await;
    let api = setup.start().await;
    let anna = Visitor::new(&api);
    let (secret, done) = welcomed(&anna, &invited(&api, "anna", "owner").await, true).await;
    let recovery = between(&done.text, "<li><code>", "<").to_owned();
    leads_to(&anna.form("/admin", "/admin/panel/sign-out", &[]).await, SIGN_IN);
    let wanted = "/admin/panel/audit?act=account.create";
    let led = anna.get(wanted).await;
    let sign_in = led.header("location").unwrap().to_owned();
    assert!(sign_in.starts_with(&format!("{SIGN_IN}?next=")), "{sign_in}");

    let page = anna.get(&sign_in).await.text;
    let how_to_begin = "<code>evolve admin create NAME</code>";
    assert!(page.contains(how_to_begin), "{page}");
    let (csrf, next) = (hidden(&page, "csrf"), hidden(&page, "next"));
    assert_eq!(next, wanted);
    let password = async |typed: &str| {
        let fields =
            [("csrf", csrf.as_str()), ("step", "password"), ("next", &next), ("name", "anna"), ("password", typed)];
        anna.post(SIGN_IN, &fields).await
    };
    let refused = password("something else entirely").await;
    says(&refused, StatusCode::UNAUTHORIZED, "Name and password do not go together.");
    assert!(refused.text.contains("value=\"anna\"") && !refused.text.contains("entirely"), "{}", refused.text);
    let asked = password(PASSWORD).await;
    let step = asked.header("location").unwrap().to_owned();
    let page = anna.get(&step).await;
    says(&page, StatusCode::OK, "sign-in-code");
    assert!(!page.text.contains(how_to_begin), "who has come so far has an account: {}", page.text);
    let code = async |step: &str, typed: &str| {
        let fields = [("csrf", csrf.as_str()), ("step", step), ("next", &next), ("code", typed)];
        anna.post(SIGN_IN, &fields).await
    };
    let used = code_at(&secret, api.clock.now());
    says(&code("code", &used).await, StatusCode::UNAUTHORIZED, "This code is wrong, or was used before.");
    api.clock.advance(TimeDelta::seconds(30));
    leads_to(&code("code", &code_at(&secret, api.clock.now())).await, wanted);
    says(&anna.get(wanted).await, StatusCode::OK, "account.create");

    // The app is lost: what was written down opens as well, once.
    for (expected, is_first) in [(StatusCode::SEE_OTHER, true), (StatusCode::UNAUTHORIZED, false)] {
        let another = Visitor::new(&api);
        let csrf = hidden(&another.get(SIGN_IN).await.text, "csrf");
        let fields = [("csrf", csrf.as_str()), ("step", "password"), ("name", "anna"), ("password", PASSWORD)];
        assert_eq!(another.post(SIGN_IN, &fields).await.status, StatusCode::SEE_OTHER);
        let fields = [("csrf", csrf.as_str()), ("step", "recovery"), ("code", recovery.as_str())];
        assert_eq!(another.post(SIGN_IN, &fields).await.status, expected, "for the first time: {is_first}");
    }
}

#[tokio::test]
async fn a_stranger_is_told_to_wait_and_nobodys_page_leads_in_or_out() {
    let setup = setup().await;
    let api = setup.start().await;
    let vera = inside(&api, "vera", "support").await;
    leads_to(&vera.form("/admin/panel/account", "/admin/panel/sign-out", &[]).await, SIGN_IN);
    let csrf = hidden(&vera.get(SIGN_IN).await.text, "csrf");
    let fields = |next: &'static str| {
        [("csrf", csrf.as_str()), ("step", "password"), ("next", next), ("name", "vera"), ("password", PASSWORD)]
    };
    // A page of somebody else's sends the form: without what our page gave the browser, or from there.
    let stale = "That form was too old.";
    says(&Visitor::new(&api).post(SIGN_IN, &fields("")).await, StatusCode::FORBIDDEN, stale);
    let from_elsewhere = vera.request(Method::POST, SIGN_IN).header("origin", "https://evil.example");
    says(&vera.send(from_elsewhere.form(&fields(""))).await, StatusCode::FORBIDDEN, stale);
    leads_to(&vera.post(SIGN_IN, &fields("https://evil.example/admin")).await, "/admin");

    let stranger = Visitor::new(&api);
    let csrf = hidden(&stranger.get(SIGN_IN).await.text, "csrf");
    let guess = [("csrf", csrf.as_str()), ("step", "password"), ("name", "vera"), ("password", "12345678901234")];
    let mut refused = stranger.post(SIGN_IN, &guess).await;
    for _ in 0..30 {
        if refused.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        refused = stranger.post(SIGN_IN, &guess).await;
    }
    says(&refused, StatusCode::TOO_MANY_REQUESTS, "Too many");
}

#[tokio::test]
async fn whoever_may_not_is_told_so_on_a_page() {
    let setup = setup().await;
    let api = setup.start().await;
    let vera = inside(&api, "vera", "support").await;
    leads_to(&vera.get("/admin").await, "/admin/panel/people");
    let refused = vera.get("/admin/panel/audit").await;
    says(&refused, StatusCode::FORBIDDEN, "Not for your role");
    assert!(
        refused.text.contains("href=\"/admin/panel/people\"") && !refused.text.contains("href=\"/admin/panel/audit\"")
    );
    assert!(refused.text.contains(refused.header("x-request-id").unwrap()), "{}", refused.text);
    assert!(refused.header("content-security-policy").unwrap().contains("script-src 'self'"));
    says(&vera.get("/admin/panel/nothing").await, StatusCode::NOT_FOUND, "Not found");
    says(
        &vera.post("/admin/panel/account/language", &[("language", "ru")]).await,
        StatusCode::FORBIDDEN,
        "Nothing was done.",
    );
    let nobody = Visitor::new(&api);
    says(&nobody.post("/admin/panel/account/language", &[]).await, StatusCode::UNAUTHORIZED, "Please sign in");
    // What programs ask is answered to programs.
    assert_eq!(vera.get("/admin/audit").await.header("content-type"), Some("application/problem+json"));
}
