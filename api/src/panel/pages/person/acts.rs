//! What can be done to a person, and what comes back where something is wrong with it.

use super::{PaymentLine, Person};
use crate::panel::parts::{Act, Choice, Field, FieldKind, Form};

/// For how many days premium can be given.
pub const GIFTS: [u32; 4] = [7, 30, 90, 365];

/// What is wrong with a form that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// Which: as its address ends.
    pub act: &'static str,
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub error: String,
    /// What was typed, by the name of the field.
    pub typed: Vec<(&'static str, String)>,
}

impl Person {
    /// Gives a payment back.
    pub(super) fn refund(&self, payment: &PaymentLine) -> Act {
        let say = |key: &str| self.words.say(key);
        let amount = self.words.money(payment.amount, &payment.currency);
        let is_it = |(name, typed): &(&str, String)| *name == "payment" && *typed == payment.id;
        let wrong = self.wrong.as_ref().filter(|wrong| wrong.act == "refund" && wrong.typed.iter().any(is_it));
        let why = if wrong.is_some() { self.once_more("refund", self.why()) } else { self.why() };
        let fields = vec![Field::hidden("payment", &payment.id), why];
        let id = format!("refund-{}", payment.id);
        let form = Form::new(&id, &self.address("refund"), &self.csrf, say("panel-act-refund-do"), fields);
        let explains = self.words.with("panel-act-refund-explains", [("amount", amount)]);
        Act { is_open: wrong.is_some(), ..Act::new(say("panel-act-refund"), explains, form.dangerous()) }
    }

    /// Why it is done, for the log.
    fn why(&self) -> Field {
        let say = |key: &str| self.words.say(key);
        Field::new("why", say("panel-why"), FieldKind::Text).required().hint(say("panel-why-hint"))
    }

    /// A field of a form that was sent and was wrong has what was typed, and what is wrong.
    fn once_more(&self, act: &str, field: Field) -> Field {
        let Some(wrong) = self.wrong.as_ref().filter(|wrong| wrong.act == act) else { return field };
        let typed = wrong.typed.iter().find(|(name, _)| *name == field.name).map(|(_, typed)| typed.clone());
        let error = (wrong.field == field.name).then(|| wrong.error.clone());
        match typed {
            Some(typed) => field.value(typed).error(error),
            None => field.error(error),
        }
    }

    /// What can be done.
    #[must_use]
    pub fn acts(&self) -> Vec<Act> {
        if !self.may.manage {
            return Vec::new();
        }
        let say = |key: &str| self.words.say(key);
        let act = |name: &str, fields: Vec<Field>| {
            let key = format!("panel-act-{name}");
            let fields = fields.into_iter().map(|field| self.once_more(name, field)).collect();
            let form = Form::new(name, &self.address(name), &self.csrf, say(&format!("{key}-do")), fields);
            let is_open = self.wrong.as_ref().is_some_and(|wrong| wrong.act == name);
            Act { is_open, ..Act::new(say(&key), say(&format!("{key}-explains")), form) }
        };
        let why = || self.why();
        let dangerous = |mut act: Act| {
            act.form = act.form.dangerous();
            act
        };
        let days = GIFTS.map(|days| Choice::new(days.to_string(), self.words.count("panel-days", days.into())));
        let days = Field::new("days", say("panel-act-grant-days"), FieldKind::Select(days.to_vec())).value("30");
        let mut acts = vec![act("grant", vec![days, why(), Field::hidden("key", &self.key)])];
        if self.plan == "premium" {
            acts.push(dangerous(act("end-premium", vec![why()])));
        }
        acts.push(match self.banned_since {
            Some(_) => act("unban", vec![why()]),
            None => dangerous(act("ban", vec![why()])),
        });
        if self.forgotten_at.is_none() {
            let typed = Field::new("typed", say("panel-act-forget-typed"), FieldKind::Text).required().fills("off");
            acts.push(dangerous(act("forget", vec![typed, why()])));
        }
        acts
    }
}
