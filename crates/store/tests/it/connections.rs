//! Who is connected, and which migrations the database has.

use evolve_store::migrate;

use crate::support::world;

#[tokio::test]
async fn whoever_is_connected_to_this_database_is_told_and_nobody_of_another() {
    let (world, other) = (world().await, world().await);
    other.store.ping().await.unwrap();
    let connected = world.store.connected().await.unwrap();
    let ours: Vec<_> = connected.iter().filter(|one| one.name == "evolve").collect();
    let [one] = ours[..] else { panic!("{connected:?}") };
    assert!((1..=10).contains(&one.connections), "{one:?}");
    assert_eq!(world.store.newest_migration().await.unwrap(), Some(migrate::newest()));
}
