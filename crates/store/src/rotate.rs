//! Re-encryption of what is not under the first key, in small steps, so that it can run beside the live system.

use sqlx::FromRow;

use crate::{Store, StoreError};

/// Rows looked at per step.
const STEP: i64 = 500;

/// Most rows that are named of those which cannot be read.
const NAMED: usize = 20;

/// What was re-encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Tokens looked at.
    pub seen: u64,
    /// Tokens that were under an older key and are now under the first.
    pub changed: u64,
    /// Tokens that none of the keys decrypts. They are left as they are.
    pub unreadable: u64,
    /// Where the first of those stand: column and id.
    pub where_unreadable: Vec<String>,
}

/// A column of tokens: its statements read a step of rows after an id, write one row if it is still as read, and read the
/// last row.
struct Column {
    what: &'static str,
    /// An id that is below every other, in Postgres' order of the column's own type: its index serves the steps.
    before_all: &'static str,
    read: &'static str,
    write: &'static str,
    last: &'static str,
}

/// No id is this.
const NIL: &str = "00000000-0000-0000-0000-000000000000";

const COLUMNS: [Column; 12] = [
    Column {
        what: "users.profile",
        before_all: "-9223372036854775808",
        read: "SELECT id::text AS id, profile AS token FROM users WHERE profile IS NOT NULL AND id > $1::bigint ORDER BY users.id LIMIT $2",
        write: "UPDATE users SET profile = $3 WHERE id = $1::bigint AND profile = $2",
        last: "SELECT profile FROM users WHERE profile IS NOT NULL ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "facts.content",
        before_all: NIL,
        read: "SELECT id::text AS id, content AS token FROM facts WHERE id > $1::uuid ORDER BY facts.id LIMIT $2",
        write: "UPDATE facts SET content = $3 WHERE id = $1::uuid AND content = $2",
        last: "SELECT content FROM facts ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "facts.meaning",
        before_all: NIL,
        read: "SELECT id::text AS id, meaning AS token FROM facts WHERE meaning IS NOT NULL AND id > $1::uuid ORDER BY facts.id LIMIT $2",
        write: "UPDATE facts SET meaning = $3 WHERE id = $1::uuid AND meaning = $2",
        last: "SELECT meaning FROM facts WHERE meaning IS NOT NULL ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "summaries.content",
        before_all: NIL,
        read: "SELECT conversation_id::text AS id, content AS token FROM summaries WHERE conversation_id > $1::uuid ORDER BY conversation_id LIMIT $2",
        write: "UPDATE summaries SET content = $3 WHERE conversation_id = $1::uuid AND content = $2",
        last: "SELECT content FROM summaries ORDER BY conversation_id DESC LIMIT 1",
    },
    Column {
        what: "conversations.title",
        before_all: NIL,
        read: "SELECT id::text AS id, title AS token FROM conversations WHERE title IS NOT NULL AND id > $1::uuid ORDER BY conversations.id LIMIT $2",
        write: "UPDATE conversations SET title = $3 WHERE id = $1::uuid AND title = $2",
        last: "SELECT title FROM conversations WHERE title IS NOT NULL ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "weeks.content",
        before_all: "-9223372036854775808 0001-01-01",
        read: "SELECT user_id || ' ' || starts_on AS id, content AS token FROM weeks
               WHERE content IS NOT NULL AND (user_id, starts_on) > (split_part($1, ' ', 1)::bigint, split_part($1, ' ', 2)::date)
               ORDER BY user_id, starts_on LIMIT $2",
        write: "UPDATE weeks SET content = $3 WHERE user_id = split_part($1, ' ', 1)::bigint
                AND starts_on = split_part($1, ' ', 2)::date AND content = $2",
        last: "SELECT content FROM weeks WHERE content IS NOT NULL ORDER BY user_id DESC, starts_on DESC LIMIT 1",
    },
    Column {
        what: "room_turns.name",
        before_all: NIL,
        read: "SELECT turn_id::text AS id, name AS token FROM room_turns WHERE turn_id > $1::uuid ORDER BY turn_id LIMIT $2",
        write: "UPDATE room_turns SET name = $3 WHERE turn_id = $1::uuid AND name = $2",
        last: "SELECT name FROM room_turns ORDER BY turn_id DESC LIMIT 1",
    },
    Column {
        what: "webhooks.url",
        before_all: NIL,
        read: "SELECT id::text AS id, url AS token FROM webhooks WHERE id > $1::uuid ORDER BY webhooks.id LIMIT $2",
        write: "UPDATE webhooks SET url = $3 WHERE id = $1::uuid AND url = $2",
        last: "SELECT url FROM webhooks ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "webhooks.secret",
        before_all: NIL,
        read: "SELECT id::text AS id, secret AS token FROM webhooks WHERE id > $1::uuid ORDER BY webhooks.id LIMIT $2",
        write: "UPDATE webhooks SET secret = $3 WHERE id = $1::uuid AND secret = $2",
        last: "SELECT secret FROM webhooks ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "webhooks.old_secret",
        before_all: NIL,
        read: "SELECT id::text AS id, old_secret AS token FROM webhooks WHERE old_secret IS NOT NULL AND id > $1::uuid ORDER BY webhooks.id LIMIT $2",
        write: "UPDATE webhooks SET old_secret = $3 WHERE id = $1::uuid AND old_secret = $2",
        last: "SELECT old_secret FROM webhooks WHERE old_secret IS NOT NULL ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "admins.totp_secret",
        before_all: NIL,
        read: "SELECT id::text AS id, totp_secret AS token FROM admins WHERE totp_secret IS NOT NULL AND id > $1::uuid ORDER BY admins.id LIMIT $2",
        write: "UPDATE admins SET totp_secret = $3 WHERE id = $1::uuid AND totp_secret = $2",
        last: "SELECT totp_secret FROM admins WHERE totp_secret IS NOT NULL ORDER BY id DESC LIMIT 1",
    },
    Column {
        what: "bans.reason",
        before_all: "",
        read: "SELECT person AS id, reason AS token FROM bans WHERE person > $1 ORDER BY person LIMIT $2",
        write: "UPDATE bans SET reason = $3 WHERE person = $1 AND reason = $2",
        last: "SELECT reason FROM bans ORDER BY person DESC LIMIT 1",
    },
];

/// Re-encrypts everything that is not under the first key. May be stopped and run again at any time. What none of the keys
/// decrypts is counted, and keeps nothing else from it.
///
/// # Errors
/// [`StoreError`]; running it again goes on.
pub async fn rotate(store: &Store) -> Result<Rotated, StoreError> {
    #[derive(FromRow)]
    struct Row {
        id: String,
        token: String,
    }
    let mut rotated = Rotated::default();
    for column in COLUMNS {
        let mut after = column.before_all.to_owned();
        loop {
            let rows: Vec<Row> = sqlx::query_as(column.read).bind(&after).bind(STEP).fetch_all(&store.pool).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.id);
            for row in &rows {
                rotated.seen += 1;
                if store.keys.is_current(&row.token) {
                    continue;
                }
                let Ok(bytes) = store.keys.decrypt_bytes(&row.token, column.what) else {
                    rotated.cannot_read(column.what, &row.id);
                    continue;
                };
                let token = store.keys.encrypt_bytes(&bytes);
                let done =
                    sqlx::query(column.write).bind(&row.id).bind(&row.token).bind(token).execute(&store.pool).await?;
                rotated.changed += done.rows_affected();
            }
        }
    }
    store.bans().rename().await?;
    store.flags().rename().await?;
    Ok(rotated)
}

impl Rotated {
    fn cannot_read(&mut self, what: &str, id: &str) {
        self.unreadable += 1;
        if self.where_unreadable.len() < NAMED {
            self.where_unreadable.push(format!("{what} of {id}"));
        }
    }
}

/// Whether the keys fit the data: tries the first and the last token of each kind. A key that was lost or mixed up is found
/// at start-up by it, and not by the first person who writes.
///
/// # Errors
/// [`StoreError::Undecryptable`] when they do not.
pub async fn verify(store: &Store) -> Result<(), StoreError> {
    for column in COLUMNS {
        let first: Option<(String, String)> =
            sqlx::query_as(column.read).bind(column.before_all).bind(1_i64).fetch_optional(&store.pool).await?;
        let last: Option<(String,)> = sqlx::query_as(column.last).fetch_optional(&store.pool).await?;
        for token in first.map(|(_, token)| token).into_iter().chain(last.map(|(token,)| token)) {
            store.keys.decrypt_bytes(&token, column.what)?;
        }
    }
    Ok(())
}
