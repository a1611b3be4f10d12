//! Database roles with the least that each needs: see `roles.sql`, which says what each may do.
//!
//! They hold grants and cannot log in. Whoever runs the database makes accounts, with passwords of their own, as members of them:
//! the bot of `…_app`, the API of `…_jobs`, who looks at numbers of `…_analytics`. Migrations stay with the owner of the tables.
//! A bot whose processes are given the owner's account works as ever.

use std::str::FromStr as _;

use sqlx::{AssertSqlSafe, Connection as _, postgres::PgConnectOptions};

use crate::{StoreError, pool};

const TEMPLATE: &str = include_str!("roles.sql");

/// What roles are called that were given no other name.
pub const PREFIX: &str = "evolve";

/// Longest prefix: Postgres cuts names at 63 bytes.
const MAX_PREFIX: usize = 40;

/// What the roles of one database are called. Roles belong to a whole server, so bots that share one need prefixes of their own:
/// otherwise a member of the one's role reads the other's tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// What the bot does.
    pub app: String,
    /// What the API does, which runs the jobs.
    pub jobs: String,
    /// Numbers, without anything that anybody said.
    pub analytics: String,
}

impl Roles {
    /// Roles of this prefix: small Latin letters, digits and underscores, a letter first, at most 40. Nothing for another one.
    #[must_use]
    pub fn named(prefix: &str) -> Option<Self> {
        let is_name = prefix.len() <= MAX_PREFIX
            && prefix.starts_with(|first: char| first.is_ascii_lowercase())
            && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let name = |what: &str| format!("{prefix}_{what}");
        is_name.then(|| Self { app: name("app"), jobs: name("jobs"), analytics: name("analytics") })
    }

    fn statements(&self) -> String {
        let Self { app, jobs, analytics } = self;
        TEMPLATE.replace("{app}", app).replace("{jobs}", jobs).replace("{analytics}", analytics)
    }
}

/// Makes the roles where they are missing, and gives each what it needs and nothing else, all or nothing. To be done as the owner
/// of the tables, who may make roles, after the migrations, and again after each.
///
/// # Errors
/// [`StoreError`]: also where the account may not make roles, or a migration is missing.
pub async fn grant(database_url: &str, roles: &Roles) -> Result<(), StoreError> {
    let options = PgConnectOptions::from_str(database_url)?;
    let mut connection = pool::connect(&options).await?;
    let mut transaction = connection.begin().await?;
    // The names are letters, digits and underscores.
    sqlx::raw_sql(AssertSqlSafe(roles.statements())).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_more_than_a_name_is_none() {
        let roles = Roles::named("eva_2").unwrap();
        assert_eq!((roles.app.as_str(), roles.analytics.as_str()), ("eva_2_app", "eva_2_analytics"));
        assert!(!roles.statements().contains('{') && roles.statements().contains("TO eva_2_jobs"));
        for bad in ["", "2a", "a b", "a;DROP", "A", "\"a", "é", &"a".repeat(41)] {
            assert_eq!(Roles::named(bad), None, "{bad:?}");
        }
    }
}
