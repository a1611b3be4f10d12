//! An address from which somebody guesses: whom that keeps out, and whom not.

use chrono::TimeDelta;
use evolve_contract::Code;
use evolve_domain::access::Role;
use evolve_engine::access::code_at;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{PASSWORD, SIGN_IN, Visitor, hidden, inside, invited, leads_to, says, setup, welcomed};
use crate::{
    access::{self, signed_in},
    harness::{Answer, Api},
};

const REGISTRATION: &str = "a token for registration";

/// The first step of signing in, in a browser that keeps nothing else.
async fn tries(visitor: &Visitor<'_>, name: &str, password: &str) -> Answer {
    let csrf = hidden(&visitor.get(SIGN_IN).await.text, "csrf");
    let fields = [("csrf", csrf.as_str()), ("step", "password"), ("name", name), ("password", password)];
    visitor.post(SIGN_IN, &fields).await
}

/// Guesses until nobody listens.
async fn guesses_at(api: &Api, name: &str) {
    let stranger = Visitor::new(api);
    for _ in 0..10 {
        let wrong = tries(&stranger, name, "something else entirely").await;
        says(&wrong, StatusCode::UNAUTHORIZED, "Name and password do not go together.");
    }
    let refused = tries(&stranger, name, "something else entirely").await;
    says(&refused, StatusCode::TOO_MANY_REQUESTS, "Too many");
}

#[tokio::test]
async fn who_guesses_at_the_statistics_keeps_nobody_out_of_the_panel_nor_who_was_right_a_moment_ago() {
    let setup = setup().await.with("ADMIN_REGISTRATION_TOKEN", REGISTRATION);
    let api = setup.start().await;
    for name in ["vera", "boris"] {
        let body = json!({ "username": name, "password": "password1", "admin_token": REGISTRATION });
        assert_eq!(api.post("/api/v1/auth/register", None, &body).await.status, StatusCode::CREATED);
    }
    let shows = async |name: &str, password: &str| {
        let request = api.request(Method::GET, "/api/v1/auth/me").basic_auth(name, Some(password));
        api.send(request).await
    };
    assert_eq!(shows("vera", "password1").await.status, StatusCode::OK);
    // A program with a password of before.
    for _ in 0..10 {
        assert_eq!(shows("program", "password1").await.code(), Code::Unauthorized);
    }
    assert_eq!(shows("program", "password1").await.code(), Code::RateLimited);
    assert_eq!(shows("vera", "password1").await.status, StatusCode::OK);
    assert_eq!(shows("boris", "password1").await.code(), Code::RateLimited, "who is not remembered waits");
    // Of an account that never came in from here.
    signed_in(&setup, &api, "oleg", Role::Analyst).await;
    let asked = tries(&Visitor::new(&api), "oleg", access::PASSWORD).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);

    // What is remembered is not found by trying either.
    for _ in 0..11 {
        assert_eq!(shows("vera", "password2").await.code(), Code::RateLimited);
    }
    assert_eq!(shows("vera", "password1").await.code(), Code::RateLimited);
    api.clock.advance(TimeDelta::seconds(30));
    assert_eq!(shows("vera", "password1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_guesses_at_others_closes_no_door_to_who_came_in_from_there_before() {
    let setup = setup().await;
    let api = setup.start().await;
    let (secret, _) = welcomed(&Visitor::new(&api), &invited(&api, "anna", "owner").await, true).await;
    let vera = inside(&api, "vera", "support").await;
    inside(&api, "boris", "support").await;
    signed_in(&setup, &api, "oleg", Role::Analyst).await;
    // The code by which the factor was set up is taken.
    api.clock.advance(TimeDelta::seconds(30));
    guesses_at(&api, "nobody").await;
    let stranger = tries(&Visitor::new(&api), "oleg", access::PASSWORD).await;
    says(&stranger, StatusCode::TOO_MANY_REQUESTS, "Too many");

    let anna = Visitor::new(&api);
    assert_eq!(tries(&anna, "Anna", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let csrf = hidden(&anna.get(SIGN_IN).await.text, "csrf");
    let code = code_at(&secret, api.clock.now());
    let fields = [("csrf", csrf.as_str()), ("step", "code"), ("code", code.as_str())];
    leads_to(&anna.post(SIGN_IN, &fields).await, "/admin");
    let (account, after) = ("/admin/panel/account", "another four words of mine");
    let fields = [("current", PASSWORD), ("password", after), ("again", after)];
    leads_to(&vera.form(account, "/admin/panel/account/password", &fields).await, account);

    // Whoever guesses at hers from there closes hers alone, and only for a while.
    guesses_at(&api, "vera").await;
    says(&tries(&Visitor::new(&api), "vera", after).await, StatusCode::TOO_MANY_REQUESTS, "Too many");
    leads_to(&tries(&Visitor::new(&api), "boris", PASSWORD).await, "/admin");
    api.clock.advance(TimeDelta::seconds(30));
    leads_to(&tries(&Visitor::new(&api), "vera", after).await, "/admin");
}
