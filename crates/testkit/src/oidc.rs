//! A small OpenID Connect provider on loopback: discovery, tokens for codes, and the keys that sign them. Who comes to it is whoever
//! the test says, so there is no page: [`OidcProvider::sign_in`] reads the address to which somebody was sent, and gives what would
//! come back.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// Bytes of PKCS#8 around the key itself, of an RSA key of 2048 bits.
const PKCS8_HEAD: usize = 26;

/// A provider. It stops when it is dropped.
#[derive(Debug)]
pub struct OidcProvider {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    issuer: String,
    state: Mutex<Inner>,
}

struct Inner {
    key: Key,
    keys_made: usize,
    codes: HashMap<String, Waiting>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inner({} codes)", self.codes.len())
    }
}

struct Key {
    private: EncodingKey,
    public: Jwk,
    id: String,
}

struct Waiting {
    challenge: String,
    client_id: String,
    redirect_uri: String,
    claims: Value,
}

impl Key {
    fn make(number: usize) -> anyhow::Result<Self> {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let der = pair.serialize_der();
        let private = EncodingKey::from_rsa_der(der.get(PKCS8_HEAD..).context("the key is no RSA key")?);
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS256)?;
        let id = format!("key-{number}");
        public.common.key_id = Some(id.clone());
        Ok(Self { private, public, id })
    }
}

impl OidcProvider {
    /// Starts it on a free port of loopback, with a key of its own.
    ///
    /// # Errors
    /// When no port can be had, or no key made.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let inner = Inner { key: Key::make(1)?, keys_made: 1, codes: HashMap::new() };
        let shared = Arc::new(Shared { issuer: format!("http://{address}/realm"), state: Mutex::new(inner) });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(discovery))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            // It ends only with the process or with `abort`: axum retries what goes wrong with a connection.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared, address, task })
    }

    /// What it is called.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody who was sent to `url` signs in at `now`: the `state` and the `code` with which they come back. `claims` are what the
    /// token says besides, or instead of, what a right one says.
    ///
    /// # Errors
    /// When `url` is none of ours, or lacks something.
    pub fn sign_in(&self, url: &Url, now: DateTime<Utc>, claims: &Value) -> anyhow::Result<(String, String)> {
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let of = |name: &str| asked.get(name).cloned().with_context(|| format!("{name} is missing"));
        anyhow::ensure!(url.as_str().starts_with(&format!("{}/authorize?", self.issuer())), "{url} is not here");
        anyhow::ensure!(of("response_type")? == "code" && of("code_challenge_method")? == "S256", "no code with PKCE");
        let mut all = json!({
            "iss": self.issuer(),
            "aud": of("client_id")?,
            "sub": "1",
            "nonce": of("nonce")?,
            "iat": now.timestamp(),
            "exp": (now + TimeDelta::minutes(5)).timestamp(),
        });
        if let (Some(all), Some(claims)) = (all.as_object_mut(), claims.as_object()) {
            all.extend(claims.clone());
        }
        let code = BASE64.encode(rand::random::<[u8; 16]>());
        let waiting = Waiting {
            challenge: of("code_challenge")?,
            client_id: of("client_id")?,
            redirect_uri: of("redirect_uri")?,
            claims: all,
        };
        self.shared.lock().codes.insert(code.clone(), waiting);
        Ok((of("state")?, code))
    }

    /// Signs with another key from now on; the one before is forgotten.
    ///
    /// # Errors
    /// When none can be made.
    pub fn rotate(&self) -> anyhow::Result<()> {
        let mut inner = self.shared.lock();
        inner.keys_made += 1;
        inner.key = Key::make(inner.keys_made)?;
        Ok(())
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let issuer = &shared.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "keys": [&shared.lock().key.public] }))
}

async fn token(State(shared): State<Arc<Shared>>, Form(form): Form<HashMap<String, String>>) -> Response {
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let of = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let mut inner = shared.lock();
    // A code is for once.
    let Some(waiting) = inner.codes.remove(of("code")) else { return refused() };
    let challenge = BASE64.encode(Sha256::digest(of("code_verifier").as_bytes()));
    let is_theirs = of("grant_type") == "authorization_code"
        && challenge == waiting.challenge
        && of("redirect_uri") == waiting.redirect_uri
        && of("client_id") == waiting.client_id;
    if !is_theirs {
        return refused();
    }
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(inner.key.id.clone());
    match jsonwebtoken::encode(&header, &waiting.claims, &inner.key.private) {
        Ok(token) => Json(json!({ "access_token": "none", "token_type": "bearer", "id_token": token })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
