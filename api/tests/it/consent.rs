//! Whether people agree to adult matters.

use evolve_contract::{Code, consent::ConsentUpdate};
use evolve_domain::consent::WORDS;
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

fn decision(agreed: bool) -> ConsentUpdate {
    ConsentUpdate { agreed, words: WORDS }
}

#[tokio::test]
async fn a_person_is_to_be_asked_decides_and_takes_it_back_and_all_of_it_is_on_record() {
    let setup = Setup::new().await.with("PERSONA", r#"{"adult": true}"#);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/consent/42", Some(&token)).await.code(), Code::ProfileNotFound);
    assert_eq!(api.get("/consent/43", Some(&token)).await.code(), Code::Forbidden);
    let yes = json!({"agreed": true, "words": WORDS});
    assert_eq!(api.post("/consent/42", Some(&token), &yes).await.code(), Code::ProfileNotFound);
    assert_eq!(api.post("/consent/43", Some(&token), &yes).await.code(), Code::Forbidden);
    assert!(api.say(&token, "Привет", Some("a")).await.unwrap().asks_consent);
    let open = api.client.consent(&token, IVAN).await.unwrap();
    assert_eq!((open.available, open.current_words, open.agreed, open.decided_at), (true, WORDS, None, None));

    let agreed = api.client.update_consent(&token, IVAN, decision(true)).await.unwrap();
    assert_eq!((agreed.agreed, agreed.words, agreed.decided_at), (Some(true), Some(WORDS), Some(setup.clock.now())));
    assert!(!api.say(&token, "Как ты?", Some("b")).await.unwrap().asks_consent);
    assert!(api.script.requests().pop().unwrap().system.contains("подтвердил, что ему есть 18"));
    assert_eq!(api.client.update_consent(&token, IVAN, decision(true)).await.unwrap(), agreed);

    let back = api.client.update_consent(&token, IVAN, decision(false)).await.unwrap();
    assert_eq!(back.agreed, Some(false));
    assert_eq!(api.client.consent(&token, IVAN).await.unwrap(), back);
    api.say(&token, "А теперь?", Some("c")).await.unwrap();
    assert!(!api.script.requests().pop().unwrap().system.contains("подтвердил, что ему есть 18"));
    for wrong in [json!({"agreed": true, "words": WORDS + 1}), json!({"agreed": true, "words": 0})] {
        assert_eq!(api.post("/consent/42", Some(&token), &wrong).await.code(), Code::InvalidValue);
    }
    for wrong in [json!({"agreed": true}), json!({"agreed": "yes", "words": WORDS}), json!({"words": WORDS})] {
        assert!(api.post("/consent/42", Some(&token), &wrong).await.status.is_client_error(), "{wrong}");
    }
}

#[tokio::test]
async fn no_yes_is_taken_from_whoever_told_that_they_are_under_18_and_it_says_why() {
    let setup = Setup::new().await.with("PERSONA", r#"{"adult": true}"#);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", Some("a")).await.unwrap();
    api.client.update_consent(&token, IVAN, decision(true)).await.unwrap();
    assert!(api.say(&token, "мне 16 и я хочу", Some("b")).await.unwrap().consent_withdrawn);
    let consent = api.client.consent(&token, IVAN).await.unwrap();
    assert_eq!((consent.agreed, consent.minor_said_at), (Some(false), Some(setup.clock.now())));
    let refused = api.client.update_consent(&token, IVAN, decision(true)).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::Underage));
    assert_eq!(api.client.update_consent(&token, IVAN, decision(false)).await.unwrap(), consent);
}

#[tokio::test]
async fn where_there_is_nothing_to_agree_to_nobody_is_asked() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let answer = api.post("/chat", Some(&token), &json!({"message": "Привет"})).await;
    assert!(!answer.text.contains("asks_consent"), "{}", answer.text);
    assert!(!api.client.consent(&token, IVAN).await.unwrap().available);
    let error = api.client.update_consent(&token, IVAN, decision(true)).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::InvalidValue));
    assert!(error.to_string().contains("nothing to agree to"), "{error}");
}
