//! What is said: looking for words, and reading one conversation. Only for who may, and every look is in the audit log.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Page, people};
use crate::panel::{
    markup::{Markup, escape},
    parts::{Cell, Column, Empty, Facts, Field, FieldKind, Filter, Listing, Table, View},
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/conversations?q=…`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/conversations.html")]
pub struct Conversations {
    /// The words that were looked for.
    pub search: String,
    /// Of this person alone: their number, or nothing.
    pub person: String,
    /// What is wrong with that.
    pub person_error: Option<String>,
    /// What was found, or the last conversations.
    pub found: Vec<Found>,
    /// Which part of the list it is.
    pub listing: Listing,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

/// Messages that are shown of a conversation after the one that was found in it, at most.
const AFTER: i32 = 50;

/// A message that was found, or the last one of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The conversation.
    pub conversation: String,
    /// The place of the message in it; nothing where it is about no single one.
    pub place: Option<i32>,
    /// The person's number.
    pub person: i64,
    /// How they are called.
    pub name: Option<String>,
    /// What the conversation is called.
    pub title: Option<String>,
    /// A piece of what was said.
    pub excerpt: String,
    /// The pieces of it that were looked for: places in bytes, in order.
    pub marks: Vec<(usize, usize)>,
    /// When it was said.
    pub at: Option<DateTime<Utc>>,
}

/// A text in which pieces stand out.
fn marked(text: &str, marks: &[(usize, usize)]) -> Markup {
    let mut html = String::new();
    let mut at = 0;
    for (from, to) in marks {
        // What is no place between two letters stands out of nothing.
        let (Some(before), Some(mark)) = (text.get(at..*from), text.get(*from..*to)) else { continue };
        html.push_str(&escape(before));
        html.push_str("<mark>");
        html.push_str(&escape(mark));
        html.push_str("</mark>");
        at = *to;
    }
    html.push_str(&escape(text.get(at..).unwrap_or_default()));
    Markup::trusted(html)
}

impl Found {
    /// Where it is read: at the message, with what was said around it.
    fn address(&self) -> String {
        let address = format!("{}/{}", Section::Conversations.path(), self.conversation);
        match self.place {
            Some(place) => format!("{address}?before={}#m{place}", place.saturating_add(AFTER + 1)),
            None => address,
        }
    }
}

impl Conversations {
    /// The list.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |found: &Found| {
            let title = found.title.clone().unwrap_or_else(|| words.say("panel-conversation-untitled"));
            let name = found.name.clone().unwrap_or_else(|| found.person.to_string());
            vec![
                Cell::Link(title, found.address()),
                Cell::Link(name, people::address(found.person)),
                Cell::Markup(marked(&found.excerpt, &found.marks), found.excerpt.clone()),
                Cell::time(found.at),
            ]
        };
        let empty = if self.listing.next.is_some() {
            Empty::of(words, "panel-conversations-go-on")
        } else if self.search.is_empty() && self.person.is_empty() {
            Empty::of(words, "panel-conversations-none")
        } else {
            Empty::of(words, "panel-conversations-not-found").link(words.say("panel-show-all"), &self.listing.path)
        };
        Table {
            id: "conversations",
            caption: words.say("panel-section-conversations"),
            columns: vec![
                Column::text("title", words.say("panel-conversation")),
                Column::text("person", words.say("panel-person")),
                Column::text("excerpt", words.say("panel-said")),
                Column::text("at", words.say("panel-time")),
            ],
            rows: self.found.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty,
            words,
        }
        .asked(&self.view)
    }

    /// The search.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let say = |key: &str| self.words.say(key);
        let fields = vec![
            Field::new("q", say("panel-conversations-search"), FieldKind::Search)
                .value(&self.search)
                .hint(say("panel-conversations-search-hint")),
            Field::new("person", say("panel-person-id"), FieldKind::Text)
                .value(&self.person)
                .error(self.person_error.clone()),
        ];
        let name = say("panel-conversations-search");
        Filter::new("find", &self.listing.path, name, say("panel-find"), fields)
    }
}

impl Page for Conversations {
    fn section(&self) -> Option<Section> {
        Some(Section::Conversations)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-conversations")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.table()]
    }
}

/// `GET /admin/panel/conversations/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/conversation.html")]
pub struct Conversation {
    /// What it is called.
    pub name: Option<String>,
    /// The person's number.
    pub person: i64,
    /// How the person is called.
    pub person_name: Option<String>,
    /// How the companion is called.
    pub companion: String,
    /// What it was about, in a few sentences.
    pub summary: Option<String>,
    /// When it began.
    pub since: Option<DateTime<Utc>>,
    /// What was said, oldest first.
    pub messages: Vec<SaidLine>,
    /// The address of what was said before.
    pub earlier: Option<String>,
    /// The address of what was said after.
    pub later: Option<String>,
    /// In which language.
    pub words: Words,
}

/// Something that was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidLine {
    /// Its place in the conversation.
    pub place: i32,
    /// Whether the person said it.
    pub is_own: bool,
    /// What was said.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// Whether it was spoken.
    pub was_spoken: bool,
}

impl Conversation {
    /// What is known of it.
    #[must_use]
    pub fn known(&self) -> Facts {
        let name = self.person_name.clone().unwrap_or_else(|| self.person.to_string());
        Facts::of(
            self.words,
            [
                ("panel-person", Cell::Link(name, people::address(self.person))),
                ("panel-began", Cell::time(self.since)),
                ("panel-conversation-summary", Cell::maybe(self.summary.as_deref())),
            ],
        )
    }

    /// Who said it.
    #[must_use]
    pub fn who(&self, said: &SaidLine) -> String {
        let person = || self.person_name.clone().unwrap_or_else(|| self.words.say("panel-person"));
        if said.is_own { person() } else { self.companion.clone() }
    }

    /// When it was said.
    #[must_use]
    pub fn when(&self, said: &SaidLine) -> String {
        self.words.when(said.at)
    }
}

impl Page for Conversation {
    fn section(&self) -> Option<Section> {
        Some(Section::Conversations)
    }

    fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.words.say("panel-conversation-untitled"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_stands_out_and_a_wrong_place_breaks_nothing() {
        assert_eq!(marked("a <cat> here", &[(3, 6)]).as_str(), "a &lt;<mark>cat</mark>&gt; here");
        assert_eq!(marked("кот", &[(0, 1), (90, 99)]).as_str(), "кот");
    }
}
