//! Many people at once.

use evolve_contract::chat::ChatRequest;
use evolve_testkit::telegram::Sent;
use rstest::rstest;

use crate::system::{Mode, ground, parrot};

const PEOPLE: i64 = 200;
const MESSAGES: usize = 5;

/// Two APIs and two bots: what one replica would get right by chance, two would not.
#[rstest]
#[case(Mode::Polling)]
#[case(Mode::Webhook)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_people_with_five_messages_each_are_answered_in_order_and_none_is_lost(#[case] mode: Mode) {
    let ground = ground().await;
    let apis = [ground.api(parrot()).await, ground.api(parrot()).await];
    let _bots = [ground.bot(&apis[0].url, mode).await, ground.bot(&apis[1].url, mode).await];
    for message in 0..MESSAGES {
        for person in 1..=PEOPLE {
            ground.telegram.send_text(person, &format!("{person}/{message}"));
        }
    }
    for person in 1..=PEOPLE {
        let expected: Vec<_> = (0..MESSAGES).map(|message| format!("you said {person}/{message}")).collect();
        // Of an answer that is shown as it is made, the beginning stands there first.
        let is_whole = |sent: &[Sent]| sent.last().map(|sent| &sent.text) == expected.last();
        let sent = ground.telegram.wait_for(person, is_whole).await;
        let texts: Vec<_> = sent.iter().map(|sent| sent.text.clone()).collect();
        assert_eq!(texts, expected);
    }
    evolve_testkit::eventually("every row is finished", async || {
        ground.count("SELECT (SELECT count(*) FROM inbox WHERE state <> 'done') + (SELECT count(*) FROM outbox WHERE state <> 'sent')").await == 0
    })
    .await;
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, PEOPLE * 5);
    assert_eq!(ground.count("SELECT count(*) FROM messages").await, PEOPLE * 10);
}

#[tokio::test]
async fn the_same_turn_sent_twenty_times_at_once_with_one_key_costs_one_message() {
    let ground = ground().await;
    let apis = [ground.api(parrot()).await, ground.api(parrot()).await];
    let mut tokens = Vec::new();
    for api in &apis {
        tokens.push(ground.client(api, 7).await);
    }
    let body = ChatRequest { message: "once".to_owned(), ..ChatRequest::default() };
    let calls = (0..20).map(|i| {
        let (client, token) = &tokens[i % 2];
        client.chat(token, Some("same"), &body)
    });
    let answers = futures::future::join_all(calls).await;
    let texts: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().response_text).collect();
    assert_eq!(texts, vec!["you said once"; 20]);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 1);
    assert_eq!(ground.count("SELECT count(*) FROM messages").await, 2);
}
