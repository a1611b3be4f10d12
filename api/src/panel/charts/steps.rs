//! Lines across a picture of lines, each where something begins: levels.

use std::fmt::Write as _;

use super::axis::{LEFT, RIGHT, Scale};
use crate::panel::markup::escape;

/// How far names lie apart: the letters of a narrow picture are about so high.
const ROOM: f64 = 26.0;
/// Most letters of a name: more have no room in a narrow picture.
const LETTERS: usize = 24;

/// What is reached by and by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// What it is.
    pub name: String,
    /// Where each begins, and what it is called, lowest first.
    pub steps: Vec<(f64, String)>,
}

impl Steps {
    /// The highest that a value has reached.
    pub(super) fn reached(&self, value: f64) -> Option<&str> {
        self.steps.iter().rev().find(|(begins, _)| value >= *begins).map(|(_, name)| name.as_str())
    }
}

/// A line and a name for each that is within the picture.
pub(super) fn draw(svg: &mut String, steps: &Steps, scale: &Scale) {
    // Each value is read out with the one that it has reached: the lines would be noise.
    svg.push_str(r#"<g class="steps" aria-hidden="true">"#);
    let mut above = f64::NEG_INFINITY;
    for (begins, name) in steps.steps.iter().rev().filter(|(begins, _)| scale.holds(*begins)) {
        let y = scale.y(*begins);
        let _ = write!(svg, r#"<line class="step" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}"/>"#);
        // Where two names would lie on each other, the lower one gives way.
        if y - above >= ROOM {
            let (left, foot, name) = (LEFT + 6.0, y - 6.0, escape(&short(name)));
            let _ = write!(svg, r#"<text class="step-name" x="{left}" y="{foot:.1}">{name}</text>"#);
            above = y;
        }
    }
    svg.push_str("</g>");
}

fn short(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}
