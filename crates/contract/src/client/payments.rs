//! Payments, as our bot asks for them: with the service key, which what Telegram reports needs.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Client, ClientError, json};
use crate::{
    auth::SERVICE_KEY_HEADER,
    payments::{
        OfferRequest, OfferResponse, PaymentsResponse, ReceivedRequest, ReceivedResponse, RefundRequest,
        RefundedRequest, SubscriptionRequest,
    },
};

/// Our bot on behalf of a person.
#[derive(Clone, Copy, Debug)]
pub struct Bot<'a> {
    /// The service key.
    pub key: &'a SecretString,
    /// The person's token.
    pub token: &'a str,
}

impl Bot<'_> {
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.token).header(SERVICE_KEY_HEADER, self.key.expose_secret())
    }
}

impl Client {
    /// `GET /payments/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn payments(&self, by: Bot<'_>, user_id: i64) -> Result<PaymentsResponse, ClientError> {
        json(by.signed(self.request(Method::GET, &format!("payments/{user_id}")))).await
    }

    /// `POST /payments/offers`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn offer(&self, by: Bot<'_>, body: &OfferRequest) -> Result<OfferResponse, ClientError> {
        json(by.signed(self.request(Method::POST, "payments/offers")).json(body)).await
    }

    /// `POST /payments/received`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn received(&self, by: Bot<'_>, body: &ReceivedRequest) -> Result<ReceivedResponse, ClientError> {
        json(by.signed(self.request(Method::POST, "payments/received")).json(body)).await
    }

    /// `POST /payments/refunded`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn refunded(&self, by: Bot<'_>, body: &RefundedRequest) -> Result<ReceivedResponse, ClientError> {
        json(by.signed(self.request(Method::POST, "payments/refunded")).json(body)).await
    }

    /// `POST /payments/subscription`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn renew(&self, by: Bot<'_>, body: &SubscriptionRequest) -> Result<PaymentsResponse, ClientError> {
        json(by.signed(self.request(Method::POST, "payments/subscription")).json(body)).await
    }

    /// `POST /payments/refund-requests`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask_refund(&self, by: Bot<'_>, body: &RefundRequest) -> Result<PaymentsResponse, ClientError> {
        json(by.signed(self.request(Method::POST, "payments/refund-requests")).json(body)).await
    }
}
