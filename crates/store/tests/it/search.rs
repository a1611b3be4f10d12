//! What was said is found over all people, and nothing of it is passed over.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use evolve_store::{history::At, search::Spoken};

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

#[tokio::test]
async fn a_conversation_is_leafed_through_both_ways_from_where_something_was_found() {
    let world = world().await;
    for said in 0..6 {
        let at = world.now + TimeDelta::minutes(said);
        world.say_at(&format!("Самолёт номер {said}"), "Счастливого пути", at).await;
    }
    let found = world.store.search().find("самолёт", None, None).await.unwrap().hits;
    let hit = found.iter().find(|hit| hit.message.text == "Самолёт номер 3").unwrap();
    assert_eq!(hit.place, 7);
    let page = async |at: At| -> Spoken {
        world.store.search().conversation(hit.conversation_id, at, 4).await.unwrap().unwrap()
    };
    for (at, places, older, newer) in [
        (At::Before(hit.place + 2), [5, 6, 7, 8], Some(5), Some(9)),
        (At::From(9), [9, 10, 11, 12], Some(9), None),
        (At::From(1), [1, 2, 3, 4], None, Some(5)),
        (At::Before(5), [1, 2, 3, 4], None, Some(5)),
        (At::Before(100), [9, 10, 11, 12], Some(9), None),
        (At::End, [9, 10, 11, 12], Some(9), None),
    ] {
        let page = page(at).await;
        let shown: Vec<i32> = page.page.iter().map(|line| line.place).collect();
        assert_eq!((shown, page.older, page.newer), (places.to_vec(), older, newer), "{at:?}");
    }
    let beyond = page(At::From(13)).await;
    assert_eq!((beyond.page.len(), beyond.older, beyond.newer), (0, Some(13), None));
}
