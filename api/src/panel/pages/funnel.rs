//! From level to level.

use askama::Template;

use super::Page;
use crate::panel::{
    charts::{self, Chart, Funnel},
    markup::Markup,
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/funnel`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/funnel.html")]
pub struct FunnelPage {
    /// From the first word to premium.
    pub path: Funnel,
    /// From level to level.
    pub levels: Funnel,
    /// How many are at each level now.
    pub now: Chart,
    /// In which language.
    pub words: Words,
}

impl FunnelPage {
    /// From the first word to premium.
    #[must_use]
    pub fn path_chart(&self) -> Markup {
        charts::funnel(&self.path, self.words)
    }

    /// From level to level.
    #[must_use]
    pub fn level_chart(&self) -> Markup {
        charts::funnel(&self.levels, self.words)
    }

    /// How many are at each level.
    #[must_use]
    pub fn now_chart(&self) -> Markup {
        charts::bars(&self.now, self.words)
    }
}

impl Page for FunnelPage {
    fn section(&self) -> Option<Section> {
        Some(Section::Funnel)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-funnel")
    }
}
