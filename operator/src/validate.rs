//! What types cannot say about an `EvolveBot`. Pure; every problem is found, and says its path and how to mend it.

use crate::crd::{API_VERSION, EvolveBot, KIND, Provider, ProviderKind, TelegramMode};

/// Everything that is wrong with `bot`; empty when nothing is.
#[must_use]
pub fn problems(bot: &EvolveBot) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |holds: bool, problem: &dyn Fn() -> String| {
        if !holds {
            problems.push(problem());
        }
    };
    let spec = &bot.spec;
    check(bot.api_version == API_VERSION, &|| format!("apiVersion: must be {API_VERSION}"));
    check(bot.kind == KIND, &|| format!("kind: must be {KIND}"));
    check(is_dns_label(&bot.metadata.name), &|| {
        "metadata.name: must be 1 to 40 lower-case letters, digits or dashes, and begin with a letter".to_owned()
    });
    let webhook = spec.telegram.webhook_url.as_deref();
    check(spec.telegram.mode != TelegramMode::Webhook || webhook.is_some(), &|| {
        "spec.telegram.webhookUrl: webhook mode needs the public https:// URL of the bot; or use mode: polling"
            .to_owned()
    });
    check(webhook.is_none_or(|url| url.starts_with("https://")), &|| {
        "spec.telegram.webhookUrl: must begin with https://, since Telegram calls nothing else".to_owned()
    });
    check(!spec.ai.providers.is_empty(), &|| {
        "spec.ai.providers: needs at least one; `- kind: scripted` works without any key".to_owned()
    });
    check(spec.ai.max_iterations <= 20, &|| "spec.ai.maxIterations: must be 0 to 20".to_owned());
    check(spec.ai.thinking_budget >= -1, &|| {
        "spec.ai.thinkingBudget: must be -1 (as much as the model likes), 0 (none) or a number of tokens".to_owned()
    });
    check(!spec.persona.name.trim().is_empty(), &|| "spec.persona.name: must not be empty".to_owned());
    check(spec.persona.time_zone.parse::<chrono_tz::Tz>().is_ok(), &|| {
        "spec.persona.timeZone: must be an IANA time zone such as Europe/Moscow".to_owned()
    });
    check(spec.plans.free.messages_per_day != Some(0), &|| {
        "spec.plans.free.messagesPerDay: 0 would let nobody say anything; use null for no limit".to_owned()
    });
    check(spec.database.pool_size > 0, &|| "spec.database.poolSize: must be 1 or more".to_owned());
    check((1..=10).contains(&spec.api.max_image_size_mb), &|| "spec.api.maxImageSizeMb: must be 1 to 10".to_owned());
    check(spec.api.http_timeout_seconds > 0 && spec.api.http_connect_timeout_seconds > 0, &|| {
        "spec.api.httpTimeoutSeconds and httpConnectTimeoutSeconds: must be 1 or more".to_owned()
    });
    check(spec.bot.workers > 0, &|| "spec.bot.workers: must be 1 or more".to_owned());
    for (index, provider) in spec.ai.providers.iter().enumerate() {
        problems.extend(provider_problem(provider).map(|problem| format!("spec.ai.providers[{index}].{problem}")));
    }
    problems
}

fn provider_problem(provider: &Provider) -> Option<&'static str> {
    if provider.kind == ProviderKind::Openai && provider.model.is_none() {
        return Some("model: an OpenAI-compatible server has no default model; name one");
    }
    if provider.kind == ProviderKind::Openai && provider.base_url.is_none() {
        return Some("baseUrl: where is it? For example https://openrouter.ai/api/v1, or http://localhost:11434/v1");
    }
    let is_http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if provider.base_url.as_ref().is_some_and(|url| !is_http(url)) {
        return Some("baseUrl: must begin with http:// or https://");
    }
    None
}

/// Short enough that the names made from it (`<name>-migration-<hash>`) fit into 63 characters.
fn is_dns_label(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len())
        && name.bytes().all(allowed)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
}
