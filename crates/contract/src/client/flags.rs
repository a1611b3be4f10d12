//! Flags and prompts, as whoever runs the bot asks for them: with the service key.

use reqwest::Method;
use secrecy::SecretString;

use super::{Client, ClientError, json};
use crate::{
    flags::{FlagData, FlagHistoryResponse, FlagUpdate, FlagsQuery, FlagsResponse},
    prompts::{
        PromptChoice, PromptChosen, PromptPreviewRequest, PromptPreviewResponse, PromptQuery, PromptRequest,
        PromptResponse, PromptsResponse,
    },
};

const FLAGS: &str = "api/v1/admin/flags";
const PROMPTS: &str = "api/v1/admin/prompts";

impl Client {
    /// `GET /api/v1/admin/flags`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn flags(&self, key: &SecretString, query: FlagsQuery) -> Result<FlagsResponse, ClientError> {
        json(self.admin(key, Method::GET, FLAGS).query(&query)).await
    }

    /// `PUT /api/v1/admin/flags/{flag}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn turn_flag(&self, key: &SecretString, flag: &str, body: &FlagUpdate) -> Result<FlagData, ClientError> {
        json(self.admin(key, Method::PUT, &format!("{FLAGS}/{flag}")).json(body)).await
    }

    /// `GET /api/v1/admin/flags/{flag}/history`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn flag_history(&self, key: &SecretString, flag: &str) -> Result<FlagHistoryResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{FLAGS}/{flag}/history"))).await
    }

    /// `GET /api/v1/admin/prompts`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn prompts(&self, key: &SecretString) -> Result<PromptsResponse, ClientError> {
        json(self.admin(key, Method::GET, PROMPTS)).await
    }

    /// `GET /api/v1/admin/prompts/{prompt}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn prompt(
        &self,
        key: &SecretString,
        name: &str,
        query: PromptQuery,
    ) -> Result<PromptResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{PROMPTS}/{name}")).query(&query)).await
    }

    /// `POST /api/v1/admin/prompts/{prompt}`: a version that is used from now on.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn write_prompt(
        &self,
        key: &SecretString,
        name: &str,
        body: &PromptRequest,
    ) -> Result<PromptChosen, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PROMPTS}/{name}")).json(body)).await
    }

    /// `POST /api/v1/admin/prompts/{prompt}/current`: a version of before, or what is configured.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn choose_prompt(
        &self,
        key: &SecretString,
        name: &str,
        body: PromptChoice,
    ) -> Result<PromptChosen, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PROMPTS}/{name}/current")).json(&body)).await
    }

    /// `POST /api/v1/admin/prompts/{prompt}/preview`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn preview_prompt(
        &self,
        key: &SecretString,
        name: &str,
        body: &PromptPreviewRequest,
    ) -> Result<PromptPreviewResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PROMPTS}/{name}/preview")).json(body)).await
    }
}
