//! What people pay, and take back.

use evolve_contract::{
    ClientError,
    payments::{
        OfferRequest, OfferResponse, PaymentsResponse, ReceivedRequest, ReceivedResponse, RefundRequest,
        RefundedRequest, SubscriptionRequest, Way,
    },
};

use super::Api;

impl Api {
    /// What premium costs, and how the person stands.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn payments(&self, person: i64) -> Result<PaymentsResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.payments(self.sign(&token), person).await }).await
    }

    /// What the person is to be asked for.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn offer(&self, person: i64, way: Way) -> Result<OfferResponse, ClientError> {
        let body = &OfferRequest { user_id: person, way };
        self.authorised(person, |token| async move { self.client.offer(self.sign(&token), body).await }).await
    }

    /// Tells of a payment.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn received(&self, person: i64, body: &ReceivedRequest) -> Result<ReceivedResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.received(self.sign(&token), body).await }).await
    }

    /// Tells of a payment that was given back.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn refunded(&self, person: i64, body: &RefundedRequest) -> Result<ReceivedResponse, ClientError> {
        self.authorised(person, |token| async move { self.client.refunded(self.sign(&token), body).await }).await
    }

    /// Stops the subscription from renewing itself, or lets it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn renew(&self, person: i64, renews: bool) -> Result<PaymentsResponse, ClientError> {
        let body = &SubscriptionRequest { user_id: person, renews };
        self.authorised(person, |token| async move { self.client.renew(self.sign(&token), body).await }).await
    }

    /// Asks for a payment back.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn ask_refund(&self, person: i64, payment: &str) -> Result<PaymentsResponse, ClientError> {
        let body = &RefundRequest { user_id: person, payment_id: payment.to_owned() };
        self.authorised(person, |token| async move { self.client.ask_refund(self.sign(&token), body).await }).await
    }
}
