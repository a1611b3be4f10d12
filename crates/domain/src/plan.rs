//! Plans and what each allows; the defaults are the seed's table.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a person pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Nothing.
    #[default]
    Free,
    /// The premium subscription.
    Premium,
}

impl Plan {
    /// The plan's name in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
        }
    }

    /// The plan in force: premium ends at `premium_until`, whether or not a job has noticed yet.
    #[must_use]
    pub fn in_force(self, premium_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        match (self, premium_until) {
            (Self::Premium, Some(until)) if until <= now => Self::Free,
            (plan, _) => plan,
        }
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "free" => Ok(Self::Free),
            "premium" => Ok(Self::Premium),
            other => Err(format!("{other:?} is not a plan; use free or premium")),
        }
    }
}

/// What a plan allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Messages a day, in the person's own time zone; nothing for no limit.
    pub messages_per_day: Option<u32>,
    /// Messages of history (of both sides) that the model sees; nothing for all, within the token budget.
    pub history_messages: Option<u32>,
    /// Facts remembered; nothing for no limit.
    pub facts: Option<u32>,
    /// Whether pictures may be sent.
    pub images: bool,
    /// Whether answers may be spoken; on premium alone where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
}

/// The limits of each plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Plans {
    /// Without paying.
    pub free: Limits,
    /// With the subscription.
    pub premium: Limits,
}

impl Plans {
    /// The limits of `plan`.
    #[must_use]
    pub const fn limits(&self, plan: Plan) -> &Limits {
        match plan {
            Plan::Free => &self.free,
            Plan::Premium => &self.premium,
        }
    }

    /// Whether answers to people on `plan` may be spoken.
    #[must_use]
    pub fn speaks(&self, plan: Plan) -> bool {
        self.limits(plan).voice.unwrap_or(plan == Plan::Premium)
    }
}

impl Default for Plans {
    fn default() -> Self {
        Self {
            free: Limits {
                messages_per_day: Some(50),
                history_messages: Some(10),
                facts: Some(50),
                images: false,
                voice: None,
            },
            premium: Limits { messages_per_day: None, history_messages: None, facts: None, images: true, voice: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn premium_ends_at_its_end_even_before_a_job_notices() {
        let end: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        assert_eq!(Plan::Premium.in_force(Some(end), end - chrono::TimeDelta::seconds(1)), Plan::Premium);
        assert_eq!(Plan::Premium.in_force(Some(end), end), Plan::Free);
        assert_eq!(Plan::Premium.in_force(None, end), Plan::Premium);
        assert_eq!(Plan::Free.in_force(Some(end), end - chrono::TimeDelta::days(9)), Plan::Free);
    }
}
