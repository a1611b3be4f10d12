//! Who shows wrong keys, and what becomes of them: [`evolve_store::guesses`] counts, here is what is counted and what is answered. How
//! much is looked up at all that may be nothing, [`crate::access::unknown`] says.
//!
//! Counted is what was shown and is wrong, by the address that it came from ([`limits::caller`]: only our own proxies are believed),
//! each kind of proof apart. Nothing at all is no guess, and neither is a token that has run out. Whose key is guessed is not
//! counted: there is one service key for all, and whoever could make a person's door close by guessing at it would do so.
//!
//! A service key is a secret that can be guessed, so from an address that is refused none is taken, not even the right one; from
//! any other address it opens as ever. Only from this machine the right one always opens: where a proxy beside us is not counted as one
//! of ours, every stranger has its address, which is our own bot's as well. Whoever guesses from there finds a key of 32 characters no
//! sooner for that. `initData` is a signature, which nobody guesses: one that holds is taken from anywhere, since
//! behind one address there may be many, and only the wrong ones are refused. So is a token, and of those even the wrong ones are told
//! that they are wrong: a bot whose tokens of an hour ago were signed with a key that is no more must hear it, to ask for others.
//!
//! Behind one address there may be many who run the bot, too. So what is wrong with an account that came in from there before is counted by
//! both together: who guesses at another account keeps nobody out of theirs.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{extract::ConnectInfo, http::request::Parts};
use chrono::{DateTime, Utc};
use evolve_contract::Code;
use evolve_engine::access::AccessError;
use evolve_runtime::metrics::Metrics;
use evolve_store::guesses::{Failed, Guess};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use uuid::Uuid;

use crate::{limits, problem::ApiError, state::Api};

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// `X-Service-Key`.
    ServiceKey,
    /// A bearer token.
    Token,
    /// The cookie of a session. None is counted as wrong: most that do not hold were right, and 256 bits nobody finds by trying.
    Session,
    /// `initData` of a Web App.
    InitData,
    /// A key of another system.
    ApiKey,
    /// A password of the panel, or a code of a second factor.
    Password,
    /// A name and a password of HTTP Basic. Apart from the panel's: programs show it, again and again, and one with a password that does not
    /// hold any more must not close the panel to who sits beside it.
    Basic,
    /// The token of registration.
    Registration,
}

impl Proof {
    const ALL: [Self; 8] = [
        Self::ServiceKey,
        Self::Token,
        Self::Session,
        Self::InitData,
        Self::ApiKey,
        Self::Password,
        Self::Basic,
        Self::Registration,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ServiceKey => "service_key",
            Self::Token => "token",
            Self::Session => "session",
            Self::InitData => "init_data",
            Self::ApiKey => "api_key",
            Self::Password => "password",
            Self::Basic => "basic",
            Self::Registration => "registration",
        }
    }

    /// Whether wrong ones are answered with how long to wait, and not only counted.
    const fn is_refused(self) -> bool {
        !matches!(self, Self::Token | Self::ApiKey)
    }

    /// Whether one that does not hold never will: of a person with a token somebody may make an administrator any moment.
    const fn stays_wrong(self) -> bool {
        matches!(self, Self::Session | Self::ApiKey)
    }

    fn from(self, address: IpAddr) -> String {
        format!("{}:{}", self.name(), limits::block(address))
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    proof: &'static str,
    outcome: &'static str,
}

/// Most lines a minute about addresses that are refused from now on: whoever has many addresses would fill the log, a line each.
const LINES: u32 = 10;

/// `auth_failures_total`, and how many lines there were about them.
#[derive(Clone, Debug)]
pub struct ProofMetrics {
    failures: Family<Labels, Counter>,
    /// In which minute, and how many.
    lines: Arc<Mutex<(i64, u32)>>,
}

impl ProofMetrics {
    /// Registers it.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let failures = Family::<Labels, Counter>::default();
        metrics.register(|registry| {
            let help = "Proofs that were not taken, by kind, and whether they were wrong or not looked at any more";
            registry
                .register("auth_failures", help, failures.clone())
                .one_of("proof", Proof::ALL.map(Proof::name))
                .one_of("outcome", ["wrong", "refused"]);
        });
        Self { failures, lines: Arc::default() }
    }

    fn count(&self, proof: Proof, outcome: &'static str) {
        self.failures.get_or_create(&Labels { proof: proof.name(), outcome }).inc();
    }

    /// Whether there may be one more line in this minute.
    fn has_a_line(&self, now: DateTime<Utc>) -> bool {
        let this = now.timestamp().div_euclid(60);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, count) = &mut *lines;
        if *minute != this {
            (*minute, *count) = (this, 0);
        }
        *count = count.saturating_add(1);
        *count <= LINES
    }
}

/// Somebody is in now: the session of this token holds, whatever else is shown from where they are.
pub fn entered(api: &Api, token: &str) {
    api.unknown.given(Proof::Session.name(), token);
}

/// The address that a request came from.
#[must_use]
pub fn address(api: &Api, parts: &Parts) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(limits::caller(peer.ip(), &parts.headers, api.proxy_hops))
}

/// Refuses what comes from an address whose proofs are not looked at any more.
///
/// # Errors
/// `rate_limited`, with the time until they are.
pub fn admit(api: &Api, proof: Proof, address: IpAddr) -> Result<(), ApiError> {
    let Some(left) = api.redis.guesses().refused_for(&proof.from(address), api.clock.now()) else { return Ok(()) };
    api.proof_metrics.count(proof, "refused");
    Err(ApiError::new(Code::RateLimited).retry_after(left))
}

/// Refuses a service key from an address whose keys are not looked at any more, unless it is the right one (`is_right`) of somebody on
/// this machine. It was compared before, in constant time, and for all alike.
///
/// # Errors
/// `rate_limited`, with the time until they are.
pub fn admit_key(api: &Api, is_right: bool, address: IpAddr) -> Result<(), ApiError> {
    if is_right && address.to_canonical().is_loopback() {
        return Ok(());
    }
    admit(api, Proof::ServiceKey, address)
}

/// Looks up what is shown, unless it was wrong a moment ago; where too much from its address was nothing, in its turn
/// ([`Unknown`](crate::access::unknown::Unknown)).
///
/// # Errors
/// `rate_limited`, where its turn does not come soon, with the time until that address has looks of its own again, and of the store.
pub async fn look_up<T>(
    api: &Api,
    (proof, shown): (Proof, &str),
    address: Option<IpAddr>,
    work: impl Future<Output = Result<Option<T>, AccessError>>,
) -> Result<Option<T>, ApiError> {
    let what = (proof.name(), shown);
    if api.unknown.is_wrong(what, api.clock.now()) {
        return Ok(None);
    }
    let look = api.unknown.look(what, address, api.clock.now()).await.map_err(|left| {
        api.proof_metrics.count(proof, "refused");
        ApiError::new(Code::RateLimited).detail("busy: too much from this address was not valid").retry_after(left)
    })?;
    let found = work.await;
    match &found {
        Ok(Some(_)) => look.found(),
        Ok(None) => {
            look.missed();
            if proof.stays_wrong() {
                api.unknown.wrong(what, api.clock.now());
            }
        }
        Err(_) => look.failed(),
    }
    Ok(found?)
}

/// Counts a wrong proof, and gives what is answered: `error`, or that they are not listened to any more.
pub async fn failed(api: &Api, proof: Proof, address: Option<IpAddr>, error: ApiError) -> ApiError {
    api.proof_metrics.count(proof, "wrong");
    // Every request has one; without any there is nobody to count.
    let Some(address) = address else { return error };
    // Who is refused already costs Redis nothing more.
    if let Err(refused) = admit(api, proof, address) {
        return if proof.is_refused() { refused } else { error };
    }
    let failed = api.redis.guesses().failed(&proof.from(address), api.clock.now()).await;
    told(api, proof, address, failed, error)
}

/// Begins to look at a proof that takes a while; waits while as many from the same address are under way as may be wrong. Of an account
/// that is `known` there, what is wrong is counted apart from all others of the address.
///
/// # Errors
/// `rate_limited`, with the time until they are looked at.
pub async fn begin(
    api: &Api,
    proof: Proof,
    (address, known): (Option<IpAddr>, Option<Uuid>),
) -> Result<Trial<'_>, ApiError> {
    // Every request has one; without any there is nobody to count.
    let Some(address) = address else { return Ok(Trial { api, proof, from: None }) };
    let mut from = proof.from(address);
    if let Some(account) = known {
        from = format!("{from}:{account}");
    }
    match api.redis.guesses().begin(&from, api.clock.now()).await {
        Ok(guess) => Ok(Trial { api, proof, from: Some((address, guess)) }),
        Err(left) => {
            api.proof_metrics.count(proof, "refused");
            Err(ApiError::new(Code::RateLimited).retry_after(left))
        }
    }
}

/// A proof that is being looked at. Dropped, it was right, or it is not known.
#[derive(Debug)]
#[must_use = "what is being looked at must be held until it is known whether it holds"]
pub struct Trial<'a> {
    api: &'a Api,
    proof: Proof,
    from: Option<(IpAddr, Guess<'a>)>,
}

impl Trial<'_> {
    /// It was wrong: counts it, and gives what is answered, as [`failed`] does.
    pub async fn failed(self, error: ApiError) -> ApiError {
        self.api.proof_metrics.count(self.proof, "wrong");
        let Some((address, guess)) = self.from else { return error };
        told(self.api, self.proof, address, guess.failed(self.api.clock.now()).await, error)
    }
}

/// What is answered to a wrong proof.
fn told(api: &Api, proof: Proof, address: IpAddr, failed: Failed, error: ApiError) -> ApiError {
    if failed.is_first_refusal() && api.proof_metrics.has_a_line(api.clock.now()) {
        tracing::warn!(
            proof = proof.name(),
            %address,
            failures = failed.count,
            "too many wrong proofs came from this address"
        );
    }
    if failed.refused_for.is_zero() || !proof.is_refused() {
        return error;
    }
    ApiError::new(Code::RateLimited).retry_after(failed.refused_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_many_addresses_does_not_fill_the_log() {
        let metrics = ProofMetrics::register(&Metrics::new());
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let said = |from: i64| (from..from + 50).filter(|second| metrics.has_a_line(at(*second))).count();
        assert_eq!(said(6_000), 10);
        assert!(!metrics.has_a_line(at(6_059)));
        assert_eq!(said(6_060), 10, "the next minute has lines of its own");
    }
}
