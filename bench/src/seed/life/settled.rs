//! How people stand at the end of the life.

use evolve_domain::relationship::Levels;
use sqlx::PgConnection;

use super::{Life, Person};

impl Life {
    /// What is known of people at the end: how close they have come, and on what plan they are.
    pub(crate) async fn settle(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        const SETTLE: &str = "
            UPDATE users u
            SET points = n.points, messages = n.messages, best_level = n.level, last_day = n.last_day::date, last_seen_at = n.last_day,
                paid_until = n.paid_until, premium_until = n.paid_until, plan = CASE WHEN n.paid_until > $7 THEN 'premium' ELSE 'free' END
            FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::smallint[], $5::timestamptz[], $6::timestamptz[])
                 AS n (id, points, messages, level, last_day, paid_until)
            WHERE u.id = n.id";
        let levels = Levels::default();
        for people in self.people.chunks(5000) {
            let points = |one: &Person| i64::from(one.numbered / 2);
            let level = |one: &Person| i16::from(levels.of(points(one)).number());
            sqlx::query(SETTLE)
                .bind(people.iter().map(|one| one.id).collect::<Vec<_>>())
                .bind(people.iter().map(points).collect::<Vec<_>>())
                .bind(people.iter().map(|one| one.numbered).collect::<Vec<_>>())
                .bind(people.iter().map(level).collect::<Vec<_>>())
                .bind(people.iter().map(|one| one.last_day.unwrap_or(self.plan.end)).collect::<Vec<_>>())
                .bind(people.iter().map(|one| one.paid_until).collect::<Vec<_>>())
                .bind(self.plan.end)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}
