//! Recall, measured: how much of what holds an answer is found, and how fast.
//!
//! `memory <file>` loads each annotated conversation of the file (in LoCoMo's format; the data is not part of the project)
//! as one person's history into a private Postgres, indexes it as the background job does, and asks each question through
//! the store's own search, which ranks as a turn's recall does. With `--messages N` one person gets that many messages, the
//! conversations among made-up ones in Russian and English, and the time of each question is what matters.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

mod corpus;
mod history;
mod report;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use evolve_domain::memory::question::{Names, Question};
use evolve_runtime::metrics::Metrics;
use evolve_store::{Store, StoreConfig};
use evolve_testkit::database::TestDatabase;

use corpus::Conversation;
use history::History;
use report::Report;

#[derive(Parser)]
#[command(about = "How much of what was said is found again, and how fast")]
struct Args {
    /// Annotated conversations, as JSON in LoCoMo's format.
    data: PathBuf,
    /// Gives one person this many messages, the conversations among them, and reports how long each question takes.
    #[arg(long)]
    messages: Option<usize>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let text =
        std::fs::read_to_string(&args.data).with_context(|| format!("{} cannot be read", args.data.display()))?;
    let conversations = corpus::read(&text)?;
    let database = TestDatabase::migrated().await;
    let config = StoreConfig {
        database_url: database.url().into(),
        pool_size: 4,
        encryption_key: fernet::Fernet::generate_key().into(),
    };
    let store = Store::connect(&config, &Metrics::new())?;
    let mut history = History::new(store.clone(), database.pool());
    match args.messages {
        None => each_by_itself(&store, &mut history, &conversations).await,
        Some(messages) => all_of_one(&store, &mut history, &conversations, messages).await,
    }
}

/// Each conversation is one person's.
async fn each_by_itself(store: &Store, history: &mut History, conversations: &[Conversation]) -> anyhow::Result<()> {
    let mut all = Report::default();
    for (user_id, conversation) in (1..).zip(conversations) {
        history.say(user_id, &conversation.turns).await?;
        history.index().await?;
        let mut report = Report::default();
        for _warm_up in 0..2 {
            report = ask(store, user_id, conversation).await?;
        }
        println!("{}", report.line(&conversation.name));
        all.add(report);
    }
    println!("{}", all.line("all"));
    println!("{}", all.categories());
    Ok(())
}

/// One person has them all, among made-up talk.
async fn all_of_one(
    store: &Store,
    history: &mut History,
    conversations: &[Conversation],
    messages: usize,
) -> anyhow::Result<()> {
    let turns = corpus::amid(conversations, messages);
    println!("filling one person with {} messages", turns.len());
    history.say(1, &turns).await?;
    history.index().await?;
    history.analyze().await?;
    let mut all = Report::default();
    for (pass, name) in ["first pass", "second pass"].into_iter().enumerate() {
        let mut report = Report::default();
        for conversation in conversations {
            report.add(ask(store, 1, conversation).await?);
        }
        println!("{}", report.line(name));
        if pass > 0 {
            all.add(report);
        }
    }
    println!("{}", all.latency());
    Ok(())
}

async fn ask(store: &Store, user_id: i64, conversation: &Conversation) -> anyhow::Result<Report> {
    let names = Names { person: Some(&conversation.person), companion: &conversation.companion };
    let mut report = Report::default();
    for asked in &conversation.questions {
        let begin = std::time::Instant::now();
        let found = store.memory().find(user_id, &Question::read(&asked.text, names), None, 20).await?;
        let took = begin.elapsed();
        let found: Vec<_> = found.iter().filter_map(|m| conversation.id_at(m.created_at)).collect();
        report.answered(asked.category, &asked.evidence, &found, took);
    }
    Ok(report)
}
