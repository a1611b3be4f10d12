//! Tables of pages: sorted by what is asked for, and taken away as files.

use evolve_domain::access::Role;
use evolve_engine::model::{Script, Step};
use reqwest::StatusCode;

use super::{
    numbers::{a_month, page},
    people::{has, logged},
};
use crate::{
    access::signed_in,
    harness::{Answer, Setup},
};

const ANNA: i64 = 734_002_117;
const AS_FILE: &str = "SELECT count(*) FROM audit_log WHERE outcome = 'done' AND detail->>'file' = 'true'";

async fn setup() -> Setup {
    let script = Script::always(Step::say("Кошки любят море."));
    Setup::new().await.script(script).with("PANEL_RATE_LIMIT", "1000/minute")
}

/// The head of a file of a table, and its lines.
#[track_caller]
fn file<'a>(answer: &'a Answer, id: &str) -> (&'a str, Vec<&'a str>) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"), "{id}");
    let name = format!("attachment; filename=\"{id}.csv\"");
    assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
    let mut lines = answer.text.trim_start_matches('\u{feff}').lines();
    (lines.next().unwrap(), lines.collect())
}

/// A column of numbers of a file, whose lines have no other commas.
#[track_caller]
fn numbers(answer: &Answer, id: &str, key: &str) -> Vec<i64> {
    let (head, lines) = file(answer, id);
    let place = head.split(',').position(|known| known == key).unwrap_or_else(|| panic!("{key} is not in {head}"));
    lines.into_iter().map(|line| line.split(',').nth(place).unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_table_is_sorted_by_what_is_asked_for_and_taken_away_as_it_is_sorted() {
    let (setup, api) = a_month().await;
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let path = "/admin/panel/tools?period=month";
    let sorted = format!("{path}&dearest.sort=person&dearest.order=asc");
    let people = numbers(&eva.get(&format!("{sorted}&csv=dearest")).await, "dearest", "person");
    assert!(people.len() > 2 && people.is_sorted(), "as numbers: {people:?}");
    // The largest number first, where nothing else is said.
    let answers = numbers(&eva.get(&format!("{path}&dearest.sort=answers&csv=dearest")).await, "dearest", "answers");
    assert!(answers.len() > 2 && answers.is_sorted_by(|one, next| one >= next), "{answers:?}");

    let html = page(&eva, &sorted).await;
    let (_, list) = html.split_once("<table id=\"dearest\"").unwrap();
    assert!(list.contains("class=\"text\" aria-sort=\"ascending\""), "{list}");
    let first = list.find("href=\"/admin/panel/people/").unwrap();
    assert!(list[first..].starts_with(&format!("href=\"/admin/panel/people/{}\"", people[0])), "{list}");
    let kept = "tools?period=month&#38;dearest.sort=person&#38;dearest.order=asc";
    assert!(html.contains(&format!("{kept}&#38;models.sort=model&#38;models.order=asc#models\"")), "{html}");
    assert!(html.contains(&format!("{kept}&#38;csv=dearest\"")), "{html}");
    let uses = eva.get("/admin/panel/features.csv?period=month&sort=uses&order=asc").await;
    assert!(numbers(&uses, "features", "uses").is_sorted(), "{}", uses.text);

    let top = eva.get("/admin?period=month&top.sort=messages&top.order=asc&csv=top").await;
    let messages = numbers(&top, "top", "messages");
    assert!(messages.len() > 2 && messages.is_sorted(), "{messages:?}");
    let costs = eva.get("/admin/panel/people/30?csv=costs").await;
    assert_eq!(file(&costs, "costs").1.len(), 4, "{}", costs.text);

    // All people are more than a page: they are sorted by what the database has an index of.
    let all = page(&eva, "/admin/panel/people?sort=messages&order=asc").await;
    assert!(all.contains("sort=since") && !all.contains("sort=messages"), "{all}");

    // What is not on the page of somebody is in no file of theirs.
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    for (path, id) in [("/admin/panel/tools", "dearest"), ("/admin", "top")] {
        let none = ada.get(&format!("{path}?period=month&csv={id}")).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{}", none.text);
    }
    file(&ada.get("/admin/panel/tools?csv=tools").await, "tools");
}

#[tokio::test]
async fn every_table_of_a_page_is_a_file_for_who_may_open_the_page() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы взяли кошку из приюта", None).await.unwrap();
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let (person, facts) = (format!("/admin/panel/people/{ANNA}"), format!("/admin/panel/people/{ANNA}/facts"));
    for (path, id, begins) in [
        ("/admin/panel/access", "accounts", "name,role,"),
        ("/admin/panel/access", "keys-list", "name,begins,"),
        ("/admin/panel/access", "users", "name,since"),
        ("/admin/panel/access", "sessions", "account,browser,"),
        ("/admin/panel/account", "sessions", "account,browser,"),
        ("/admin/panel/system", "neighbours", "name,state,"),
        ("/admin/panel/system", "connections", "name,address,"),
        ("/admin/panel/system", "queries", "query,took_ms,"),
        ("/admin/panel/system", "settings", "name,state,"),
        ("/admin/panel/jobs", "queues", "queue,waiting,"),
        ("/admin/panel/prompts", "prompts", "prompt,name,"),
        ("/admin/panel/flags/voice", "changes", "changed_at,percent,"),
        (person.as_str(), "payments", "at,amount,"),
        (facts.as_str(), "facts", "text,category,"),
        ("/admin/panel/conversations", "conversations", "title,person,"),
    ] {
        let wanted = eva.get(&format!("{path}?csv={id}")).await;
        let (head, _) = file(&wanted, id);
        assert!(head.starts_with(begins) && !head.contains("acts"), "{id}: {head}");
    }
    let nothing = eva.get("/admin/panel/access?csv=nothing").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    assert!(nothing.text.contains("<h1>"), "{}", nothing.text);
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    assert_eq!(vera.get("/admin/panel/access?csv=accounts").await.status, StatusCode::FORBIDDEN);

    // A list that has an address of its own for it is sorted there, too.
    let flags = eva.get("/admin/panel/flags.csv?sort=name&order=desc").await;
    let (_, lines) = file(&flags, "flags");
    let names: Vec<&str> = lines.iter().map(|line| line.split(',').next().unwrap()).collect();
    assert!(names.len() > 2 && names.is_sorted_by(|one, next| one >= next), "{names:?}");
    has(&eva.get("/admin/panel/flags?sort=name&order=desc").await, &["flags.csv?sort=name&#38;order=desc\""]);
    has(&eva.get(&format!("/admin/panel/people?q={ANNA}")).await, &["&#38;sort=messages&#38;order=desc\""]);
}

#[tokio::test]
async fn a_file_goes_on_to_the_end_of_its_list_and_one_of_words_is_a_look_at_them() {
    let setup = setup().await;
    let api = setup.start().await;
    let token = api.token(ANNA).await;
    api.say(&token, "Мы взяли кошку из приюта", None).await.unwrap();
    let often = "INSERT INTO conversations (id, user_id, started_at, last_message_at, ended_at)
                 SELECT gen_random_uuid(), $1, t.at, t.at, t.at
                 FROM generate_series(1, 2100) i CROSS JOIN LATERAL (SELECT now() - make_interval(hours => i) AS at) t";
    sqlx::query(often).bind(ANNA).execute(&setup.pool()).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let of_anna = [
        format!("/admin/panel/people/{ANNA}/conversations?csv=conversations"),
        format!("/admin/panel/conversations?person={ANNA}&csv=conversations"),
    ];
    for path in &of_anna {
        let all = vera.get(path).await;
        let (head, lines) = file(&all, "conversations");
        assert_eq!(lines.len(), 2101, "more than a hundred pages: {path}");
        assert!(!lines.contains(&head), "a page begins as a file does: {path}");
    }
    let looks = (logged(&setup, "person.look_conversations").await, logged(&setup, "conversation.search").await);
    let files: i64 = sqlx::query_scalar(AS_FILE).fetch_one(&setup.pool()).await.unwrap();
    assert_eq!((looks, files), ((2, 2), 2), "each is written down before it is given, and how it went");
    let ada = signed_in(&setup, &api, "ada", Role::Analyst).await;
    for path in &of_anna {
        assert_eq!(ada.get(path).await.status, StatusCode::FORBIDDEN);
    }
    // What was found is in the file as it was said, where on the page words stand out.
    evolve_testkit::eventually("the index of words has it", async || {
        let found = vera.get("/admin/panel/conversations?q=%D0%BA%D0%BE%D1%88%D0%BA%D0%B0&csv=conversations").await;
        file(&found, "conversations").1.iter().any(|line| line.contains(",Мы взяли кошку из приюта,"))
    })
    .await;

    let write = "INSERT INTO prompts (name, version, content, note, author, created_at)
                 SELECT 'persona', n, 'Ты — пират ' || n, '', 'tests', now() FROM generate_series(1, 2100) n";
    sqlx::query(write).execute(&setup.pool()).await.unwrap();
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    let path = "/admin/panel/prompts/persona";
    let newest = page(&eva, path).await;
    assert!(newest.contains("?csv=versions\"") && !newest.contains("versions.sort"), "a page of two: {newest}");
    // Page by page it comes as the database sorts it, which is all that its page offers.
    let all = eva.get(&format!("{path}?versions.sort=version&versions.order=asc&csv=versions")).await;
    assert_eq!(numbers(&all, "versions", "version"), (1..=2100).rev().collect::<Vec<i64>>());
}

/// Payments of nobody, the newest of them the last: three that nobody wants back, and one that was given back.
const PAID: &str = "
    INSERT INTO payments (id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, refunded_at)
    SELECT ('0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5' || n)::uuid, 'charge-' || n, '', 'money', 'RUB', (ARRAY[2500, 10000, 900, 5000])[n],
           true, now() - make_interval(hours => 10 - n), CASE WHEN n = 4 THEN now() END
    FROM generate_series(1, 4) n";

#[tokio::test]
async fn a_list_is_sorted_by_any_column_for_as_long_as_it_is_one_page() {
    let setup = setup().await;
    let api = setup.start().await;
    let pool = setup.pool();
    sqlx::query(PAID).execute(&pool).await.unwrap();
    let vera = signed_in(&setup, &api, "vera", Role::Support).await;
    let path = "/admin/panel/payments";
    for (asked, shown, way, other) in [
        ("", [3_u8, 2, 1], "none", "desc"),
        ("&sort=amount&order=desc", [2, 1, 3], "descending", "asc"),
        ("&sort=amount&order=asc", [3, 1, 2], "ascending", "desc"),
    ] {
        let html = page(&vera, &format!("{path}?state=paid{asked}")).await;
        let mut places: Vec<(usize, u8)> = (1..=4)
            .filter_map(|n| Some((html.find(&format!("<code>0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5{n}</code>"))?, n)))
            .collect();
        places.sort_unstable();
        assert_eq!(places.into_iter().map(|(_, n)| n).collect::<Vec<u8>>(), shown, "{asked}");
        let link = format!("href=\"{path}?state=paid&#38;sort=amount&#38;order={other}\"");
        assert!(html.contains(&format!("class=\"number\" aria-sort=\"{way}\"><a {link}")), "{link}: {html}");
        assert!(html.contains("class=\"sorts\"") && html.contains("sort=state"), "{html}");
        let file = format!("href=\"{path}.csv?state=paid{}\"", asked.replace('&', "&#38;"));
        assert!(html.contains(&file), "{file}: {html}");
    }
    let file = vera.get(&format!("{path}.csv?state=paid&sort=amount&order=asc")).await;
    assert_eq!(numbers(&file, "payments", "amount"), [900_i64, 2500, 10000]);

    let more = "
        INSERT INTO payments (id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
        SELECT gen_random_uuid(), 'more-' || n, '', 'money', 'RUB', n, true, now() - make_interval(days => n)
        FROM generate_series(1, 60) n";
    sqlx::query(more).execute(&pool).await.unwrap();
    let first = page(&vera, &format!("{path}?state=paid&sort=amount&order=asc")).await;
    let next = format!("href=\"{path}?state=paid&#38;after=");
    let (_, after) = first.split_once(&next).unwrap_or_else(|| panic!("it goes on: {first}"));
    let cursor: String = after.chars().take_while(|c| *c != '"').collect();
    let last = page(&vera, &format!("{path}?state=paid&sort=amount&order=asc&after={cursor}")).await;
    for html in [first, last] {
        let (before, list) = html.split_once("<table id=\"payments\"").unwrap();
        assert!(!before.contains("class=\"sorts\"") && !list.contains("sort="), "one page of two: {html}");
    }
}

#[tokio::test]
async fn what_the_database_sorts_keeps_its_order_and_a_short_list_has_others_besides() {
    let setup = setup().await;
    crate::failures::with_dead(&setup, 1).await;
    let come = "
        INSERT INTO users (id, created_at, last_seen_at, plan, premium_until)
        SELECT n, now() - make_interval(hours => n), now() - make_interval(hours => n), 'premium',
               now() + make_interval(days => 10 - n)
        FROM generate_series(1, 3) n";
    sqlx::query(come).execute(&setup.pool()).await.unwrap();
    let api = setup.start().await;
    let eva = signed_in(&setup, &api, "eva", Role::Owner).await;
    for (list, name, key, ids) in [
        ("people.csv", "people", "id", [3_i64, 2, 1]),
        ("people.csv?sort=since", "people", "id", [1, 2, 3]),
        ("people.csv?sort=since&order=asc", "people", "id", [3, 2, 1]),
        ("people.csv?sort=id&order=desc", "people", "id", [3, 2, 1]),
        ("revenue.csv", "subscriptions", "person", [1, 2, 3]),
        ("revenue.csv?sort=until&order=asc", "subscriptions", "person", [3, 2, 1]),
        ("revenue.csv?sort=person&order=asc", "subscriptions", "person", [1, 2, 3]),
    ] {
        let file = eva.get(&format!("/admin/panel/{list}")).await;
        assert_eq!(numbers(&file, name, key), ids, "{list}");
    }
    for (list, link) in [
        ("people", "people?sort=messages&#38;order=desc\""),
        ("revenue?period=month", "revenue?period=month&#38;sort=paid&#38;order=desc\""),
        ("failures?kind=inbox", "failures?kind=inbox&#38;sort=attempts&#38;order=desc\""),
        ("audit?act=person.export", "audit?act=person.export&#38;sort=actor&#38;order=asc\""),
    ] {
        has(&eva.get(&format!("/admin/panel/{list}")).await, &[link]);
    }
}
