//! What people get, paying or not, and what it costs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::rules::{all, rules, rules_at};

/// What each plan allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    no_less("messagesPerDay", FreePlan::default().messages_per_day),
    no_less("historyMessages", FreePlan::default().history_messages),
    no_less("facts", FreePlan::default().facts),
    rules_at(".premium.images", &[
        ("!(has(self.free) && has(self.free.images) && self.free.images) || !has(self.premium) || !has(self.premium.images) || self.premium.images",
         "people would lose pictures by paying: set free.images: false, or remove premium.images"),
    ]),
    rules_at(".premium.voice", &[
        ("!(has(self.free) && has(self.free.voice) && self.free.voice) || !has(self.premium) || !has(self.premium.voice) || self.premium.voice",
         "people would lose spoken answers by paying: set free.voice: false, or remove premium.voice"),
    ]),
])))]
pub struct Plans {
    /// Without paying.
    pub free: FreePlan,
    /// With the subscription.
    pub premium: PremiumPlan,
}

/// That people who pay do not get less of `field` than those who do not, who get `usual` where nothing is said.
fn no_less(field: &str, usual: Limit) -> Value {
    let usual = usual.number().unwrap_or(u32::MAX);
    let (free, paid) = (format!("self.free.{field}"), format!("self.premium.{field}"));
    let rule = format!(
        "!has(self.premium) || !has({paid}) || {paid} == '{UNLIMITED}' || (has(self.free) && has({free}) \
         ? {free} != '{UNLIMITED}' && int({free}) <= int({paid}) : {usual} <= int({paid}))"
    );
    let message = format!("people would lose by paying: give them at least free.{field}, which is {usual} when absent");
    rules_at(&format!(".premium.{field}"), &[(&rule, &message)])
}

/// What people get without paying.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FreePlan {
    /// Messages a day, in the person's own time zone; or `unlimited`.
    pub messages_per_day: Limit,
    /// How many messages back the companion looks; or `unlimited`.
    pub history_messages: Limit,
    /// Facts remembered about a person; or `unlimited`.
    pub facts: Limit,
    /// Whether pictures may be sent.
    pub images: bool,
    /// Whether answers may be spoken; not when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
}

impl Default for FreePlan {
    fn default() -> Self {
        Self {
            messages_per_day: Limit::AtMost(50),
            history_messages: Limit::AtMost(10),
            facts: Limit::AtMost(50),
            images: false,
            voice: None,
        }
    }
}

/// What people get with the subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PremiumPlan {
    /// Messages a day, in the person's own time zone; or `unlimited`.
    pub messages_per_day: Limit,
    /// How many messages back the companion looks; or `unlimited`.
    pub history_messages: Limit,
    /// Facts remembered about a person; or `unlimited`.
    pub facts: Limit,
    /// Whether pictures may be sent.
    pub images: bool,
    /// Whether answers may be spoken; they are when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    /// What a month costs; premium cannot be bought when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

impl Default for PremiumPlan {
    fn default() -> Self {
        Self {
            messages_per_day: Limit::Unlimited,
            history_messages: Limit::Unlimited,
            facts: Limit::Unlimited,
            images: true,
            voice: None,
            price: None,
        }
    }
}

/// What a month costs: in Telegram Stars, in money, or either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    rules(&[("has(self.stars) || has(self.amount) || has(self.currency)", "a price needs stars, or amount and currency; or remove price")]),
    rules_at(".currency", &[
        ("has(self.amount) == has(self.currency)", "money is amount and currency together, such as amount: 29900, currency: RUB"),
    ]),
])))]
pub struct Price {
    /// Telegram Stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub stars: Option<u32>,
    /// Money, in the currency's smallest unit: 29900 is 299.00.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000_000))]
    pub amount: Option<u32>,
    /// The currency, as three letters of ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 3), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[A-Z]{3}$') && self != 'XTR'", "must be three capital letters of ISO 4217, such as RUB; a price in Telegram Stars is price.stars"),
    ])))]
    pub currency: Option<String>,
}

/// A limit that may be lifted. Not a `null`: `kubectl apply` takes that as "back to the default".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many, 1 or more.
    AtMost(u32),
    /// As many as they like.
    Unlimited,
}

impl Limit {
    /// The number, unless it is lifted.
    #[must_use]
    pub const fn number(self) -> Option<u32> {
        match self {
            Self::AtMost(number) => Some(number),
            Self::Unlimited => None,
        }
    }
}

const UNLIMITED: &str = "unlimited";

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AtMost(number) => serializer.serialize_u32(*number),
            Self::Unlimited => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Limit;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a number from 1, or `unlimited`")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Limit, E> {
                u32::try_from(number)
                    .map(Limit::AtMost)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Limit, E> {
                u32::try_from(number)
                    .map(Limit::AtMost)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
                if text == UNLIMITED {
                    return Ok(Limit::Unlimited);
                }
                // Quoted, as templates like to write numbers.
                text.parse().map(Limit::AtMost).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "x-kubernetes-validations": rules(&[(
                // Another text is an error of the rule, with which the API server shows the message, too.
                "self == 'unlimited' || (int(self) >= 1 && int(self) <= 1000000)",
                "must be a number from 1 to 1000000, or unlimited",
            )]),
        })
    }
}
