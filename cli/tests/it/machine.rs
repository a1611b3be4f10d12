//! What needs no bot: the database by hand, the machine, the schema.

use crate::world::World;

#[test]
fn the_private_database_can_be_migrated_up_and_down_by_hand() {
    let world = World::new();
    let said = world.must(&["migrate", "status"]);
    assert!(said.contains("missing  0001"), "{said}");
    assert!(world.must(&["migrate"]).contains("applied  0001"));
    let said = world.must(&["migrate", "down", "1"]);
    assert!(said.contains("applied  0001") && said.contains("missing  0002"), "{said}");
    assert!(!world.must(&["migrate", "up"]).contains("missing"));
}

#[test]
fn a_key_that_is_given_is_what_a_rotation_ends_with() {
    let world = World::new();
    world.must(&["migrate"]);
    let key = std::fs::read_to_string(world.home().join("keys/ENCRYPTION_KEY")).unwrap();
    let mut command = world.command(&["rotate-keys"]);
    let output = command.env("ENCRYPTION_KEY", key.trim()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kept = std::fs::read_to_string(world.home().join("keys/ENCRYPTION_KEY")).unwrap();
    assert_eq!(kept, key, "a key that `evolve up` would not use was made");
}

#[test]
fn a_home_that_is_a_file_is_a_finding() {
    let world = World::new();
    std::fs::write(world.home(), "").unwrap();
    let ran = world.evolve(&["doctor"]);
    assert!(!ran.succeeded && ran.said.contains("is not a directory"), "{}", ran.said);
}

#[test]
fn rotated_keys_are_kept_newest_first() {
    let world = World::new();
    world.must(&["migrate"]);
    let said = world.must(&["rotate-keys"]);
    assert!(said.contains("0 of 0 encrypted values"), "{said}");
    let keys = || std::fs::read_to_string(world.home().join("keys/ENCRYPTION_KEY")).unwrap().trim().to_owned();
    let before = keys();
    world.must(&["rotate-keys"]);
    assert!(keys().ends_with(&format!(",{before}")), "{} does not end with {before}", keys());
}

#[test]
fn the_doctor_names_every_mistake_in_a_bots_file() {
    let world = World::new();
    let file = world.home().with_extension("yaml");
    std::fs::write(
        &file,
        "apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: { name: Eva }\nspec: { ai: { providers: [] } }\n",
    )
    .unwrap();
    let ran = world.evolve(&["doctor", "--file", file.to_str().unwrap()]);
    assert!(!ran.succeeded);
    assert!(
        ran.said.contains("metadata.name: must be") && ran.said.contains("spec.ai.providers: needs"),
        "{}",
        ran.said
    );
    assert!(ran.said.contains("ok    PostgreSQL"), "{}", ran.said);
}

#[test]
fn a_database_that_is_not_there_is_a_finding_without_its_password() {
    let world = World::new();
    let mut command = world.command(&["doctor"]);
    command.env("DATABASE_URL", "postgres://someone:s3cret-word@127.0.0.1:1/nothing");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("BAD   cannot connect to the database"), "{said}");
    assert!(!said.contains("s3cret-word"), "{said}");
}

#[test]
fn the_schema_describes_every_field() {
    let definition: serde_json::Value = serde_yaml_ng::from_str(&World::new().must(&["crd"])).unwrap();
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let spec = &schema["properties"]["spec"]["properties"];
    assert!(spec.as_object().unwrap().values().all(|field| field["description"].is_string()), "{spec:#}");
}

#[test]
fn commands_say_what_to_do_when_nothing_runs() {
    let ran = World::new().evolve(&["chat", "--as", "42", "--message", "hello"]);
    assert!(!ran.succeeded);
    assert!(ran.said.contains("nothing runs in") && ran.said.contains("evolve up"), "{}", ran.said);
}
