//! Requests to addresses that somebody else chose.
//!
//! Whoever can have us ask a URL could have us ask what only we can reach: the database's host, the cloud's metadata, the API
//! itself. So an address is asked only if it is public, or of a network that whoever runs this has allowed. The name is resolved by
//! us, and the check stands between its resolution and the connection: what was checked is what is connected to, and a name that
//! leads elsewhere a moment later (DNS rebinding) gains nothing. An address that needs no resolution never meets the resolver, and
//! is checked when the request is made. Redirects are not followed, and no proxy of the environment is used, since it would resolve
//! the name itself.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::{
    Client, Method, RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::{Host, Url};

use crate::http::ClientConfig;

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(a: u16, b: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)
}

/// What is not for everybody, by IANA's registry of special addresses; and one that Azure serves its machines at.
const NOT_PUBLIC_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// Of IPv6 only this is given out to be public.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Of that: Teredo and its neighbours, documentation, 6to4. Some carry an IPv4 address that nobody would have checked.
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

/// Whether everybody can reach this address.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address)),
    }
}

/// Networks, comma-separated in CIDR notation; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address.to_canonical()))
    }
}

/// What is no list of networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network in CIDR notation, such as 10.20.0.0/16")]
pub struct NotNetworks(String);

impl FromStr for Networks {
    type Err = NotNetworks;

    fn from_str(list: &str) -> Result<Self, NotNetworks> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| part.parse::<IpNet>().map_err(|_| NotNetworks(part.to_owned()));
        Ok(Self(parts.map(read).collect::<Result<_, _>>()?))
    }
}

/// Why a URL is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none of `https` (or `http`) with a host, or names a user.
    #[error("it must be https://HOST/…, without user and password")]
    NotPlain,
    /// It is not encrypted, and leads out of the networks that are allowed.
    #[error("http without TLS is for allowed networks alone, and {0} is in none of them")]
    NotEncrypted(String),
    /// It leads to an address that is neither public nor allowed.
    #[error("{0} is at no public address, and in no network that is allowed")]
    NotPublic(String),
    /// Nobody knows the host.
    #[error("{0} has no address")]
    Unknown(String),
}

/// Which addresses a client connects to.
#[derive(Clone)]
struct Guard {
    allowed: Networks,
    /// Whether public ones are among them.
    public: bool,
    lookup: Arc<dyn Resolve>,
}

impl Guard {
    fn lets(&self, address: IpAddr) -> bool {
        self.allowed.contain(address) || (self.public && is_public(address))
    }

    fn refusal(&self, host: &str) -> Refused {
        let host = host.to_owned();
        if self.public { Refused::NotPublic(host) } else { Refused::NotEncrypted(host) }
    }

    /// The addresses of a name that may be connected to: at least one.
    async fn addresses(&self, name: Name) -> Result<Vec<SocketAddr>, Refused> {
        let host = name.as_str().to_owned();
        let found: Vec<SocketAddr> = match self.lookup.resolve(name).await {
            Ok(found) => found.collect(),
            Err(_) => return Err(Refused::Unknown(host)),
        };
        if found.is_empty() {
            return Err(Refused::Unknown(host));
        }
        let good: Vec<SocketAddr> = found.into_iter().filter(|address| self.lets(address.ip())).collect();
        if good.is_empty() { Err(self.refusal(&host)) } else { Ok(good) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move { Ok(Box::new(this.addresses(name).await?.into_iter()) as Addrs) })
    }
}

/// The machine's own way to resolve names.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Asks URLs that somebody else chose. Cheap to clone.
#[derive(Clone)]
pub struct Outside {
    connect: Duration,
    encrypted: (Guard, Client),
    plain: (Guard, Client),
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("allowed", &self.plain.0.allowed).finish_non_exhaustive()
    }
}

impl Outside {
    /// Asks what is public, and what is in `allowed`.
    ///
    /// # Errors
    /// When the machine's TLS certificates cannot be loaded.
    pub fn new(allowed: Networks, config: ClientConfig) -> reqwest::Result<Self> {
        Self::resolving(allowed, config, Arc::new(System))
    }

    /// As [`Self::new`], with names resolved in another way.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn resolving(allowed: Networks, config: ClientConfig, lookup: Arc<dyn Resolve>) -> reqwest::Result<Self> {
        let guarded = |public| -> reqwest::Result<_> {
            let guard = Guard { allowed: allowed.clone(), public, lookup: Arc::clone(&lookup) };
            let client = Client::builder()
                .timeout(config.total)
                .connect_timeout(config.connect)
                // Few are asked often enough for a connection to be kept.
                .pool_max_idle_per_host(0)
                .redirect(Policy::none())
                .no_proxy()
                .https_only(public)
                .dns_resolver(guard.clone())
                .user_agent(concat!("evolve/", env!("CARGO_PKG_VERSION")))
                .build()?;
            Ok((guard, client))
        };
        Ok(Self { connect: config.connect, encrypted: guarded(true)?, plain: guarded(false)? })
    }

    /// The guard and the client of a URL, and its host where that has to be resolved.
    fn way<'a>(&self, url: &'a Url) -> Result<(&Guard, &Client, Option<&'a str>), Refused> {
        let (guard, client) = match url.scheme() {
            "https" => &self.encrypted,
            "http" => &self.plain,
            _ => return Err(Refused::NotPlain),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::NotPlain);
        }
        let address = match url.host() {
            Some(Host::Domain(name)) => return Ok((guard, client, Some(name))),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            None => return Err(Refused::NotPlain),
        };
        if guard.lets(address) { Ok((guard, client, None)) } else { Err(guard.refusal(&address.to_string())) }
    }

    /// Whether a URL would be asked now. Where its name leads may change: it is checked again whenever it is asked.
    ///
    /// # Errors
    /// Why it would not be.
    pub async fn check(&self, url: &Url) -> Result<(), Refused> {
        let (guard, _, Some(host)) = self.way(url)? else { return Ok(()) };
        let name = host.parse::<Name>().map_err(|_| Refused::NotPlain)?;
        let addresses = tokio::time::timeout(self.connect, guard.addresses(name)).await;
        addresses.unwrap_or_else(|_| Err(Refused::Unknown(host.to_owned()))).map(drop)
    }

    /// A request. That it leads where it must not is an error of this, or of sending it: [`refusal`].
    ///
    /// # Errors
    /// Why it is not made.
    pub fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Refused> {
        let (_, client, _) = self.way(url)?;
        Ok(client.request(method, url.clone()))
    }
}

/// Whether a request failed because it led where it must not.
#[must_use]
pub fn refusal(error: &reqwest::Error) -> Option<&Refused> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        cause = error.source();
    }
    None
}

/// The beginning of a response's body, `most` bytes of it: whoever answers decides how long it is. What breaks off is as it came.
pub async fn beginning(mut response: reqwest::Response, most: usize) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(most);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
