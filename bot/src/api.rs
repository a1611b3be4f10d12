//! The API, as the bot uses it: on behalf of one person at a time, with that person's token.

mod aside;
mod data;
mod payments;

use std::{sync::Arc, time::Duration};

use evolve_contract::{
    Client, ClientError, Code,
    chat::{
        ChatEvent, ChatRequest, ChatResponse, FeedbackRequest, FeedbackResponse, ResetResponse, StopRequest,
        StopResponse,
    },
    client::Bot,
    memory::{FactCorrection, FactData, FactResponse, ForgottenResponse, MemoryQuery, MemoryResponse},
    profile::{
        Onboarding, ProfileData, ProfileField, ProfileUpdate, ReferrerRequest, ReferrerResponse, StatusResponse,
    },
    relationship::RelationshipResponse,
    voice::{VoiceResponse, VoiceUpdate},
};
use futures::Stream;
use moka::future::Cache;
use secrecy::SecretString;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

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
    /// The @names that tokens were asked for with; empty where there is none.
    names: Cache<i64, Arc<str>>,
    profiles: Cache<i64, Arc<ProfileData>>,
}

impl Api {
    /// The API behind `client`, to which the bot proves itself with `key`.
    #[must_use]
    pub(crate) fn new(client: Client, key: SecretString) -> Self {
        let tokens = Cache::builder().max_capacity(CACHED_PEOPLE).time_to_live(TOKEN_TTL).build();
        let profiles = Cache::builder().max_capacity(CACHED_PEOPLE).time_to_live(PROFILE_TTL).build();
        let names = Cache::builder().max_capacity(CACHED_PEOPLE).build();
        Self { client, key, tokens, names, profiles }
    }

    /// Takes note of a person's @name. The token tells it to the API; so where it is another than before, another token is asked for.
    pub(crate) async fn called(&self, person: i64, name: Option<&str>) {
        // What a header cannot carry is no name at Telegram either.
        let name = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic())).unwrap_or_default();
        if self.names.get(&person).await.is_some_and(|known| *known == *name) {
            return;
        }
        self.names.insert(person, name.into()).await;
        self.tokens.invalidate(&person).await;
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
        self.authorised(person, |token| async move { self.client.chat(&token, Some(key), request).await })
            .instrument(asking("/chat"))
            .await
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
        self.authorised(person, |token| async move { self.client.chat_stream(&token, Some(key), request).await })
            .instrument(asking("/chat"))
            .await
    }

    /// Ends the conversation.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn reset(&self, person: i64) -> Result<ResetResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.reset(&token).await }).await
    }

    /// Ends answers that are being made, or are to be.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn stop(&self, person: i64, body: &StopRequest) -> Result<StopResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.stop(&token, body).await }).await
    }

    /// Tells what the person thinks of an answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn feedback(&self, person: i64, body: &FeedbackRequest) -> Result<FeedbackResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.feedback(&token, body).await }).await
    }

    /// Tells by whose link the person came.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn referrer(&self, person: i64, parameter: &str) -> Result<ReferrerResponse, ClientError> {
        let body = &ReferrerRequest { user_id: person, parameter: parameter.to_owned() };
        self.authorised(person, |token| async move { self.client.referrer(&token, body).await }).await
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

    /// How the person wants answers spoken.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn voice(&self, person: i64) -> Result<VoiceResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.voice(&token, person).await }).await
    }

    /// Changes how the person wants answers spoken.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn update_voice(&self, person: i64, update: &VoiceUpdate) -> Result<VoiceResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.update_voice(&token, person, update).await }).await
    }

    /// A page of what is remembered of the person.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn memory(&self, person: i64, query: &MemoryQuery) -> Result<MemoryResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.memory(&token, person, query).await }).await
    }

    /// A fact and its history.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn fact(&self, person: i64, fact: Uuid) -> Result<FactResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.fact(&token, person, fact).await }).await
    }

    /// Puts a fact right.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn correct(
        &self,
        person: i64,
        fact: Uuid,
        correction: &FactCorrection,
    ) -> Result<FactData, ClientError> {
        self.authorised(person, |token| async move { self.client.correct_fact(&token, person, fact, correction).await })
            .await
    }

    /// Forgets a fact.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn forget(&self, person: i64, fact: Uuid) -> Result<ForgottenResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.forget_fact(&token, person, fact).await }).await
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn forget_all(&self, person: i64) -> Result<ForgottenResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.forget_all(&token, person).await }).await
    }

    /// The person's profile as it is now; nothing for somebody unknown.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn profile(&self, person: i64) -> Result<Option<Arc<ProfileData>>, ClientError> {
        let found = self.authorised(person, |token| async move { self.client.profile(&token, person).await }).await;
        let Some(profile) = known(found)? else {
            self.profiles.invalidate(&person).await;
            return Ok(None);
        };
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
        self.write_profile(person, data, Vec::new()).await
    }

    /// Forgets what stands in a field of the person's profile, and what was said of it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn forget_field(&self, person: i64, field: ProfileField) -> Result<Arc<ProfileData>, ClientError> {
        self.write_profile(person, ProfileData::default(), vec![field]).await
    }

    async fn write_profile(
        &self,
        person: i64,
        data: ProfileData,
        forget: Vec<ProfileField>,
    ) -> Result<Arc<ProfileData>, ClientError> {
        self.profiles.invalidate(&person).await;
        let update = &ProfileUpdate { user_id: person, data, forget };
        let updated =
            self.authorised(person, |token| async move { self.client.update_profile(&token, update).await }).await?;
        Ok(self.remember(person, updated.data).await)
    }

    fn sign<'a>(&'a self, token: &'a str) -> Bot<'a> {
        Bot { key: &self.key, token }
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
        let name = self.names.get(&person).await;
        let fresh = self.client.auth_of(&self.key, person, name.as_deref()).await?;
        let token: Arc<str> = fresh.access_token.into();
        self.tokens.insert(person, token.clone()).await;
        call(token).await
    }
}

/// Whether a profile is of somebody who has come to us themselves. Who has only spoken to us in a group has one too, but no
/// language in it, and may have no chat with us. (An API of the version before tells the bot's own language of everybody.)
#[must_use]
pub(crate) fn has_come(profile: &ProfileData) -> bool {
    profile.language.is_some()
}

/// The span of a `POST` for an answer. Of a stream it ends with the head.
fn asking(route: &'static str) -> Span {
    tracing::info_span!(
        "ask the API",
        otel.name = format!("POST {route}"),
        otel.kind = "client",
        http.request.method = "POST",
        url.template = route,
        peer.service = "evolve-api",
    )
}

fn known<T>(found: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Some(Code::ProfileNotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an API of the version before has no endpoint for is nothing.
fn offered<T>(found: Result<Option<T>, ClientError>) -> Result<Option<T>, ClientError> {
    match found {
        Err(error) if matches!(error.code(), Some(Code::NotFound | Code::MethodNotAllowed)) => Ok(None),
        found => found,
    }
}
