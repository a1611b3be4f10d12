//! `/consent`: whether a person agrees to adult matters, being 18 or older.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /consent/{user_id}`: what the person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentUpdate {
    /// Whether they say that they are 18 or older, and agree. A no is taken always, a yes not from whoever
    /// told that they are younger: within a year, or with their birthday.
    pub agreed: bool,
    /// Which version of the words they were asked with. A yes is taken to the current ones alone.
    #[schema(minimum = 1)]
    pub words: u16,
}

/// What a person decided, and whether there is anything to decide. Without a current yes the companion is decent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentResponse {
    /// Whether this companion may speak of adult matters at all.
    pub available: bool,
    /// The version of the words with which people are asked now.
    pub current_words: u16,
    /// What they decided; nothing where they did not, or only about earlier words.
    pub agreed: Option<bool>,
    /// When they decided last, about any words.
    pub decided_at: Option<DateTime<Utc>>,
    /// With which version of the words they were asked then.
    pub words: Option<u16>,
    /// When they said last that they are under 18, which counts as a no: for a year after that no yes is taken.
    pub minor_said_at: Option<DateTime<Utc>>,
}
