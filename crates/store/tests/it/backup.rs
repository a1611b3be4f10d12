//! What a backup says of a database: the same for the same rows, whatever happens meanwhile.

use evolve_store::backup::{Snapshot, differences, objects};
use evolve_testkit::TestDatabase;

const LETTERS: &str = r#"
    CREATE TABLE "Odd ""letters""" (id int PRIMARY KEY, t text, at timestamptz, weight float8, key bytea);
    CREATE TABLE parts (at date NOT NULL, number int) PARTITION BY RANGE (at);
    CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO "Odd ""letters""" VALUES (1, 'Ева', '2026-11-22 12:00+03', 0.1, '\x00ff'), (2, NULL, NULL, 'NaN', NULL);
    INSERT INTO parts VALUES ('2026-03-01', 1), ('2026-03-01', 1);"#;

#[tokio::test]
async fn people_go_on_writing_and_what_is_counted_is_what_was_there() {
    let database = TestDatabase::empty().await;
    let sql = database.pool();
    assert_eq!(objects(database.url()).await.unwrap(), Vec::<String>::new());
    sqlx::raw_sql(LETTERS).execute(&sql).await.unwrap();
    assert_eq!(objects(database.url()).await.unwrap(), [r#"public."Odd ""letters""""#, "public.parts"]);
    let mut snapshot = Snapshot::take(database.url()).await.unwrap();
    assert!(snapshot.id().contains('-'), "{}", snapshot.id());
    let before = snapshot.census().await.unwrap();
    let rows: Vec<_> = before.iter().map(|(name, table)| (name.as_str(), table.rows)).collect();
    assert_eq!(rows, [(r#"public."Odd ""letters""""#, 2), ("public.parts_2026", 2)]);
    sqlx::raw_sql("INSERT INTO parts VALUES ('2026-03-02', 2)").execute(&sql).await.unwrap();
    assert_eq!(snapshot.census().await.unwrap(), before, "the same snapshot");
    snapshot.release().await.unwrap();

    sqlx::raw_sql(r#"UPDATE "Odd ""letters""" SET t = 'Ёва' WHERE id = 1; CREATE TABLE more (id int)"#)
        .execute(&sql)
        .await
        .unwrap();
    let mut snapshot = Snapshot::take(database.url()).await.unwrap();
    assert_eq!(snapshot.server().await.unwrap().schema, None);
    let after = snapshot.census().await.unwrap();
    assert_eq!(
        differences(&before, &after),
        [
            r#"public."Odd ""letters""" has its 2 rows, but not with the same content"#,
            "public.parts_2026 has 3 rows and had 2",
            "public.more was not in the copy, and has 0 rows",
        ]
    );
    assert_eq!(differences(&after, &before)[1], "public.more is missing: it had 0 rows");
}

#[tokio::test]
async fn the_newest_migration_is_told() {
    let database = TestDatabase::migrated().await;
    let mut snapshot = Snapshot::take(database.url()).await.unwrap();
    assert_eq!(snapshot.server().await.unwrap().schema, Some(evolve_store::migrate::newest()));
}
