//! What can go wrong in the store, sorted by what the caller should do.

use crate::tls;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres cannot serve now (away, starting, out of connections, read-only): try again later.
    #[error("Postgres cannot serve now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Postgres and we do not believe each other: somebody has to mend that, but until then it is as if it were away.
    #[error(
        "Postgres is not believed, or does not believe us ({0}); the CA that signed its certificate is named by sslrootcert in \
         DATABASE_URL, and the certificate must be for the name in it"
    )]
    Distrusted(#[source] sqlx::Error),
    /// Postgres answers and takes no changes: try again later.
    #[error("Postgres takes no changes now: it is read-only, as during a fail-over")]
    ReadOnly,
    /// A stored token was not made with any key of `ENCRYPTION_KEY`.
    #[error(
        "{0} cannot be decrypted with any key of ENCRYPTION_KEY; put the key it was encrypted with back into the list"
    )]
    Undecryptable(&'static str),
    /// A stored value is not what it must be.
    #[error("{what} in the database is not valid: {reason}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// A fault of ours: a statement that Postgres does not take.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether it is worth trying again in a while.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Distrusted(_) | Self::ReadOnly)
    }

    /// Whether the statement failed on this unique constraint.
    pub(crate) fn is_conflict_on(error: &sqlx::Error, constraint: &str) -> bool {
        error.as_database_error().is_some_and(|e| e.is_unique_violation() && e.constraint() == Some(constraint))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(&error, sqlx::Error::Io(_) | sqlx::Error::Tls(_)) && tls::is_distrust(&error) {
            return Self::Distrusted(error);
        }
        if let sqlx::Error::ColumnDecode { index, source } = &error
            && let Some(unread) = source.downcast_ref::<serde_json::Error>()
        {
            // Its own words quote what is stored, and they would be in a log.
            let reason = format!("{:?} error in the column {index}", unread.classify());
            return Self::Corrupt { what: "JSON", reason };
        }
        let away = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(e) => e.code().is_some_and(|code| is_outage(&code)),
            _ => false,
        };
        if away { Self::Unavailable(error) } else { Self::Refused(error) }
    }
}

/// SQLSTATE classes 08 (connection), 53 (resources: connections, memory, the disk), 57P (shutting down, starting), and: read-only
/// transaction (a fail-over in progress), a session that was ended while it held a transaction for too long, statement or lock
/// time-out, deadlock, serialization failure, trouble of the disk.
fn is_outage(code: &str) -> bool {
    code.starts_with("08")
        || code.starts_with("53")
        || code.starts_with("57P")
        || matches!(code, "25006" | "25P03" | "57014" | "55P03" | "40P01" | "40001" | "58030")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{StoreError, is_outage};

    #[test]
    fn json_that_cannot_be_read_is_not_quoted() {
        let unread = serde_json::from_str::<Vec<i64>>(r#"["my own secret"]"#).unwrap_err();
        assert!(unread.to_string().contains("my own secret"), "{unread}");
        let error = StoreError::from(sqlx::Error::ColumnDecode { index: "messages".to_owned(), source: unread.into() });
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("Data error in the column messages") && !shown.contains("secret"), "{shown}");
    }

    #[rstest]
    #[case::too_many_connections("53300", true)]
    #[case::disk_full("53100", true)]
    #[case::shutting_down("57P01", true)]
    #[case::starting("57P03", true)]
    #[case::read_only("25006", true)]
    #[case::held_a_transaction_too_long("25P03", true)]
    #[case::the_disk_fails("58030", true)]
    #[case::a_file_is_lost("58P01", false)]
    #[case::a_value_that_is_there_already("23505", false)]
    #[case::no_such_table("42P01", false)]
    fn what_passes_by_itself_is_told_from_what_is_a_fault(#[case] code: &str, #[case] passes: bool) {
        assert_eq!(is_outage(code), passes);
    }
}
