//! `evolve chat`: a person of the simulated Telegram, in the terminal. It does with the simulator what a Telegram app
//! does with Telegram, so the bot notices no difference.

mod exchange;
mod input;
mod render;
mod terminal;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use evolve_domain::language::Language;
use evolve_testkit::telegram::control::ControlClient;
use evolve_testkit::telegram::{Sent, User};

use self::input::Input;
use self::render::Style;
use crate::ChatArguments;
use crate::home::Home;
use crate::say::say;
use crate::state::{State, Telegram};

/// One person's side of a conversation.
struct Chat {
    control: ControlClient,
    person: User,
    style: Style,
    /// How long an answer may take.
    patience: Duration,
    /// The last event that was seen.
    seen: u64,
    /// The last message with buttons: what a number presses.
    with_buttons: Option<Sent>,
    /// Where files that the bot sends are kept.
    downloads: PathBuf,
}

/// Talks.
///
/// # Errors
/// When nothing runs, the bot is at the real Telegram, or no answer comes in time.
pub(crate) async fn run(arguments: &ChatArguments) -> anyhow::Result<()> {
    let home = Home::locate()?;
    let state = State::read(&home)?;
    let url = match state.telegram {
        Telegram::Simulated(url) => url,
        Telegram::Real(name) => {
            let place = name.map_or_else(|| "your bot".to_owned(), |name| format!("https://t.me/{name}"));
            bail!(
                "this bot is at the real Telegram: open {place} there. Without TELEGRAM_BOT_TOKEN, `evolve up` simulates one"
            );
        }
    };
    let is_terminal = std::io::stdout().is_terminal();
    let mut chat = Chat {
        control: ControlClient::new(url)?,
        person: person(arguments.person),
        style: if is_terminal { Style::Ansi } else { Style::Plain },
        patience: Duration::from_secs(arguments.timeout),
        seen: 0,
        with_buttons: None,
        downloads: home.path().join("downloads"),
    };
    chat.arrive().await?;
    if let Some(message) = &arguments.message {
        let said = input::parse(message);
        if said == Input::Nothing {
            bail!("--message is empty: there is nothing to say");
        }
        return chat.exchange(&said).await;
    }
    if is_terminal && std::io::stdin().is_terminal() {
        return terminal::run(chat).await;
    }
    for line in std::io::stdin().lines() {
        match input::parse(&line.context("cannot read what is to be said")?) {
            Input::Nothing => {}
            Input::Quit => break,
            said => chat.exchange(&said).await?,
        }
    }
    Ok(())
}

/// The account of the person: what Telegram would know about somebody at this machine.
fn person(id: i64) -> User {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let language = Language::from_telegram(Some(&locale)).as_str();
    User::new(id).first_name(set("USER").unwrap_or_else(|| "Guest".to_owned())).language(language)
}

impl Chat {
    /// Makes the person known, and passes over what was said in an earlier chat. Its last buttons still work.
    async fn arrive(&mut self) -> anyhow::Result<()> {
        self.control.user(&self.person).await?;
        let earlier = self.control.events(self.person.id, 0, Duration::ZERO).await?;
        self.seen = earlier.next;
        let known = self.control.state().await?.chats.into_iter().find(|known| known.id == self.person.id);
        let messages = known.map(|known| known.messages).unwrap_or_default();
        self.with_buttons = messages.into_iter().rfind(|message| !message.deleted && input::has_buttons(message));
        Ok(())
    }

    /// Keeps the file of a message, and says where.
    async fn keep_file(&self, message: &Sent) -> anyhow::Result<Option<String>> {
        let Some(file) = &message.file else { return Ok(None) };
        let bytes = self.control.file(&file.path).await?;
        std::fs::create_dir_all(&self.downloads)
            .with_context(|| format!("cannot make {}", self.downloads.display()))?;
        // The name is the bot's to choose: only its ending is taken from it, and only letters and digits of that.
        let ending: String =
            file.path.rsplit('.').next().unwrap_or("bin").chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        let path = self.downloads.join(format!("{}-{}.{ending}", message.chat_id, message.message_id));
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Some(path.display().to_string()))
    }

    /// Prints a message as the person sees it.
    async fn print(&mut self, message: &Sent) -> anyhow::Result<()> {
        let file = self.keep_file(message).await?;
        say(render::message(message, file.as_deref(), self.style));
        if input::has_buttons(message) {
            self.with_buttons = Some(message.clone());
        }
        Ok(())
    }
}
