//! The list of commands that apps offer. Each scope and language has a list of its own.

use serde_json::{Value, json};

use super::super::params::Params;
use super::super::refusal::{Outcome, Refusal};
use super::super::world::World;

/// Commands of a list, at most.
const MOST: usize = 100;

pub(super) fn set(world: &mut World, params: &Params) -> Outcome {
    let list = super::array(params, "commands", "can't parse commands JSON object", "expected an Array of BotCommand")?;
    if list.len() > MOST {
        return Err(Refusal::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    let commands = list.iter().map(command).collect::<Result<Vec<_>, _>>()?;
    let place = place(params)?;
    world.commands.insert(place, commands);
    Ok(true.into())
}

pub(super) fn get(world: &mut World, params: &Params) -> Outcome {
    let place = place(params)?;
    Ok(world.commands.get(&place).cloned().unwrap_or_default().into())
}

pub(super) fn delete(world: &mut World, params: &Params) -> Outcome {
    let place = place(params)?;
    world.commands.remove(&place);
    Ok(true.into())
}

/// Checks a `BotCommand`; a leading slash is dropped.
fn command(value: &Value) -> Result<Value, Refusal> {
    let field = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| Refusal::bad(format!("can't parse BotCommand: Can't find field \"{name}\"")))
    };
    let (name, description) = (field("command")?, field("description")?);
    let name = name.strip_prefix('/').unwrap_or(name).trim();
    if name.is_empty() {
        return Err(Refusal::bad("command must be non-empty"));
    }
    if name.chars().count() > 32 {
        return Err(Refusal::bad("command length must not exceed 32"));
    }
    let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(is_valid) {
        return Err(Refusal::bad("BOT_COMMAND_INVALID"));
    }
    let length = description.trim().chars().count();
    if length == 0 {
        return Err(Refusal::bad("command description must be non-empty"));
    }
    if length > 256 {
        return Err(Refusal::bad("command description length must not exceed 256"));
    }
    Ok(json!({"command": name, "description": description.trim()}))
}

/// The scope, in a form in which equal scopes are equal, and the language.
fn place(params: &Params) -> Result<(String, String), Refusal> {
    let scope = params.json("scope").map_err(|_| Refusal::bad("can't parse BotCommandScope JSON object"))?;
    let unsupported = || Refusal::bad("can't parse BotCommandScope: Unsupported type specified");
    let scope = match scope {
        None => "default".to_owned(),
        Some(scope) => {
            let kind = scope.get("type").and_then(Value::as_str).ok_or_else(unsupported)?;
            let part = |name: &str| scope.get(name).map(Value::to_string).unwrap_or_default();
            match kind {
                "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => kind.to_owned(),
                "chat" | "chat_administrators" => format!("{kind} {}", part("chat_id")),
                "chat_member" => format!("{kind} {} {}", part("chat_id"), part("user_id")),
                _ => return Err(unsupported()),
            }
        }
    };
    let language = params.text("language_code");
    let is_code = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
    if !language.is_empty() && !is_code {
        return Err(Refusal::bad("invalid language code specified"));
    }
    Ok((scope, language))
}
