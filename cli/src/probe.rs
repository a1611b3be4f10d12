//! `evolve probe`: a health check for containers, since the image has no curl.

use std::time::Duration;

use anyhow::{Context, ensure};
use evolve_runtime::http::{self, ClientConfig};
use url::Url;

/// Longest time for the whole request. Whoever asks has a limit too, and ours says what is wrong.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks `url`, and is content with any status of success.
///
/// # Errors
/// When nothing answers in time, or with another status: then with what it said, which names the part that is unwell.
pub(crate) async fn run(url: Url) -> anyhow::Result<()> {
    let client = http::client(ClientConfig { total: PATIENCE, connect: PATIENCE })?;
    let answer = client.get(url.clone()).send().await.with_context(|| format!("{url} does not answer"))?;
    let status = answer.status();
    ensure!(status.is_success(), "{url} answers {status}: {}", answer.text().await.unwrap_or_default());
    Ok(())
}
