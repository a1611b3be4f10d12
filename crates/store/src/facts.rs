//! What the companion remembers. Facts are written by [`crate::turns`] and read by [`crate::messages::Messages::recall`],
//! each in the one statement of its stage.

use chrono::{DateTime, Utc};
use evolve_domain::fact::Category;
use uuid::Uuid;

/// Something that a person told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub category: Category,
    /// Its text.
    pub content: String,
    /// When it was learnt.
    pub created_at: DateTime<Utc>,
}
