//! What the API of `evolve up` is told beside what a field of the bot's file says: `spec.api.pod.extraEnv`, as on a cluster, and before it
//! our own environment, since who starts a bot for an afternoon need not write a file for that.

use std::collections::BTreeMap;

use evolve_operator::crd::ExtraVariable;

/// What the API is told of our own environment.
const PASSED_ON: [&str; 16] = [
    "ADMIN_RATE_LIMIT",
    "ADMIN_REGISTRATION_TOKEN",
    "ENABLE_QUERY_ANALYSIS",
    "MODEL_PRICES",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_ISSUER",
    "OIDC_ROLES",
    "OIDC_ROLE_CLAIM",
    "OIDC_SCOPES",
    "PANEL_RATE_LIMIT",
    "PANEL_SECOND_FACTOR",
    "PANEL_URL",
    "REPORT_TIME_ZONE",
    "STATS_API_RATE_LIMIT",
    "TRUSTED_PROXY_HOPS",
];

/// What the bot's file says of the API's environment, as far as it holds outside its cluster, and then what ours says.
pub(crate) fn for_api(
    extra: &[ExtraVariable],
    lookup: impl Fn(&str) -> Option<String>,
    notes: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let own = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), lookup(name)?)));
    let own: BTreeMap<String, String> = own.collect();
    let mut all = BTreeMap::new();
    for variable in extra.iter().filter(|variable| !own.contains_key(&variable.name)) {
        let name = &variable.name;
        // Files of its pods, and how its servers prove themselves: neither is so here.
        let is_of_the_cluster = name.starts_with("PGSSL")
            || name.ends_with("_FILE")
            || matches!(name.as_str(), "REDIS_CA" | "REDIS_CERTIFICATE" | "REDIS_KEY");
        match &variable.value {
            Some(value) if !is_of_the_cluster => {
                all.insert(name.clone(), value.clone());
            }
            _ => notes.push(format!("spec.api.pod.extraEnv: what {name} says is in a cluster, so it is left out")),
        }
    }
    all.extend(own);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_is_passed_on_is_one_that_the_api_reads() {
        const REFERENCE: &str = include_str!("../../docs/configuration.md");
        for name in PASSED_ON {
            assert!(REFERENCE.contains(&format!("\n| `{name}` |")), "{name}");
        }
    }
}
