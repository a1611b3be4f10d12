//! What one turn costs on the wire, by proxies that read along: as `e2e` tests it, here of the real program.

use evolve_bench::times::median;
use evolve_testkit::proxy::CountingProxy;

use crate::report::{Report, Section};
use crate::world::World;

/// More than connections, so that each has prepared its statements; by different people, so that no conversation becomes long.
const WARM_UP: u32 = 40;
const TURNS: usize = 20;
const MOST_STATEMENTS: usize = 3;
const MOST_REDIS: usize = 1;

/// Measures it.
///
/// # Errors
/// When the API does not start, or a turn fails.
pub(crate) async fn measure(world: &World, report: &mut Report) -> anyhow::Result<()> {
    let postgres = CountingProxy::postgres(&world.postgres.url()).await?;
    let redis = CountingProxy::redis(&world.redis_url()).await?;
    let ways = [("DATABASE_URL", postgres.url()), ("REDIS_URL", redis.url()), ("DATABASE_POOL_SIZE", "8")];
    let api = world.api(&ways).await?;
    let warm = world.crowd(&api, WARM_UP).await?;
    for place in 0..WARM_UP as usize {
        warm.say(place).await.map_err(anyhow::Error::msg)?;
    }
    let crowd = world.crowd(&api, 1).await?;
    crowd.say(0).await.map_err(anyhow::Error::msg)?;
    let (mut statements, mut commands) = (Vec::with_capacity(TURNS), Vec::with_capacity(TURNS));
    for _ in 0..TURNS {
        postgres.reset();
        redis.reset();
        crowd.say(0).await.map_err(anyhow::Error::msg)?;
        statements.push(postgres.statements_asked_for().len());
        commands.push(redis.round_trips());
    }
    api.stop().await?;
    let (statements, commands) = (median(statements), median(commands));
    let is = format!("{statements} and {commands}");
    let is_met = statements <= MOST_STATEMENTS && commands <= MOST_REDIS;
    report.goal("round trips of a turn: Postgres, Redis", "at most 3 and 1", is, is_met);
    report.sections.push(Section {
        title: "Round trips of a turn",
        method: format!(
            "Proxies before Postgres and Redis read along while somebody who is known says {TURNS} things; the median. What jobs ask in the \
             background is not counted."
        ),
        head: vec!["Postgres", "Redis"],
        rows: vec![vec![statements.to_string(), commands.to_string()]],
    });
    Ok(())
}
