//! Recall, measured: how much of what holds an answer is found, and how fast.
//!
//! `memory <file>` loads each annotated conversation of the file (in LoCoMo's format; the data is not part of the project)
//! as one person's history into a private Postgres, indexes it as the background job does, and asks each question through
//! the store's own search, which ranks as a turn's recall does; and the same for a made-up person who speaks Russian, which
//! needs no file. With `--messages N` one person gets that many messages, the conversations among made-up ones in Russian and
//! English, and the time of each question is what matters. A goal that is missed makes the run fail, after all was printed.

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

/// Where the ids of those who speak Russian begin.
const RUSSIANS: i64 = 1_000_000;

#[derive(Parser)]
#[command(about = "How much of what was said is found again, and how fast")]
struct Args {
    /// Annotated conversations, as JSON in LoCoMo's format. Those in Russian are asked of in any case.
    data: Option<PathBuf>,
    /// Gives one person this many messages, the conversations among them, and reports how long each question takes.
    #[arg(long)]
    messages: Option<usize>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let conversations = match &args.data {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            corpus::read(&text)?
        }
        None => Vec::new(),
    };
    let russian = corpus::russian()?;
    let database = TestDatabase::migrated().await;
    let config = StoreConfig {
        database_url: database.url().into(),
        pool_size: 4,
        encryption_key: fernet::Fernet::generate_key().into(),
    };
    let store = Store::connect(&config, &Metrics::new())?;
    let mut history = History::new(store.clone(), database.pool());
    let missed = match args.messages {
        None => each_by_itself(&store, &mut history, &conversations, &russian).await?,
        Some(messages) => {
            let all: Vec<Conversation> = conversations.into_iter().chain(russian).collect();
            all_of_one(&store, &mut history, &all, messages).await?
        }
    };
    anyhow::ensure!(missed.is_empty(), "a goal is missed: {}", missed.join("; "));
    Ok(())
}

/// Each conversation is one person's. Which goals are missed.
async fn each_by_itself(
    store: &Store,
    history: &mut History,
    conversations: &[Conversation],
    russian: &[Conversation],
) -> anyhow::Result<Vec<String>> {
    let (mut all, mut in_russian) = (Report::default(), Report::default());
    for (user_id, conversation) in (1..).zip(conversations) {
        let report = by_itself(store, history, user_id, conversation).await?;
        println!("{}", report.line(&conversation.name));
        all.add(report);
    }
    for (user_id, conversation) in (RUSSIANS..).zip(russian) {
        in_russian.add(by_itself(store, history, user_id, conversation).await?);
    }
    let mut missed = Vec::new();
    if !conversations.is_empty() {
        println!("{}", all.line("all"));
        println!("{}", all.categories());
        missed.extend(all.too_little("all"));
    }
    println!("{}", in_russian.line("in Russian"));
    missed.extend(in_russian.too_little("in Russian"));
    Ok(missed)
}

async fn by_itself(
    store: &Store,
    history: &mut History,
    user_id: i64,
    conversation: &Conversation,
) -> anyhow::Result<Report> {
    history.say(user_id, &conversation.turns).await?;
    history.index().await?;
    // The first time warms up.
    ask(store, user_id, conversation).await?;
    ask(store, user_id, conversation).await
}

/// One person has them all, among made-up talk. Which goals are missed.
async fn all_of_one(
    store: &Store,
    history: &mut History,
    conversations: &[Conversation],
    messages: usize,
) -> anyhow::Result<Vec<String>> {
    let turns = corpus::amid(conversations, messages);
    println!("filling one person with {} messages", turns.len());
    history.say(1, &turns).await?;
    history.index().await?;
    history.analyze().await?;
    let mut last = Report::default();
    for name in ["first pass", "second pass"] {
        last = Report::default();
        for conversation in conversations {
            last.add(ask(store, 1, conversation).await?);
        }
        println!("{}", last.line(name));
    }
    println!("{}", last.latency());
    Ok(last.too_slow().into_iter().collect())
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
