//! The environment that the processes of a bot get.

use evolve_domain::{
    language::Language,
    relationship::{Decay, Levels},
};
use evolve_operator::EvolveBot;
use evolve_operator::build::environment::{Surroundings, TELEGRAM_API_URL, Value, Variable, environments};
use evolve_operator::crd::SecretKeyRef;

fn surroundings() -> Surroundings {
    let entry = |key: &str| SecretKeyRef::new("quickstart-keys", key);
    Surroundings {
        api_address: "0.0.0.0:8000".to_owned(),
        bot_address: "0.0.0.0:8080".to_owned(),
        api_url: "http://quickstart-api:8000".to_owned(),
        telegram_api_url: TELEGRAM_API_URL.to_owned(),
        database_url: SecretKeyRef::new("quickstart-database", "DATABASE_URL"),
        api_database_url: SecretKeyRef::new("quickstart-database", "DATABASE_URL"),
        bot_database_url: SecretKeyRef::new("quickstart-database", "DATABASE_URL"),
        redis_url: Some(SecretKeyRef::new("quickstart-redis", "REDIS_URL")),
        telegram_token: SecretKeyRef::new("quickstart", "TELEGRAM_BOT_TOKEN"),
        jwt_secret: entry("JWT_SECRET"),
        encryption_key: entry("ENCRYPTION_KEY"),
        service_key: entry("SERVICE_KEY"),
        webhook_secret: entry("WEBHOOK_SECRET"),
        provider_keys: "quickstart".to_owned(),
        prompt: None,
    }
}

fn render(list: &[Variable]) -> String {
    let line = |variable: &Variable| match &variable.value {
        Value::Plain(text) => format!("{}={text}\n", variable.name),
        Value::Secret(source) => format!("{} <- {}/{}\n", variable.name, source.name, source.key),
    };
    list.iter().map(line).collect()
}

fn render_all(text: &str) -> String {
    let all = environments(&EvolveBot::parse(text).unwrap(), &surroundings());
    format!("migration\n{}\napi\n{}\nbot\n{}", render(&all.migration), render(&all.api), render(&all.bot))
}

#[test]
fn the_quickstart_example_gets_every_variable_that_its_processes_read() {
    insta::assert_snapshot!(render_all(include_str!("../../../examples/quickstart.yaml")));
}

#[test]
fn every_key_of_a_provider_chain_has_a_variable_of_its_own_and_a_webhook_has_its_secret() {
    insta::assert_snapshot!(render_all(
        r"
apiVersion: evolveai.dev/v1alpha1
kind: EvolveBot
metadata: { name: chain }
spec:
  telegram: { mode: webhook, webhook: { host: bots.example.org, path: /eva } }
  ai:
    providers:
      - { kind: gemini, model: gemini-3.8-flash, apiKeySecretRef: { name: models, key: first } }
      - { kind: gemini, model: gemini-2.5-flash, apiKeySecretRef: { name: models, key: first } }
      - { kind: gemini, apiKeySecretRef: { name: models, key: second } }
      - { kind: openai, model: qwen3, baseUrl: 'http://ollama:11434/v1' }
      - { kind: openai, model: gpt-oss-120b, baseUrl: 'https://openrouter.ai/api/v1', name: openrouter, apiKeySecretRef: { name: models, key: router } }
      - { kind: scripted }
  api: { corsOrigins: ['https://a.example.org', 'https://b.example.org'] }
  observability: { logFormat: pretty }
",
    ));
}

const SPEECH: &str = r"
apiVersion: evolveai.dev/v1alpha1
kind: EvolveBot
metadata: { name: eva }
spec:
  ai:
    providers: [{ kind: gemini, apiKeySecretRef: { name: models, key: google } }]
    transcribers:
      - { kind: openai, model: whisper-1, baseUrl: 'http://whisper:8000/v1' }
      - { kind: gemini, apiKeySecretRef: { name: models, key: google } }
    maxRecordingSeconds: 120
    embeddings: { provider: { kind: openai, model: nomic-embed-text, baseUrl: 'http://ollama:11434/v1' }, dimensions: 256 }
    voice:
      name: alloy
      speakers: [{ kind: openai, model: tts-1, baseUrl: 'https://api.openai.com/v1', apiKeySecretRef: { name: models, key: openai } }]
  plans: { free: { voice: true }, premium: { voice: true } }
";

#[test]
fn what_hears_and_speaks_is_what_the_resource_says_and_shares_the_keys() {
    let all = environments(&EvolveBot::parse(SPEECH).unwrap(), &surroundings());
    const NAMES: [&str; 8] = [
        "PROVIDERS",
        "TRANSCRIBERS",
        "SPEAKERS",
        "EMBEDDINGS",
        "GOOGLE_API_KEY",
        "OPENAI_API_KEY",
        "MAX_VOICE_SECONDS",
        "PLANS",
    ];
    let of =
        |list: Vec<Variable>| list.into_iter().filter(|one| NAMES.contains(&one.name.as_str())).collect::<Vec<_>>();
    insta::assert_snapshot!(format!("{}\nbot\n{}", render(&of(all.api)), render(&of(all.bot))));
}

#[test]
fn adult_matters_are_spoken_of_only_where_the_resource_says_so() {
    let persona = |spec: &str| {
        let text =
            format!("apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: {{ name: eva }}\nspec: {spec}");
        let api = environments(&EvolveBot::parse(&text).unwrap(), &surroundings()).api;
        let variable = api.into_iter().find(|variable| variable.name == "PERSONA").unwrap();
        let Value::Plain(persona) = variable.value else { panic!("the persona is a secret") };
        serde_json::from_str::<serde_json::Value>(&persona).unwrap()["adult"].clone()
    };
    // What an API of the version before would not know is not there, either.
    assert_eq!(persona("{}"), serde_json::Value::Null);
    assert_eq!(persona("{ persona: { adult: false } }"), serde_json::Value::Null);
    assert_eq!(persona("{ persona: { adult: true } }"), true);
    let quoted = EvolveBot::parse(
        "apiVersion: evolveai.dev/v1alpha1\nkind: EvolveBot\nmetadata: { name: eva }\nspec: { persona: { adult: sure } }",
    );
    assert!(quoted.unwrap_err().to_string().contains("spec.persona.adult"));
}

#[test]
fn the_levels_and_the_decay_that_are_rendered_are_what_the_api_reads() {
    let bot = EvolveBot::parse(include_str!("../../../examples/full.yaml")).unwrap();
    let api = environments(&bot, &surroundings()).api;
    let value = |name: &str| match &api.iter().find(|variable| variable.name == name).unwrap().value {
        Value::Plain(text) => text.clone(),
        Value::Secret(_) => panic!("{name} is a secret"),
    };
    let levels: Levels = serde_json::from_str(&value("RELATIONSHIP_LEVELS")).unwrap();
    let friend = levels.of(300);
    assert_eq!((levels.name(friend, Language::Ru), levels.name(friend, Language::En)), ("Друг", "Friend"));
    assert_eq!((levels.count(), levels.voice(friend)), (3, Some("Warm and open")));
    let decay: Decay = serde_json::from_str(&value("RELATIONSHIP_DECAY")).unwrap();
    assert_eq!(Some(decay), Decay::new(14, 2));
}

#[test]
fn every_variable_that_a_process_reads_has_a_field_or_is_listed_as_one_for_extra_env() {
    const REFERENCE: &str = include_str!("../../../docs/configuration.md");
    const GUIDE: &str = include_str!("../../../docs/operator.md");
    let spoken = |part: &str| {
        let at = REFERENCE.split_once(&format!("## evolve-{part}\n")).unwrap().1;
        let section = at.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        rows.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let full = include_str!("../../../examples/full.yaml");
    let all = [full, SPEECH].map(|text| environments(&EvolveBot::parse(text).unwrap(), &surroundings()));
    for part in ["api", "bot"] {
        let rendered = all.iter().flat_map(|all| if part == "api" { &all.api } else { &all.bot });
        let rendered: Vec<&str> = rendered.map(|variable| variable.name.as_str()).collect();
        let row = GUIDE.lines().find(|line| line.starts_with(&format!("| `spec.{part}.pod.extraEnv` |"))).unwrap();
        let names = spoken(part);
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            let is_listed = row.contains(&format!("`{name}`"));
            assert_ne!(rendered.contains(&name.as_str()), is_listed, "{name}: a field, or a word in docs/operator.md");
        }
    }
    // A field that nobody reads promises what nobody does. Secrets have names of their own, which `PROVIDERS` and its like tell.
    let said = all.iter().flat_map(|all| all.api.iter().chain(&all.bot));
    for variable in said.filter(|variable| matches!(variable.value, Value::Plain(_))) {
        assert!(REFERENCE.contains(&format!("| `{}` |", variable.name)), "nobody reads {}", variable.name);
    }
}
