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
    const CHAIN: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBizCCATGgAwIBAgIUUcMkQByEhV4PG59K7Gj/krEi0RAwCgYIKoZIzj0EAwIw\n\
GzEZMBcGA1UEAwwQYm90cy5leGFtcGxlLm9yZzAeFw0yNjExMjIxODQxMzFaFw0y\n\
NzAyMjAxODQxMzFaMBsxGTAXBgNVBAMMEGJvdHMuZXhhbXBsZS5vcmcwWTATBgcq\n\
hkjOPQIBBggqhkjOPQMBBwNCAAQiCEQB3QEhfEYhItSvnQfyENNq6lUs3eXLXesM\n\
q2cCWqJJ5u+Fw+z25hRz4vm/pPc5AwQ7LRtFtjq66wRWTiw8o1MwUTAdBgNVHQ4E\n\
FgQU30GieTcZ6hYcGQXt2/PzQaq3MYUwHwYDVR0jBBgwFoAU30GieTcZ6hYcGQXt\n\
2/PzQaq3MYUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAisTI\n\
A6htPLfjUMRb7lRcbZS22lGN5XpBVed2xnay8doCIF2mlH1ud0870HqTiu2MbJpc\n\
DX4xVXC0yJmzFhNyD8wW\n\
-----END CERTIFICATE-----\n\
-----BEGIN CERTIFICATE-----\n\
MIIBjzCCATWgAwIBAgIUSZaDaiM0bkCI2EUOsjRwBNBKnmcwCgYIKoZIzj0EAwIw\n\
HTEbMBkGA1UEAwwSYmVoaW5kLmV4YW1wbGUub3JnMB4XDTI2MTEyMjE4NDEzMVoX\n\
DTI2MTEyMzE4NDEzMVowHTEbMBkGA1UEAwwSYmVoaW5kLmV4YW1wbGUub3JnMFkw\n\
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzNV5juQ4s1kKbjEk9pVGLJEO4iGP7+wD\n\
ma6aMAGs/w2El4fLklCM9kPfzZHF/8YRH6gr5QsDUaahXoCA5Wfn9aNTMFEwHQYD\n\
VR0OBBYEFAkAneoBjHxqSKF8si2oz6Kf8OOnMB8GA1UdIwQYMBaAFAkAneoBjHxq\n\
SKF8si2oz6Kf8OOnMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIh\n\
AIXiC9r0rFd4+tByZNliG1Qctug1LFnwKnpbHnCaKtOQAiBK2WGuiIR7Xwn/Ran8\n\
aQnl2oCxS8eXcqB0ioHd3gh5QA==\n\
-----END CERTIFICATE-----\n\
";

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
