//! What a person types: words for the bot, or one of the few things that a Telegram app does with a finger.

use std::path::PathBuf;

use evolve_testkit::telegram::Sent;

/// What is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// An empty line.
    Nothing,
    /// End the chat.
    Quit,
    /// Show what can be typed.
    Help,
    /// Press the button of this number.
    Press(usize),
    /// Send a picture.
    Photo {
        /// Where it is.
        path: PathBuf,
        /// What to write under it.
        caption: Option<String>,
    },
    /// Send a voice message.
    Voice(PathBuf),
    /// Say this.
    Text(String),
}

/// What can be typed.
pub(super) const HELP: &str = "\
anything            is said to the bot; /start, /help and so on are the bot's own commands
1, 2, … or /press N presses a button of the last message that has some
/photo PATH [TEXT]  sends a picture; a path with spaces goes into quotes
/voice PATH         sends a voice message (OGG with Opus)
/quit or Ctrl-D     ends the chat; the bot goes on";

/// Reads a line. A bare number is text as long as there are no buttons: see [`button`].
pub(super) fn parse(line: &str) -> Input {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    match (first, rest) {
        ("", _) => Input::Nothing,
        ("/quit" | "/exit", "") => Input::Quit,
        ("/keys", "") => Input::Help,
        ("/press", number) if number.parse::<usize>().is_ok() => Input::Press(number.parse().unwrap_or_default()),
        ("/photo", rest) if !rest.is_empty() => {
            let (path, caption) = path_of(rest);
            let caption = caption.trim();
            Input::Photo { path, caption: (!caption.is_empty()).then(|| caption.to_owned()) }
        }
        ("/voice", rest) if !rest.is_empty() => match path_of(rest) {
            (path, "") => Input::Voice(path),
            _ => Input::Voice(rest.into()),
        },
        _ => Input::Text(line.to_owned()),
    }
}

/// A path as one types it into a shell, and what follows it: terminals quote, or put backslashes into, what is dragged
/// into them, and people write `~/`.
fn path_of(text: &str) -> (PathBuf, &str) {
    for quote in ['"', '\''] {
        if let Some((path, rest)) = text.strip_prefix(quote).and_then(|text| text.split_once(quote)) {
            return (path.into(), rest);
        }
    }
    let mut path = String::new();
    let mut is_escaped = false;
    let mut end = text.len();
    for (at, letter) in text.char_indices() {
        if letter == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        }
        if letter.is_whitespace() && !is_escaped {
            end = at;
            break;
        }
        path.push(letter);
        is_escaped = false;
    }
    let in_home = path.strip_prefix("~/").and_then(|path| Some(PathBuf::from(std::env::var_os("HOME")?).join(path)));
    (in_home.unwrap_or_else(|| path.into()), text.get(end..).unwrap_or_default())
}

/// What a numbered button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Button {
    /// Tells the bot this.
    Callback(String),
    /// Says this, as a button of a reply keyboard does.
    Say(String),
    /// Opens this.
    Link(String),
    /// Pays the invoice of this message.
    Pay(i64),
}

/// The buttons of a message with their labels, in the order of their numbers, which begin at 1.
pub(super) fn buttons(message: &Sent) -> Vec<(String, Button)> {
    let inline = message.buttons.iter().flatten().filter_map(|button| {
        let callback = button.callback_data.clone().map(Button::Callback);
        let what = callback.or_else(|| button.url.clone().map(Button::Link))?;
        Some((button.text.clone(), what))
    });
    let keyboard = message.keyboard.iter().flatten().map(|label| (label.clone(), Button::Say(label.clone())));
    let invoice = message.invoice.iter().map(|invoice| {
        let price = format!("{} {}", invoice.total_amount, invoice.currency);
        (format!("Pay {price}"), Button::Pay(message.message_id))
    });
    inline.chain(keyboard).chain(invoice).collect()
}

/// Whether a message has any.
pub(super) fn has_buttons(message: &Sent) -> bool {
    !buttons(message).is_empty()
}

/// The button that an input presses, if it presses one: `/press N`, or a bare number that some button has.
pub(super) fn button(input: &Input, message: Option<&Sent>) -> Option<Button> {
    let number = match input {
        Input::Press(number) => *number,
        Input::Text(text) => text.parse().ok()?,
        _ => return None,
    };
    let (_, button) = buttons(message?).into_iter().nth(number.checked_sub(1)?)?;
    Some(button)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("  ", Input::Nothing)]
    #[case("/start", Input::Text("/start".into()))]
    #[case("/quit", Input::Quit)]
    #[case("/press 2", Input::Press(2))]
    #[case("/press two", Input::Text("/press two".into()))]
    #[case("/photo cat.png  look at her ", Input::Photo { path: "cat.png".into(), caption: Some("look at her".into()) })]
    #[case("/photo cat.png", Input::Photo { path: "cat.png".into(), caption: None })]
    #[case("/photo \"my cat.png\" look", Input::Photo { path: "my cat.png".into(), caption: Some("look".into()) })]
    #[case("/photo 'my cat.png'", Input::Photo { path: "my cat.png".into(), caption: None })]
    #[case("/photo my\\ cat.png look", Input::Photo { path: "my cat.png".into(), caption: Some("look".into()) })]
    #[case("/voice hello.ogg", Input::Voice("hello.ogg".into()))]
    #[case("/voice well hello.ogg", Input::Voice("well hello.ogg".into()))]
    #[case("/voice 'well hello.ogg'", Input::Voice("well hello.ogg".into()))]
    #[case("7", Input::Text("7".into()))]
    fn a_line_is_understood(#[case] line: &str, #[case] expected: Input) {
        assert_eq!(parse(line), expected);
    }

    fn message() -> Sent {
        serde_json::from_value(serde_json::json!({
            "message_id": 5, "chat_id": 42, "kind": "text", "text": "Language?",
            "buttons": [[{ "text": "Русский", "callback_data": "lang:ru" }], [{ "text": "Docs", "url": "https://e.org" }]],
            "keyboard": [["Later"]],
        }))
        .unwrap()
    }

    #[test]
    fn a_number_presses_a_button_only_where_there_is_one() {
        let message = message();
        assert_eq!(button(&Input::Text("1".into()), Some(&message)), Some(Button::Callback("lang:ru".into())));
        assert_eq!(button(&Input::Press(2), Some(&message)), Some(Button::Link("https://e.org".into())));
        assert_eq!(button(&Input::Text("3".into()), Some(&message)), Some(Button::Say("Later".into())));
        assert_eq!(button(&Input::Text("4".into()), Some(&message)), None);
        assert_eq!(button(&Input::Text("0".into()), Some(&message)), None);
        assert_eq!(button(&Input::Text("1".into()), None), None);
    }
}
