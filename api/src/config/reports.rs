//! Whose days reports are of, and what tokens cost.

use evolve_domain::report::ModelPrices;
use evolve_engine::reports::ReportConfig;
use evolve_runtime::config::Reader;

pub(super) fn reports(env: &mut Reader) -> ReportConfig {
    let name: String = env.or(
        "REPORT_TIME_ZONE",
        "UTC",
        "Time zone of reports: IANA name. Another one holds for days that are not closed yet.",
    );
    let zone = name.trim().parse().unwrap_or_else(|_| {
        env.problem(format!("REPORT_TIME_ZONE: {name:?} is not a time zone; write an IANA name such as Europe/Berlin"));
        chrono_tz::Tz::UTC
    });
    let prices = env.json_or(
        "MODEL_PRICES",
        ModelPrices::default(),
        "What tokens cost, in US dollars per million: JSON of `{model: {input, output}}`, by the names that answers are counted under. A model that is not in it is shown as unpriced.",
    );
    let analyses_queries = env.or(
        "ENABLE_QUERY_ANALYSIS",
        "false",
        "Whether the plan of a slow query of /api/v1/stats goes to the log; it is run once more for that.",
    );
    ReportConfig { zone, prices, analyses_queries, ..ReportConfig::default() }
}
