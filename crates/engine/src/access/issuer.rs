//! Somebody who comes by an issuer: on their way there, and back; and the account that they are given. Somebody is known by the issuer
//! and what it calls them, never by a name, and may what the issuer says each time.
//!
//! What has to survive while they are away is in a cookie of theirs, sealed: nothing is kept for who never comes back.

use chrono::TimeDelta;
use evolve_domain::access::{Role, account_name};
use evolve_store::{
    access::{Account, Change, NewAccount},
    audit::Outcome,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use super::{
    Access, AccessError, Entered, Origin, actor_of,
    oidc::{Claims, Kept, same},
    sealed::{self, Purpose},
};

/// For so long somebody may be at the issuer.
const AWAY_FOR: TimeDelta = TimeDelta::minutes(10);

/// Where somebody is sent who wants to sign in by the issuer.
#[derive(Clone, Debug)]
pub struct OidcStart {
    /// The issuer's page.
    pub url: Url,
    /// What a cookie of theirs keeps meanwhile.
    pub kept: SecretString,
}

impl Access {
    /// By what name people know the issuer: where it is. Nothing where nobody can come by one.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let oidc = self.0.oidc.as_ref()?;
        oidc.config.issuer.host_str().map(str::to_owned)
    }

    /// Sends somebody to the issuer.
    ///
    /// # Errors
    /// [`AccessError::NoIssuer`], [`AccessError::Issuer`].
    pub async fn begin_oidc(&self) -> Result<OidcStart, AccessError> {
        let oidc = self.0.oidc.as_ref().ok_or(AccessError::NoIssuer)?;
        let now = self.0.clock.now();
        let (url, kept) = oidc.start(now).await?;
        let kept = sealed::seal(self.0.store.keys(), Purpose::Issuer, kept, now, AWAY_FOR);
        let kept = kept.ok_or(AccessError::Broken("a page could not be sealed"))?;
        Ok(OidcStart { url, kept: kept.into() })
    }

    /// Lets somebody in who comes back from the issuer, with what their cookie kept, and the `state` and `code` of the address. Who
    /// comes for the first time is given an account; what they may do is said by the issuer each time.
    ///
    /// # Errors
    /// [`AccessError::Expired`], [`AccessError::Wrong`] of the state, [`AccessError::NoRole`], [`AccessError::Issuer`], and of the store.
    pub async fn finish_oidc(
        &self,
        kept: &str,
        state: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<Entered, AccessError> {
        let oidc = self.0.oidc.as_ref().ok_or(AccessError::NoIssuer)?;
        let now = self.0.clock.now();
        let kept: Kept = sealed::open(self.0.store.keys(), Purpose::Issuer, kept, now).ok_or(AccessError::Expired)?;
        if !same(&kept.state, state) {
            return Err(AccessError::Wrong);
        }
        let claims = oidc.claims(code, &kept, now).await?;
        let subject = format!("{} {}", oidc.config.issuer.as_str().trim_end_matches('/'), claims.sub);
        let found = self.0.store.access().account_of_subject(&subject).await?;
        // Whoever is shut out here is, whatever the issuer says.
        if let Some(shut_out) = found.as_ref().filter(|account| account.disabled_at.is_some()) {
            return Err(self.turned_away(shut_out.id, "disabled", origin).await?);
        }
        let account = match (found, oidc.role(&claims)) {
            (Some(account), Some(role)) if account.role == role => account,
            (Some(account), Some(role)) => self.given(&account, role, origin).await?,
            (None, Some(role)) => self.made_of(&claims, &subject, role, origin).await?,
            (Some(account), None) => return Err(self.without_role(&account, origin).await?),
            (None, None) => return Err(AccessError::NoRole),
        };
        self.enter(account.id, ("oidc", None), origin).await
    }

    /// What they could do they cannot any more: neither in a session nor by the bearer tokens of the person whose account it is.
    async fn without_role(&self, account: &Account, origin: &Origin) -> Result<AccessError, AccessError> {
        self.forget_all(account, json!({ "role": null }), origin).await?;
        self.turned_away(account.id, "role", origin).await
    }

    /// Takes every way in from an account but the issuer itself.
    async fn forget_all(&self, account: &Account, detail: Value, origin: &Origin) -> Result<(), AccessError> {
        let who = ("oidc".to_owned(), Some(account.id));
        let work = async {
            let store = self.0.store.access();
            Ok::<_, AccessError>(store.forget_factors(account.id, self.0.clock.now()).await?)
        };
        self.logged("account.change", who, (origin, detail), work).await
    }

    /// Writes down that somebody was not let in, and says why they are not.
    async fn turned_away(&self, id: Uuid, why: &str, origin: &Origin) -> Result<AccessError, AccessError> {
        let who = ("oidc".to_owned(), Some(id));
        self.log(("session.sign_in", Outcome::Refused), who, origin, json!({ "wrong": why })).await?;
        Ok(AccessError::NoRole)
    }

    async fn given(&self, account: &Account, role: Role, origin: &Origin) -> Result<Account, AccessError> {
        let (who, detail) = (("oidc".to_owned(), Some(account.id)), json!({ "role": role.as_str() }));
        let change = self.change(account.id, Change { role: Some(role), ..Change::default() });
        let changed = self.logged("account.change", who, (origin, detail), change).await;
        if let Err(AccessError::LastOwner) = changed {
            // They stay one, or nobody could say who may what; but what they are called here opens nothing meanwhile.
            self.forget_all(account, json!({ "role": role.as_str(), "last_owner": true }), origin).await?;
        }
        changed
    }

    /// An account for somebody who comes for the first time. Never one that is there: a name proves nothing.
    async fn made_of(
        &self,
        claims: &Claims,
        subject: &str,
        role: Role,
        origin: &Origin,
    ) -> Result<Account, AccessError> {
        let (id, now) = (Uuid::now_v7(), self.0.clock.now());
        let names = [&claims.preferred_username, &claims.email];
        let wished = names.into_iter().flatten().find_map(|name| account_name(name));
        let hash: String =
            Sha256::digest(subject.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let another = match &wished {
            Some(name) => format!("{}-{hash}", name.get(..50).unwrap_or(name)),
            None => format!("oidc-{hash}"),
        };
        let detail = json!({ "role": role.as_str() });
        let who = || ("oidc".to_owned(), Some(id));
        self.log(("account.create", Outcome::Begun), who(), origin, detail.clone()).await?;
        for name in wished.iter().chain([&another]) {
            let new = NewAccount { id, name, role, oidc_subject: Some(subject) };
            if self.0.store.access().create_account(&new, now).await? {
                self.log(("account.create", Outcome::Done), (actor_of(id), Some(id)), origin, detail).await?;
                return self.account(id).await;
            }
        }
        // Two who came at once with one name: one of them made it.
        self.0.store.access().account_of_subject(subject).await?.ok_or(AccessError::NameTaken)
    }
}
