//! Whom somebody can call who may be in danger: with an answer, and with the problem where there is none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom the person can call, where they are as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Helplines {
    /// Who listens; a directory of those of every country is among them.
    pub lines: Vec<Helpline>,
    /// What is called when a life is in danger.
    #[schema(example = "112")]
    pub emergency: String,
}

/// Somebody who listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Helpline {
    /// What it is called there.
    #[schema(example = "Find A Helpline")]
    pub name: String,
    /// Its number, as it is dialled there, or its address on the web.
    #[schema(example = "findahelpline.com")]
    pub contact: String,
}
