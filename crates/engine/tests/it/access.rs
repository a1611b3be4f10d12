//! How those who run the bot come in.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::access::{Permission, Permissions, Role};
use evolve_engine::access::{Access, AccessConfig, AccessError, Entered, IDLE, Origin, SignedIn, Welcomed, code_at};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{
    Store, StoreConfig,
    access::{Account, Change},
    redis::{Redis, RedisConfig},
};
use evolve_testkit::database::TestDatabase;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

pub(crate) struct Panel {
    pub(crate) access: Access,
    pub(crate) clock: Clock,
    pub(crate) sql: PgPool,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) async fn panel(config: AccessConfig) -> Panel {
    let database = TestDatabase::migrated().await;
    let (metrics, key) = (Metrics::new(), fernet::Fernet::generate_key());
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let store = StoreConfig { database_url: database.url().into(), pool_size: 8, encryption_key: key.into() };
    let store = Store::connect(&store, &metrics).unwrap();
    let redis = Redis::connect(&RedisConfig::default(), &metrics);
    let access = Access::new(store, redis, clock.clone(), config).unwrap();
    Panel { access, clock, sql: PgPool::connect(database.url()).await.unwrap() }
}

/// Somebody at this address.
pub(crate) fn at(address: &str) -> Origin {
    Origin { address: Some(address.to_owned()), agent: Some("Firefox".to_owned()), request_id: "r".to_owned() }
}

fn secret(text: &str) -> SecretString {
    text.into()
}

/// An account whose link was used, with its second factor.
struct Anna {
    account: Account,
    factor: Option<SecretString>,
    welcomed: Welcomed,
}

impl Panel {
    async fn made(&self, name: &str, role: Role, with_factor: bool) -> Anna {
        let (account, link) = self.access.create(name, role).await.unwrap();
        let offer = self.access.offer_factor("Eva", &account).unwrap();
        let code = code_at(offer.secret.expose_secret(), self.clock.now());
        let factor = with_factor.then_some((offer.sealed.expose_secret(), code.as_str()));
        let welcomed =
            self.access.welcome(link.expose_secret(), &secret(PASSWORD), factor, &at("1.1.1.1")).await.unwrap();
        Anna { account, factor: with_factor.then(|| offer.secret.clone()), welcomed }
    }

    async fn sign_in(&self, name: &str, password: &str, origin: &Origin) -> Result<SignedIn, AccessError> {
        self.access.sign_in(name, &secret(password), origin).await
    }

    /// What asks for the second factor.
    async fn pending(&self, name: &str) -> String {
        match self.sign_in(name, PASSWORD, &at("2.2.2.2")).await.unwrap() {
            SignedIn::NeedsCode(pending) => pending.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    async fn holds(&self, entered: &Entered) -> bool {
        self.access.session(entered.token.expose_secret()).await.unwrap().is_some()
    }

    pub(crate) async fn acts(&self) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT act, outcome, actor FROM audit_log ORDER BY id").fetch_all(&self.sql).await.unwrap()
    }
}

#[tokio::test]
async fn a_link_leads_in_once_and_then_a_password_and_a_second_factor_do() {
    let panel = panel(AccessConfig::default()).await;
    let (account, link) = panel.access.create("Anna", Role::Owner).await.unwrap();
    assert!(matches!(panel.access.create("anna ", Role::Support).await, Err(AccessError::NameTaken)));
    let link = link.expose_secret();
    assert_eq!(panel.access.linked(link).await.unwrap().id, account.id);
    let offer = panel.access.offer_factor("Eva", &account).unwrap();
    assert!(offer.uri.expose_secret().contains("Eva:anna?secret="));
    let (sealed, now) = (offer.sealed.expose_secret(), panel.clock.now());
    let code = code_at(offer.secret.expose_secret(), now);
    let here = at("1.1.1.1");
    let without = panel.access.welcome(link, &secret(PASSWORD), None, &here).await;
    assert!(matches!(without, Err(AccessError::SecondFactorNeeded)), "{without:?}");
    let slip = panel.access.welcome(link, &secret(PASSWORD), Some((sealed, "000000x")), &here).await;
    assert!(matches!(slip, Err(AccessError::Wrong)), "{slip:?}");
    let short = panel.access.welcome(link, &secret("short"), Some((sealed, &code)), &here).await;
    assert!(matches!(short, Err(AccessError::Invalid { field: "password", .. })), "{short:?}");
    let welcomed = panel.access.welcome(link, &secret(PASSWORD), Some((sealed, &code)), &here).await.unwrap();
    assert_eq!(welcomed.recovery_codes.len(), 10);
    assert!(panel.holds(&welcomed.entered).await);
    let again = panel.access.welcome(link, &secret(PASSWORD), Some((sealed, &code)), &here).await;
    assert!(matches!(again, Err(AccessError::Expired)), "{again:?}");

    // The code by which it was set up was taken, and so is each other one.
    let pending = panel.pending("anna").await;
    let replayed = panel.access.second_factor(&pending, &code, &here).await;
    assert!(matches!(replayed, Err(AccessError::Wrong)), "{replayed:?}");
    panel.clock.advance(TimeDelta::seconds(60));
    let code = code_at(offer.secret.expose_secret(), panel.clock.now());
    let entered = panel.access.second_factor(&pending, &code, &here).await.unwrap();
    assert!(panel.holds(&entered).await);
    let replayed = panel.access.second_factor(&pending, &code, &here).await;
    assert!(matches!(replayed, Err(AccessError::Wrong)), "{replayed:?}");
    panel.clock.advance(TimeDelta::minutes(5));
    let late = panel.access.second_factor(&pending, "123456", &here).await;
    assert!(matches!(late, Err(AccessError::Expired)), "{late:?}");

    let who = format!("account:{}", account.id);
    let acts = panel.acts().await;
    let acts: Vec<_> = acts.iter().map(|(act, outcome, actor)| (act.as_str(), outcome.as_str(), actor)).collect();
    let unknown = "unknown".to_owned();
    assert_eq!(
        acts,
        [
            ("account.welcome", "begun", &who),
            ("account.welcome", "done", &who),
            ("session.sign_in", "begun", &who),
            ("session.sign_in", "done", &who),
            ("session.sign_in", "refused", &unknown),
            ("session.sign_in", "begun", &who),
            ("session.sign_in", "done", &who),
            ("session.sign_in", "refused", &unknown),
        ]
    );
    let kept: Vec<(String,)> =
        sqlx::query_as("SELECT row_to_json(a)::text FROM admins a").fetch_all(&panel.sql).await.unwrap();
    assert!(!kept[0].0.contains(offer.secret.expose_secret()), "the secret of the second factor is kept encrypted");
}

#[tokio::test]
async fn a_recovery_code_opens_once() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Admin, true).await;
    let code = anna.welcomed.recovery_codes[3].expose_secret();
    let pending = panel.pending("anna").await;
    let typed = code.to_uppercase().replace('-', " ");
    panel.access.second_factor(&pending, &typed, &at("2.2.2.2")).await.unwrap();
    let again = panel.access.second_factor(&pending, code, &at("2.2.2.2")).await;
    assert!(matches!(again, Err(AccessError::Wrong)), "{again:?}");
    assert_eq!(panel.access.recovery_codes_left(anna.account.id).await.unwrap(), 9);
}

#[tokio::test]
async fn who_must_have_a_second_factor_and_has_none_sets_it_up_first_and_others_need_none() {
    let panel = panel(AccessConfig::default()).await;
    panel.made("vera", Role::Support, false).await;
    assert!(matches!(panel.sign_in("vera", PASSWORD, &at("3.3.3.3")).await, Ok(SignedIn::Entered(_))));
    let vera = panel.access.accounts().await.unwrap()[0].id;
    let change = Change { role: Some(Role::Admin), ..Change::default() };
    panel.access.change(vera, change).await.unwrap();
    let enrol = match panel.sign_in("vera", PASSWORD, &at("3.3.3.3")).await.unwrap() {
        SignedIn::MustEnrol(link) => link,
        other => panic!("{other:?}"),
    };
    assert_eq!(panel.access.linked(enrol.expose_secret()).await.unwrap().id, vera);
    panel.clock.advance(TimeDelta::minutes(15));
    assert!(matches!(panel.access.linked(enrol.expose_secret()).await, Err(AccessError::Expired)));

    let lenient = AccessConfig { second_factor_required: false, ..AccessConfig::default() };
    let panel = self::panel(lenient).await;
    panel.made("anna", Role::Owner, false).await;
    assert!(matches!(panel.sign_in("anna", PASSWORD, &at("3.3.3.3")).await, Ok(SignedIn::Entered(_))));
}

#[tokio::test]
async fn guesses_at_an_account_close_its_door_for_longer_each_time_and_never_to_who_came_from_there_before() {
    let panel = panel(AccessConfig::default()).await;
    panel.made("vera", Role::Support, false).await;
    for name in ["vera", "nobody"] {
        for _ in 0..10 {
            let wrong = panel.sign_in(name, "wrong password", &at("6.6.6.6")).await;
            assert!(matches!(wrong, Err(AccessError::Wrong)), "{name}: {wrong:?}");
        }
        for seconds in [30, 60, 120, 240, 300, 300] {
            let wrong = panel.sign_in(name, "wrong password", &at("6.6.6.6")).await;
            assert!(matches!(wrong, Err(AccessError::Wrong)), "what was looked at is wrong: {wrong:?}");
            let closed = panel.sign_in(name, "wrong password", &at("6.6.6.6")).await;
            let Err(AccessError::Refused(wait)) = closed else { panic!("{name}: {closed:?}") };
            assert_eq!(wait.as_secs(), seconds, "a name that nobody has is no other");
            // From anywhere else, too: it is the account that is guessed at.
            let elsewhere = panel.sign_in(name, PASSWORD, &at("7.7.7.7")).await;
            assert!(matches!(elsewhere, Err(AccessError::Refused(_))), "{elsewhere:?}");
            if name == "vera" {
                let at_home = panel.sign_in(name, PASSWORD, &at("1.1.1.1")).await;
                assert!(matches!(at_home, Ok(SignedIn::Entered(_))), "{at_home:?}");
            }
            panel.clock.advance(TimeDelta::seconds(i64::try_from(seconds).unwrap()));
        }
    }
    assert!(
        matches!(panel.sign_in("vera", PASSWORD, &at("7.7.7.7")).await, Ok(SignedIn::Entered(_))),
        "it opens again"
    );
    let refused = panel.acts().await.into_iter().filter(|(_, outcome, _)| outcome == "refused").count();
    assert_eq!(refused, 16, "of a name that nobody has there is nothing in the log");
}

#[tokio::test]
async fn a_session_ends_when_it_rests_for_too_long_and_at_the_end_of_its_week() {
    let panel = panel(AccessConfig::default()).await;
    let resting = panel.made("vera", Role::Support, false).await.welcomed.entered;
    panel.clock.advance(IDLE - TimeDelta::seconds(1));
    assert!(panel.holds(&resting).await, "which is a use of it");
    panel.clock.advance(IDLE - TimeDelta::seconds(1));
    assert!(panel.holds(&resting).await);
    panel.clock.advance(IDLE);
    assert!(!panel.holds(&resting).await);

    let SignedIn::Entered(used) = panel.sign_in("vera", PASSWORD, &at("1.1.1.1")).await.unwrap() else { panic!() };
    for _ in 0..27 {
        panel.clock.advance(TimeDelta::hours(6));
        assert!(panel.holds(&used).await);
    }
    panel.clock.advance(TimeDelta::hours(6));
    assert!(!panel.holds(&used).await, "a week is over");
    assert!(panel.access.session("nobody's").await.unwrap().is_none());
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_a_change_of_what_somebody_may_ends_theirs() {
    let panel = panel(AccessConfig::default()).await;
    panel.made("anna", Role::Owner, true).await;
    let vera = panel.made("vera", Role::Support, false).await;
    let SignedIn::Entered(second) = panel.sign_in("vera", PASSWORD, &at("2.2.2.2")).await.unwrap() else { panic!() };
    let listed = panel.access.sessions(Some(vera.account.id)).await.unwrap();
    let mut from: Vec<_> = listed.iter().map(|session| session.address.as_deref().unwrap()).collect();
    from.sort_unstable();
    assert_eq!(from, ["1.1.1.1", "2.2.2.2"]);
    assert_eq!(panel.access.sessions(None).await.unwrap().len(), 3);

    panel.access.end_session(second.session, Some(vera.account.id)).await.unwrap();
    assert!(!panel.holds(&second).await && panel.holds(&vera.welcomed.entered).await);
    let twice = panel.access.end_session(second.session, None).await;
    assert!(matches!(twice, Err(AccessError::NotFound)), "{twice:?}");
    let others = panel.access.end_session(vera.welcomed.entered.session, Some(Uuid::nil())).await;
    assert!(matches!(others, Err(AccessError::NotFound)), "{others:?}");

    let same = Change { role: Some(Role::Support), ..Change::default() };
    panel.access.change(vera.account.id, same).await.unwrap();
    assert!(panel.holds(&vera.welcomed.entered).await, "nothing changed");
    let analyst = Change { role: Some(Role::Analyst), ..Change::default() };
    panel.access.change(vera.account.id, analyst).await.unwrap();
    assert!(!panel.holds(&vera.welcomed.entered).await);

    let SignedIn::Entered(third) = panel.sign_in("vera", PASSWORD, &at("2.2.2.2")).await.unwrap() else { panic!() };
    let SignedIn::Entered(fourth) = panel.sign_in("vera", PASSWORD, &at("2.2.2.2")).await.unwrap() else { panic!() };
    let mine = (vera.account.id, third.session);
    let new = secret("another horse battery");
    let wrong = panel.access.change_password(mine, &secret("wrong"), &new, &at("2.2.2.2")).await;
    assert!(matches!(wrong, Err(AccessError::Wrong)), "{wrong:?}");
    panel.access.change_password(mine, &secret(PASSWORD), &new, &at("2.2.2.2")).await.unwrap();
    assert!(panel.holds(&third).await && !panel.holds(&fourth).await, "another password ends the others");
    let out = Change { enabled: Some(false), ..Change::default() };
    panel.access.change(vera.account.id, out).await.unwrap();
    assert!(!panel.holds(&third).await);
    let shut_out = panel.sign_in("vera", "another horse battery", &at("2.2.2.2")).await;
    assert!(matches!(shut_out, Err(AccessError::Wrong)), "{shut_out:?}");
}

#[tokio::test]
async fn the_last_owner_stays_one_whoever_asks_at_once() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Owner, true).await.account.id;
    let vera = panel.made("vera", Role::Owner, true).await.account.id;
    let out = Change { enabled: Some(false), ..Change::default() };
    let less = Change { role: Some(Role::Admin), ..Change::default() };
    let both = futures::join!(panel.access.change(anna, out), panel.access.change(vera, less));
    let refused = [both.0.err(), both.1.err()].into_iter().flatten().collect::<Vec<_>>();
    assert!(matches!(refused[..], [AccessError::LastOwner]), "{refused:?}");
}

#[tokio::test]
async fn an_owner_who_has_not_come_yet_takes_nobodys_place() {
    let panel = panel(AccessConfig::default()).await;
    let out = Change { enabled: Some(false), ..Change::default() };
    let (first, _) = panel.access.create("first", Role::Owner).await.unwrap();
    let alone = panel.access.change(first.id, out).await;
    assert!(matches!(alone, Err(AccessError::LastOwner)), "{alone:?}");
    panel.access.reset(first.id).await.unwrap();
    let anna = panel.made("anna", Role::Owner, true).await.account.id;
    let last = panel.access.change(anna, out).await;
    assert!(matches!(last, Err(AccessError::LastOwner)), "nobody else can come in: {last:?}");
    // Who was invited by mistake is sent away again.
    panel.access.change(first.id, out).await.unwrap();

    let vera = panel.made("vera", Role::Owner, true).await.account.id;
    panel.access.reset(vera).await.unwrap();
    let last = panel.access.change(anna, out).await;
    assert!(matches!(last, Err(AccessError::LastOwner)), "nobody else can come in any more: {last:?}");
    panel.access.reset(anna).await.unwrap();
    panel.access.change(anna, out).await.unwrap();
    let alone = panel.access.change(vera, out).await;
    assert!(matches!(alone, Err(AccessError::LastOwner)), "{alone:?}");
}

#[tokio::test]
async fn who_lost_everything_is_let_in_by_another_link_and_what_was_holds_no_more() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Owner, true).await;
    let (_, link) = panel.access.reset(anna.account.id).await.unwrap();
    assert!(!panel.holds(&anna.welcomed.entered).await);
    let old = panel.sign_in("anna", PASSWORD, &at("1.1.1.1")).await;
    assert!(matches!(old, Err(AccessError::Wrong)), "{old:?}");
    let account = panel.access.linked(link.expose_secret()).await.unwrap();
    assert!(!account.has_password && !account.has_second_factor);
    assert_eq!(panel.access.recovery_codes_left(account.id).await.unwrap(), 0);
    panel.clock.advance(TimeDelta::hours(1));
    assert!(matches!(panel.access.linked(link.expose_secret()).await, Err(AccessError::Expired)));
    assert!(anna.factor.is_some());
}

#[tokio::test]
async fn a_hash_of_bcrypt_is_taken_once_and_replaced() {
    let panel = panel(AccessConfig::default()).await;
    let vera = panel.made("vera", Role::Support, false).await.account.id;
    let old = bcrypt::hash("an old password", 4).unwrap();
    let put = sqlx::query("UPDATE admins SET password_hash = $1 WHERE id = $2").bind(&old).bind(vera);
    put.execute(&panel.sql).await.unwrap();
    assert!(matches!(panel.sign_in("vera", "an old password", &at("1.1.1.1")).await, Ok(SignedIn::Entered(_))));
    let (hash,): (String,) = sqlx::query_as("SELECT password_hash FROM admins WHERE id = $1")
        .bind(vera)
        .fetch_one(&panel.sql)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert!(matches!(panel.sign_in("vera", "an old password", &at("1.1.1.1")).await, Ok(SignedIn::Entered(_))));
}

/// Until so many statements wait for a row.
async fn waiting_for_locks(panel: &Panel, count: i64) {
    evolve_testkit::eventually("statements wait for a row", async || {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&panel.sql).await.unwrap() == count
    })
    .await;
}

/// Has an account have the password of this hash.
async fn keep(account: Uuid, hash: &str, connection: &mut PgConnection) {
    let put = sqlx::query("UPDATE admins SET password_hash = $1 WHERE id = $2").bind(hash).bind(account);
    put.execute(connection).await.unwrap();
}

#[tokio::test]
async fn two_who_come_at_once_with_an_old_hash_are_both_let_in_and_who_has_the_password_of_before_is_not() {
    let panel = panel(AccessConfig::default()).await;
    let vera = panel.made("vera", Role::Support, false).await.account.id;
    let old = bcrypt::hash("an old password", 4).unwrap();
    let here = at("1.1.1.1");
    let sign_in = || panel.sign_in("vera", "an old password", &here);

    keep(vera, &old, &mut panel.sql.acquire().await.unwrap()).await;
    let mut holder = panel.sql.begin().await.unwrap();
    sqlx::query("SELECT id FROM admins FOR UPDATE").execute(&mut *holder).await.unwrap();
    let release = async {
        waiting_for_locks(&panel, 2).await;
        holder.commit().await.unwrap();
    };
    let (one, another, ()) = tokio::join!(sign_in(), sign_in(), release);
    assert!(matches!((&one, &another), (Ok(SignedIn::Entered(_)), Ok(SignedIn::Entered(_)))), "{one:?} {another:?}");

    keep(vera, &old, &mut panel.sql.acquire().await.unwrap()).await;
    let mut holder = panel.sql.begin().await.unwrap();
    keep(vera, &bcrypt::hash("a new password", 4).unwrap(), &mut holder).await;
    let release = async {
        waiting_for_locks(&panel, 1).await;
        holder.commit().await.unwrap();
    };
    let (late, ()) = tokio::join!(sign_in(), release);
    assert!(matches!(late, Err(AccessError::Wrong)), "{late:?}");
}

#[tokio::test]
async fn a_key_opens_what_it_is_for_until_it_is_over_or_revoked() {
    let panel = panel(AccessConfig::default()).await;
    let scopes: Permissions = [Permission::Numbers].into_iter().collect();
    let until = panel.clock.now() + TimeDelta::days(1);
    let (made, key) = panel.access.create_key("Warehouse", scopes, Some(until), "cli").await.unwrap();
    let key = key.expose_secret();
    assert!(key.starts_with("evk_") && key.len() == 47 && key.starts_with(&made.hint), "{key}");
    let found = panel.access.key(key).await.unwrap().unwrap();
    assert_eq!((found.scopes, found.last_used_at), (scopes, None));
    let (first, used) = (panel.clock.now(), async || panel.access.keys().await.unwrap()[0].last_used_at.unwrap());
    assert_eq!(used().await, first);
    panel.clock.advance(TimeDelta::seconds(59));
    panel.access.key(key).await.unwrap().unwrap();
    assert_eq!(used().await, first, "not with every request");
    panel.clock.advance(TimeDelta::seconds(1));
    panel.access.key(key).await.unwrap().unwrap();
    assert_eq!(used().await, panel.clock.now());
    assert!(panel.access.key("evk_another").await.unwrap().is_none());
    panel.clock.advance(TimeDelta::days(1));
    assert!(panel.access.key(key).await.unwrap().is_none(), "it is over");

    let (other, key) = panel.access.create_key("Warehouse", scopes, None, "cli").await.unwrap();
    assert!(panel.access.key(key.expose_secret()).await.unwrap().is_some());
    assert!(panel.access.revoke_key(other.id).await.unwrap().revoked_at.is_some());
    assert!(panel.access.key(key.expose_secret()).await.unwrap().is_none());
    assert!(matches!(panel.access.revoke_key(Uuid::nil()).await, Err(AccessError::NotFound)));
    for bad in [Permissions::NONE, Permissions::all()] {
        let refused = panel.access.create_key("Warehouse", bad, None, "cli").await;
        assert!(matches!(refused, Err(AccessError::Invalid { field: "scopes", .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn keys_that_are_over_leave_room_for_others() {
    let panel = panel(AccessConfig::default()).await;
    let make = async || {
        let scopes: Permissions = [Permission::Numbers].into_iter().collect();
        panel.access.create_key("Warehouse", scopes, None, "cli").await
    };
    let many = "INSERT INTO api_keys (id, name, key_hash, hint, scopes, created_by, created_at, expires_at)
                SELECT gen_random_uuid(), 'Visitor', sha256(i::text::bytea), 'evk_', '{numbers}', 'cli', $1, $1 + interval '1 day'
                FROM generate_series(1, 100) i";
    sqlx::query(many).bind(panel.clock.now()).execute(&panel.sql).await.unwrap();
    let full = make().await;
    assert!(matches!(full, Err(AccessError::Invalid { field: "api_keys", .. })), "{full:?}");
    panel.clock.advance(TimeDelta::days(1));
    make().await.unwrap();
}

#[tokio::test]
async fn a_name_and_a_password_are_remembered_for_a_minute_and_forgotten_when_they_are_removed() {
    let token = "a token for registration";
    let config = AccessConfig { registration_token: Some(token.into()), ..AccessConfig::default() };
    let panel = panel(config).await;
    let register = async |token: &str, name: &str, password: &str| {
        panel.access.register(&secret(token), name, &secret(password), &at("1.1.1.1")).await
    };
    assert!(matches!(register("another token", "anna", "password1").await, Err(AccessError::Wrong)));
    assert!(matches!(register(token, "anna", "short").await, Err(AccessError::Invalid { .. })));
    let anna = register(token, "Anna", "password1").await.unwrap();
    assert!(matches!(register(token, "anna", "password2").await, Err(AccessError::NameTaken)));
    let opens = async |password: &str| panel.access.api_user("ANNA", &secret(password), None).await.ok();
    assert_eq!(opens("password1").await, Some(anna.id));
    assert_eq!(opens("password2").await, None);

    // Behind our back, as another replica does it: so it is known what is remembered.
    sqlx::query("UPDATE api_users SET password_hash = 'gone'").execute(&panel.sql).await.unwrap();
    panel.clock.advance(TimeDelta::seconds(59));
    assert_eq!(opens("password1").await, Some(anna.id), "no hash is made");
    panel.clock.advance(TimeDelta::seconds(1));
    assert_eq!(opens("password1").await, None);

    let vera = register(token, "vera", "password1").await.unwrap();
    let opens = async || panel.access.api_user("vera", &secret("password1"), None).await.ok();
    assert_eq!(opens().await, Some(vera.id));
    panel.access.remove_api_user(vera.id).await.unwrap();
    assert_eq!(opens().await, None, "this replica knows at once");
}

#[tokio::test]
async fn who_is_being_looked_up_while_somebody_is_removed_is_not_remembered() {
    let token = secret("a token for registration");
    let config = AccessConfig { registration_token: Some(token.clone()), ..AccessConfig::default() };
    let panel = panel(config).await;
    let register =
        async |name: &str| panel.access.register(&token, name, &secret("password1"), &at("1.1.1.1")).await.unwrap().id;
    let (anna, vera) = (register("anna").await, register("vera").await);
    let old = bcrypt::hash("password1", 4).unwrap();
    let put = sqlx::query("UPDATE api_users SET password_hash = $1 WHERE id = $2").bind(&old).bind(anna);
    put.execute(&panel.sql).await.unwrap();
    // Anna has been found when somebody is removed: she stops where her hash is replaced, and is gone by then.
    let mut holder = panel.sql.begin().await.unwrap();
    sqlx::query("DELETE FROM api_users WHERE id = $1").bind(anna).execute(&mut *holder).await.unwrap();
    let opens = async || panel.access.api_user("anna", &secret("password1"), None).await.ok();
    let removal = async {
        waiting_for_locks(&panel, 1).await;
        panel.access.remove_api_user(vera).await.unwrap();
        holder.commit().await.unwrap();
    };
    let (found, ()) = tokio::join!(opens(), removal);
    assert_eq!(found, Some(anna), "she was there when she was looked up");
    assert_eq!(opens().await, None, "she is not remembered");
}

#[tokio::test]
async fn what_pages_prove_is_of_their_session_alone() {
    let panel = panel(AccessConfig::default()).await;
    let (one, another) = (Uuid::now_v7(), Uuid::now_v7());
    let token = panel.access.csrf(one);
    assert!(panel.access.is_csrf(one, &token) && !panel.access.is_csrf(another, &token));
    assert!(!panel.access.is_csrf(one, "") && !panel.access.is_csrf(one, &token[1..]));
}

#[tokio::test]
async fn who_is_removed_is_nobodys_account_any_more() {
    let panel = panel(AccessConfig::default()).await;
    let vera = panel.made("vera", Role::Support, false).await.account.id;
    let link = |person| Change { telegram_id: Some(Some(person)), ..Change::default() };
    let nobody = panel.access.change(vera, link(42)).await;
    assert!(matches!(nobody, Err(AccessError::Invalid { field: "telegram_id", .. })), "{nobody:?}");
    let come = "INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())";
    sqlx::query(come).execute(&panel.sql).await.unwrap();
    panel.access.change(vera, link(42)).await.unwrap();
    assert_eq!(panel.access.account_of_person(42).await.unwrap().unwrap().id, vera);
    let anna = panel.made("anna", Role::Support, false).await.account.id;
    let taken = panel.access.change(anna, link(42)).await;
    assert!(matches!(taken, Err(AccessError::Invalid { .. })), "{taken:?}");
    sqlx::query("DELETE FROM users").execute(&panel.sql).await.unwrap();
    assert!(panel.access.account_of_person(42).await.unwrap().is_none());
    assert_eq!(panel.access.account(vera).await.unwrap().telegram_id, None);
}

#[tokio::test]
async fn other_recovery_codes_take_the_place_of_those_before_and_an_offer_is_the_same_again() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Owner, true).await;
    let (id, here) = (anna.account.id, at("1.1.1.1"));
    let old = anna.welcomed.recovery_codes.first().unwrap().expose_secret().to_owned();
    let wrong = panel.access.change_recovery_codes(id, &secret("wrong"), &here).await;
    assert!(matches!(wrong, Err(AccessError::Wrong)), "{wrong:?}");
    let new = panel.access.change_recovery_codes(id, &secret(PASSWORD), &here).await.unwrap();
    assert_eq!((new.len(), panel.access.recovery_codes_left(id).await.unwrap()), (10, 10));
    let SignedIn::NeedsCode(pending) = panel.sign_in("anna", PASSWORD, &here).await.unwrap() else { panic!() };
    let refused = panel.access.second_factor(pending.expose_secret(), &old, &here).await;
    assert!(matches!(refused, Err(AccessError::Wrong)), "{refused:?}");
    let code = new.first().unwrap().expose_secret();
    panel.access.second_factor(pending.expose_secret(), code, &here).await.unwrap();

    // Who typed something wrong need not take another picture; nobody is offered what was for somebody else.
    let vera = panel.made("vera", Role::Support, false).await.account;
    let offer = panel.access.offer_factor("Eva", &vera).unwrap();
    let same = panel.access.offer_again("Eva", &vera, offer.sealed.expose_secret()).unwrap();
    assert_eq!(same.secret.expose_secret(), offer.secret.expose_secret());
    let another = panel.access.offer_again("Eva", &anna.account, offer.sealed.expose_secret()).unwrap();
    assert_ne!(another.secret.expose_secret(), offer.secret.expose_secret());
    let none = panel.access.change_recovery_codes(vera.id, &secret(PASSWORD), &here).await;
    assert!(matches!(none, Err(AccessError::SecondFactorNeeded)), "{none:?}");
}

#[tokio::test]
async fn of_hundreds_of_codes_at_once_no_more_are_looked_at_than_one_after_another() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Owner, true).await;
    let pending = panel.pending("anna").await;
    let here = at("6.6.6.6");
    let codes: Vec<String> = (0..200).map(|n| format!("nocode{n}")).collect();
    let tries = codes.iter().map(|code| panel.access.second_factor(&pending, code, &here));
    let answers = futures::future::join_all(tries).await;
    let wrong = answers.iter().filter(|answer| matches!(answer, Err(AccessError::Wrong))).count();
    let refused = answers.iter().filter(|answer| matches!(answer, Err(AccessError::Refused(_)))).count();
    assert_eq!((wrong, refused), (11, 189));
    panel.clock.advance(TimeDelta::seconds(60));
    let code = code_at(anna.factor.unwrap().expose_secret(), panel.clock.now());
    panel.access.second_factor(&pending, &code, &here).await.unwrap();
}

#[tokio::test]
async fn a_sign_in_that_is_under_way_ends_with_the_password_that_it_began_with() {
    let panel = panel(AccessConfig::default()).await;
    let anna = panel.made("anna", Role::Owner, true).await;
    let (thief, mine) = (panel.pending("anna").await, (anna.account.id, anna.welcomed.entered.session));
    let new = secret("another horse battery");
    panel.access.change_password(mine, &secret(PASSWORD), &new, &at("1.1.1.1")).await.unwrap();
    panel.clock.advance(TimeDelta::seconds(60));
    let code = code_at(anna.factor.unwrap().expose_secret(), panel.clock.now());
    let late = panel.access.second_factor(&thief, &code, &at("2.2.2.2")).await;
    assert!(matches!(late, Err(AccessError::Wrong)), "{late:?}");
    assert_eq!(panel.access.sessions(Some(anna.account.id)).await.unwrap().len(), 1, "whose password it is");
}

#[tokio::test]
async fn another_password_or_second_factor_makes_links_useless_and_strangers_keep_nobody_from_that() {
    let panel = panel(AccessConfig::default()).await;
    let vera = panel.made("vera", Role::Support, false).await;
    let change = Change { role: Some(Role::Admin), ..Change::default() };
    // A session of who must have a second factor from now on, and a link by which whoever has the password may set one up.
    panel.access.change(vera.account.id, change).await.unwrap();
    let enrol = async || match panel.sign_in("vera", PASSWORD, &at("1.1.1.1")).await.unwrap() {
        SignedIn::MustEnrol(link) => link,
        other => panic!("{other:?}"),
    };
    let is_gone = async |link: &SecretString| {
        matches!(panel.access.linked(link.expose_secret()).await, Err(AccessError::Expired))
    };
    let link = enrol().await;
    assert!(!is_gone(&link).await);
    let offer = panel.access.offer_factor("Eva", &vera.account).unwrap();
    let code = code_at(offer.secret.expose_secret(), panel.clock.now());
    let here = at("1.1.1.1");
    let offered = (offer.sealed.expose_secret(), code.as_str());
    let guessed = panel.access.change_factor(vera.account.id, &secret("not my password"), offered, &here).await;
    assert!(matches!(guessed, Err(AccessError::Wrong)) && !is_gone(&link).await, "a session alone is not enough");
    panel.access.change_factor(vera.account.id, &secret(PASSWORD), offered, &here).await.unwrap();
    assert!(is_gone(&link).await, "a second factor is there");

    sqlx::query("UPDATE admins SET totp_secret = NULL").execute(&panel.sql).await.unwrap();
    let link = enrol().await;
    for _ in 0..12 {
        assert!(panel.sign_in("vera", "wrong password", &at("6.6.6.6")).await.is_err());
    }
    let mine = (vera.account.id, vera.welcomed.entered.session);
    let new = secret("another horse battery");
    panel.access.change_password(mine, &secret(PASSWORD), &new, &here).await.unwrap();
    assert!(is_gone(&link).await, "the password is another");
}

#[tokio::test]
async fn who_guesses_at_a_name_of_the_statistics_keeps_out_nobody_elsewhere() {
    let config =
        AccessConfig { registration_token: Some("a token for registration".into()), ..AccessConfig::default() };
    let panel = panel(config).await;
    let token = secret("a token for registration");
    panel.access.register(&token, "anna", &secret("password1"), &at("1.1.1.1")).await.unwrap();
    let opens = async |password: &str, from: &str| panel.access.api_user("anna", &secret(password), Some(from)).await;
    for _ in 0..11 {
        assert!(matches!(opens("password2", "6.6.6.6").await, Err(AccessError::Wrong)));
    }
    assert!(matches!(opens("password1", "6.6.6.6").await, Err(AccessError::Refused(_))));
    assert!(opens("password1", "1.1.1.1").await.is_ok());
}

#[tokio::test]
async fn a_reset_takes_the_tokens_of_the_person_too() {
    let panel = panel(AccessConfig::default()).await;
    let vera = panel.made("vera", Role::Support, false).await.account.id;
    let come = "INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())";
    sqlx::query(come).execute(&panel.sql).await.unwrap();
    let link = Change { telegram_id: Some(Some(42)), ..Change::default() };
    panel.access.change(vera, link).await.unwrap();
    assert!(panel.access.account_of_person(42).await.unwrap().is_some());
    let (account, _) = panel.access.reset(vera).await.unwrap();
    assert_eq!(account.telegram_id, None);
    assert!(panel.access.account_of_person(42).await.unwrap().is_none());
}
