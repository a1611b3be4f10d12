//! What people set, and what they may do with what is kept about them.

use chrono::{DateTime, Utc};
use evolve_contract::{
    ClientError,
    consent::{ConsentResponse, ConsentUpdate},
    deletion::DeletionRequest,
    export::ExportResponse,
    history::{ConversationsQuery, ConversationsResponse, HistoryQuery, HistoryResponse, PrivacyResponse},
    settings::{SettingsData, SettingsUpdate},
    stats::StatsResponse,
};

use super::{Api, known, offered};

impl Api {
    /// Asks to be removed in so many days; when that is.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn ask_deletion(&self, person: i64, days: u32) -> Result<DateTime<Utc>, ClientError> {
        let body = &DeletionRequest { user_id: person, days };
        let asked =
            self.authorised(person, |token| async move { self.client.ask_deletion(&token, body).await }).await?;
        let reason = "no time of the removal".to_owned();
        asked.due_at.ok_or(ClientError::Unexpected { status: 200, reason })
    }

    /// Cancels that; whether there was something to cancel.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn cancel_deletion(&self, person: i64) -> Result<bool, ClientError> {
        let cancelled =
            self.authorised(person, |token| async move { self.client.cancel_deletion(&token, person).await }).await?;
        Ok(cancelled.cancelled)
    }

    /// Removes everything of the person, what is cached here included.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn delete_profile(&self, person: i64) -> Result<(), ClientError> {
        self.authorised(person, |token| async move { self.client.delete_profile(&token, person).await }).await?;
        self.profiles.invalidate(&person).await;
        self.tokens.invalidate(&person).await;
        Ok(())
    }

    /// A page of what was said.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn history(&self, person: i64, query: &HistoryQuery) -> Result<HistoryResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.history(&token, person, query).await }).await
    }

    /// What was talked of.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn conversations(
        &self,
        person: i64,
        query: &ConversationsQuery,
    ) -> Result<ConversationsResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.conversations(&token, person, query).await }).await
    }

    /// Who sees what people say.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn privacy(&self, person: i64) -> Result<PrivacyResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.privacy(&token).await }).await
    }

    /// What the person decided about adult matters, where there is anything to decide; nothing elsewhere, and for somebody
    /// unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn consent(&self, person: i64) -> Result<Option<ConsentResponse>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.consent(&token, person).await }).await;
        Ok(offered(known(found))?.filter(|consent| consent.available))
    }

    /// Writes down what they decided.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn decide(&self, person: i64, agreed: bool, words: u16) -> Result<ConsentResponse, ClientError> {
        let body = ConsentUpdate { agreed, words };
        self.authorised(person, |token| async move { self.client.update_consent(&token, person, body).await }).await
    }

    /// Asks for a copy of everything that is kept of the person.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn ask_export(&self, person: i64) -> Result<ExportResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.ask_export(&token, person).await }).await
    }

    /// That copy.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn export(&self, person: i64) -> Result<Vec<u8>, ClientError> {
        self.authorised(person, |token| async move { self.client.export(&token, person).await }).await
    }

    /// How much was said, and how close they have become, day by day; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn stats(&self, person: i64) -> Result<Option<StatsResponse>, ClientError> {
        known(self.authorised(person, |token| async move { self.client.stats(&token, person).await }).await)
    }

    /// How the person wants things; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn settings(&self, person: i64) -> Result<Option<SettingsData>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.settings(&token, person).await }).await;
        Ok(known(found)?.map(|settings| settings.data))
    }

    /// Whether the person said where they live, as far as the API knows of that.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn zone_is_chosen(&self, person: i64) -> Result<Option<bool>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.settings(&token, person).await }).await;
        Ok(known(found)?.and_then(|settings| settings.zone_is_chosen))
    }

    /// Changes how the person wants things.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn update_settings(&self, person: i64, data: SettingsData) -> Result<SettingsData, ClientError> {
        let update = &SettingsUpdate { user_id: person, data };
        let updated =
            self.authorised(person, |token| async move { self.client.update_settings(&token, update).await }).await?;
        Ok(updated.data)
    }
}
