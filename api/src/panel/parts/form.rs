//! Forms: those that change something, and filters of lists.

use askama::{Template, filters::HtmlSafe};

use super::{Field, FieldError, FieldKind};

/// A form that changes something: it is sent by POST, with the token that shows that it came from our page.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "panel/parts/form.html")]
pub struct Form {
    /// Its id in the page; those of its fields begin with it.
    pub id: String,
    /// Where it is sent.
    pub action: String,
    /// The session's token (`csrf`).
    pub csrf: String,
    /// What is asked.
    pub fields: Vec<Field>,
    /// What its button says.
    pub submit: String,
    /// What a second button says, and what it sends as `do` besides: a preview, a draft.
    pub second: Option<(String, &'static str)>,
    /// Where the second button sends it, if elsewhere: a look is another act than doing it.
    pub second_to: Option<String>,
    /// Whether it takes something away from somebody.
    pub is_dangerous: bool,
    /// What is wrong with it as a whole.
    pub error: Option<String>,
}

impl HtmlSafe for Form {}

impl Form {
    /// A form with these fields.
    #[must_use]
    pub fn new(id: &str, action: &str, csrf: &str, submit: String, fields: Vec<Field>) -> Self {
        let (id, action, csrf) = (id.to_owned(), action.to_owned(), csrf.to_owned());
        Self { fields: identified(&id, fields), id, action, csrf, submit, ..Self::default() }
    }

    /// With a second button, which sends `do=VALUE`.
    #[must_use]
    pub fn second(mut self, text: String, value: &'static str) -> Self {
        self.second = Some((text, value));
        self
    }

    /// Its second button sends it to this address.
    #[must_use]
    pub fn second_to(mut self, path: &str) -> Self {
        self.second_to = Some(path.to_owned());
        self
    }

    /// It takes something away.
    #[must_use]
    pub fn dangerous(mut self) -> Self {
        self.is_dangerous = true;
        self
    }

    /// With what is wrong, where something is: at its field, or above all of them where that one is not to be seen.
    #[must_use]
    pub fn wrong(mut self, wrong: Option<&FieldError>) -> Self {
        let Some(wrong) = wrong else { return self };
        let is_it = |field: &&mut Field| field.name == wrong.field && field.kind != FieldKind::Hidden;
        match self.fields.iter_mut().find(is_it) {
            Some(field) => field.error = Some(wrong.says.clone()),
            None => self.error = Some(wrong.says.clone()),
        }
        self
    }
}

/// What a list is narrowed down by: a form that is sent by GET, so that its address can be kept.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "panel/parts/filter.html")]
pub struct Filter {
    /// Its id in the page.
    pub id: String,
    /// The address of the list.
    pub action: String,
    /// What it is called, for who cannot see it.
    pub name: String,
    /// By what.
    pub fields: Vec<Field>,
    /// What its button says.
    pub submit: String,
}

impl HtmlSafe for Filter {}

impl Filter {
    /// A filter by these fields.
    #[must_use]
    pub fn new(id: &str, action: &str, name: String, submit: String, fields: Vec<Field>) -> Self {
        let (id, action) = (id.to_owned(), action.to_owned());
        Self { fields: identified(&id, fields), id, action, name, submit }
    }
}

fn identified(form: &str, mut fields: Vec<Field>) -> Vec<Field> {
    for field in &mut fields {
        field.id = format!("{form}-{}", field.name);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::parts::Choice;

    #[test]
    fn every_field_has_a_label_of_its_own_and_the_form_its_token() {
        let choices = vec![Choice::new("free", "Free"), Choice::new("premium", "Premium")];
        let form = Form::new(
            "grant",
            "/admin/panel/people/42/grant",
            "a\"b",
            "Give".into(),
            vec![
                Field::new("days", "Days".into(), FieldKind::Number(1, 366)).value("30").hint("At most a year".into()),
                Field::new("plan", "Plan".into(), FieldKind::Select(choices)).value("premium"),
                Field::new("note", "Note".into(), FieldKind::Area(3)).error(Some("Too long".into())),
                Field::hidden("key", "k"),
            ],
        );
        let html = form.render().unwrap();
        assert!(html.contains(r#"name="csrf" value="a&#34;b""#), "{html}");
        assert!(html.contains(r#"<label for="grant-days">"#), "{html}");
        assert!(html.contains(r#"id="grant-days" name="days" aria-describedby="grant-days-hint""#), "{html}");
        assert!(html.contains(r#"<option value="premium" selected>"#), "{html}");
        assert!(html.contains(r#"aria-describedby="grant-note-error" aria-invalid="true""#), "{html}");
        assert!(html.contains(r#"<input type="hidden" name="key" value="k">"#), "{html}");
    }

    #[test]
    fn what_is_wrong_stands_at_its_field_and_above_all_where_that_is_not_seen() {
        let form = |wrong: &'static str| {
            let fields = vec![Field::new("days", "Days".into(), FieldKind::Text), Field::hidden("key", "k")];
            let form = Form::new("grant", "/", "", "Give".into(), fields);
            form.wrong(Some(&FieldError::new(wrong, "Too many".into()))).render().unwrap()
        };
        let at_field = form("days");
        assert!(at_field.contains(r#"<span class="error" id="grant-days-error">Too many</span>"#), "{at_field}");
        assert!(!at_field.contains("alert"), "{at_field}");
        for unseen in ["key", "plan", ""] {
            let above = form(unseen);
            assert!(above.contains(r#"<p class="alert bad" role="alert">Too many</p>"#), "{unseen}: {above}");
            assert!(!above.contains("aria-invalid"), "{unseen}: {above}");
        }
    }
}
