//! Another second factor for one's own account.

use askama::Template;

use super::{Page, entry::qr};
use crate::panel::{
    markup::Markup,
    parts::{Field, FieldKind, Form},
    shell::Section,
    words::Words,
};

/// `GET /admin/panel/account/factor`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/factor.html")]
pub struct Factor {
    /// The second factor that is offered, sealed: it comes back with the first code.
    pub factor: String,
    /// What the app for the second factor reads: `otpauth://…`.
    pub otpauth: String,
    /// The same for who types it: base32.
    pub secret: String,
    /// What is wrong with what was typed.
    pub wrong: Option<String>,
    /// The session's token.
    pub csrf: String,
    /// In which language.
    pub words: Words,
}

impl Factor {
    /// The form.
    #[must_use]
    pub fn form(&self) -> Form {
        let say = |key: &str| self.words.say(key);
        let fields = vec![
            Field::hidden("factor", &self.factor),
            Field::new("current", say("panel-password-now"), FieldKind::Password).required().fills("current-password"),
            Field::new("code", say("panel-sign-in-code"), FieldKind::Code)
                .required()
                .fills("one-time-code")
                .hint(say("panel-factor-code-hint"))
                .error(self.wrong.clone()),
        ];
        Form::new("factor", "/admin/panel/account/factor", &self.csrf, say("panel-factor-take"), fields)
    }

    /// The picture that the app reads.
    #[must_use]
    pub fn picture(&self) -> Markup {
        qr(&self.otpauth, &self.words.say("panel-welcome-qr"))
    }
}

impl Page for Factor {
    fn section(&self) -> Option<Section> {
        None
    }

    fn title(&self) -> String {
        self.words.say("panel-factor-new")
    }
}
