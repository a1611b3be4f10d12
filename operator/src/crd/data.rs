//! Where the bot's data is, with which keys, and for how long.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reference::SecretKeyRef;
use super::rules::{all, differ, rules, rules_at};

/// Postgres. Never owned by the bot: deleting the bot leaves it as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Database {
    /// Its `postgres://` URL, of the account that owns the tables: migrations, backups and restores use it, and the pods
    /// that have no account of their own. When absent: the entry `DATABASE_URL` of the Secret that is named like the bot;
    /// `evolve up` then starts a private Postgres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_secret_ref: Option<SecretKeyRef>,
    /// The same database with an account for the API, which runs the jobs: a member of the role `…_jobs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url_secret_ref: Option<SecretKeyRef>,
    /// The same database with an account for the bot: a member of the role `…_app`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_url_secret_ref: Option<SecretKeyRef>,
    /// What the names of the database's roles begin with, `eva` for `eva_app`, `eva_jobs` and `eva_analytics`: then each
    /// migration makes them and grants each what it needs, for which the owner must have `CREATEROLE`. Roles belong to the
    /// server, so each bot has another prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40), extend("x-kubernetes-validations" = rules(&[
        ("self.matches('^[a-z][a-z0-9_]*$')", "must be the beginning of a role's name: lower-case letters, digits and underscores, a letter first, such as eva"),
    ])))]
    pub roles_prefix: Option<String>,
    /// Most connections of one process. All processes together must stay under the server's `max_connections`.
    #[schemars(range(min = 1, max = 500))]
    pub pool_size: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url_secret_ref: None,
            api_url_secret_ref: None,
            bot_url_secret_ref: None,
            roles_prefix: None,
            pool_size: 16,
        }
    }
}

/// Redis, for caches and for limits that hold across replicas.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Redis {
    /// Its `redis://` URL. When absent there is none, and each replica counts limits for itself; `evolve up` then
    /// starts a private one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_secret_ref: Option<SecretKeyRef>,
}

/// That two fields do not name one entry of a Secret: one of them is a slip of copying.
fn apart(one: &str, other: &str) -> serde_json::Value {
    let rule = format!("!has(self.{one}) || !has(self.{other}) || {}", differ(one, other));
    let message = format!("names the same entry as {one}, and one value cannot be both: name another entry");
    rules_at(&format!(".{other}"), &[(&rule, &message)])
}

/// Keys. Those that are not given are made once, into the Secret `<bot>-keys`, and never changed after.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = all([
    apart("jwtSecretRef", "encryptionKeySecretRef"),
    apart("jwtSecretRef", "adminTokenSecretRef"),
    apart("encryptionKeySecretRef", "adminTokenSecretRef"),
])))]
pub struct Security {
    /// Signs the API's tokens; 32 characters or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_secret_ref: Option<SecretKeyRef>,
    /// Fernet keys, comma-separated: the first encrypts, all decrypt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key_secret_ref: Option<SecretKeyRef>,
    /// Whoever shows it may register a name and a password to see the statistics (`POST /api/v1/auth/register`), and nothing else;
    /// 16 characters or more. Nobody may when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_token_secret_ref: Option<SecretKeyRef>,
}

/// How long data is kept. What is absent is kept for good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Retention {
    /// Days that messages are kept; summaries and facts stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 36_500))]
    pub message_days: Option<u32>,
}
