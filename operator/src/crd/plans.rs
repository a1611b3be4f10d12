//! What people get, paying or not, and what it costs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::rules::rules;

/// What each plan allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Plans {
    /// Without paying.
    pub free: FreePlan,
    /// With the subscription.
    pub premium: PremiumPlan,
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
}

impl Default for FreePlan {
    fn default() -> Self {
        Self {
            messages_per_day: Limit::AtMost(50),
            history_messages: Limit::AtMost(10),
            facts: Limit::AtMost(50),
            images: false,
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
            price: None,
        }
    }
}

/// What a month costs: in Telegram Stars, in money, or either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = rules(&[
    ("has(self.stars) || has(self.amount)", "a price needs stars, or amount and currency; or remove price"),
    ("has(self.amount) == has(self.currency)", "money is amount and currency together, such as amount: 29900, currency: RUB"),
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
        ("self.matches('^[A-Z]{3}$')", "must be three capital letters of ISO 4217, such as RUB"),
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
                "string(self).matches('^([1-9][0-9]{0,5}|1000000|unlimited)$')",
                "must be a number from 1 to 1000000, or unlimited",
            )]),
        })
    }
}
