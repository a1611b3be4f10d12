//! The API, as the bot uses it: on behalf of one person at a time, with that person's token.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use evolve_contract::{
    Client, ClientError, Code,
    chat::{ChatEvent, ChatRequest, ChatResponse, ResetResponse},
    deletion::DeletionRequest,
    history::{HistoryQuery, HistoryResponse, PrivacyResponse},
    profile::{Onboarding, ProfileData, ProfileUpdate, StatusResponse},
    relationship::RelationshipResponse,
    settings::{SettingsData, SettingsUpdate},
};
use futures::Stream;
use moka::future::Cache;
use secrecy::SecretString;

/// Tokens live an hour; ten minutes are left for a slow turn.
const TOKEN_TTL: Duration = Duration::from_secs(50 * 60);
/// For the language of what the bot itself says; nothing that is decided by the profile is decided from here.
const PROFILE_TTL: Duration = Duration::from_secs(60);
const CACHED_PEOPLE: u64 = 100_000;

/// The API, with tokens and profiles cached per person. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    key: SecretString,
    tokens: Cache<i64, Arc<str>>,
    profiles: Cache<i64, Arc<ProfileData>>,
}

impl Api {
    /// The API behind `client`, to which the bot proves itself with `key`.
    #[must_use]
    pub(crate) fn new(client: Client, key: SecretString) -> Self {
        let tokens = Cache::builder().max_capacity(CACHED_PEOPLE).time_to_live(TOKEN_TTL).build();
        let profiles = Cache::builder().max_capacity(CACHED_PEOPLE).time_to_live(PROFILE_TTL).build();
        Self { client, key, tokens, profiles }
    }

    /// Asks for an answer. The same key gets the same answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn chat(
        &self,
        person: i64,
        key: &str,
        request: &ChatRequest,
    ) -> Result<ChatResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.chat(&token, Some(key), request).await }).await
    }

    /// As [`Self::chat`], as a stream of events.
    ///
    /// # Errors
    /// [`ClientError`], for what fails before the stream begins.
    pub(crate) async fn chat_stream(
        &self,
        person: i64,
        key: &str,
        request: &ChatRequest,
    ) -> Result<impl Stream<Item = Result<ChatEvent, ClientError>> + use<>, ClientError> {
        self.authorised(person, |token| async move { self.client.chat_stream(&token, Some(key), request).await }).await
    }

    /// Ends the conversation.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn reset(&self, person: i64) -> Result<ResetResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.reset(&token).await }).await
    }

    /// How the person stands; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn status(&self, person: i64) -> Result<Option<StatusResponse>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.status(&token, person).await }).await;
        known(found)
    }

    /// How close the person and the companion have become; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn relationship(&self, person: i64) -> Result<Option<RelationshipResponse>, ClientError> {
        known(self.authorised(person, |token| async move { self.client.relationship(&token, person).await }).await)
    }

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

    /// Who sees what people say.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn privacy(&self, person: i64) -> Result<PrivacyResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.privacy(&token).await }).await
    }

    /// How the person wants things; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn settings(&self, person: i64) -> Result<Option<SettingsData>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.settings(&token, person).await }).await;
        Ok(known(found)?.map(|settings| settings.data))
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

    /// The person's profile as it is now; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn profile(&self, person: i64) -> Result<Option<Arc<ProfileData>>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.profile(&token, person).await }).await;
        let Some(profile) = known(found)? else { return Ok(None) };
        Ok(Some(self.remember(person, profile.data).await))
    }

    /// The person's profile as it was lately, if the first conversation with them is over. Before that, each step of it
    /// may happen on another replica, and an old profile would be a wrong one.
    pub(crate) async fn settled_profile(&self, person: i64) -> Option<Arc<ProfileData>> {
        let profile = self.profiles.get(&person).await?;
        (profile.onboarding == Some(Onboarding::Done)).then_some(profile)
    }

    /// Changes the person's profile, or makes one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn update_profile(&self, person: i64, data: ProfileData) -> Result<Arc<ProfileData>, ClientError> {
        self.profiles.invalidate(&person).await;
        let update = ProfileUpdate { user_id: person, data };
        let update = &update;
        let updated =
            self.authorised(person, |token| async move { self.client.update_profile(&token, update).await }).await?;
        Ok(self.remember(person, updated.data).await)
    }

    async fn remember(&self, person: i64, data: ProfileData) -> Arc<ProfileData> {
        let data = Arc::new(data);
        self.profiles.insert(person, data.clone()).await;
        data
    }

    /// Makes a call with the person's token; with a new one, once, if the API no longer takes it.
    async fn authorised<T, F>(&self, person: i64, call: impl Fn(Arc<str>) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        if let Some(token) = self.tokens.get(&person).await {
            match call(token).await {
                Err(error) if error.code() == Some(Code::Unauthorized) => self.tokens.invalidate(&person).await,
                other => return other,
            }
        }
        let fresh = self.client.auth_as_service(&self.key, person).await?;
        let token: Arc<str> = fresh.access_token.into();
        self.tokens.insert(person, token.clone()).await;
        call(token).await
    }
}

fn known<T>(found: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Some(Code::ProfileNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
