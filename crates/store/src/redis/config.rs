//! Where Redis is, and whom to believe that it is it.

use std::time::Duration;

use evolve_runtime::config::Reader;
use redis::{Client, ClientTlsConfig, RedisResult, TlsCertificates};
use secrecy::{ExposeSecret as _, SecretString};

use crate::tls;

/// Where Redis is.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// `redis://`, `rediss://` or `unix://`; nothing to do without. A secret, since it may hold a password.
    pub url: Option<SecretString>,
    /// What every key begins with.
    pub key_prefix: String,
    /// The longest time for one call, connecting included.
    pub timeout: Duration,
    /// Who signs Redis' certificate, PEM, for `rediss://`; nothing for those whom this machine trusts.
    pub ca: Option<String>,
    /// The certificate and the key by which Redis knows us, PEM.
    pub identity: Option<(String, SecretString)>,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: None,
            key_prefix: "evolve".to_owned(),
            timeout: Duration::from_millis(250),
            ca: None,
            identity: None,
        }
    }
}

impl RedisConfig {
    /// Reads `REDIS_URL`, `REDIS_KEY_PREFIX`, `REDIS_TIMEOUT_MS`, `REDIS_CA`, `REDIS_CERTIFICATE` and `REDIS_KEY`.
    pub fn read(env: &mut Reader) -> Self {
        let url = env.optional_secret(
            "REDIS_URL",
            1,
            "Where Redis is (`redis://host:6379/0`, by TLS `rediss://…`); without it, each replica keeps limits for itself and caches nothing.",
        );
        if let Some(url) = &url
            && Client::open(url.expose_secret()).is_err()
        {
            env.problem("REDIS_URL is not a Redis address; it looks like redis://user:password@host:6379/0".to_owned());
        }
        let key_prefix: String = env.or(
            "REDIS_KEY_PREFIX",
            "evolve",
            "What every Redis key begins with; bots that share a Redis need different ones.",
        );
        if key_prefix.is_empty() || !key_prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) {
            env.problem("REDIS_KEY_PREFIX may hold letters, digits and -_.: only".to_owned());
        }
        let millis: u64 = env.or("REDIS_TIMEOUT_MS", "250", "Longest time for one Redis call, milliseconds.");
        if millis == 0 {
            env.problem("REDIS_TIMEOUT_MS must be 1 or more".to_owned());
        }
        let (ca, identity) = certificates(env);
        let this = Self { url, key_prefix, timeout: Duration::from_millis(millis.max(1)), ca, identity };
        if let Some(url) = this.url.as_ref().filter(|_| this.ca.is_some() || this.identity.is_some()) {
            if !is_encrypted(url) {
                env.problem("REDIS_CA and REDIS_CERTIFICATE are for TLS: write rediss:// in REDIS_URL".to_owned());
            } else if let Err(error) = this.client(url) {
                env.problem(format!("REDIS_CA, REDIS_CERTIFICATE or REDIS_KEY cannot be used: {error}"));
            }
        }
        this
    }

    /// What connects, as it says here.
    pub(super) fn client(&self, url: &SecretString) -> RedisResult<Client> {
        let url = url.expose_secret();
        if self.ca.is_none() && self.identity.is_none() {
            return Client::open(url);
        }
        let client_tls = self.identity.as_ref().map(|(certificate, key)| ClientTlsConfig {
            client_cert: certificate.clone().into_bytes(),
            client_key: key.expose_secret().as_bytes().to_vec(),
        });
        let root_cert = self.ca.as_ref().map(|ca| ca.clone().into_bytes());
        Client::build_with_tls(url, TlsCertificates { client_tls, root_cert })
    }
}

/// Whether a URL asks for TLS.
pub(super) fn is_encrypted(url: &SecretString) -> bool {
    ["rediss://", "valkeys://"].iter().any(|scheme| url.expose_secret().starts_with(scheme))
}

/// The CA, and the certificate with its key.
fn certificates(env: &mut Reader) -> (Option<String>, Option<(String, SecretString)>) {
    let ca: Option<String> = env.optional(
        "REDIS_CA",
        "Who signs Redis' certificate, PEM, for `rediss://`; else those whom the machine trusts.",
    );
    let certificate: Option<String> =
        env.optional("REDIS_CERTIFICATE", "The certificate by which Redis knows us, PEM.");
    let key = env.optional_secret("REDIS_KEY", 1, "The key of REDIS_CERTIFICATE, PEM.");
    for (name, pem) in [("REDIS_CA", &ca), ("REDIS_CERTIFICATE", &certificate)] {
        if pem.as_ref().is_some_and(|pem| !tls::is_certificate(pem)) {
            env.problem(format!("{name} holds no certificate in PEM; a file's name is given in {name}_FILE"));
        }
    }
    if certificate.is_some() != key.is_some() {
        env.problem("REDIS_CERTIFICATE and REDIS_KEY are given together, or neither".to_owned());
    }
    (ca, certificate.zip(key))
}
