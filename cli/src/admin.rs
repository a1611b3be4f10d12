//! `evolve admin`: accounts of those who run the bot, made by whoever has its database: the first owner, and one who lost what they are
//! known by. It prints a one-time link, behind which a password and a second factor are chosen; what it holds is kept as a hash.

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::access::{Role, account_name};
use evolve_runtime::metrics::Metrics;
use evolve_store::{
    Store, StoreConfig,
    access::{Account, NewAccount, hash_of},
    audit::{Entry, Outcome},
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::AdminStep;
use crate::home::Home;
use crate::keys::variable;
use crate::maintain::{Database, on_database};
use crate::say::{command, say};
use crate::state::State;

/// For so long a link holds.
const LINK_FOR: TimeDelta = TimeDelta::hours(1);
/// The page of one-time links.
const WELCOME: &str = "/admin/panel/welcome";
/// Where `evolve up` has the API, where that port is free.
const USUAL: &str = "http://127.0.0.1:8000";
/// Who does it, as the log has it.
const ACTOR: &str = "cli";

/// Does it.
///
/// # Errors
/// When the database cannot be reached or lacks migrations, a name is taken or unknown, or is none; and, before anything is done, when
/// it cannot be told where a link would lead.
pub(crate) async fn run(step: AdminStep, now: DateTime<Utc>) -> anyhow::Result<()> {
    match step {
        AdminStep::Create { name, role, url } => {
            let page = Page::find(url.as_ref())?;
            on_store(async |store: &Store| create(store, &name, role, &page, now).await).await
        }
        AdminStep::List => on_store(async |store: &Store| list(store).await).await,
        AdminStep::Reset { name, url } => {
            let page = Page::find(url.as_ref())?;
            on_store(async |store: &Store| reset(store, &name, &page, now).await).await
        }
    }
}

async fn on_store(work: impl AsyncFnOnce(&Store) -> anyhow::Result<()>) -> anyhow::Result<()> {
    on_database(false, async move |database| {
        let store = connect(database)?;
        let done = work(&store).await;
        store.close().await;
        done
    })
    .await
}

fn connect(database: Database) -> anyhow::Result<Store> {
    // Nothing that is encrypted is read or written here, so any key will do.
    let keys = database.keys.unwrap_or_else(fernet::Fernet::generate_key);
    let config = StoreConfig { database_url: database.url.into(), pool_size: 2, encryption_key: keys.into() };
    Ok(Store::connect(&config, &Metrics::new())?)
}

async fn create(store: &Store, name: &str, role: Role, page: &Page, now: DateTime<Utc>) -> anyhow::Result<()> {
    let name = account_name(name)
        .context("a name is 1 to 64 Latin letters, digits and .-_@+, and begins with a letter or a digit: `anna`")?;
    let id = Uuid::now_v7();
    let new = NewAccount { id, name: &name, role, oidc_subject: None };
    let (token, detail) = (token(), json!({ "role": role.as_str() }));
    let made = logged(store, ("account.create", id), detail, now, async {
        let is_made = store.access().create_account(&new, now).await.context(LACKING)?;
        Ok(is_made && store.access().give_link(id, &hash_of(&token), None, now + LINK_FOR).await?)
    });
    if !made.await? {
        bail!("there is an account {name} already: `{}` gives it a new link", command(&format!("admin reset {name}")));
    }
    page.show(&format!("{name} is there, as {role}. Within an hour, and once, this opens:"), &token);
    Ok(())
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let accounts = store.access().accounts().await.context(LACKING)?;
    if accounts.is_empty() {
        say(format!("There is no account yet: `{}` makes the first", command("admin create NAME")));
    }
    for account in &accounts {
        say(line(account));
    }
    Ok(())
}

async fn reset(store: &Store, name: &str, page: &Page, now: DateTime<Utc>) -> anyhow::Result<()> {
    let accounts = store.access().accounts().await.context(LACKING)?;
    let wanted = account_name(name);
    let Some(account) = accounts.into_iter().find(|account| Some(&account.name) == wanted.as_ref()) else {
        bail!("there is no account {name}: `{}` shows all", command("admin list"));
    };
    if account.is_external {
        bail!(
            "{name} comes by OpenID Connect and is known there alone: `{}` makes another",
            command("admin create NAME")
        );
    }
    let token = token();
    // Whoever has the database may let in who is shut out: it is the way back in.
    let reset = logged(store, ("account.reset", account.id), json!({}), now, async {
        let link = (hash_of(&token), now + LINK_FOR);
        Ok(store.access().reset_account(account.id, (link.0.as_slice(), link.1), true, now).await?)
    });
    if !reset.await? {
        bail!("the account {name} is gone");
    }
    let said = format!("What {} was known by holds no more. Within an hour, and once, this opens:", account.name);
    page.show(&said, &token);
    Ok(())
}

/// What is wrong with a database that has no such table.
const LACKING: &str = "accounts cannot be read or made; does the database have every migration (`evolve migrate`)?";

/// Does an act, with the log around it: before it is tried, and when it is over. Where the log cannot be written nothing is done.
async fn logged(
    store: &Store,
    (act, id): (&str, Uuid),
    detail: Value,
    now: DateTime<Utc>,
    work: impl Future<Output = anyhow::Result<bool>>,
) -> anyhow::Result<bool> {
    let write = async |outcome: Outcome| {
        let entry = Entry {
            id: Uuid::now_v7(),
            at: now,
            actor: ACTOR.to_owned(),
            address: None,
            request_id: String::new(),
            act: act.to_owned(),
            subject: Some(format!("account:{id}")),
            detail: detail.clone(),
        };
        store.audit().write(&entry, outcome).await.context("the log of acts cannot be written")
    };
    write(Outcome::Begun).await.context(LACKING)?;
    let done = work.await;
    let outcome = match &done {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Refused,
        Err(_) => Outcome::Failed,
    };
    // What broke the act says more than what broke its entry.
    match (done, write(outcome).await) {
        (Ok(done), Ok(())) => Ok(done),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn line(account: &Account) -> String {
    let state = match account {
        Account { disabled_at: Some(_), .. } => "shut out",
        Account { is_external: true, .. } => "by OpenID Connect",
        Account { has_password: false, .. } => "has not used the link",
        Account { has_second_factor: false, .. } => "password",
        Account { .. } => "password and second factor",
    };
    let seen = account.seen_at.map_or_else(|| "never seen".to_owned(), |at| format!("seen {}", at.format("%F %R UTC")));
    format!("{:<24} {:<8} {state}, {seen}", account.name, account.role.as_str())
}

/// 256 random bits as hexadecimal digits.
fn token() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a link leads. It is found before anything is done: the link to an account that was made or emptied is shown once, or lost.
struct Page {
    address: String,
    note: Option<String>,
}

impl Page {
    /// Where people find the API: as they say, else as it is configured, else where `evolve up` has it.
    fn find(url: Option<&Url>) -> anyhow::Result<Self> {
        if let Some(url) = url {
            return Self::at(url.as_str(), "--url");
        }
        if let Some(text) = variable("PANEL_URL")? {
            return Self::at(&text, "PANEL_URL");
        }
        let home = Home::locate()?;
        if let Some(database_url) = variable("DATABASE_URL")? {
            // What runs here may be of another database.
            return match State::read(&home) {
                Ok(state) if state.database_url == database_url => Self::at(&state.api_url, "the running API"),
                _ => Ok(Self::unsure("https://YOUR-API", "(`--url` says where people find the API)".to_owned())),
            };
        }
        if home.holder()?.is_none() {
            let note =
                format!("It opens once `{}` runs, which says the API's address, should it be another", command("up"));
            return Ok(Self::unsure(USUAL, note));
        }
        Self::at(&State::read(&home)?.api_url, "the running API")
    }

    fn at(base: &str, what: &str) -> anyhow::Result<Self> {
        let base = Url::parse(base).ok().filter(|base| matches!(base.scheme(), "http" | "https"));
        let Some(page) = base.and_then(|base| base.join(WELCOME).ok()) else {
            bail!("{what} must be an address with http or https, such as https://bot.example.org; nothing was done");
        };
        Ok(Self { address: page.into(), note: None })
    }

    fn unsure(base: &str, note: String) -> Self {
        Self { address: format!("{base}{WELCOME}"), note: Some(note) }
    }

    fn show(&self, said: &str, token: &str) {
        say(said);
        say(format!("  {}?token={token}", self.address));
        self.note.iter().for_each(say);
    }
}
