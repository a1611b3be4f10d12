//! `compose.yaml`, and `compose.prod.yaml` over it, agree with what the programs read and where they answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::image::programs;
use super::{is_pinned, keys, pods, read, texts, yaml};

/// What runs a program of ours, and how it is called in docs/configuration.md.
const PROCESSES: [(&str, &str); 2] = [("api", "evolve-api"), ("bot", "evolve-bot")];

fn service(name: &str) -> Value {
    let service = yaml("compose.yaml")["services"][name].clone();
    assert!(service.is_object(), "there is no service {name}");
    service
}

/// The variables of a process, by name: the default as the reference writes it.
fn reference(program: &str) -> BTreeMap<String, String> {
    let page = read("docs/configuration.md");
    let (_, section) = page.split_once(&format!("## {program}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.splitn(3, " | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
    };
    let list: BTreeMap<_, _> = section.lines().filter_map(row).collect();
    assert!(list.len() > 20, "{program}: {list:?}");
    list
}

/// The names of a service's variables, without the `_FILE` behind those that are files.
fn variables(service: &Value) -> BTreeSet<String> {
    keys(&service["environment"]).into_iter().map(|name| name.trim_end_matches("_FILE").to_owned()).collect()
}

#[test]
fn every_variable_is_one_that_its_process_reads_and_none_that_it_must_have_is_missing() {
    for (name, program) in PROCESSES {
        let (service, reference) = (service(name), reference(program));
        assert_eq!(texts(&service["command"]), [program]);
        let given = variables(&service);
        for variable in &given {
            assert!(reference.contains_key(variable), "{program} does not read {variable}");
        }
        for (variable, _) in reference.iter().filter(|(_, default)| *default == "**required**") {
            assert!(given.contains(variable), "{program} does not start without {variable}");
        }
    }
    assert_eq!(variables(&service("migration")), BTreeSet::from(["DATABASE_URL".to_owned()]));
    for (name, service) in yaml("compose.yaml")["services"].as_object().unwrap() {
        let command = texts(&service["command"]);
        let is_ours = service["image"].as_str().unwrap().contains("EVOLVE_IMAGE");
        assert_eq!(is_ours, command.first().is_some_and(|program| programs().contains(*program)), "{name}");
    }
}

#[test]
fn what_is_secret_is_a_file_that_is_mounted_and_stands_nowhere_else() {
    let page = read("docs/configuration.md");
    let secret =
        |name: &str| page.lines().any(|line| line.starts_with(&format!("| `{name}` ")) && line.contains("*(secret)*"));
    for (service, description) in yaml("compose.yaml")["services"].as_object().unwrap() {
        let mounted: BTreeSet<&str> = texts(&description["secrets"]).into_iter().collect();
        let mut named = BTreeSet::new();
        for (variable, value) in description["environment"].as_object().into_iter().flatten() {
            match variable.strip_suffix("_FILE") {
                Some(name) => {
                    assert_eq!(value, &Value::from(format!("/run/secrets/{name}")), "{service}");
                    named.insert(name);
                }
                // Of a Redis that nobody outside can reach and that asks for no password, the address is none.
                None => {
                    assert!(!secret(variable) || variable == "REDIS_URL", "{variable} of {service} is for all to see")
                }
            }
        }
        assert_eq!(named, mounted, "{service}");
    }
}

#[test]
fn each_service_is_asked_whether_it_is_well_where_it_answers() {
    for (name, program) in PROCESSES {
        let service = service(name);
        let address = &reference(program)["HTTP_ADDR"];
        let port = address.trim_matches('`').rsplit_once(':').unwrap().1;
        let (_, pod) = pods("examples/smallest.yaml").into_iter().find(|(what, _)| *what == name).unwrap();
        let path = pod["containers"][0]["readinessProbe"]["httpGet"]["path"].as_str().unwrap();
        assert_eq!(
            texts(&service["healthcheck"]["test"]),
            ["CMD", "evolve", "probe", format!("http://127.0.0.1:{port}{path}").as_str()]
        );
    }
    let port = reference("evolve-api")["HTTP_ADDR"].trim_matches('`').rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(service("bot")["environment"]["API_URL"], format!("http://api:{port}"));
    for published in texts(&service("api")["ports"]) {
        assert!(published.starts_with("127.0.0.1:") && published.ends_with(&format!(":{port}")), "{published}");
    }
    for (name, service) in yaml("compose.yaml")["services"].as_object().unwrap() {
        assert_eq!(name == "migration", service["healthcheck"].is_null(), "{name}: only what ends is not asked");
    }
}

#[test]
fn nothing_starts_before_what_it_needs_is_well() {
    let compose = yaml("compose.yaml");
    let services = compose["services"].as_object().unwrap();
    let needs = |name: &str| -> BTreeMap<&str, &str> {
        let list = services[name]["depends_on"].as_object().into_iter().flatten();
        list.map(|(other, how)| (other.as_str(), how["condition"].as_str().unwrap())).collect()
    };
    let (healthy, done) = ("service_healthy", "service_completed_successfully");
    assert_eq!(needs("migration"), BTreeMap::from([("db", healthy)]));
    assert_eq!(needs("api"), BTreeMap::from([("db", healthy), ("migration", done), ("redis", healthy)]));
    assert_eq!(
        needs("bot"),
        BTreeMap::from([("api", healthy), ("db", healthy), ("migration", done), ("redis", healthy)])
    );
    assert_eq!(keys(&compose["services"]), BTreeSet::from(["api", "bot", "db", "migration", "redis"]));
}

#[test]
fn the_api_can_run_four_times() {
    let api = service("api");
    assert!(api["container_name"].is_null(), "two cannot have one name");
    let ports = texts(&api["ports"]);
    let (_, range) = ports[0].split_once(":-").expect("one port of the machine serves one replica");
    let (first, last) = range.split_once('}').unwrap().0.split_once('-').unwrap();
    assert!(last.parse::<u16>().unwrap() - first.parse::<u16>().unwrap() >= 3, "{ports:?}");
    // Postgres lets 100 in, three of them superusers.
    let pool = |program: &str| reference(program)["DATABASE_POOL_SIZE"].trim_matches('`').parse::<u32>().unwrap();
    assert!(4 * pool("evolve-api") + pool("evolve-bot") <= 97, "four APIs take more connections than Postgres has");
}

#[test]
fn programs_of_ours_may_do_on_a_machine_what_they_may_in_a_cluster() {
    for name in ["migration", "api", "bot"] {
        let service = service(name);
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(texts(&service["tmpfs"])[0].starts_with("/tmp:"), "{name}");
        let (_, pod) = pods("examples/smallest.yaml").into_iter().find(|(what, _)| *what == name).unwrap();
        let user = &pod["securityContext"];
        assert_eq!(service["user"], format!("{}:{}", user["runAsUser"], user["runAsGroup"]), "{name}");
        let stop = service["stop_grace_period"].as_str().unwrap().trim_end_matches('s').parse::<i64>().unwrap();
        if let Some(grace) = pod["terminationGracePeriodSeconds"].as_i64() {
            assert!(stop >= grace, "{name} is killed before it has finished");
        }
    }
}

#[test]
fn in_production_everything_has_limits_comes_back_and_is_built_elsewhere() {
    let (base, over) = (yaml("compose.yaml"), yaml("compose.prod.yaml"));
    assert_eq!(keys(&base["services"]), keys(&over["services"]));
    for (name, service) in over["services"].as_object().unwrap() {
        let limits = &service["deploy"]["resources"]["limits"];
        assert!(limits["cpus"].is_string() && limits["memory"].is_string(), "{name} may take the whole machine");
        let restart = service["restart"].as_str().unwrap();
        assert_eq!(restart, if name == "migration" { "on-failure:2" } else { "always" }, "{name}");
        assert!(service["logging"]["options"]["max-size"].is_string(), "the log of {name} fills the disk");
        if base["services"][name]["build"].is_object() {
            assert_eq!(keys(&service["build"]), BTreeSet::from(["!reset"]), "{name} is built on the machine");
        }
    }
}

#[test]
fn where_telegram_is_simulated_the_bot_asks_the_simulator_and_the_workflow_waits_for_it() {
    let over = yaml("scripts/compose-telegram.yaml");
    assert_eq!(keys(&over["services"]), BTreeSet::from(["bot", "telegram"]));
    let (bot, telegram) = (&over["services"]["bot"], &over["services"]["telegram"]);
    for variable in variables(bot) {
        assert!(reference("evolve-bot").contains_key(&variable), "evolve-bot does not read {variable}");
    }
    let address = bot["environment"]["TELEGRAM_API_URL"].as_str().unwrap();
    let port = address.strip_prefix("http://telegram:").unwrap();
    let command = texts(&telegram["command"]);
    assert!(programs().contains(command[0]) && command.contains(&format!("0.0.0.0:{port}").as_str()), "{command:?}");
    assert_eq!(telegram["image"], service("bot")["image"], "another image is started than was built");
    let job = &yaml(".github/workflows/image.yaml")["jobs"]["compose"];
    assert_eq!(job["env"]["COMPOSE_FILE"], "compose.yaml:scripts/compose-telegram.yaml");
    assert!(job["steps"].as_array().unwrap().iter().any(|step| step["run"] == "make compose-up"), "{job}");
}

#[test]
fn images_of_others_are_named_by_version_and_are_the_same_everywhere() {
    let mut images: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |image: &str| {
        assert!(is_pinned(image), "{image}");
        let name = image.split('@').next().unwrap().rsplit_once(':').unwrap().0;
        images.entry(name.to_owned()).or_default().insert(image.to_owned());
    };
    for (_, service) in yaml("compose.yaml")["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        if !image.contains("EVOLVE_IMAGE") {
            note(image);
        }
    }
    for file in ["scripts/kind/neighbours.yaml", "Dockerfile", "scripts/kind.sh"] {
        for line in read(file).lines().map(str::trim) {
            let image = line.strip_prefix("image: ").or(line.strip_prefix("FROM ")).or(line.strip_prefix("node="));
            if let Some(image) = image.filter(|image| *image != "IMAGE") {
                note(image.split_whitespace().next().unwrap());
            }
        }
    }
    for (name, versions) in images {
        assert_eq!(versions.len(), 1, "{name} is of several versions: {versions:?}");
    }
}
