//! Saying one thing and waiting for the whole answer: what scripts do, and `--message`.
//!
//! Telegram does not say when a bot has finished. A bot shows "typing…" while it works, and its last message ends that;
//! an answer in several parts is paced to one message a second. So an answer is complete when the last thing that
//! happened is a message, and nothing has followed it for a little more than a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use evolve_testkit::telegram::control::Pay;
use evolve_testkit::telegram::{Doing, Sent};

use super::Chat;
use super::input::{Button, HELP, Input, button};
use crate::home::Home;
use crate::say::say;

/// The silence after which an answer is complete.
const SILENCE: Duration = Duration::from_millis(1300);

/// Longest single wait for events; the simulator answers earlier when there are some.
const WAIT: Duration = Duration::from_secs(20);

impl Chat {
    /// Says something, and prints the answer once it is complete.
    pub(super) async fn exchange(&mut self, input: &Input) -> anyhow::Result<()> {
        if self.act(input).await? {
            for message in self.answer().await? {
                self.print(&message).await?;
            }
        }
        Ok(())
    }

    /// Does what the input means. False when the bot will not hear of it.
    pub(super) async fn act(&mut self, input: &Input) -> anyhow::Result<bool> {
        if let Some(button) = button(input, self.with_buttons.as_ref()) {
            return self.press(button).await;
        }
        match input {
            Input::Nothing | Input::Quit => return Ok(false),
            Input::Help => {
                say(HELP);
                return Ok(false);
            }
            Input::Press(number) => bail!("there is no button {number}"),
            Input::Photo { path, caption } => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                self.control.send_photo(&self.person, &bytes, caption.as_deref()).await?;
            }
            Input::Voice(path) => {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                self.control.send_voice(&self.person, &bytes, opus_seconds(&bytes)).await?;
            }
            Input::Text(text) => {
                self.control.send_text(&self.person, text).await?;
            }
        }
        Ok(true)
    }

    async fn press(&mut self, button: Button) -> anyhow::Result<bool> {
        match button {
            Button::Pay(message) => return self.pay(Some(message), None).await,
            // What Telegram calls its own links: a dollar marks an invoice.
            Button::Link(url) if url.starts_with("https://t.me/$") => return self.pay(None, Some(url)).await,
            Button::Link(url) => {
                say(format!("It leads to {url}"));
                return Ok(false);
            }
            Button::Say(text) => {
                self.control.send_text(&self.person, &text).await?;
            }
            Button::Callback(data) => {
                let message = self.with_buttons.as_ref().map(|message| message.message_id).unwrap_or_default();
                self.control.press(&self.person, message, &data).await?;
            }
        }
        Ok(true)
    }

    /// Pays: in the simulation everybody has as many Stars and as much money as they like.
    async fn pay(&self, message_id: Option<i64>, link: Option<String>) -> anyhow::Result<bool> {
        self.control.pay(&Pay { from: self.person.clone(), message_id, link }).await?;
        Ok(true)
    }

    /// Waits for the whole answer: the messages, as they are at the end.
    async fn answer(&mut self) -> anyhow::Result<Vec<Sent>> {
        let start = Instant::now();
        let mut messages: BTreeMap<i64, Sent> = BTreeMap::new();
        let mut notice = false;
        let mut complete = false;
        loop {
            let left = self.patience.saturating_sub(start.elapsed());
            if left.is_zero() {
                bail!("{}", self.no_answer(!messages.is_empty()));
            }
            let wait = if complete { SILENCE } else { left };
            let request = self.control.events(self.person.id, self.seen, WAIT);
            let Ok(events) = tokio::time::timeout(wait, request).await else {
                if complete {
                    return Ok(messages.into_values().collect());
                }
                continue;
            };
            let events = events?;
            self.seen = events.next;
            for event in events.events {
                match event.doing {
                    Doing::Message { message } | Doing::Edited { message } => {
                        messages.insert(message.message_id, message);
                        complete = true;
                    }
                    Doing::Deleted { message_id } => {
                        messages.remove(&message_id);
                        complete = !messages.is_empty() || notice;
                    }
                    Doing::CallbackAnswered { text, .. } => {
                        if let Some(text) = text {
                            say(format!("({text})"));
                            notice = true;
                            complete = true;
                        }
                    }
                    Doing::Action { .. } | Doing::Draft { .. } => complete = false,
                    Doing::CheckoutAnswered { error: Some(error), .. } => {
                        say(format!("(not paid: {error})"));
                        notice = true;
                        complete = true;
                    }
                    Doing::Reaction { .. } | Doing::CheckoutAnswered { .. } => {}
                }
            }
        }
    }

    fn no_answer(&self, partly: bool) -> String {
        let what = if partly { "the answer is not complete" } else { "no answer" };
        let logs = Home::locate().map(|home| home.logs().display().to_string()).unwrap_or_default();
        format!(
            "{what} after {} s; `--timeout` waits longer, and bot.log and api.log in {logs} say why",
            self.patience.as_secs()
        )
    }
}

/// How long a voice message is: the last page of an Ogg file says how many samples came before its end, 48,000 a second
/// for Opus.
fn opus_seconds(bytes: &[u8]) -> u32 {
    let last = bytes.windows(4).rposition(|window| window == b"OggS");
    let samples = last.and_then(|page| bytes.get(page + 6..page + 14)).and_then(|field| field.first_chunk::<8>());
    let seconds = samples.map_or(1, |field| u64::from_le_bytes(*field).div_ceil(48_000));
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::opus_seconds;

    #[test]
    fn the_length_of_a_voice_message_is_read_from_its_last_page() {
        let mut file = b"OggS\0\x02\0\0\0\0\0\0\0\0 header OggS\0\x04".to_vec();
        file.extend((48_000_u64 * 7 + 1).to_le_bytes());
        file.extend(b"rest");
        assert_eq!(opus_seconds(&file), 8);
        assert_eq!(opus_seconds(b"no sound at all"), 1);
        assert_eq!(opus_seconds(b"OggS"), 1);
    }
}
