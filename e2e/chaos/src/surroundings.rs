//! What each process is told by its environment: what the operator renders for an `EvolveBot`, with limits so high that nobody
//! is refused for having said too much.

use crate::plan::Delivery;

const JWT_SECRET: &str = "chaos-jwt-secret-chaos-jwt-secret-chaos";
/// What opens the API to whoever runs the bot.
pub(crate) const SERVICE_KEY: &str = "chaos-service-key-chaos-service-key-chaos";
const WEBHOOK_SECRET: &str = "chaos-webhook-secret";
/// A key of no data but these.
const ENCRYPTION_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
/// As much as a limit may be.
const MANY: &str = "10000/minute";
const PLANS: &str = r#"{
    "free": {"messagesPerDay": 100000, "historyMessages": 10, "facts": 50, "images": false},
    "premium": {"messagesPerDay": 200000, "historyMessages": 50, "facts": 500, "images": true}
}"#;
/// What premium costs, in Stars.
pub(crate) const STARS: i64 = 250;

/// Variables, by name.
pub(crate) type Environment = Vec<(String, String)>;

/// What surrounds the processes.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) telegram_url: String,
    pub(crate) telegram_token: String,
    pub(crate) providers: String,
    /// The balancer before the APIs.
    pub(crate) api_url: String,
    /// The balancer before the bots.
    pub(crate) bot_url: String,
    pub(crate) delivery: Delivery,
}

impl Surroundings {
    /// The environment of an API that listens there.
    pub(crate) fn api(&self, port: u16) -> Environment {
        let mut environment = self.common(port);
        let price = format!(r#"{{"stars": {STARS}}}"#);
        environment.extend(owned([
            ("JWT_SECRET", JWT_SECRET),
            ("PROVIDERS", &self.providers),
            ("GOOGLE_API_KEY", "chaos"),
            ("PERSONA", r#"{"language": "en"}"#),
            ("PLANS", PLANS),
            ("PREMIUM_PRICE", &price),
            // The subscriber is on this machine.
            ("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8"),
            ("AUTH_RATE_LIMIT", MANY),
            ("CHAT_RATE_LIMIT", MANY),
            ("PROFILE_RATE_LIMIT", MANY),
            ("MEMORY_RATE_LIMIT", MANY),
        ]));
        environment
    }

    /// The environment of a bot that listens there and comes to Telegram under this name.
    pub(crate) fn bot(&self, port: u16, name: &str) -> Environment {
        let mut environment = self.common(port);
        let telegram_url = format!("{}/via/{name}", self.telegram_url);
        environment.extend(owned([("API_URL", self.api_url.as_str()), ("TELEGRAM_API_URL", &telegram_url)]));
        environment.extend(match self.delivery {
            Delivery::Polling => owned([("TELEGRAM_MODE", "polling")]),
            Delivery::Webhook => owned([
                ("TELEGRAM_MODE", "webhook"),
                ("WEBHOOK_URL", &self.bot_url),
                ("WEBHOOK_SECRET", WEBHOOK_SECRET),
            ]),
        });
        environment
    }

    fn common(&self, port: u16) -> Environment {
        owned([
            ("HTTP_ADDR", format!("127.0.0.1:{port}").as_str()),
            ("DATABASE_URL", &self.database_url),
            ("DATABASE_POOL_SIZE", "16"),
            ("REDIS_URL", &self.redis_url),
            ("ENCRYPTION_KEY", ENCRYPTION_KEY),
            ("SERVICE_KEY", SERVICE_KEY),
            ("TELEGRAM_BOT_TOKEN", &self.telegram_token),
            ("LOG_LEVEL", "INFO"),
            ("RUST_BACKTRACE", "1"),
        ])
    }
}

fn owned<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
