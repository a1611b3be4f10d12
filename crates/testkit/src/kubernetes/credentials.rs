//! Certificates, keys and the kubeconfig of a private control plane. All of it lives in the plane's own directory, which
//! nobody else can read, and goes with it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// The administrator's; the API server listens on loopback only.
const TOKEN: &str = "for-tests-on-loopback-only";

/// Writes what the programs need into `home`. Returns the authority's certificate.
pub(super) fn write(home: &Path) -> anyhow::Result<String> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "evolve tests");
    let authority_key = KeyPair::generate()?;
    let certificate = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let server_key = KeyPair::generate()?;
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    let server = server.signed_by(&server_key, &issuer)?;
    let accounts = KeyPair::generate()?;
    let files = [
        ("authority.crt", certificate.clone()),
        ("server.crt", server.pem()),
        ("server.key", server_key.serialize_pem()),
        ("accounts.key", accounts.serialize_pem()),
        ("accounts.pub", accounts.public_key_pem()),
        ("tokens.csv", format!("{TOKEN},tests,tests,\"system:masters\"\n")),
    ];
    for (name, content) in files {
        std::fs::write(home.join(name), content)?;
    }
    Ok(certificate)
}

/// The administrator's way in.
pub(super) fn kubeconfig(port: u16, authority: &str) -> Kubeconfig {
    let cluster = Cluster {
        server: Some(format!("https://127.0.0.1:{port}")),
        certificate_authority_data: Some(STANDARD.encode(authority)),
        ..Cluster::default()
    };
    let user = AuthInfo { token: Some(TOKEN.to_owned().into()), ..AuthInfo::default() };
    let context = Context { cluster: "tests".to_owned(), user: Some("tests".to_owned()), ..Context::default() };
    Kubeconfig {
        api_version: Some("v1".to_owned()),
        kind: Some("Config".to_owned()),
        clusters: vec![NamedCluster { name: "tests".to_owned(), cluster: Some(cluster), ..Default::default() }],
        auth_infos: vec![NamedAuthInfo { name: "tests".to_owned(), auth_info: Some(user), ..Default::default() }],
        contexts: vec![NamedContext { name: "tests".to_owned(), context: Some(context), ..Default::default() }],
        current_context: Some("tests".to_owned()),
        ..Kubeconfig::default()
    }
}
