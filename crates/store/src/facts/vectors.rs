//! What facts mean: a vector for each, made by an embedding model.
//!
//! A vector tells as much as what it was made of, and so is encrypted like its fact; facts are few enough to be compared in
//! process. It goes with its fact, and with the words that it was made of: one is written only if the fact still says what
//! the model was shown.

use evolve_domain::memory::packed::{cosine, pack};
use uuid::Uuid;

use super::{FactRow, Facts};
use crate::{Keyring, StoreError, messages::legible, users::hold, vectors::Meaning};

/// Most facts that a message leads to by its meaning: as many as messages.
const NEAREST: usize = 20;

/// A fact without a vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnplacedFact {
    id: Uuid,
    /// As it is stored.
    token: String,
    /// What it says.
    pub content: String,
}

/// $1 person, $2 model, $3 how many. What was told last is the likeliest to be asked after.
const UNPLACED: &str = "
    SELECT id, content FROM facts
    WHERE user_id = $1 AND ended_at IS NULL AND forgotten_at IS NULL AND meaning_space IS DISTINCT FROM $2
    ORDER BY last_said_at DESC, id DESC LIMIT $3";

/// $1 person, $2 model, $3–$5 id, content as it was read, and vector of each. What was put right meanwhile, or is to be
/// forgotten, gets none.
const PLACE: &str = "
    UPDATE facts f SET meaning = g.meaning, meaning_space = $2
    FROM unnest($3::uuid[], $4::text[], $5::text[]) AS g (id, content, meaning)
    WHERE f.id = g.id AND f.user_id = $1 AND f.content = g.content AND f.forgotten_at IS NULL";

impl Facts<'_> {
    /// Facts of a person that hold and have no vector of this model. What cannot be decrypted is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unplaced(&self, user_id: i64, model: &str, limit: u32) -> Result<Vec<UnplacedFact>, StoreError> {
        let query = sqlx::query_as(UNPLACED).bind(user_id).bind(model).bind(i64::from(limit));
        let rows: Vec<(Uuid, String)> = query.fetch_all(&self.0.pool).await?;
        let open = |(id, token): (Uuid, String)| {
            let content = legible(self.0.keys.decrypt(&token, "facts.content"))?;
            Some(UnplacedFact { id, token, content })
        };
        Ok(rows.into_iter().filter_map(open).collect())
    }

    /// Keeps vectors, one for each of `facts`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn place(
        &self,
        user_id: i64,
        model: &str,
        facts: &[UnplacedFact],
        vectors: &[Vec<f32>],
    ) -> Result<(), StoreError> {
        let tokens: Vec<String> = vectors.iter().map(|vector| self.0.keys.encrypt_bytes(&pack(vector))).collect();
        let placed = async {
            let mut transaction = self.0.pool.begin().await?;
            // Whoever forgets or corrects something holds the person too.
            hold(&mut transaction, user_id).await?;
            sqlx::query(PLACE)
                .bind(user_id)
                .bind(model)
                .bind(facts.iter().map(|fact| fact.id).collect::<Vec<_>>())
                .bind(facts.iter().map(|fact| fact.token.as_str()).collect::<Vec<_>>())
                .bind(tokens)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(())
        };
        self.0.pool.within(placed).await
    }
}

/// The facts whose vectors were read and are nearest to what a message means, nearest first.
pub(crate) fn nearest(rows: &[FactRow], meaning: &Meaning, keys: &Keyring) -> Vec<Uuid> {
    let place = |row: &FactRow| {
        let packed = legible(keys.decrypt_bytes(row.meaning.as_ref()?, "facts.meaning"))?;
        Some((cosine(&meaning.vector, &packed)?, row.id))
    };
    let mut near: Vec<(f32, Uuid)> = rows.iter().filter_map(place).collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter().take(NEAREST).map(|(_, id)| id).collect()
}
