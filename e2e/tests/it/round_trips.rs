//! What one turn costs on the wire: the budget that `docs/architecture.md` promises.

use evolve_contract::chat::ChatRequest;
use evolve_testkit::proxy::CountingProxy;

use crate::system::{ground, parrot};

#[tokio::test]
async fn a_turn_through_the_api_costs_three_statements_and_one_redis_round_trip() {
    let ground = ground().await;
    let postgres = CountingProxy::postgres(&ground.database_url).await.unwrap();
    let redis = CountingProxy::redis(&ground.redis_url).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = ground.api_over(listener, postgres.url(), redis.url(), vec![parrot()]).await;
    let body = ChatRequest { message: "hi".to_owned(), ..ChatRequest::default() };
    // Each statement is prepared once per connection, the script loaded once. By many people, so that no conversation is
    // long enough to be summed up meanwhile.
    for person in 100..140 {
        let (client, token) = ground.client(&api, person).await;
        client.chat(&token, None, &body).await.unwrap();
    }
    let (client, token) = ground.client(&api, 140).await;
    for _ in 0..5 {
        postgres.reset();
        redis.reset();
        client.chat(&token, None, &body).await.unwrap();
        let statements = postgres.statements_asked_for();
        assert_eq!(statements.len(), 3, "{statements:#?}");
        assert_eq!(redis.round_trips(), 1);
    }
}
