//! Reading an `EvolveBot`: defaults are filled in, and mistakes are refused with their path.

use evolve_operator::EvolveBot;
use evolve_operator::crd::Limit;
use k8s_openapi::api::networking::v1::Ingress;
use rstest::rstest;

const HEAD: &str = "apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: { name: eva }\n";

#[test]
fn a_name_is_enough_and_everything_else_has_a_default() {
    insta::assert_yaml_snapshot!(EvolveBot::parse(HEAD).unwrap());
}

#[rstest]
#[case("spec: { ai: { provider: [] } }", "spec.ai: unknown field `provider`")]
#[case("spec: { ai: { providers: [{ kind: palm }] } }", "spec.ai.providers[0].kind: unknown variant `palm`")]
#[case(
    "spec: { plans: { free: { messagesPerDay: many } } }",
    "spec.plans.free.messagesPerDay: invalid value: string \"many\", expected a number from 1, or `unlimited`"
)]
#[case("spec: { ai: { providers: [] } }", "spec.ai.providers: needs at least one")]
#[case(
    "spec: { ai: { providers: [{ kind: openai, model: m }] } }",
    "spec.ai.providers[0].kind: where is the OpenAI-compatible server?"
)]
#[case("spec: { persona: { timeZone: Moscow } }", "spec.persona.timeZone: must be an IANA time zone")]
#[case("spec: { telegram: { mode: webhook } }", "spec.telegram.mode: mode: webhook needs the address")]
#[case("spec: { persona: { name: ' ' } }", "spec.persona.name: must be one line and must not be blank")]
#[case("spec: { persona: { name: A, name: B } }", "duplicate")]
#[case("spec: { plans: { free: { messagesPerDay: null } } }", "spec.plans.free.messagesPerDay: invalid type: null")]
fn a_mistake_is_refused_with_its_path(#[case] mistake: &str, #[case] expected: &str) {
    let message = EvolveBot::parse(&format!("{HEAD}{mistake}\n")).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
}

#[test]
fn the_bot_of_the_guide_to_the_panel_is_valid_and_its_ingress_leads_to_its_api() {
    const GUIDE: &str = include_str!("../../../docs/install.md");
    let section = GUIDE.split_once("\n## The panel\n").unwrap().1.split("\n## ").next().unwrap();
    let blocks: Vec<&str> = section.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    let bot = EvolveBot::parse(blocks[0]).unwrap();
    assert_eq!(bot.spec.network_policy.allow_from.len(), 1);
    let ingress: Ingress = serde_yaml_ng::from_str(blocks[1]).unwrap();
    let rules = ingress.spec.unwrap().rules.unwrap();
    let paths = &rules[0].http.as_ref().unwrap().paths;
    assert_eq!(paths.len(), 3);
    for path in paths {
        let service = path.backend.service.as_ref().unwrap();
        assert_eq!(service.name, format!("{}-api", bot.name()));
        assert_eq!(service.port.as_ref().unwrap().name.as_deref(), Some("http"));
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let message = EvolveBot::parse("apiVersion: v1\nkind: Pod\nmetadata: { name: Eva_1 }\n").unwrap_err().to_string();
    assert!(message.starts_with("3 problem(s)"), "{message}");
}

#[test]
fn a_limit_of_the_free_plan_can_be_lifted_or_quoted() {
    let free = "{ messagesPerDay: unlimited, facts: '70' }";
    let bot = EvolveBot::parse(&format!("{HEAD}spec: {{ plans: {{ free: {free} }} }}\n")).unwrap();
    let free = bot.spec.plans.free;
    assert_eq!(free.messages_per_day, Limit::Unlimited);
    assert_eq!([free.history_messages, free.facts], [Limit::AtMost(10), Limit::AtMost(70)]);
}
