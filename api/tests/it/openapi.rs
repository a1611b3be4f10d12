//! The document says what the service does, and is the one that is committed.

use std::{collections::BTreeSet, path::Path};

use evolve_contract::{Code, Problem};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::harness::Api;

fn document() -> Value {
    serde_json::to_value(evolve_api::openapi()).unwrap()
}

#[test]
fn the_committed_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == evolve_api::openapi_json().unwrap(), "docs/openapi.json is out of date; run `make generate`");
}

#[tokio::test]
async fn every_route_is_in_the_document_and_the_other_way_round() {
    let api = Api::start().await;
    let document = document();
    let documented: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let routed = evolve_api::router::paths();
    // The files of Swagger UI are no interface of ours.
    let routed: BTreeSet<&str> = routed.iter().map(String::as_str).filter(|path| !path.starts_with("/docs/")).collect();
    assert_eq!(routed, documented);
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer = api.send(api.request(method.clone(), &path.replace("{user_id}", "42"))).await;
            let missing = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status);
            assert!(!missing, "{method} {path} is documented, but answered {}", answer.status);
            let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let key = operation["security"][0].as_object().and_then(|keys| keys.keys().next());
            let expected = key.map(|key| if key == "service_key" { refusals[1] } else { refusals[0] });
            let refused = refusals.into_iter().find(|refusal| *refusal == answer.status);
            assert_eq!(refused, expected, "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} says nothing");
        }
    }
}

#[test]
fn every_error_is_documented_as_a_problem() {
    let mut codes = BTreeSet::new();
    for operations in document()["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                if status.starts_with(['4', '5']) && response["content"].get("application/json").is_none() {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem");
                    let text = response["description"].as_str().unwrap();
                    codes.extend(text.lines().filter_map(|l| Some(l.strip_prefix('`')?.split('`').next()?.to_owned())));
                }
            }
        }
    }
    let all = Code::ALL
        .iter()
        .map(|code| serde_json::to_value(Problem::new(*code)).unwrap()["code"].as_str().unwrap().to_owned());
    // These two answer paths and methods that are not there.
    let expected: BTreeSet<String> = all.filter(|c| c != "not_found" && c != "method_not_allowed").collect();
    assert_eq!(codes, expected);
}

/// Those that are taken: see the story of numbers and what is asked for wrongly.
#[test]
fn reports_say_of_how_many_days_they_may_be_asked_for() {
    let document = document();
    let mut told = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let parameters = operations["get"]["parameters"].as_array().into_iter().flatten();
        for days in parameters.filter(|parameter| parameter["name"] == "days") {
            let bound = |name: &str| days["schema"][name].as_f64().unwrap();
            assert_eq!(bound("minimum"), 1.0, "{path}");
            assert_eq!(bound("maximum"), if path.ends_with("/cohort") { 360.0 } else { 366.0 }, "{path}");
            told.insert(path.rsplit('/').next().unwrap());
        }
    }
    let expected = ["activity", "cohort", "features", "messages", "overview", "revenue", "tools", "users"];
    assert_eq!(told, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_documentation_is_a_page_that_loads_its_own_files() {
    let api = Api::start().await;
    let answer = api.get("/docs", None).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, Some("/docs/")));
    let page = api.get("/docs/", None).await;
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let files: Vec<&str> =
        page.text.split(['"', '\'']).filter(|text| text.ends_with(".js") || text.ends_with(".css")).collect();
    assert!(files.len() >= 3, "{}", page.text);
    for file in files {
        assert!(!file.contains("//"), "{file} is loaded from elsewhere");
        assert_eq!(
            api.get(&format!("/docs/{}", file.trim_start_matches("./")), None).await.status,
            StatusCode::OK,
            "{file}"
        );
    }
    assert!(api.get("/docs/swagger-initializer.js", None).await.text.contains("/openapi.json"));
    assert!(!page.text.contains("<script>"), "an inline script, which the content security policy forbids");
    let served = api.get("/openapi.json", None).await.json();
    assert_eq!(served, document());
}
