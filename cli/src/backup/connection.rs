//! Programs of Postgres, and how they are told where the database is: in libpq's own variables, since an argument list
//! may be read by everybody on the machine.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use percent_encoding::percent_decode_str;
use tokio::process::Command;
use url::Url;

/// What the database's URL may say after its `?`, as sqlx reads it, and the variable that libpq reads in its place.
static OPTIONS: [(&str, &str); 14] = [
    ("sslmode", "PGSSLMODE"),
    ("ssl-mode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("ssl-root-cert", "PGSSLROOTCERT"),
    ("ssl-ca", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("ssl-cert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("ssl-key", "PGSSLKEY"),
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
];

/// What our own programs need, and Postgres' do not.
const OURS: [&str; 4] = ["DATABASE_URL", "DATABASE_URL_FILE", "ENCRYPTION_KEY", "ENCRYPTION_KEY_FILE"];

/// libpq's variables for a database's URL; later ones are meant where one is named twice.
pub(super) fn libpq(url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let url = Url::parse(url).context("DATABASE_URL cannot be read")?;
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let parts = [
        ("PGHOST", decode(host)),
        ("PGPORT", url.port().map(|port| port.to_string()).unwrap_or_default()),
        ("PGUSER", decode(url.username())),
        ("PGPASSWORD", decode(url.password().unwrap_or_default())),
        ("PGDATABASE", decode(url.path().trim_start_matches('/'))),
    ];
    let mut variables: Vec<_> = parts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    for (name, value) in url.query_pairs() {
        let variable = OPTIONS.iter().find(|(option, _)| *option == name);
        variables.extend(variable.map(|(_, variable)| (*variable, value.into_owned())));
    }
    Ok(variables)
}

/// A program of Postgres that works on the database of `url`, or on none.
pub(super) fn program(bin: &Path, name: &str, url: Option<&str>) -> anyhow::Result<Command> {
    let mut command = Command::new(bin.join(name));
    command.stdin(Stdio::null()).kill_on_drop(true).env("PGAPPNAME", "evolve-backup").env("PGCONNECT_TIMEOUT", "30");
    for variable in OURS {
        command.env_remove(variable);
    }
    if let Some(url) = url {
        command.envs(libpq(url)?);
    }
    Ok(command)
}

/// Runs it to its end, and gives what it printed.
///
/// # Errors
/// When it cannot be started or fails; with what it complained of.
pub(super) async fn run(mut command: Command, what: &str) -> anyhow::Result<String> {
    let output = command.output().await.with_context(|| format!("cannot {what}: it cannot be started"))?;
    if !output.status.success() {
        bail!("cannot {what}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rstest::rstest;

    #[rstest]
    #[case(
        "postgres://eva:secret@db.example.org:5433/evolve",
        "PGDATABASE=evolve PGHOST=db.example.org PGPASSWORD=secret PGPORT=5433 PGUSER=eva"
    )]
    #[case(
        "postgresql://eva@db/evolve?sslmode=verify-full&sslrootcert=/tls/ca.crt&statement-cache-capacity=0",
        "PGDATABASE=evolve PGHOST=db PGSSLMODE=verify-full PGSSLROOTCERT=/tls/ca.crt PGUSER=eva"
    )]
    #[case(
        "postgres://o%27brien:p%40ss%2Fw%3Ard%25%3F@[fd00::1]:5432/my%20db",
        "PGDATABASE=my db PGHOST=fd00::1 PGPASSWORD=p@ss/w:rd%? PGPORT=5432 PGUSER=o'brien"
    )]
    #[case(
        "postgres:///evolve?host=/run/postgresql&user=eva&password=a%3Db",
        "PGDATABASE=evolve PGHOST=/run/postgresql PGPASSWORD=a=b PGUSER=eva"
    )]
    fn every_part_of_a_url_reaches_libpq_in_its_own_variable(#[case] url: &str, #[case] expected: &str) {
        let variables: BTreeMap<_, _> = super::libpq(url).unwrap().into_iter().collect();
        let said: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(said.join(" "), expected);
    }
}
