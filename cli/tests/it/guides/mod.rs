//! The guides say what is so: whatever they name is there, and the commands that they mark `run` are run as they stand.

mod guide;
mod helps;
mod names;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use evolve_operator::EvolveBot;
use evolve_operator::build::alerts;
use evolve_testkit::TestDatabase;
use sqlx::AssertSqlSafe;

use self::guide::{Guide, all, of, read};
use self::helps::Helps;
use crate::world::World;

/// Nothing, or all that is wrong, a line each.
#[track_caller]
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} thing(s) in the guides are not so:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_link_leads_to_a_page_and_a_heading_that_are_there() {
    let guides = all();
    let anchors: BTreeMap<_, _> = guides.iter().map(|guide| (guide.path.as_path(), &guide.anchors)).collect();
    let mut wrong = Vec::new();
    for guide in &guides {
        for link in guide.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = guide.resolve(file);
            if !target.exists() {
                wrong.push(format!("{}: {link}: there is no such file", guide.name));
            } else if !anchor.is_empty() && anchors.get(target.as_path()).is_some_and(|known| !known.contains(anchor)) {
                wrong.push(format!("{}: {link}: there is no such heading", guide.name));
            }
        }
    }
    nothing(&wrong);
}

#[test]
fn both_readmes_lead_to_every_guide_and_say_the_same() {
    let (english, russian) = (of("README.md"), of("README.ru.md"));
    let mut wrong = Vec::new();
    for readme in [&english, &russian] {
        let reached: BTreeSet<_> = readme.links.iter().map(|link| link.split('#').next().unwrap_or_default()).collect();
        let guides = all().into_iter().filter(|guide| guide.name.starts_with("docs/"));
        let unreached = guides.filter(|guide| !reached.contains(guide.name.as_str()));
        wrong.extend(unreached.map(|guide| format!("{} does not link to {}", readme.name, guide.name)));
    }
    nothing(&wrong);
    assert!(english.links.contains("README.ru.md") && russian.links.contains("README.md"));
    assert_eq!(english.levels, russian.levels, "one of the READMEs has another outline");
    assert_eq!(english.commands(), russian.commands(), "one of the READMEs has other commands");
    assert_eq!(english.spans, russian.spans, "one of the READMEs names what the other does not");
    // Each leads to the other, and to its own headings.
    let links = |readme: &Guide| {
        let shared = readme.links.iter().filter(|link| !link.starts_with('#') && !link.starts_with("README"));
        shared.cloned().collect::<BTreeSet<String>>()
    };
    assert_eq!(links(&english), links(&russian), "one of the READMEs leads to where the other does not");
}

#[test]
fn every_command_target_and_flag_exists() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> =
        makefile.lines().filter_map(|line| line.split_once(':').map(|(name, _)| name)).collect();
    let mut helps = Helps::new();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for guide in all() {
        for words in guide.invocations() {
            let found = match words[0].as_str() {
                "make" => match words[1..].iter().find(|word| !word.starts_with('-') && !word.contains('=')) {
                    Some(target) if !targets.contains(target.as_str()) => Err(format!("there is no target {target}")),
                    _ => Ok(()),
                },
                _ => helps.check(&words[1..]),
            };
            seen += 1;
            wrong.extend(found.err().map(|why| format!("{}: {}: {why}", guide.name, words.join(" "))));
        }
    }
    nothing(&wrong);
    assert!(seen > 100, "only {seen} commands were found");
}

#[test]
fn every_variable_is_named_in_the_code() {
    let known = names::variables();
    // Any secret may be given as the file that holds it.
    let is_known = |name: &str| known.contains(name) || name.strip_suffix("_FILE").is_some_and(|of| known.contains(of));
    let mut wrong = Vec::new();
    for guide in all() {
        let unknown = guide.variables().into_iter().filter(|name| !is_known(name));
        wrong.extend(unknown.map(|name| format!("{}: {name}", guide.name)));
    }
    nothing(&wrong);
}

#[test]
fn every_manifest_is_an_evolvebot_a_part_of_one_or_of_somebody_else() {
    let mut wrong = Vec::new();
    for guide in all() {
        for block in guide.blocks.iter().filter(|block| block.language() == "yaml") {
            let problems = names::problems_of_yaml(&block.text);
            wrong.extend(problems.into_iter().map(|why| format!("{}: {why}, in\n{}", guide.name, block.text)));
        }
        let paths = guide.spans.iter().filter(|span| names::is_path(span) && !names::is_field(span));
        wrong.extend(paths.map(|path| format!("{}: {path} is no field", guide.name)));
    }
    nothing(&wrong);
}

#[test]
fn every_endpoint_exists_and_the_guide_to_the_api_has_every_code() {
    let api: serde_json::Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let mut wrong = Vec::new();
    for guide in all() {
        let spans = guide.spans.iter().filter(|span| names::is_operation(span));
        let unknown = spans.filter(|span| !names::is_known_operation(&api, span));
        wrong.extend(unknown.map(|span| format!("{}: {span}", guide.name)));
    }
    let spans = of("docs/api.md").spans;
    let codes = api.pointer("/components/schemas/Code").unwrap();
    let codes: Vec<&str> = names::texts_below(codes, "enum", "const");
    assert!(codes.len() > 30, "{codes:?}");
    wrong.extend(
        codes.into_iter().filter(|code| !spans.contains(*code)).map(|code| format!("docs/api.md lacks {code}")),
    );
    nothing(&wrong);
}

#[test]
fn every_alert_and_every_reason_of_a_condition_has_its_place_in_troubleshooting() {
    let guide = of("docs/troubleshooting.md");
    let bot = EvolveBot::parse(&read("examples/full.yaml")).unwrap();
    let mut alerts: BTreeSet<String> =
        alerts::rules(&bot).iter().filter_map(|rule| rule["alert"].as_str().map(str::to_owned)).collect();
    let chart = read("charts/evolve/templates/prometheusrule.yaml");
    alerts.extend(chart.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).map(str::to_owned));
    assert!(alerts.len() > 20, "{alerts:?}");
    // Runbook links lead to headings.
    let unreached = alerts.into_iter().filter(|name| !guide.anchors.contains(&name.to_lowercase()));
    let unexplained = names::reasons().into_iter().filter(|name| !guide.spans.contains(name.as_str()));
    let lacking: Vec<String> = unreached.chain(unexplained).collect();
    nothing(&lacking);
    for anchor in [
        "answer-time",
        "error-rate",
        "budget-burn",
        "breaker-open",
        "queue-age",
        "pool-use",
        "job-failed",
        "backup-old",
        "certificate",
        "migration-failed",
        "rollout-rolled-back",
    ] {
        assert!(guide.anchors.contains(anchor), "runbooks lead to troubleshooting.md#{anchor}");
    }
}

#[test]
fn every_entry_of_troubleshooting_says_what_one_sees_why_it_is_so_how_it_is_mended_and_prevented() {
    let text = read("docs/troubleshooting.md");
    let (_, alerts) = text.split_once("\n## Alerts\n").unwrap();
    let (alerts, _) = alerts.split_once("\n## Conditions and events\n").unwrap();
    let (_, others) = text.split_once("\n## Common errors\n").unwrap();
    let of_alerts: [&[&str]; 3] = [&["**Cause**"], &["**Mend**"], &["**Prevent**"]];
    // What an alert is about is its heading. Who takes a migration back sees no fault of it, but needs to.
    let of_others: [&[&str]; 4] =
        [&["**Symptoms**", "**When**"], &["**Cause**", "**When**"], &["**Mend**", "**How**"], &["**Prevent**"]];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (part, needed) in [(alerts, &of_alerts[..]), (others, &of_others[..])] {
        for entry in part.split("\n### ").skip(1) {
            let lacking = needed.iter().filter(|words| !words.iter().any(|word| entry.contains(word)));
            wrong.extend(lacking.map(|words| format!("{}: {}", entry.lines().next().unwrap_or_default(), words[0])));
            seen += 1;
        }
    }
    nothing(&wrong);
    assert!(seen > 35, "only {seen} entries");
}

#[test]
fn the_diagram_of_the_database_is_what_the_migrations_make() {
    let guide = of("docs/diagrams.md");
    let drawn: Vec<&str> = guide
        .blocks
        .iter()
        .filter(|block| block.text.starts_with("erDiagram"))
        .flat_map(|block| block.text.lines())
        .collect();
    let schema = names::schema();
    assert!(schema.tables.len() > 50, "{:?}", schema.tables);
    let tables: BTreeSet<String> =
        drawn.iter().filter_map(|line| line.trim().strip_suffix(" {")).map(str::to_owned).collect();
    assert_eq!(tables, schema.tables);
    // `users ||--o{ settings : user_id`
    let references: BTreeSet<String> = drawn
        .iter()
        .filter_map(|line| line.trim().split_once(" : "))
        .filter_map(|(ends, column)| {
            let ends: Vec<&str> = ends.split_whitespace().collect();
            Some(format!("{} {} {}", ends.get(2)?, column, ends.first()?))
        })
        .collect();
    assert_eq!(references, schema.references);
}

#[test]
fn every_metric_is_one_that_a_process_shows() {
    // It is generated, and compared with what processes show.
    let known = of("docs/metrics.md").spans;
    let is_metric = |name: &str| {
        name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
            && ["_total", "_seconds", "_bytes", "_dollars"].iter().any(|unit| name.ends_with(unit))
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for guide in all().iter().filter(|guide| guide.name != "docs/metrics.md") {
        let named = guide.spans.iter().map(|span| span.split('{').next().unwrap_or_default());
        for name in named.filter(|name| is_metric(name)) {
            seen += 1;
            if !known.contains(name) {
                wrong.push(format!("{}: {name}", guide.name));
            }
        }
    }
    nothing(&wrong);
    assert!(seen > 20, "only {seen} metrics were found");
}

#[tokio::test]
async fn every_statement_is_one_that_the_database_takes() {
    let database = TestDatabase::migrated().await;
    let sql = database.pool();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for guide in all() {
        let blocks = guide.blocks.iter().filter(|block| block.language() == "sql").map(|block| block.text.as_str());
        let spans = guide.spans.iter().map(String::as_str).filter(|span| span.starts_with("SELECT "));
        for statement in blocks.chain(spans) {
            // Whose process it is, the reader finds out.
            let statement = statement.replace("PID", "0");
            if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&sql).await {
                wrong.push(format!("{}: {statement}: {error}", guide.name));
            }
            seen += 1;
        }
    }
    sql.close().await;
    nothing(&wrong);
    assert!(seen > 4, "only {seen} statements were found");
}

#[test]
fn what_the_guides_mark_to_be_run_does_as_they_say() {
    let guides: Vec<Guide> = all().into_iter().filter(|guide| !guide.steps().is_empty()).collect();
    assert!(guides.len() > 2, "only {} guides have commands to run", guides.len());
    for guide in guides {
        let world = World::new();
        script::run(&world, &guide);
    }
}
