//! The chat as a conversation: what the bot does is shown when it happens, whatever is being typed.

use std::time::Duration;

use anyhow::bail;
use evolve_testkit::telegram::{BotEvent, Doing};
use tokio::sync::mpsc;

use super::Chat;
use super::input::{self, Input};
use super::render::safe;
use crate::say::{say, show};

const PROMPT: &str = "› ";
/// To the beginning of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[K";
/// How much of a draft fits beside the prompt.
const DRAFT_LETTERS: usize = 60;
const WAIT: Duration = Duration::from_secs(20);

/// Talks until the person has had enough.
pub(super) async fn run(mut chat: Chat) -> anyhow::Result<()> {
    say(chat
        .style
        .quiet(&format!("You are person {}. /keys shows what can be typed; say hello, or /start", chat.person.id)));
    show(PROMPT);
    let mut lines = lines();
    loop {
        let request = chat.control.events(chat.person.id, chat.seen, WAIT);
        tokio::select! {
            line = lines.recv() => match line.map(|line| input::parse(&line)) {
                None | Some(Input::Quit) => {
                    say("");
                    return Ok(());
                }
                Some(input) => {
                    // A wrong path is no reason to end a conversation.
                    if let Err(error) = chat.act(&input).await {
                        say(chat.style.quiet(&format!("{error:#}")));
                    }
                    show(PROMPT);
                }
            },
            events = request => {
                let Ok(events) = events else {
                    say("");
                    bail!("the bot was stopped");
                };
                chat.seen = events.next;
                for event in events.events {
                    chat.happened(event).await?;
                }
            }
        }
    }
}

/// Lines from the keyboard. A thread of its own, which ends with the process: reading cannot be called off.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Chat {
    async fn happened(&mut self, event: BotEvent) -> anyhow::Result<()> {
        match event.doing {
            Doing::Message { message } => {
                show(CLEAR);
                self.print(&message).await?;
                show(PROMPT);
            }
            Doing::Edited { message } => {
                show(CLEAR);
                say(self.style.quiet("(edited)"));
                self.print(&message).await?;
                show(PROMPT);
            }
            Doing::Action { action } => {
                let what = if action == "typing" { "typing…" } else { "sending…" };
                show(format!("{CLEAR}{} {PROMPT}", self.style.quiet(what)));
            }
            Doing::Draft { text, .. } => {
                let text = safe(&text).replace('\n', " ");
                let skipped = text.chars().count().saturating_sub(DRAFT_LETTERS);
                let tail: String = text.chars().skip(skipped).collect();
                show(format!("{CLEAR}{} {PROMPT}", self.style.quiet(&format!("…{tail}"))));
            }
            Doing::CallbackAnswered { text: Some(text), .. } => {
                show(CLEAR);
                say(self.style.quiet(&format!("({})", safe(&text))));
                show(PROMPT);
            }
            Doing::Reaction { emoji, .. } if !emoji.is_empty() => {
                show(CLEAR);
                say(emoji.join(" "));
                show(PROMPT);
            }
            Doing::CheckoutAnswered { ok, error, .. } => {
                show(CLEAR);
                let error = error.as_deref().map(safe).unwrap_or_default();
                say(self.style.quiet(&if ok { "(paid)".to_owned() } else { format!("(not paid: {error})") }));
                show(PROMPT);
            }
            Doing::Deleted { .. } | Doing::CallbackAnswered { .. } | Doing::Reaction { .. } => {}
        }
        Ok(())
    }
}
