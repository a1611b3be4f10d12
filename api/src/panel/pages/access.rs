//! Who may do what: accounts, sessions, API keys.

mod lines;

use askama::Template;

pub use lines::{AccountLine, KeyLine, Refused, SessionLine, UserLine};

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Choice, Column, Empty, Field, FieldKind, Form, Listing, Table, Tone, View},
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/access`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/access.html")]
pub struct Access {
    /// The accounts.
    pub accounts: Vec<AccountLine>,
    /// The sessions of all.
    pub sessions: Vec<SessionLine>,
    /// The API keys.
    pub keys: Vec<KeyLine>,
    /// Who looks at statistics with a name and a password.
    pub users: Vec<UserLine>,
    /// What was asked for and not done.
    pub refused: Option<Refused>,
    /// The codes of the roles there are.
    pub roles: Vec<String>,
    /// The codes of the scopes that a key can have.
    pub scopes: Vec<String>,
    /// A secret that was made just now, and is shown this once.
    pub made: Option<Made>,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// A secret that is shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// An API key.
    Key(String),
    /// The one-time link for an account.
    Link(String),
}

/// The id of a form in the page: of the act `panel-KEY`, about what has this id.
#[must_use]
pub fn form_id(key: &str, id: &str) -> String {
    format!("{key}-{id}")
}

/// Forms that accounts, sessions and keys have alike.
pub(super) struct Forms<'a> {
    pub(super) csrf: &'a str,
    pub(super) refused: Option<&'a Refused>,
    pub(super) words: Words,
}

impl Forms<'_> {
    /// `panel-KEY`, `-explains` and `-do`, sent to `/admin/panel/access/PATH` with the id of what it is about.
    fn act(&self, key: &str, path: &str, id: &str, mut fields: Vec<Field>) -> Act {
        let say = |end: &str| self.words.say(&format!("panel-{key}{end}"));
        fields.push(Field::hidden("id", id));
        let (form, path) = (form_id(key, id), format!("/admin/panel/access/{path}"));
        let refused = self.refused.filter(|refused| refused.form == form);
        if let Some(refused) = refused {
            for field in fields.iter_mut().filter(|field| field.kind != FieldKind::Hidden) {
                field.value = refused.typed(&field.name);
            }
        }
        let form = Form::new(&form, &path, self.csrf, say("-do"), fields);
        let form = form.wrong(refused.map(|refused| &refused.wrong));
        Act { is_open: refused.is_some(), ..Act::new(say(""), say("-explains"), form) }
    }

    fn dangerous(&self, key: &str, path: &str, id: &str) -> Act {
        let mut act = self.act(key, path, id, Vec::new());
        act.form = act.form.dangerous();
        act
    }

    /// The sessions, as they are asked for at this address.
    pub(super) fn sessions(&self, sessions: &[SessionLine], path: String, view: &View) -> Table {
        let words = self.words;
        let row = |session: &SessionLine| {
            let own = words.say("panel-session-own");
            vec![
                Cell::Text(session.account.clone()),
                Cell::maybe(session.browser.as_deref()),
                Cell::maybe(session.address.as_deref()),
                Cell::time(session.since),
                Cell::time(session.last),
                if session.is_own {
                    Cell::State(own, Tone::Good)
                } else {
                    Cell::Acts(vec![self.dangerous("session-end", "end-session", &session.id)])
                },
            ]
        };
        Table {
            id: "sessions",
            caption: words.say("panel-sessions"),
            columns: vec![
                Column::text("account", words.say("panel-account")),
                Column::text("browser", words.say("panel-browser")),
                Column::text("address", words.say("panel-address")),
                Column::text("since", words.say("panel-began")),
                Column::text("last", words.say("panel-used-last")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: sessions.iter().map(row).collect(),
            listing: Listing::within(path, "sessions"),
            empty: Empty::of(words, "panel-sessions-none"),
            words,
        }
        .asked(view)
    }
}

impl Access {
    fn forms(&self) -> Forms<'_> {
        Forms { csrf: &self.csrf, refused: self.refused.as_ref(), words: self.words }
    }

    fn role_field(&self, now: &str) -> Field {
        let roles = self.roles.iter().map(|role| Choice::new(role, self.words.code("role", role))).collect();
        Field::new("role", self.words.say("panel-role"), FieldKind::Select(roles)).value(now)
    }

    /// The accounts.
    #[must_use]
    pub fn account_table(&self) -> Table {
        let (words, forms) = (self.words, self.forms());
        let row = |account: &AccountLine| {
            let (key, tone) = match account {
                AccountLine { is_disabled: true, .. } => ("panel-account-disabled", Tone::Bad),
                AccountLine { is_ready: false, .. } => ("panel-account-invited", Tone::Warning),
                _ => ("panel-account-active", Tone::Good),
            };
            let factor = if account.has_factor { "panel-yes" } else { "panel-no" };
            let mut acts = vec![
                forms.act("account-role", "role", &account.id, vec![self.role_field(&account.role)]),
                forms.act("account-link", "link", &account.id, Vec::new()),
            ];
            let person = Field::new("person", words.say("panel-person-id"), FieldKind::Text)
                .value(account.telegram.map(|id| id.to_string()).unwrap_or_default())
                .hint(words.say("panel-account-telegram-hint"));
            acts.push(forms.act("account-telegram", "telegram", &account.id, vec![person]));
            acts.push(if account.is_disabled {
                forms.act("account-enable", "enable", &account.id, Vec::new())
            } else {
                forms.dangerous("account-disable", "disable", &account.id)
            });
            vec![
                Cell::Text(account.name.clone()),
                Cell::Text(words.code("role", &account.role)),
                Cell::State(words.say(key), tone),
                Cell::Text(words.say(factor)),
                account.telegram.map_or(Cell::None, |id| Cell::Code(id.to_string())),
                Cell::time(account.last),
                Cell::Acts(acts),
            ]
        };
        Table {
            id: "accounts",
            caption: words.say("panel-accounts"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("role", words.say("panel-role")),
                Column::text("state", words.say("panel-state")),
                Column::text("factor", words.say("panel-factor")),
                Column::text("telegram", words.say("panel-telegram")),
                Column::text("last", words.say("panel-used-last")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.accounts.iter().map(row).collect(),
            listing: Listing::within(Section::Access.path(), "accounts"),
            empty: Empty::of(words, "panel-accounts-none"),
            words,
        }
        .asked(&self.view)
    }

    /// The sessions.
    #[must_use]
    pub fn session_table(&self) -> Table {
        self.forms().sessions(&self.sessions, Section::Access.path(), &self.view)
    }

    /// The API keys.
    #[must_use]
    pub fn key_table(&self) -> Table {
        let (words, forms) = (self.words, self.forms());
        let row = |key: &KeyLine| {
            let scopes: Vec<String> = key.scopes.iter().map(|scope| words.code("scope", scope)).collect();
            vec![
                Cell::Text(key.name.clone()),
                Cell::Code(format!("{}…", key.begins)),
                Cell::Text(scopes.join(", ")),
                Cell::time(key.last),
                Cell::time(key.until),
                Cell::Acts(vec![forms.dangerous("key-revoke", "revoke-key", &key.id)]),
            ]
        };
        Table {
            id: "keys-list",
            caption: words.say("panel-api-keys"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("begins", words.say("panel-api-key")),
                Column::text("scopes", words.say("panel-scopes")),
                Column::text("last", words.say("panel-used-last")),
                Column::text("until", words.say("panel-until")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.keys.iter().map(row).collect(),
            listing: Listing::within(Section::Access.path(), "keys-list"),
            empty: Empty::of(words, "panel-api-keys-none"),
            words,
        }
        .asked(&self.view)
    }

    /// Who looks at statistics.
    #[must_use]
    pub fn user_table(&self) -> Table {
        let (words, forms) = (self.words, self.forms());
        let row = |user: &UserLine| {
            vec![
                Cell::Text(user.name.clone()),
                Cell::time(user.since),
                Cell::Acts(vec![forms.dangerous("user-remove", "remove-user", &user.id)]),
            ]
        };
        Table {
            id: "users",
            caption: words.say("panel-api-users"),
            columns: vec![
                Column::text("name", words.say("panel-name")),
                Column::text("since", words.say("panel-since")),
                Column::text("acts", words.say("panel-acts")),
            ],
            rows: self.users.iter().map(row).collect(),
            listing: Listing::within(Section::Access.path(), "users"),
            empty: Empty::of(words, "panel-api-users-none"),
            words,
        }
        .asked(&self.view)
    }

    /// What can be added.
    #[must_use]
    pub fn additions(&self) -> Vec<Act> {
        let (forms, say) = (self.forms(), |key: &str| self.words.say(key));
        let name = |hint: &str| Field::new("name", say("panel-name"), FieldKind::Text).required().hint(say(hint));
        let scope =
            |scope: &String| Field::new(&format!("scope-{scope}"), self.words.code("scope", scope), FieldKind::Check);
        let until = Field::new("until", say("panel-until"), FieldKind::Date);
        let scopes = self.scopes.iter().map(scope);
        let key = std::iter::once(name("panel-key-new-name-hint")).chain(scopes).chain([until]).collect();
        let account = vec![name("panel-account-new-name-hint"), self.role_field("support")];
        vec![forms.act("account-new", "new-account", "new", account), forms.act("key-new", "new-key", "new", key)]
    }

    /// Why it was refused, where its form is on the page no more.
    #[must_use]
    pub fn stray(&self) -> Option<&str> {
        let refused = self.refused.as_ref()?;
        let tables = [self.account_table(), self.key_table(), self.user_table(), self.session_table()];
        let of_cell = |cell: Cell| if let Cell::Acts(acts) = cell { acts } else { Vec::new() };
        let of_rows = tables.into_iter().flat_map(|table| table.rows).flatten().flat_map(of_cell);
        let is_there = of_rows.chain(self.additions()).any(|act| act.is_open);
        (!is_there).then_some(refused.wrong.says.as_str())
    }

    /// What was made just now: what is said of it, and the secret.
    #[must_use]
    pub fn shown_once(&self) -> Option<(String, &str)> {
        self.made.as_ref().map(|made| match made {
            Made::Key(key) => (self.words.say("panel-made-key"), key.as_str()),
            Made::Link(link) => (self.words.say("panel-made-link"), link.as_str()),
        })
    }
}

impl Page for Access {
    fn section(&self) -> Option<Section> {
        Some(Section::Access)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-access")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.account_table(), self.key_table(), self.user_table(), self.session_table()]
    }
}
