//! When a certificate ends. It is somebody else's bytes: what cannot be read is none, and stops nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x509_parser::pem::Pem;

/// When the first certificate in `tls.crt` of a Secret's content ends, Unix time in seconds. The first is the host's own: those
/// behind it may have ended long ago, and no client minds.
pub(super) fn ends(secret: &Value) -> Option<i64> {
    let text = STANDARD.decode(secret.pointer("/data/tls.crt")?.as_str()?).ok()?;
    let block = Pem::iter_from_buffer(&text).next()?.ok()?;
    let certificate = block.parse_x509().ok()?;
    Some(certificate.validity().not_after.timestamp())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// Of a host, and behind it one that ended sooner.
    const CHAIN: &str = include_str!("../../tests/it/pipeline/chain.pem");

    fn secret(text: &str) -> Value {
        json!({ "data": { "tls.crt": STANDARD.encode(text), "tls.key": "MQ==" } })
    }

    #[test]
    fn of_a_chain_it_is_the_hosts_own_that_counts() {
        assert_eq!(ends(&secret(CHAIN)), Some(1_803_148_891));
    }

    #[rstest]
    #[case::empty(secret(""))]
    #[case::no_certificate(secret("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"))]
    #[case::cut_off(secret(&CHAIN[..200]))]
    #[case::words(secret("not yet"))]
    #[case::not_encoded(json!({ "data": { "tls.crt": "?" } }))]
    #[case::another_secret(json!({ "data": { "TOKEN": "MQ==" } }))]
    #[case::nothing(Value::Null)]
    fn what_is_no_certificate_has_no_end(#[case] secret: Value) {
        assert_eq!(ends(&secret), None);
    }
}
