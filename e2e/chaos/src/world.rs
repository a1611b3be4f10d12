//! Everything around the replicas: Postgres and Redis, which can go away; Telegram and the models, which can fail; and the
//! balancers before the replicas.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use evolve_testkit::telegram::{Storm, TelegramServer};
use evolve_testkit::{OwnPostgres, OwnRedis};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::time::{Instant, sleep_until};

use crate::balancer::Balancer;
use crate::models::Models;
use crate::plan::{Neighbour, Plan, Stream};
use crate::subscriber::Subscriber;
use crate::surroundings::Surroundings;

/// More calls than a run makes: each is evidence.
const KEPT_CALLS: usize = 1_000_000;
/// Telegram's first pause between two attempts at a delivery.
const WEBHOOK_RETRY: Duration = Duration::from_millis(100);

/// What does not go away.
pub(crate) struct World {
    pub(crate) telegram: Arc<TelegramServer>,
    pub(crate) models: Models,
    pub(crate) bots: Balancer,
    pub(crate) apis: Balancer,
    pub(crate) subscriber: Subscriber,
    pub(crate) around: Surroundings,
    /// For looking at the data from outside; it connects when it is asked something.
    pub(crate) pool: PgPool,
}

impl World {
    /// Starts everything; all is well.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub(crate) async fn start(plan: &Plan, servers: &Servers) -> anyhow::Result<Self> {
        let builder = TelegramServer::builder().kept_calls(KEPT_CALLS).webhook_retry(WEBHOOK_RETRY);
        let telegram = Arc::new(builder.try_start().await?);
        let models = Models::start(plan.seed_of(Stream::Models)).await?;
        let (bots, apis) = (Balancer::start().await?, Balancer::start().await?);
        let subscriber = Subscriber::start().await?;
        let around = Surroundings {
            database_url: servers.postgres.url(),
            redis_url: servers.redis.url(),
            telegram_url: telegram.url(),
            telegram_token: telegram.token().to_owned(),
            providers: models.providers(),
            api_url: apis.url().to_owned(),
            bot_url: bots.url().to_owned(),
            delivery: plan.delivery,
        };
        let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_secs(5));
        let pool = pool.connect_lazy(&around.database_url)?;
        Ok(Self { telegram, models, bots, apis, subscriber, around, pool })
    }

    /// From now on Telegram and the models fail now and then.
    pub(crate) fn rage(&self, plan: &Plan) {
        self.telegram.storm(Storm::new(plan.seed_of(Stream::Telegram), plan.fail_percent));
        self.models.fail(plan.fail_percent);
    }

    /// From now on all is well again.
    pub(crate) fn calm(&self) {
        self.telegram.clear_faults();
        self.models.fail(0);
    }
}

/// What can go away.
pub(crate) struct Servers {
    postgres: OwnPostgres,
    redis: OwnRedis,
}

/// From the moment before a neighbour was killed until it took connections again.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    pub(crate) of: Neighbour,
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Servers {
    /// Starts Postgres, with all migrations applied, and Redis.
    ///
    /// # Errors
    /// When one cannot be started.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let redis = tokio::task::spawn_blocking(OwnRedis::start);
        let postgres = OwnPostgres::migrated().await?;
        Ok(Self { postgres, redis: redis.await?? })
    }

    /// Each neighbour goes at its moment and comes back at once.
    ///
    /// # Errors
    /// When one cannot be killed or started again.
    pub(crate) async fn fall(
        mut self,
        outages: &[(Duration, Neighbour)],
        began: Instant,
    ) -> anyhow::Result<(Self, Vec<Outage>)> {
        let mut fallen = Vec::new();
        for (at, of) in outages {
            sleep_until(began + *at).await;
            let (from, of) = (Instant::now(), *of);
            self = tokio::task::spawn_blocking(move || self.restarted(of)).await??;
            fallen.push(Outage { of, from, until: Instant::now() });
        }
        Ok((self, fallen))
    }

    fn restarted(mut self, of: Neighbour) -> anyhow::Result<Self> {
        match of {
            Neighbour::Postgres => {
                self.postgres.kill()?;
                self.postgres.start_again()?;
            }
            Neighbour::Redis => {
                self.redis.kill()?;
                self.redis.start_again()?;
            }
        }
        Ok(self)
    }

    /// Copies what they said beside the logs of the replicas, before they go with it.
    pub(crate) fn keep_logs(&self, logs: &Path) {
        for (directory, name) in [(self.postgres.directory(), "postgres.log"), (self.redis.directory(), "redis.log")] {
            // One that said nothing has none.
            let _ = std::fs::copy(directory.join(name), logs.join(name));
        }
    }
}
