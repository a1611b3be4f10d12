//! People, one of them, and what they said, as pages.

use evolve_contract::Code;
use evolve_domain::access::Role;
use evolve_engine::model::{Script, Step};
use reqwest::{Method, StatusCode};

use super::numbers::{EN, row};
use crate::{
    access::{Browser, signed_in},
    harness::{Answer, IVAN, SERVICE_KEY, Setup},
};

const ANNA: i64 = 734_002_117;

async fn setup() -> Setup {
    let script = Script::always(Step::say("Море тёплое, а самолёт в семь."));
    Setup::new().await.script(script).with("PANEL_RATE_LIMIT", "1000/minute")
}

#[track_caller]
pub(super) fn has(page: &Answer, words: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for word in words {
        assert!(page.text.contains(word), "{word} is not in {}", page.text);
    }
}

#[track_caller]
pub(super) fn went_to(answer: &Answer, path: &str) {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some(path)), "{}", answer.text);
}

pub(super) async fn logged(setup: &Setup, act: &str) -> i64 {
    let query = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act = $1").bind(act);
    query.fetch_one(&setup.pool()).await.unwrap()
}

/// Of somebody's page.
async fn of_anna(browser: &Browser<'_>, rest: &str) -> Answer {
    browser.get(&format!("/admin/panel/people/{ANNA}{rest}")).await
}

#[tokio::test]
async fn somebody_is_found_and_opened_and_only_a_look_at_words_shows_words_and_is_in_the_log() {
    let setup = setup().await;
    let api = setup.start().await;
    for person in [IVAN, ANNA] {
        let token = api.token(person).await;
        api.say(&token, "Мы летим на Мальту", None).await.unwrap();
    }
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;

    let list = vera.get("/admin/panel/people").await;
    has(&list, &["/admin/panel/people/42\"", "/admin/panel/people/734002117\""]);
    let found = vera.get(&format!("/admin/panel/people?q={ANNA}")).await;
    has(&found, &["/admin/panel/people/734002117\""]);
    assert!(!found.text.contains("/admin/panel/people/42\""), "{}", found.text);
    has(&vera.get("/admin/panel/people?q=%40nobody").await, &["Nobody was found."]);
    has(&vera.get("/admin/panel/people?plan=premium").await, &["Nobody was found."]);

    let page = of_anna(&vera, "").await;
    has(&page, &["Person 734002117", "Give premium", "Show conversations", "Closeness over time"]);
    assert!(!page.text.contains("Мальту") && !page.text.contains("самолёт"), "{}", page.text);
    assert_eq!(logged(&setup, "person.look_conversations").await, 0);

    has(&of_anna(&vera, "/facts").await, &["Nothing is remembered."]);
    let talks = of_anna(&vera, "/conversations").await;
    let at = talks.text.find("/admin/panel/conversations/0").unwrap();
    let address: String = talks.text[at..].chars().take_while(|c| *c != '"').collect();
    has(&vera.get(&address).await, &["Мы летим на Мальту", "Море тёплое, а самолёт в семь."]);
    // Before anything is shown, and how it went.
    assert_eq!(logged(&setup, "person.look_facts").await, 2);
    assert_eq!((logged(&setup, "person.look_conversations").await, logged(&setup, "conversation.look").await), (2, 2));

    has(&vera.get(&format!("/admin/panel/conversations?person={ANNA}")).await, &[&address]);
    let slip = vera.get("/admin/panel/conversations?q=%D0%BC%D0%BE%D1%80%D0%B5&person=anna").await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["id=\"find-person-error\">This is no number of a person", "value=\"anna\"", "value=\"море\""] {
        assert!(slip.text.contains(kept), "{kept} is not in {}", slip.text);
    }
    assert!(!slip.text.contains(&address), "whose it is to be is not known: {}", slip.text);
    let no_file = vera.get("/admin/panel/conversations?person=anna&csv=conversations").await;
    assert_eq!((no_file.status, no_file.header("content-disposition")), (StatusCode::UNPROCESSABLE_ENTITY, None));
    assert!(no_file.text.contains("id=\"find-person-error\">This is no number of a person"), "{}", no_file.text);
    assert_eq!(of_anna(&vera, "0").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_of_another_site_shows_nothing_of_people_and_leaves_no_look_in_the_log() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы летим на Мальту", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let led =
        async |path: &str, from: &str| api.send(vera.request(Method::GET, path).header("sec-fetch-site", from)).await;
    let looks = [
        ("/admin/panel/people.csv", "person.export"),
        ("/admin/panel/conversations?q=Malta&person=", "conversation.search"),
        ("/admin/panel/people/734002117/facts", "person.look_facts"),
    ];
    for (path, act) in looks {
        let refused = led(path, "cross-site").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        let link = format!("href=\"{}\"", path.replace('&', "&#38;"));
        assert!(refused.text.contains("Another site led here") && refused.text.contains(&link), "{}", refused.text);
        assert_eq!(logged(&setup, act).await, 0, "{path}");
        for here in ["same-origin", "none"] {
            assert_eq!(led(path, here).await.status, StatusCode::OK, "{path} from {here}");
        }
        assert_eq!(logged(&setup, act).await, 4, "{path}");
    }
    assert_eq!(led("/api/v1/admin/people/734002117/facts", "cross-site").await.code(), Code::Forbidden);
    assert_eq!(led("/admin/panel/people", "cross-site").await.status, StatusCode::OK, "it is in no log");
    for file in ["/admin/panel/people/734002117?csv=costs", "/admin/panel/account?x=1&csv=sessions"] {
        let refused = led(file, "cross-site").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{file}");
        let link = format!("href=\"{}\"", file.replace('&', "&#38;"));
        assert!(refused.text.contains(&link) && refused.header("content-disposition").is_none(), "{}", refused.text);
        let meant = led(file, "same-origin").await;
        assert!(meant.status == StatusCode::OK && meant.header("content-disposition").is_some(), "{}", meant.text);
    }
    // Nor that they tried what is not theirs.
    assert_eq!(led("/admin/panel/audit", "cross-site").await.status, StatusCode::FORBIDDEN);
    assert_eq!((logged(&setup, "person.look_facts").await, logged(&setup, "access.refused").await), (4, 0));
}

#[tokio::test]
async fn who_is_found_by_a_name_that_several_have_is_sorted_as_the_heads_of_the_list_say() {
    let setup = setup().await;
    let api = setup.start().await;
    // A name wanders at Telegram from one person to another.
    for person in [IVAN, ANNA, 43] {
        let key = secrecy::SecretString::from(SERVICE_KEY);
        let token = api.client.auth_of(&key, person, Some("wanderer")).await.unwrap().access_token;
        api.say(&token, "Привет", None).await.unwrap();
        setup.clock.advance(chrono::TimeDelta::minutes(1));
    }
    // Who came first was here last.
    let token = api.token(IVAN).await;
    api.say(&token, "Это снова я", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let csv = async |query: &str| -> Vec<i64> {
        let file = vera.get(&format!("/admin/panel/people.csv?q=%40wanderer{query}")).await.text;
        file.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
    };
    assert_eq!(csv("").await, [IVAN, ANNA, 43], "a file is in an order that stays");
    assert_eq!(csv("&sort=last&order=desc").await, [IVAN, 43, ANNA]);
    assert_eq!(csv("&sort=last&order=asc").await, [ANNA, 43, IVAN]);
    assert_eq!(csv("&sort=since&order=asc").await, [IVAN, ANNA, 43]);
    let page = vera.get("/admin/panel/people?q=%40wanderer&sort=since&order=desc").await;
    has(&page, &["aria-sort=\"descending\"", "?q=%40wanderer&#38;sort=since&#38;order=asc"]);
    let place = |person: i64| page.text.find(&format!("/admin/panel/people/{person}\""));
    assert!(place(43) < place(ANNA) && place(ANNA) < place(IVAN), "{}", page.text);
}

#[tokio::test]
async fn messages_are_those_that_somebody_wrote_in_the_list_in_the_file_and_on_their_page() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    for text in ["Привет", "Мы летим на Мальту", "Завтра"] {
        api.say(&token, text, None).await.unwrap();
    }
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let csv = vera.get("/admin/panel/people.csv").await.text;
    let line: Vec<&str> = csv.lines().find(|line| line.starts_with("734002117,")).unwrap().split(',').collect();
    assert_eq!(line[3], "3", "answers are none of theirs: {csv}");
    let list = vera.get("/admin/panel/people").await;
    has(&list, &["data-label=\"Messages\">3</td>"]);
    has(&of_anna(&vera, "").await, &["<dt>Messages</dt><dd>3</dd>"]);
}

#[tokio::test]
async fn closeness_is_drawn_from_the_first_day_on_by_the_days_of_the_person_and_with_its_levels() {
    let setup = setup().await;
    let api = setup.start().await;
    let (now, pool) = (setup.clock.now(), setup.pool());
    // Where a day ends nine hours before it does on the panel.
    let zone = chrono_tz::Tz::Asia__Tokyo;
    let today = now.with_timezone(&zone).date_naive();
    let came =
        "INSERT INTO users (id, created_at, last_seen_at, points) VALUES ($1, $2 - interval '200 days', $2, 300)";
    sqlx::query(came).bind(ANNA).bind(now).execute(&pool).await.unwrap();
    let settings = "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
                    VALUES ($1, 'ru', 'Asia/Tokyo', 'done', $2)";
    sqlx::query(settings).bind(ANNA).bind(now).execute(&pool).await.unwrap();
    let happened = "INSERT INTO relationship_events (turn_id, kind, user_id, day, points, created_at)
                    SELECT gen_random_uuid(), 'message', $1, $2::date - e.ago, e.points, now()
                    FROM (VALUES (190, 150), (100, 120), (100, 80), (20, -50)) AS e (ago, points)";
    sqlx::query(happened).bind(ANNA).bind(today).execute(&pool).await.unwrap();

    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let page = of_anna(&vera, "").await;
    let day = |ago: u64| EN.date(today - chrono::Days::new(ago));
    let span = format!("From {} to {}, by the days of Asia/Tokyo.", day(196), day(0));
    has(&page, &[&span, "A value for every 7 days.", ">Friend</text>", ">Stranger</text>"]);
    for (ago, points, level) in
        [(0, "300", "Friend"), (98, "350", "Friend"), (105, "150", "Acquaintance"), (196, "0", "Stranger")]
    {
        assert_eq!(row(&page.text, "closeness", &day(ago)), [points, level], "{ago} days ago");
    }
}

#[tokio::test]
async fn who_talked_often_is_leafed_through_to_the_first_time() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let often = "INSERT INTO conversations (id, user_id, started_at, last_message_at, ended_at)
                 SELECT gen_random_uuid(), $1, t.at, t.at, t.at
                 FROM generate_series(1, 25) i CROSS JOIN LATERAL (SELECT now() - make_interval(days => i) AS at) t";
    sqlx::query(often).bind(ANNA).execute(&setup.pool()).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    for list in
        [format!("/admin/panel/people/{ANNA}/conversations?"), format!("/admin/panel/conversations?person={ANNA}&")]
    {
        let links = |page: &Answer| page.text.matches("href=\"/admin/panel/conversations/").count();
        let newest = vera.get(&list).await;
        has(&newest, &["Next page"]);
        let (_, after) = newest.text.split_once("after=").unwrap();
        let older = vera.get(&format!("{list}after={}", after.split_once('"').unwrap().0)).await;
        has(&older, &["First page"]);
        assert!(!older.text.contains("Next page"), "{}", older.text);
        assert_eq!((links(&newest), links(&older)), (20, 6), "{list}");
        let none = vera.get(&format!("{list}after=soon")).await;
        assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn words_are_found_whatever_their_ending_and_stand_out() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы взяли кошку из приюта", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    evolve_testkit::eventually("the index of words has it", async || {
        let page = vera.get("/admin/panel/conversations?q=%D0%BA%D0%BE%D1%88%D0%BA%D0%B0").await;
        page.text.contains("<mark>кошку</mark>")
    })
    .await;
    let none = vera.get("/admin/panel/conversations?q=xyzzy").await;
    has(&none, &["Nothing was found.", "Words in any form: each of them has to be there"]);
    assert!(!none.text.contains("quotes"), "nothing is promised that is not done: {}", none.text);
}

#[tokio::test]
async fn what_was_found_is_opened_where_it_was_said_and_a_conversation_leafed_through_both_ways() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы взяли кошку из приюта", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let more = "
        INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text)
        SELECT gen_random_uuid(), c.last_message_at, c.user_id, c.id, gen_random_uuid(), n, 'user', 'Слово ' || n || '.'
        FROM conversations c, generate_series(3, 250) n";
    sqlx::query(more).execute(&setup.pool()).await.unwrap();
    let search = "/admin/panel/conversations?q=%D0%BA%D0%BE%D1%88%D0%BA%D0%B0";
    evolve_testkit::eventually("the index of words has it", async || vera.get(search).await.text.contains("<mark>"))
        .await;
    let found = vera.get(search).await;
    let (_, link) = found.text.split_once("href=\"/admin/panel/conversations/").unwrap();
    let (id, place) = link.split_once('"').unwrap().0.split_once('?').unwrap();
    assert_eq!(place, "before=52#m1");

    let address = format!("/admin/panel/conversations/{id}");
    let leaf = async |query: &str, first: i32, last: i32, links: [Option<String>; 2]| {
        let page = vera.get(&format!("{address}{query}")).await;
        has(&page, &[&format!("id=\"m{first}\""), &format!("id=\"m{last}\"")]);
        for beyond in [first - 1, last + 1] {
            assert!(!page.text.contains(&format!("id=\"m{beyond}\"")), "{query}: {beyond}");
        }
        for (word, link) in ["Earlier", "Later"].into_iter().zip(links) {
            assert_eq!(page.text.contains(word), link.is_some(), "{query}: {word}");
            assert!(
                link.is_none_or(|link| page.text.contains(&format!("href=\"{address}{link}\""))),
                "{query}: {word}"
            );
        }
    };
    let to = |link: &str| Some(link.to_owned());
    // The message is on the page, and what came after it.
    leaf("?before=52", 1, 51, [None, to("?from=52")]).await;
    leaf("?from=52", 52, 151, [to("?before=52"), to("?from=152")]).await;
    leaf("?from=152", 152, 250, [to("?before=152"), None]).await;
    leaf("", 151, 250, [to("?before=151"), None]).await;
    leaf("?before=151", 51, 150, [to("?before=51"), to("?from=151")]).await;
    assert_eq!(vera.get(&format!("{address}?from=soon")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn all_conversations_are_listed_page_by_page() {
    let setup = setup().await;
    let api = setup.start().await;
    for person in [IVAN, ANNA] {
        let token = api.token(person).await;
        api.say(&token, "Привет", None).await.unwrap();
    }
    // Several at one moment, on either side of where a page ends.
    let often = "INSERT INTO conversations (id, user_id, started_at, last_message_at, ended_at)
                 SELECT gen_random_uuid(), CASE i % 2 WHEN 0 THEN $1 ELSE $2 END, t.at, t.at, t.at
                 FROM generate_series(1, 110) i CROSS JOIN LATERAL (SELECT now() - make_interval(days => 1 + i / 4) AS at) t";
    sqlx::query(often).bind(IVAN).bind(ANNA).execute(&setup.pool()).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let (mut path, mut seen, mut pages) = ("/admin/panel/conversations".to_owned(), Vec::new(), Vec::new());
    loop {
        let page = vera.get(&path).await;
        has(&page, &[]);
        let links = page.text.split("href=\"/admin/panel/conversations/").skip(1);
        let ids: Vec<String> = links.map(|link| link.split('"').next().unwrap().to_owned()).collect();
        pages.push(ids.len());
        seen.extend(ids);
        let Some((_, after)) = page.text.split_once("?after=") else { break };
        path = format!("/admin/panel/conversations?after={}", after.split('"').next().unwrap());
    }
    assert_eq!(pages, [50, 50, 12]);
    let newest = "SELECT id::text FROM conversations ORDER BY last_message_at DESC, id DESC";
    let newest: Vec<String> = sqlx::query_scalar(newest).fetch_all(&setup.pool()).await.unwrap();
    assert_eq!(seen, newest);
    assert_eq!(vera.get("/admin/panel/conversations?after=soon").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_conversation_has_the_title_of_its_summary_and_says_what_was_spoken() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы летим на Мальту", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let pool = setup.pool();
    let heard = "
        INSERT INTO audio_files (turn_id, kind, user_id, mime, bytes, model, created_at)
        SELECT turn_id, 'in', user_id, 'audio/ogg', 1, 'ear', created_at FROM messages WHERE user_id = $1 AND role = 'user'";
    sqlx::query(heard).bind(ANNA).execute(&pool).await.unwrap();
    // A reason of a ban is under the same keys as a title.
    vera.form(&format!("/admin/panel/people/{IVAN}/ban"), &[("why", "Перелёт на Мальту")]).await;
    let named =
        "UPDATE conversations SET title = (SELECT reason FROM bans LIMIT 1) WHERE user_id = $1 RETURNING id::text";
    let id: String = sqlx::query_scalar(named).bind(ANNA).fetch_one(&pool).await.unwrap();

    has(&vera.get("/admin/panel/conversations").await, &["Перелёт на Мальту"]);
    let page = vera.get(&format!("/admin/panel/conversations/{id}")).await;
    has(&page, &["<h1>Перелёт на Мальту</h1>", "<span class=\"state plain\">Voice</span>"]);
    assert_eq!(page.text.matches(">Voice</span>").count(), 1, "the answer was written: {}", page.text);
}

#[tokio::test]
async fn premium_is_given_once_for_each_form_and_ended_and_a_form_without_a_reason_comes_back() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let (page, grant) = (format!("/admin/panel/people/{ANNA}"), format!("/admin/panel/people/{ANNA}/grant"));

    let bare = vera.form(&grant, &[("days", "90"), ("key", "one"), ("why", " ")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        bare.text.contains("Give a reason") && bare.text.contains("<option value=\"90\" selected>"),
        "{}",
        bare.text
    );
    let odd = vera.form(&grant, &[("days", "91"), ("key", "one"), ("why", "Sorry")]).await;
    assert!(odd.text.contains("Choose one of these.") && odd.text.contains("value=\"Sorry\""), "{}", odd.text);
    assert_eq!(api.client.status(&token, ANNA).await.unwrap().plan, "free");

    let gift = [("days", "7"), ("key", "one"), ("why", "They waited for a day")];
    went_to(&vera.form(&grant, &gift).await, &page);
    went_to(&vera.form(&grant, &gift).await, &page);
    let until = "SELECT (premium_until - now() < interval '8 days') FROM users WHERE id = $1";
    let once: bool = sqlx::query_scalar(until).bind(ANNA).fetch_one(&setup.pool()).await.unwrap();
    assert!(once, "a form that was sent twice gives once");
    has(&vera.get("/admin/panel/people?plan=premium").await, &["/admin/panel/people/734002117\""]);
    let detail = "SELECT detail::text FROM audit_log WHERE act = 'person.grant_premium' AND outcome = 'done'";
    let detail: String = sqlx::query_scalar(detail).fetch_one(&setup.pool()).await.unwrap();
    assert!(detail.contains("They waited for a day"), "{detail}");

    went_to(&vera.form(&format!("{page}/end-premium"), &[("why", "It was a slip")]).await, &page);
    assert_eq!(api.client.status(&token, ANNA).await.unwrap().plan, "free");
}

#[tokio::test]
async fn somebody_is_banned_let_back_in_and_forgotten_by_who_types_whom() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let page = format!("/admin/panel/people/{ANNA}");

    went_to(&vera.form(&format!("{page}/ban"), &[("why", "Threatened people")]).await, &page);
    has(&of_anna(&vera, "").await, &["Banned since", "Let back in"]);
    assert!(api.say(&token, "Эй", None).await.is_err());
    went_to(&vera.form(&format!("{page}/unban"), &[("why", "It was somebody else")]).await, &page);
    api.say(&token, "Спасибо", None).await.unwrap();

    let slip = vera.form(&format!("{page}/forget"), &[("typed", "734002118"), ("why", "They asked by mail")]).await;
    assert_eq!(slip.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(slip.text.contains("This is not the number") && slip.text.contains("value=\"734002118\""), "{}", slip.text);
    let right = [("typed", "734002117"), ("why", "They asked by mail")];
    went_to(&vera.form(&format!("{page}/forget"), &right).await, "/admin/panel/people");
    assert_eq!(of_anna(&vera, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_payment_goes_back_from_the_page_of_whose_it_is() {
    let setup = setup().await;
    let api = setup.start().await;
    for person in [IVAN, ANNA] {
        let token = api.token(person).await;
        api.say(&token, "Привет", None).await.unwrap();
    }
    let pay =
        "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
               VALUES (gen_random_uuid(), $1, 'stxCharge-7', '', 'stars', 'XTR', 250, true, now()) RETURNING id::text";
    let id: String = sqlx::query_scalar(pay).bind(ANNA).fetch_one(&setup.pool()).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    has(&of_anna(&vera, "").await, &["250\u{a0}⭐", &id, "goes back to the person"]);
    let of_another = vera.form(&format!("/admin/panel/people/{IVAN}/refund"), &[("payment", &id)]).await;
    assert_eq!(of_another.status, StatusCode::NOT_FOUND);
    let page = format!("/admin/panel/people/{ANNA}");
    let bare = vera.form(&format!("{page}/refund"), &[("payment", &id), ("why", "")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("data-dialog open>") && bare.text.contains("Give a reason"), "{}", bare.text);
    went_to(&vera.form(&format!("{page}/refund"), &[("payment", &id), ("why", "Bought by a child")]).await, &page);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'refundStarPayment'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owed).fetch_one(&setup.pool()).await.unwrap(), 1);
    let again = of_anna(&vera, "").await;
    has(&again, &["Pending"]);
    assert!(!again.text.contains("goes back to the person"), "{}", again.text);
    // Telegram refuses: there is no other way on than to ask it once more.
    let refused =
        "UPDATE outbox SET state = 'dead', finished_at = now(), error = 'refused' WHERE method = 'refundStarPayment'";
    sqlx::query(refused).execute(&setup.pool()).await.unwrap();
    has(&of_anna(&vera, "").await, &["Pending", "goes back to the person"]);
    went_to(&vera.form(&format!("{page}/refund"), &[("payment", &id), ("why", "Bought by a child")]).await, &page);
    let owed = "SELECT count(*) FROM outbox WHERE method = 'refundStarPayment' AND state = 'pending'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owed).fetch_one(&setup.pool()).await.unwrap(), 1);
    assert!(!of_anna(&vera, "").await.text.contains("goes back to the person"));
}

#[tokio::test]
async fn whoever_has_paid_often_has_all_of_it_on_their_page_and_any_of_it_goes_back() {
    let setup = setup().await;
    let api = setup.start().await;
    for person in [IVAN, ANNA] {
        let token = api.token(person).await;
        api.say(&token, "Привет", None).await.unwrap();
    }
    let often = "
        INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
        SELECT ('0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n)::uuid, CASE n WHEN 9 THEN $1 ELSE $2 END, 'c-' || n, '', 'stars', 'XTR', 250,
               true, now() - make_interval(days => 30 * (10 - n))
        FROM generate_series(1, 9) n";
    sqlx::query(often).bind(IVAN).bind(ANNA).execute(&setup.pool()).await.unwrap();
    let id = |place: u8| format!("0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5{place}");
    let listed = |page: &Answer| -> Vec<u8> {
        let mut shown: Vec<(usize, u8)> = (1..=9)
            .filter_map(|place| Some((page.text.find(&format!("<code>{}</code>", id(place)))?, place)))
            .collect();
        shown.sort_unstable();
        shown.into_iter().map(|(_, place)| place).collect()
    };
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let hers = of_anna(&vera, "").await;
    assert_eq!(listed(&hers), [8, 7, 6, 5, 4, 3, 2, 1], "the newest first");
    let all = format!("/admin/panel/payments?person={ANNA}");
    has(&hers, &[&format!("href=\"{all}\"")]);
    assert_eq!(listed(&vera.get(&all).await), [8, 7, 6, 5, 4, 3, 2, 1]);

    let page = format!("/admin/panel/people/{ANNA}");
    let oldest = id(1);
    let refund = [("payment", oldest.as_str()), ("why", "Bought by a child")];
    went_to(&vera.form(&format!("{page}/refund"), &refund).await, &page);
    assert_eq!(listed(&vera.get(&format!("{all}&state=pending")).await), [1]);
    assert_eq!(listed(&vera.get(&format!("{all}&state=paid")).await), [8, 7, 6, 5, 4, 3, 2]);
    let file = vera.get(&format!("/admin/panel/payments.csv?person={ANNA}")).await.text;
    assert_eq!(file.lines().count(), 9, "a head, and eight of them: {file}");
    let nobody = vera.get("/admin/panel/payments?person=anna&state=paid").await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["id=\"find-person-error\">This is no number of a person", "value=\"anna\"", "value=\"paid\" selected"]
    {
        assert!(nobody.text.contains(part), "{part} is not in {}", nobody.text);
    }
}

#[tokio::test]
async fn an_analyst_sees_numbers_and_nobody() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Привет", None).await.unwrap();
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    for closed in ["people", "people.csv", "people/734002117", "people/734002117/facts", "conversations", "revenue.csv"]
    {
        let page = ada.get(&format!("/admin/panel/{closed}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{closed}");
        assert!(!page.text.contains("734002117\""), "{}", page.text);
    }
    let form = ada.form("/admin/panel/people/734002117/ban", &[("why", "I can")]).await;
    assert_eq!(form.status, StatusCode::FORBIDDEN);
    let revenue = ada.get("/admin/panel/revenue").await;
    has(&revenue, &["Revenue"]);
    assert!(!revenue.text.contains("Subscribers") && !revenue.text.contains("/admin/panel/people"), "{}", revenue.text);
}
