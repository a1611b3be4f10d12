//! What was spoken: one row for each message that was heard, and for each answer that was spoken. Never the sound itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{Store, StoreError};

/// Whose sound it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioKind {
    /// The person's.
    In,
    /// The companion's.
    Out,
}

impl AudioKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Something that was spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioFile {
    /// Whose it was.
    pub kind: AudioKind,
    /// Its media type.
    pub mime: &'static str,
    /// Its size.
    pub bytes: usize,
    /// How long it is, as far as that is known, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Which model heard or spoke it.
    pub model: String,
    /// How the caller can have it again, where they said so.
    pub file_ref: Option<String>,
    /// How many characters were heard in it; nothing for an answer.
    pub heard_chars: Option<usize>,
}

/// What was spoken. Borrowed from [`Store::audio`].
#[derive(Debug)]
pub struct Audio<'a>(&'a Store);

impl Store {
    /// What was spoken.
    #[must_use]
    pub fn audio(&self) -> Audio<'_> {
        Audio(self)
    }
}

/// $1 turn, $2 person, $3 now, $4–$10 the files. A person who is gone by now leaves nothing. What is heard becomes a message when
/// its turn ends; an answer is one already, of the same time as the turn's end.
const RECORD: &str = "
    WITH locked AS (
        SELECT id FROM users WHERE id = $2 FOR NO KEY UPDATE
    )
    INSERT INTO audio_files (turn_id, kind, user_id, mime, bytes, duration_ms, model, created_at, file_ref,
                             heard_chars, message_id)
    SELECT $1, f.kind, locked.id, f.mime, f.bytes, f.duration_ms, f.model, $3, f.file_ref, f.heard_chars,
           CASE WHEN f.kind = 'out' THEN (
               SELECT m.id FROM turns t
               JOIN messages m ON m.user_id = t.user_id AND m.created_at = t.finished_at AND m.turn_id = t.id
                              AND m.role = 'assistant'
               WHERE t.id = $1 LIMIT 1) END
    FROM locked, unnest($4::text[], $5::text[], $6::integer[], $7::integer[], $8::text[], $9::text[],
                        $10::integer[])
         AS f (kind, mime, bytes, duration_ms, model, file_ref, heard_chars)
    ON CONFLICT (turn_id, kind) DO NOTHING";

/// $1 person, $2 the key of the turn, $3 how it can be had again.
const SENT: &str = "
    UPDATE audio_files a SET file_ref = $3 FROM turns t
    WHERE t.user_id = $1 AND t.key = $2 AND a.turn_id = t.id AND a.kind = 'out'";

impl Audio<'_> {
    /// A spoken answer was sent, and can be had again by this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent(&self, user_id: i64, key: &str, file_ref: &str) -> Result<(), StoreError> {
        sqlx::query(SENT).bind(user_id).bind(key).bind(file_ref).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Records what a turn heard or spoke. A turn that is answered again does not record it again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(
        &self,
        turn_id: Uuid,
        user_id: i64,
        files: &[AudioFile],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let small = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
        sqlx::query(RECORD)
            .bind(turn_id)
            .bind(user_id)
            .bind(now)
            .bind(files.iter().map(|f| f.kind.as_str()).collect::<Vec<_>>())
            .bind(files.iter().map(|f| f.mime).collect::<Vec<_>>())
            .bind(files.iter().map(|f| small(f.bytes as u64)).collect::<Vec<_>>())
            .bind(files.iter().map(|f| f.duration_ms.map(small)).collect::<Vec<_>>())
            .bind(files.iter().map(|f| f.model.as_str()).collect::<Vec<_>>())
            .bind(files.iter().map(|f| f.file_ref.as_deref()).collect::<Vec<_>>())
            .bind(files.iter().map(|f| f.heard_chars.map(|chars| small(chars as u64))).collect::<Vec<_>>())
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }
}
