//! What stands around every page: the menu, who looks, and what the page is called.

use askama::Template;
use evolve_domain::language::Language;

use super::{assets, markup::Markup, pages::Page, words::Words};

/// A place in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The numbers that matter, and what happens now.
    Overview,
    /// Who talks to the companion.
    People,
    /// What is said.
    Conversations,
    /// Subscriptions and money.
    Revenue,
    /// What was paid, and is wanted back.
    Payments,
    /// Who comes back.
    Cohorts,
    /// From level to level.
    Funnel,
    /// What people use of the bot, and when.
    Features,
    /// Tools and models.
    Tools,
    /// What is said to many.
    Broadcasts,
    /// What is done again and again.
    Jobs,
    /// What was given up.
    Failures,
    /// What is switched on for whom.
    Flags,
    /// What models are told.
    Prompts,
    /// Who may do what.
    Access,
    /// What was done.
    Audit,
    /// How the machinery fares.
    System,
}

impl Section {
    /// All, as they stand in the menu.
    pub const ALL: [Self; 17] = [
        Self::Overview,
        Self::People,
        Self::Conversations,
        Self::Revenue,
        Self::Payments,
        Self::Cohorts,
        Self::Funnel,
        Self::Features,
        Self::Tools,
        Self::Broadcasts,
        Self::Jobs,
        Self::Failures,
        Self::Flags,
        Self::Prompts,
        Self::Access,
        Self::Audit,
        Self::System,
    ];

    /// Its name in addresses and in messages (`panel-section-…`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::People => "people",
            Self::Conversations => "conversations",
            Self::Revenue => "revenue",
            Self::Payments => "payments",
            Self::Cohorts => "cohorts",
            Self::Funnel => "funnel",
            Self::Features => "features",
            Self::Tools => "tools",
            Self::Broadcasts => "broadcasts",
            Self::Jobs => "jobs",
            Self::Failures => "failures",
            Self::Flags => "flags",
            Self::Prompts => "prompts",
            Self::Access => "access",
            Self::Audit => "audit",
            Self::System => "system",
        }
    }

    /// Its address.
    #[must_use]
    pub fn path(self) -> String {
        if self == Self::Overview { "/admin".to_owned() } else { format!("/admin/panel/{}", self.as_str()) }
    }

    /// The key that goes there, after `g`.
    #[must_use]
    pub const fn key(self) -> char {
        match self {
            Self::Overview => 'o',
            Self::People => 'p',
            Self::Conversations => 'c',
            Self::Revenue => 'r',
            Self::Payments => 'y',
            Self::Cohorts => 'h',
            Self::Funnel => 'f',
            Self::Features => 'e',
            Self::Tools => 't',
            Self::Broadcasts => 'b',
            Self::Jobs => 'j',
            Self::Failures => 'x',
            Self::Flags => 'l',
            Self::Prompts => 'm',
            Self::Access => 'a',
            Self::Audit => 'u',
            Self::System => 's',
        }
    }

    /// Whether a group of the menu begins with it: people, money and growth, and running it.
    const fn begins_group(self) -> bool {
        matches!(self, Self::People | Self::Revenue | Self::Broadcasts | Self::Jobs | Self::Access)
    }
}

/// Who looks, and what they may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// In which language, and in which zone.
    pub words: Words,
    /// The name of the account.
    pub account: String,
    /// The code of its role: `owner`, `admin`, `analyst` or `support`.
    pub role: String,
    /// The pages that its role opens; others are not in the menu.
    pub sections: Vec<Section>,
    /// The session's token, for the form that ends it.
    pub csrf: String,
    /// What was done just now, to be told once.
    pub done: Option<String>,
}

/// A line of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub text: String,
    /// The key that goes there, after `g`.
    pub key: char,
    /// Whether this is where we are.
    pub is_current: bool,
    /// Whether a group begins with it.
    pub begins_group: bool,
}

/// A whole page: menu and content.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/layout.html")]
pub struct Layout<'a> {
    shell: &'a Shell,
    words: Words,
    title: String,
    body: Markup,
    menu: Vec<MenuItem>,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
}

/// A page before anybody has signed in: content alone.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/door.html")]
pub struct Door {
    words: Words,
    title: String,
    body: Markup,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
}

impl Layout<'_> {
    /// Of which zone all times are.
    fn zone(&self) -> String {
        self.words.with("panel-zone", [("zone", self.words.zone.name())])
    }
}

/// The whole document of a page, for somebody who is signed in.
///
/// # Errors
/// When a template fails, which tests of every page exclude.
pub fn document(shell: &Shell, page: &impl Page) -> askama::Result<String> {
    let menu = shell.sections.iter().map(|section| MenuItem {
        href: section.path(),
        text: shell.words.code("section", section.as_str()),
        key: section.key(),
        is_current: page.section() == Some(*section),
        begins_group: section.begins_group(),
    });
    let body = Markup::trusted(page.render()?);
    let [style, script, icon] = assets::addresses();
    Layout { shell, words: shell.words, title: page.title(), body, menu: menu.collect(), style, script, icon }.render()
}

/// The whole document of a page before the door.
///
/// # Errors
/// As [`document`].
pub fn door(words: Words, page: &impl Page) -> askama::Result<String> {
    let body = Markup::trusted(page.render()?);
    let [style, script, icon] = assets::addresses();
    Door { words, title: page.title(), body, style, script, icon }.render()
}

/// In which language a page is: that of the account, where it has chosen one, and otherwise what the browser asks for.
#[must_use]
pub fn language(of_account: Option<Language>, headers: &axum::http::HeaderMap) -> Language {
    of_account.unwrap_or_else(|| crate::language::preferred(headers))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_section_has_a_key_and_an_address_of_its_own() {
        let keys: BTreeSet<char> = Section::ALL.iter().map(|section| section.key()).collect();
        let paths: BTreeSet<String> = Section::ALL.iter().map(|section| section.path()).collect();
        assert_eq!((keys.len(), paths.len()), (Section::ALL.len(), Section::ALL.len()));
    }
}
