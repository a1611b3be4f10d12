//! Servers that speak TLS, with certificates of their own that nobody else trusts.

use std::path::PathBuf;

#[cfg(feature = "tls")]
pub use made::Certificates;

/// With which certificate a private server speaks TLS.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// The authority's certificate (PEM), by which callers are known that show one.
    pub authority: PathBuf,
    /// The server's certificate (PEM).
    pub certificate: PathBuf,
    /// Its key (PEM).
    pub key: PathBuf,
    /// Whether callers must show a certificate. Only Redis asks.
    pub asks_who: bool,
}

#[cfg(feature = "tls")]
mod made {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::ServerTls;
    use crate::account::Account;

    /// An authority, and what it signed: a server's certificate and a caller's. The files go with it.
    #[derive(Debug)]
    pub struct Certificates {
        directory: PathBuf,
        /// The authority's certificate, PEM.
        pub authority: String,
        /// A caller's certificate, PEM.
        pub caller: String,
        /// The caller's key, PEM.
        pub caller_key: String,
    }

    impl Certificates {
        /// Makes an authority of this name, with a certificate for a server that is called `host` (a name or an address).
        ///
        /// # Errors
        /// When the files cannot be written.
        pub fn make(name: &str, host: &str) -> anyhow::Result<Self> {
            let account = Account::for_servers()?;
            let mut authority = CertificateParams::new(Vec::new())?;
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            authority.distinguished_name.push(DnType::CommonName, name);
            let key = KeyPair::generate()?;
            let certificate = authority.self_signed(&key)?.pem();
            let issuer = Issuer::new(authority, key);
            let (server_key, caller_key) = (KeyPair::generate()?, KeyPair::generate()?);
            let server = CertificateParams::new(vec![host.to_owned()])?.signed_by(&server_key, &issuer)?;
            let caller = CertificateParams::new(vec!["caller".to_owned()])?.signed_by(&caller_key, &issuer)?;
            let directory = account.temporary_directory("evolve-tls-")?;
            let made = Self {
                directory,
                authority: certificate,
                caller: caller.pem(),
                caller_key: caller_key.serialize_pem(),
            };
            let ServerTls { authority, certificate, key, .. } = made.server(false);
            let files =
                [(authority, &made.authority), (certificate, &server.pem()), (key, &server_key.serialize_pem())];
            for (path, content) in files {
                std::fs::write(&path, content)?;
                // Postgres refuses a key that others can read.
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
                account.own(&path)?;
            }
            Ok(made)
        }

        /// The files, for a server.
        #[must_use]
        pub fn server(&self, asks_who: bool) -> ServerTls {
            let file = |name| self.directory.join(name);
            ServerTls {
                authority: file("authority.crt"),
                certificate: file("server.crt"),
                key: file("server.key"),
                asks_who,
            }
        }
    }

    impl Drop for Certificates {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}
