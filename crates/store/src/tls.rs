//! Whom Postgres and Redis are believed to be.
//!
//! Both speak TLS by rustls with aws-lc, as everything else here does. Of Postgres, `DATABASE_URL` says all of it in libpq's words
//! (`sslmode=verify-full&sslrootcert=…`), so that `psql`, `pg_dump` and our own processes read one address alike; libpq's variables
//! (`PGSSLMODE`, `PGSSLROOTCERT`, for us also with the certificate itself) stand in for what the URL does not say. Of Redis,
//! `rediss://` asks for TLS, and `REDIS_CA` is the CA. A CA that nobody would look at is refused at start-up: whoever names one means
//! to be safe.

use std::sync::Once;

use evolve_runtime::config::Reader;
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// What PEM has where it holds a certificate.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";

/// Notes what is wrong with the CA of Postgres.
pub(crate) fn check_database(env: &mut Reader, options: &PgConnectOptions) {
    let url = options.to_url_lossy();
    let Some((_, ca)) = url.query_pairs().find(|(name, _)| name == "sslrootcert") else { return };
    if !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull) {
        env.problem(
            "DATABASE_URL names a CA (sslrootcert) that nobody would look at; add sslmode=verify-full to it".to_owned(),
        );
    }
    // sqlx shows which of the two it is.
    let Some(path) = ca.strip_prefix("file: ") else { return };
    match std::fs::read_to_string(path) {
        Ok(text) if is_certificate(&text) => {}
        Ok(_) => env.problem(format!("DATABASE_URL names {path} as sslrootcert, which holds no certificate in PEM")),
        Err(error) => {
            env.problem(format!("DATABASE_URL names {path} as sslrootcert, which cannot be read: {error}"));
        }
    }
}

/// Whether this is PEM with a certificate.
pub(crate) fn is_certificate(pem: &str) -> bool {
    pem.contains(CERTIFICATE)
}

/// Whether a connection failed since the server is not whom we believe, or does not believe us. The libraries hand on rustls' error
/// as text alone, in words that are its own.
pub(crate) fn is_distrust(error: &impl std::fmt::Display) -> bool {
    let text = error.to_string();
    text.contains("invalid peer certificate") || text.contains("received fatal alert")
}

/// Settles which implementation of cryptography rustls takes where a library leaves that to the process, as redis does. Two are
/// compiled in (teloxide's HTTP client brings `ring`), and rustls panics rather than choose.
pub(crate) fn settle_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Whoever was first has chosen, which is as good.
        let _ = aws_lc_rs::default_provider().install_default();
    });
}
