//! Coming in by OpenID Connect.

use chrono::TimeDelta;
use evolve_domain::access::Role;
use evolve_engine::access::{AccessConfig, AccessError, Entered, OidcConfig};
use evolve_store::access::Change;
use evolve_testkit::oidc::OidcProvider;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use crate::access::{Panel, at, panel};

struct World {
    panel: Panel,
    provider: OidcProvider,
}

async fn world() -> World {
    let provider = OidcProvider::start().await.unwrap();
    let oidc = OidcConfig {
        issuer: Url::parse(provider.issuer()).unwrap(),
        client_id: "eva".to_owned(),
        client_secret: Some("a secret of ours".into()),
        scopes: "openid profile".to_owned(),
        role_claim: "groups".to_owned(),
        roles: "chiefs=owner, staff=support".parse().unwrap(),
        redirect_url: Url::parse("https://bot.example.org/admin/panel/oidc/callback").unwrap(),
    };
    let config = AccessConfig { oidc: Some(oidc), ..AccessConfig::default() };
    World { panel: panel(config).await, provider }
}

impl World {
    /// Somebody goes to the issuer, of whom it says this, and comes back.
    async fn comes(&self, claims: Value) -> Result<Entered, AccessError> {
        let start = self.panel.access.begin_oidc().await?;
        let (state, code) = self.provider.sign_in(&start.url, self.panel.clock.now(), &claims).unwrap();
        self.panel.access.finish_oidc(start.kept.expose_secret(), &state, &code, &at("1.1.1.1")).await
    }

    async fn accounts(&self) -> Vec<(String, Role)> {
        let accounts = self.panel.access.accounts().await.unwrap();
        accounts.into_iter().map(|account| (account.name, account.role)).collect()
    }

    async fn holds(&self, entered: &Entered) -> bool {
        self.panel.access.session(entered.token.expose_secret()).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn who_comes_by_the_issuer_is_given_an_account_and_may_what_the_issuer_says_each_time() {
    let world = world().await;
    let anna = |groups: Value| json!({ "sub": "a-1", "preferred_username": "Anna", "groups": groups });
    let first = world.comes(anna(json!(["staff", "others"]))).await.unwrap();
    assert_eq!(world.accounts().await, [("anna".to_owned(), Role::Support)]);
    let second = world.comes(anna(json!(["staff"]))).await.unwrap();
    assert_eq!(first.account, second.account);
    assert!(world.holds(&first).await && world.holds(&second).await);

    let promoted = world.comes(anna(json!(["chiefs", "staff"]))).await.unwrap();
    assert_eq!(world.accounts().await, [("anna".to_owned(), Role::Owner)], "the first role of the map");
    assert!(!world.holds(&first).await && world.holds(&promoted).await, "another role ends the sessions");
    // Whoever is only called the same is somebody else.
    world.comes(json!({ "sub": "b-2", "preferred_username": "anna", "groups": "staff" })).await.unwrap();
    let names = world.accounts().await;
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[1].0.starts_with("anna-") && names[1].1 == Role::Support, "{names:?}");

    let none = world.comes(anna(json!(["guests"]))).await;
    assert!(matches!(none, Err(AccessError::NoRole)), "{none:?}");
    assert!(!world.holds(&promoted).await, "who may nothing any more is out");
    let stranger = world.comes(json!({ "sub": "c-3" })).await;
    assert!(matches!(stranger, Err(AccessError::NoRole)), "{stranger:?}");
    assert_eq!(world.accounts().await.len(), 2);
    let acts = world.panel.acts().await;
    let of = |act: &str, outcome: &str| acts.iter().filter(|(a, o, _)| a == act && o == outcome).count();
    assert_eq!(of("session.sign_in", "done"), 4);
    assert_eq!(
        (of("account.create", "done"), of("account.change", "done"), of("session.sign_in", "refused")),
        (2, 2, 1)
    );
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_opens_nothing() {
    let world = world().await;
    let past = (world.panel.clock.now() - TimeDelta::minutes(2)).timestamp();
    let ahead = (world.panel.clock.now() + TimeDelta::minutes(2)).timestamp();
    for (what, claims) in [
        ("another issuer", json!({ "iss": "https://elsewhere.example.org" })),
        ("for somebody else", json!({ "aud": "another" })),
        ("asked for by somebody else", json!({ "aud": ["eva", "another"], "azp": "another" })),
        ("of another sign-in", json!({ "nonce": "another" })),
        ("without a nonce", json!({ "nonce": null })),
        ("over", json!({ "exp": past })),
        ("from the future", json!({ "iat": ahead })),
        ("of nobody", json!({ "sub": "" })),
    ] {
        let mut all = json!({ "groups": ["chiefs"] });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let refused = world.comes(all).await;
        assert!(matches!(refused, Err(AccessError::Issuer(_))), "{what}: {refused:?}");
    }
    assert_eq!(world.accounts().await, []);
    world.comes(json!({ "groups": ["chiefs"] })).await.unwrap();
}

#[tokio::test]
async fn what_comes_back_must_be_what_was_sent_and_in_time() {
    let world = world().await;
    let access = &world.panel.access;
    let (one, another) = (access.begin_oidc().await.unwrap(), access.begin_oidc().await.unwrap());
    let now = world.panel.clock.now();
    let come = |start: &Url| world.provider.sign_in(start, now, &json!({ "groups": ["staff"] })).unwrap();
    let finish =
        async |kept: &str, state: &str, code: &str| access.finish_oidc(kept, state, code, &at("1.1.1.1")).await;
    let (state, code) = come(&one.url);
    let crossed = finish(another.kept.expose_secret(), &state, &code).await;
    assert!(matches!(crossed, Err(AccessError::Wrong)), "the state is of another browser: {crossed:?}");
    let (other_state, _) = come(&another.url);
    let injected = finish(another.kept.expose_secret(), &other_state, &code).await;
    assert!(matches!(injected, Err(AccessError::Issuer(_))), "somebody else's code: {injected:?}");
    let forged = finish("forged", &state, &code).await;
    assert!(matches!(forged, Err(AccessError::Expired)), "{forged:?}");
    let (state, code) = come(&one.url);
    finish(one.kept.expose_secret(), &state, &code).await.unwrap();
    let again = finish(one.kept.expose_secret(), &state, &code).await;
    assert!(matches!(again, Err(AccessError::Issuer(_))), "a code is for once: {again:?}");
    world.panel.clock.advance(TimeDelta::minutes(10));
    let late = finish(one.kept.expose_secret(), &state, &code).await;
    assert!(matches!(late, Err(AccessError::Expired)), "{late:?}");
}

#[tokio::test]
async fn another_key_of_the_issuer_is_asked_for_but_not_for_every_token() {
    let world = world().await;
    let staff = || json!({ "groups": ["staff"] });
    world.comes(staff()).await.unwrap();
    world.provider.rotate().unwrap();
    let early = world.comes(staff()).await;
    assert!(matches!(early, Err(AccessError::Issuer(_))), "it was asked just now: {early:?}");
    world.panel.clock.advance(TimeDelta::minutes(1));
    world.comes(staff()).await.unwrap();
}

#[tokio::test]
async fn without_an_issuer_nobody_is_sent_anywhere() {
    let panel = panel(AccessConfig::default()).await;
    assert!(panel.access.issuer().is_none());
    assert!(matches!(panel.access.begin_oidc().await, Err(AccessError::NoIssuer)));
}

#[tokio::test]
async fn who_may_nothing_any_more_has_no_way_in_by_a_person_either_and_is_let_in_again_by_the_issuer_alone() {
    let world = world().await;
    let anna = |groups: Value| json!({ "sub": "a-1", "preferred_username": "anna", "groups": groups });
    let entered = world.comes(anna(json!(["staff"]))).await.unwrap();
    let access = &world.panel.access;
    let come = "INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())";
    sqlx::query(come).execute(&world.panel.sql).await.unwrap();
    let link = Change { telegram_id: Some(Some(42)), ..Change::default() };
    access.change(entered.account, link).await.unwrap();
    assert!(access.account_of_person(42).await.unwrap().is_some());
    let none = world.comes(anna(json!([]))).await;
    assert!(matches!(none, Err(AccessError::NoRole)), "{none:?}");
    assert!(access.account_of_person(42).await.unwrap().is_none() && !world.holds(&entered).await);
    let reset = access.reset(entered.account).await;
    assert!(matches!(reset, Err(AccessError::Invalid { field: "account", .. })), "a way around the issuer: {reset:?}");
    world.comes(anna(json!(["staff"]))).await.unwrap();
}

#[tokio::test]
async fn the_last_owner_who_is_one_no_more_is_out_and_who_is_shut_out_stays_so() {
    let world = world().await;
    let anna = |groups: &str| json!({ "sub": "a-1", "preferred_username": "anna", "groups": [groups] });
    let entered = world.comes(anna("chiefs")).await.unwrap();
    let less = world.comes(anna("staff")).await;
    assert!(matches!(less, Err(AccessError::LastOwner)), "{less:?}");
    assert!(!world.holds(&entered).await);
    assert_eq!(world.accounts().await, [("anna".to_owned(), Role::Owner)]);
    let acts = world.panel.acts().await;
    let is_told = |act: &str, outcome: &str| acts.iter().any(|(a, o, _)| a == act && o == outcome);
    assert!(is_told("account.change", "begun") && is_told("account.change", "refused"), "{acts:?}");

    let vera = |groups: &str| json!({ "sub": "b-2", "preferred_username": "vera", "groups": [groups] });
    let entered = world.comes(vera("staff")).await.unwrap();
    let out = Change { enabled: Some(false), ..Change::default() };
    world.panel.access.change(entered.account, out).await.unwrap();
    let shut_out = world.comes(vera("chiefs")).await;
    assert!(matches!(shut_out, Err(AccessError::NoRole)), "{shut_out:?}");
    assert_eq!(world.accounts().await[1], ("vera".to_owned(), Role::Support), "nothing of them changes");
}
