//! What was said is found over all people, and nothing of it is passed over.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::support::world;

#[tokio::test]
async fn of_a_month_that_holds_more_than_a_page_everything_is_found_once() {
    let world = world().await;
    // All in November, and few enough on each day.
    for said in 0..70 {
        let at = world.now - TimeDelta::days(18) + TimeDelta::hours(6) * said;
        world.say_at(&format!("Самолёт номер {said}"), "Счастливого пути", at).await;
    }
    let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = world.store.search().find("самолёт", None, after).await.unwrap();
        found.extend(page.hits.into_iter().map(|hit| hit.message.text));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let different: BTreeSet<&String> = found.iter().collect();
    assert_eq!((found.len(), different.len(), pages), (70, 70, 2));
    assert_eq!((found[0].as_str(), found[69].as_str()), ("Самолёт номер 69", "Самолёт номер 0"));
}
