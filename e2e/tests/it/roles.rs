//! The bot and the API with database accounts that own nothing: people are answered, what they say is kept, jobs come through, and
//! whoever wants to go is gone.

use evolve_store::roles::{self, Roles};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::net::TcpListener;

use crate::system::{Mode, ground, parrot};

const ANNA: i64 = 42;

#[tokio::test]
async fn all_of_a_bot_works_with_accounts_that_own_nothing() {
    let mut ground = ground().await;
    let (owner, sql) = (ground.database_url.clone(), ground.sql.clone());
    // Roles belong to the server, which all tests of this process share.
    let (database,): (String,) = sqlx::query_as("SELECT current_database()::text").fetch_one(&sql).await.unwrap();
    let Roles { app, jobs, .. } = granted(&owner, &database, &sql).await;
    let account = |role: &str| owner.replacen("postgres://evolve@", &format!("postgres://{role}_account@"), 1);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = ground.api_over(listener, &account(&jobs), &ground.redis_url, vec![parrot()]).await;
    ground.database_url = account(&app);
    let bot = ground.bot(&api.url, Mode::Polling).await;
    for said in ["hello", "my cat is called Plum"] {
        ground.telegram.send_text(ANNA, said);
        ground.wait_for_last(ANNA, |text| text == format!("you said {said}")).await;
    }
    assert_eq!(ground.count("SELECT count(*) FROM messages").await, 4);
    let ran = "SELECT count(*) FROM jobs WHERE name = 'make_partitions' AND runs > 0";
    evolve_testkit::eventually("partitions are looked after", async || (ground.count(ran).await == 1).then_some(()))
        .await;
    assert_eq!(ground.count("SELECT count(*) FROM jobs WHERE outcome = 'failed'").await, 0);

    let (client, token) = ground.client(&api, ANNA).await;
    client.delete_profile(&token, ANNA).await.unwrap();
    assert_eq!(ground.count("SELECT count(*) FROM users").await, 0);
    bot.stop().await;
    api.stop().await;
}

/// The roles of this database, and a member of each of the two that a bot needs.
async fn granted(owner: &str, prefix: &str, sql: &PgPool) -> Roles {
    let roles = Roles::named(prefix).unwrap();
    roles::grant(owner, &roles).await.unwrap();
    for role in [&roles.app, &roles.jobs] {
        let account = format!("CREATE ROLE {role}_account LOGIN IN ROLE {role}");
        sqlx::query(AssertSqlSafe(account)).execute(sql).await.unwrap();
    }
    roles
}
