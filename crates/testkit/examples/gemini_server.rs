//! A Gemini API on loopback, for clients in other languages: prints its URL and serves until its standard input closes.

#![expect(clippy::print_stdout, reason = "the URL on standard output is what this program is for")]

use evolve_testkit::models::GeminiServer;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let server = GeminiServer::start().await?;
    println!("{}", server.url());
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
