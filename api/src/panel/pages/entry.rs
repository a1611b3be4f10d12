//! The door: signing in, and the first visit by a one-time link.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, QrCode};

use super::Page;
use crate::panel::{
    markup::{Markup, escape},
    parts::{Field, FieldKind, Form},
    shell::Section,
    words::Words,
};

/// How far somebody has come who signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Name and password.
    #[default]
    Password,
    /// The six digits that an app shows.
    SecondFactor,
    /// One of the codes that were written down.
    Recovery,
}

impl Step {
    /// The one of this name; the first, where there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let all = [Self::SecondFactor, Self::Recovery];
        all.into_iter().find(|step| step.as_str() == name).unwrap_or_default()
    }

    /// Its name as it is sent (`step`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "code",
            Self::Recovery => "recovery",
        }
    }
}

/// Why somebody was not let in. It never tells which of name and password was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Name and password do not go together.
    Wrong,
    /// The code is wrong, or was used before.
    WrongCode,
    /// Too many guesses: so many seconds to wait.
    Wait(u64),
    /// The form is too old, or came from another page.
    Stale,
    /// The browser cannot keep what forms are known by: it came without HTTPS.
    Https,
    /// Whoever vouches for people here has not said that this one may come in.
    NotMapped,
    /// Whoever vouches for people here does not answer, or not as it should.
    Elsewhere,
    /// The one-time link has run out, or was used.
    Link,
}

/// `GET /admin/panel/sign-in`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/sign-in.html")]
pub struct SignIn {
    /// How far it is.
    pub step: Step,
    /// The token of the form.
    pub csrf: String,
    /// The name that was given.
    pub name: String,
    /// Where to go on to afterwards: a path of the panel.
    pub next: String,
    /// Why the last try failed.
    pub refusal: Option<Refusal>,
    /// What the button for signing in elsewhere (OpenID Connect) names; nothing without it.
    pub elsewhere: Option<String>,
    /// In which language.
    pub words: Words,
}

impl SignIn {
    /// The form of this step.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let code = |key: &str| Field::new("code", say(key), FieldKind::Code).required();
        let asked = match self.step {
            Step::Password => vec![
                Field::new("name", say("panel-name"), FieldKind::Text).value(&self.name).required().fills("username"),
                Field::new("password", say("panel-password"), FieldKind::Password).required().fills("current-password"),
            ],
            Step::SecondFactor => {
                vec![code("panel-sign-in-code").hint(say("panel-sign-in-code-hint")).fills("one-time-code")]
            }
            Step::Recovery => {
                let field = Field::new("code", say("panel-sign-in-recovery"), FieldKind::Text).required();
                vec![field.hint(say("panel-sign-in-recovery-hint")).fills("off")]
            }
        };
        let mut fields = vec![Field::hidden("step", self.step.as_str()), Field::hidden("next", &self.next)];
        fields.extend(asked);
        Form::new("sign-in", "/admin/panel/sign-in", &self.csrf, say("panel-sign-in"), fields)
    }

    /// Whether it is the first step, at which somebody may have no account yet.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.step == Step::Password
    }

    /// Why the last try failed, in words.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.refusal.map(|refusal| match refusal {
            Refusal::Wrong => self.words.say("panel-refused-wrong"),
            Refusal::WrongCode => self.words.say("panel-refused-code"),
            Refusal::Wait(seconds) => self.words.count("panel-refused-wait", seconds),
            Refusal::Stale => self.words.say("panel-refused-stale"),
            Refusal::Https => self.words.say("panel-refused-https"),
            Refusal::NotMapped => self.words.say("panel-refused-not-mapped"),
            Refusal::Elsewhere => self.words.say("panel-refused-elsewhere"),
            Refusal::Link => self.words.say("panel-refused-link"),
        })
    }

    /// What the button for signing in elsewhere says.
    #[must_use]
    pub fn elsewhere_text(&self) -> Option<String> {
        self.elsewhere.clone().map(|name| self.words.with("panel-sign-in-elsewhere", [("name", name)]))
    }

    /// Where the other second factor is asked for, and what that is called.
    #[must_use]
    pub fn other_way(&self) -> Option<(String, String)> {
        let (step, key) = match self.step {
            Step::Password => return None,
            Step::SecondFactor => (Step::Recovery, "panel-sign-in-use-recovery"),
            Step::Recovery => (Step::SecondFactor, "panel-sign-in-use-code"),
        };
        Some((self.address(step), self.words.say(key)))
    }

    /// The address of another step on the same way.
    #[must_use]
    pub fn address(&self, step: Step) -> String {
        let next = utf8_percent_encode(&self.next, NON_ALPHANUMERIC);
        format!("/admin/panel/sign-in?step={}&next={next}", step.as_str())
    }
}

impl Page for SignIn {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say("panel-sign-in-title")
    }
}

/// `GET /admin/panel/welcome?token=…`: a password and a second factor are set.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/welcome.html")]
pub struct Welcome {
    /// The token of the link.
    pub token: String,
    /// The token of the form.
    pub csrf: String,
    /// The name of the account.
    pub name: String,
    /// The second factor that is offered, sealed: it comes back with the first code.
    pub factor: String,
    /// What the app for the second factor reads: `otpauth://…`.
    pub otpauth: String,
    /// The same for who types it: base32.
    pub secret: String,
    /// Whether there has to be a second factor.
    pub is_factor_required: bool,
    /// What is wrong with the password.
    pub password_error: Option<String>,
    /// What is wrong with the code.
    pub code_error: Option<String>,
    /// In which language.
    pub words: Words,
}

impl Welcome {
    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let mut code = Field::new("code", say("panel-sign-in-code"), FieldKind::Code)
            .hint(say("panel-sign-in-code-hint"))
            .error(self.code_error.clone())
            .fills("one-time-code");
        code.is_required = self.is_factor_required;
        let password =
            |name: &str, key: &str| Field::new(name, say(key), FieldKind::Password).required().fills("new-password");
        let fields = vec![
            Field::hidden("token", &self.token),
            Field::hidden("factor", &self.factor),
            password("password", "panel-password-new")
                .hint(say("panel-password-hint"))
                .error(self.password_error.clone()),
            password("again", "panel-password-again"),
            code,
        ];
        Form::new("welcome", "/admin/panel/welcome", &self.csrf, say("panel-welcome-submit"), fields)
    }

    /// The picture that the app reads.
    #[must_use]
    pub fn picture(&self) -> Markup {
        qr(&self.otpauth, &self.words.say("panel-welcome-qr"))
    }
}

impl Page for Welcome {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.with("panel-welcome-title", [("name", self.name.clone())])
    }
}

/// After that, once: codes to write down.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/recovery-codes.html")]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
    /// Where to go on to.
    pub next: String,
    /// In which language.
    pub words: Words,
}

impl Page for RecoveryCodes {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say("panel-codes-title")
    }
}

/// A QR code as SVG: one path, dark on light in either theme, since that is what cameras read. Nothing where it is too long for one.
pub(super) fn qr(text: &str, said: &str) -> Markup {
    use std::fmt::Write as _;
    let Ok(code) = QrCode::new(text) else { return Markup::default() };
    // A quiet border of four is part of the standard.
    let (side, border) = (code.width(), 4);
    let mut path = String::new();
    for (place, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let _ = write!(path, "M{} {}h1v1h-1z", place % side + border, place / side + border);
    }
    let all = side + 2 * border;
    Markup::trusted(format!(
        r#"<svg class="qr" viewBox="0 0 {all} {all}" role="img" aria-label="{}"><rect class="light" width="{all}" height="{all}"/><path class="dark" d="{path}"/></svg>"#,
        escape(said)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_corners_that_cameras_look_for() {
        let svg = qr("otpauth://totp/EvolveAI:anna?secret=ABC", "A <picture>").to_string();
        assert!(svg.contains("M4 4h1v1h-1z") && svg.contains("A &lt;picture&gt;"), "{svg}");
        assert!(!svg.contains("style="), "{svg}");
        assert_eq!(qr(&"x".repeat(10_000), ""), Markup::default());
    }
}
