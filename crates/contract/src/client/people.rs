//! People, as whoever runs the bot asks for them: with the service key.

use reqwest::Method;
use secrecy::SecretString;

use super::{Client, ClientError, json};
use crate::{
    history::{ConversationsQuery, ConversationsResponse},
    people::{
        BanRequest, BanResponse, ConversationQuery, ConversationResponse, ConversationsFound, ConversationsSearch,
        ForgetPersonRequest, ForgetPersonResponse, PeopleQuery, PeopleResponse, PersonFactsResponse, PersonResponse,
        PremiumEndedResponse,
    },
    stats::StatsResponse,
};

const PATH: &str = "api/v1/admin/people";

impl Client {
    /// `GET /api/v1/admin/people`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn people(&self, key: &SecretString, query: &PeopleQuery) -> Result<PeopleResponse, ClientError> {
        json(self.admin(key, Method::GET, PATH).query(query)).await
    }

    /// `GET /api/v1/admin/people/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn person(&self, key: &SecretString, user_id: i64) -> Result<PersonResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{PATH}/{user_id}"))).await
    }

    /// `GET /api/v1/users/{user_id}/stats`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stats_of(&self, key: &SecretString, user_id: i64) -> Result<StatsResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("api/v1/users/{user_id}/stats"))).await
    }

    /// `GET /api/v1/admin/people/{user_id}/facts`: the look is in the log of acts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn facts_of(
        &self,
        key: &SecretString,
        user_id: i64,
        page: u32,
    ) -> Result<PersonFactsResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{PATH}/{user_id}/facts")).query(&[("page", page)])).await
    }

    /// `GET /api/v1/admin/people/{user_id}/conversations`: the look is in the log of acts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn conversations_of(
        &self,
        key: &SecretString,
        user_id: i64,
        query: &ConversationsQuery,
    ) -> Result<ConversationsResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{PATH}/{user_id}/conversations")).query(query)).await
    }

    /// `GET /api/v1/conversations/{conversation_id}`: the look is in the log of acts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn conversation(
        &self,
        key: &SecretString,
        id: &str,
        query: ConversationQuery,
    ) -> Result<ConversationResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("api/v1/conversations/{id}")).query(&query)).await
    }

    /// `GET /api/v1/admin/conversations`: the search is in the log of acts, without its words.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn search_conversations(
        &self,
        key: &SecretString,
        query: &ConversationsSearch,
    ) -> Result<ConversationsFound, ClientError> {
        json(self.admin(key, Method::GET, "api/v1/admin/conversations").query(query)).await
    }

    /// `POST /api/v1/admin/people/{user_id}/ban`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ban(&self, key: &SecretString, user_id: i64, body: &BanRequest) -> Result<BanResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PATH}/{user_id}/ban")).json(body)).await
    }

    /// `DELETE /api/v1/admin/people/{user_id}/ban`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn lift_ban(&self, key: &SecretString, user_id: i64) -> Result<BanResponse, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("{PATH}/{user_id}/ban"))).await
    }

    /// `POST /api/v1/admin/people/{user_id}/forget`: in so many days, or at once.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn forget_person(
        &self,
        key: &SecretString,
        user_id: i64,
        body: ForgetPersonRequest,
    ) -> Result<ForgetPersonResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PATH}/{user_id}/forget")).json(&body)).await
    }

    /// `DELETE /admin/people/{user_id}/premium`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn end_premium(&self, key: &SecretString, user_id: i64) -> Result<PremiumEndedResponse, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("admin/people/{user_id}/premium"))).await
    }
}
