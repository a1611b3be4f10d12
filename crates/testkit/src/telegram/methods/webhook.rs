//! Where updates are pushed to.

use serde_json::json;

use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::{Webhook, World};

const DEFAULT_CONNECTIONS: i64 = 40;
const MOST_CONNECTIONS: i64 = 100;
const LONGEST_SECRET: usize = 256;

pub(super) fn set(world: &mut World, params: &Params) -> Outcome {
    let Some(url) = params.some_text("url") else { return delete(world, params) };
    let secret = params.some_text("secret_token");
    if let Some(secret) = &secret {
        if secret.len() > LONGEST_SECRET {
            return Err(Refusal::bad("secret token is too long"));
        }
        if !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
    }
    check_url(&url)?;
    world.updates.allow(params.json("allowed_updates").ok().flatten().as_ref());
    if params.flag("drop_pending_updates") {
        world.updates.clear();
    }
    let asked = params.int("max_connections");
    let connections = if asked == 0 { DEFAULT_CONNECTIONS } else { asked.clamp(1, MOST_CONNECTIONS) };
    let webhook = Webhook {
        url,
        secret,
        max_connections: usize::try_from(connections).unwrap_or(1),
        ip_address: params.some_text("ip_address"),
        last_error: None,
        generation: world.webhooks_so_far + 1,
    };
    // Setting what is set already disturbs no delivery: every replica of a bot may do it when it starts.
    if !world.webhook.as_ref().is_some_and(|old| old.is_same(&webhook)) {
        world.webhooks_so_far += 1;
        world.webhook = Some(webhook);
    }
    Ok(true.into())
}

/// Telegram takes HTTPS on four ports alone. A server on loopback has to take what is there: HTTP on loopback.
fn check_url(url: &str) -> Result<(), Refusal> {
    let url = url::Url::parse(url).map_err(|_| Refusal::bad("invalid webhook URL specified"))?;
    let host = url.host_str().unwrap_or_default();
    let is_loopback = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "http" | "https" if is_loopback => Ok(()),
        "https" if matches!(url.port_or_known_default(), Some(443 | 80 | 88 | 8443)) => Ok(()),
        "https" => Err(Refusal::bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")),
        "http" => Err(Refusal::bad("bad webhook: An HTTPS URL must be provided for webhook")),
        _ => Err(Refusal::bad("invalid webhook URL specified")),
    }
}

pub(super) fn delete(world: &mut World, params: &Params) -> Outcome {
    if params.flag("drop_pending_updates") {
        world.updates.clear();
    }
    world.webhook = None;
    Ok(true.into())
}

pub(super) fn info(world: &mut World, _params: &Params) -> Outcome {
    let mut info = json!({
        "url": world.webhook.as_ref().map(|webhook| webhook.url.clone()).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": world.updates.len(),
    });
    if let Some(webhook) = &world.webhook {
        if let Some((date, message)) = &webhook.last_error {
            info["last_error_date"] = (*date).into();
            info["last_error_message"] = message.clone().into();
        }
        info["max_connections"] = webhook.max_connections.into();
        if let Some(address) = &webhook.ip_address {
            info["ip_address"] = address.clone().into();
        }
    }
    if let Some(allowed) = world.updates.allowed() {
        info["allowed_updates"] = json!(allowed);
    }
    Ok(info)
}
