//! Every rule of the schema refuses the mistake that it is about, says how to mend it, and takes the mended file: here as
//! `evolve up` does it, and, where there is a control plane, as `kubectl apply` does it.

use std::collections::BTreeSet;

use evolve_operator::EvolveBot;
use evolve_operator::crd;
use kube::core::cel::Validator;
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};

/// An entry of `mistakes.yaml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mistake {
    pub(crate) name: String,
    metadata: Option<Value>,
    /// What is stored, where the mistake is to change it so. `mended` is another change of it.
    before: Option<Value>,
    mistake: Value,
    /// Where it is: what the refusal names.
    pub(crate) at: String,
    pub(crate) says: String,
    mended: Option<Value>,
}

impl Mistake {
    pub(crate) fn all() -> Vec<Self> {
        serde_yaml_ng::from_str(include_str!("mistakes.yaml")).unwrap()
    }

    pub(crate) fn before(&self) -> Option<Value> {
        self.before.clone().map(|spec| bot(json!({ "name": "eva" }), spec))
    }

    pub(crate) fn broken(&self) -> Value {
        bot(self.metadata.clone().unwrap_or_else(|| json!({ "name": "eva" })), self.mistake.clone())
    }

    pub(crate) fn mended(&self) -> Value {
        bot(json!({ "name": "eva" }), self.mended.clone().unwrap_or_else(|| json!({})))
    }
}

fn bot(metadata: Value, spec: Value) -> Value {
    json!({ "apiVersion": crd::API_VERSION, "kind": crd::KIND, "metadata": metadata, "spec": spec })
}

#[test]
fn every_mistake_is_refused_with_one_sentence_and_the_mended_file_is_taken() {
    for mistake in Mistake::all().into_iter().filter(|mistake| mistake.before().is_none()) {
        let refusal = EvolveBot::parse(&mistake.broken().to_string()).expect_err(&mistake.name).to_string();
        let told = format!("- {}: ", mistake.at);
        assert!(refusal.contains(&mistake.says) && refusal.contains(&told), "{}: {refusal}", mistake.name);
        assert!(refusal.starts_with("1 problem(s)"), "{}: {refusal}", mistake.name);
        EvolveBot::parse(&mistake.mended().to_string()).unwrap_or_else(|error| panic!("{}: {error}", mistake.name));
    }
}

#[test]
fn a_change_that_kubernetes_cannot_make_is_refused_and_another_is_taken() {
    let changes: Vec<_> = Mistake::all().into_iter().filter(|mistake| mistake.before().is_some()).collect();
    assert!(!changes.is_empty());
    let schema = crd::schema();
    for change in changes {
        let to = |after: &Value| Validator::new().validate(&schema, after, change.before().as_ref());
        let refusals = to(&change.broken()).expect_err(&change.name).into_vec();
        let [refusal] = &*refusals else { panic!("{}: {refusals:?}", change.name) };
        assert!(refusal.message.contains(&change.says) && refusal.field_path == change.at, "{refusal}");
        to(&change.mended()).unwrap_or_else(|error| panic!("{}: {error}", change.name));
        EvolveBot::parse(&change.broken().to_string()).expect("a new bot may begin with it");
    }
}

#[test]
fn every_rule_says_what_is_wrong_and_nothing_else_than_a_sentence() {
    let mut messages = BTreeSet::new();
    collect_messages(&crd::schema(), &mut messages);
    for message in messages {
        assert!(!message.ends_with('.') && !message.contains("  ") && message.len() < 260, "{message}");
    }
}

#[test]
fn no_rule_is_without_a_mistake_that_it_refuses() {
    let mut messages = BTreeSet::new();
    collect_messages(&crd::schema(), &mut messages);
    let mistakes = Mistake::all();
    messages.retain(|message| mistakes.iter().all(|mistake| !message.contains(&mistake.says)));
    assert!(messages.is_empty(), "add to mistakes.yaml: {messages:#?}");
}

fn collect_messages(schema: &Value, messages: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for rule in map.get("x-kubernetes-validations").and_then(Value::as_array).into_iter().flatten() {
                messages.insert(rule["message"].as_str().unwrap().to_owned());
            }
            map.values().for_each(|inner| collect_messages(inner, messages));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect_messages(inner, messages)),
        _ => {}
    }
}

fn many(count: usize) -> Value {
    (0..count).map(|number| (format!("example.org/{number}"), Value::from("a"))).collect()
}

#[rstest]
#[case(json!({ "ai": { "thinkingBudget": -2 } }), "spec.ai.thinkingBudget: must be -1 to 32768")]
#[case(json!({ "ai": { "maxIterations": 21 } }), "spec.ai.maxIterations: must be 0 to 20")]
#[case(json!({ "bot": { "workers": 0 } }), "spec.bot.workers: must be 1 to 10000")]
#[case(json!({ "persona": { "name": "" } }), "spec.persona.name: must have 1 to 64 characters")]
#[case(json!({ "api": { "corsOrigins": vec!["https://a.example.org"; 33] } }), "spec.api.corsOrigins: must have 32 or less entries")]
#[case(json!({ "api": { "pod": { "annotations": many(33) } } }), "spec.api.pod.annotations: must have 32 or less entries")]
#[case(json!({ "telegram": { "tokenSecretRef": null } }), "spec.telegram.tokenSecretRef: is empty")]
#[case(json!({ "api": { "pod": { "affinity": { "podAffinty": {} } } } }), "spec.api.pod.affinity: unknown field `podAffinty`, expected one of `nodeAffinity`")]
#[case(json!({ "bot": { "pod": { "tolerations": [{ "key": "a", "operator": "Equals" }] } } }), "spec.bot.pod.tolerations[0].operator: must be one of Exists, Equal")]
#[case(json!({ "persona": { "timeZone": "Europe/Atlantis" } }), "spec.persona.timeZone: must be an IANA time zone")]
#[case(json!({ "backup": { "timeZone": "Mars", "volume": { "size": "1Gi" } } }), "spec.backup.timeZone: must be an IANA time zone")]
fn bounds_and_unknown_fields_are_refused_with_their_path(#[case] spec: Value, #[case] expected: &str) {
    let refusal = EvolveBot::parse(&bot(json!({ "name": "eva" }), spec).to_string()).unwrap_err().to_string();
    assert!(refusal.contains(expected), "{refusal}");
}
