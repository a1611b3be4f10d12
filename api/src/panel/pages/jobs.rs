//! What is done again and again, and what waits.

use askama::Template;
use evolve_contract::scheduler::{JobStatus, ScheduledJob, SchedulerStatusResponse, WaitingQueue};

use super::Page;
use crate::panel::{
    parts::{Act, Cell, Column, Empty, Form, Listing, Table, Tone, View},
    shell::Section,
    words::{Unit, Words},
};

/// `GET /admin/panel/jobs`.
#[derive(Clone, Debug, Template)]
#[template(path = "panel/jobs.html")]
pub struct Jobs {
    /// How they stand.
    pub status: SchedulerStatusResponse,
    /// Whether the reader may have old messages cleaned up now.
    pub may_clean_up: bool,
    /// For how many days messages are kept; nothing for until people delete them.
    pub message_days: Option<u32>,
    /// Where the list is, and its CSV.
    pub listing: Listing,
    /// The session's token.
    pub csrf: String,
    /// What the reader asks of its tables.
    pub view: View,
    /// In which language.
    pub words: Words,
}

impl Jobs {
    /// The jobs.
    #[must_use]
    pub fn table(&self) -> Table {
        let words = self.words;
        let row = |job: &ScheduledJob| {
            let (code, tone) = match job.status {
                JobStatus::Scheduled => ("scheduled", Tone::Plain),
                JobStatus::Running => ("running", Tone::Good),
                JobStatus::Failed => ("failed", Tone::Bad),
                JobStatus::Abandoned => ("abandoned", Tone::Warning),
                JobStatus::Idle => ("idle", Tone::Plain),
            };
            vec![
                Cell::Text(words.code("job", &job.id)),
                Cell::State(words.code("job-status", code), tone),
                Cell::time(job.next_run),
                Cell::time(job.succeeded_at),
                job.duration_ms.map_or(Cell::None, |ms| Cell::number(words, &Unit::Millis, ms as f64)),
                job.did.map_or(Cell::None, |did| Cell::count(words, did)),
                Cell::count(words, job.failures.into()),
                Cell::maybe(job.error.as_deref().or(job.note.as_deref())),
            ]
        };
        Table {
            id: "jobs",
            caption: words.say("panel-section-jobs"),
            columns: vec![
                Column::text("job", words.say("panel-job-name")),
                Column::text("status", words.say("panel-state")),
                Column::text("next_run", words.say("panel-job-next")),
                Column::text("succeeded_at", words.say("panel-job-succeeded")),
                Column::number("duration_ms", words.say("panel-lasted")),
                Column::number("did", words.say("panel-job-did")),
                Column::number("failures", words.say("panel-job-failures")),
                Column::text("says", words.say("panel-job-says")),
            ],
            rows: self.status.jobs.iter().map(row).collect(),
            listing: self.listing.clone(),
            empty: Empty::of(words, "panel-jobs-none"),
            words,
        }
        .asked(&self.view)
    }

    /// Having old messages cleaned up now.
    #[must_use]
    pub fn clean_up(&self) -> Option<Act> {
        let say = |key: &str| self.words.say(key);
        let explains = match self.message_days {
            Some(days) => self.words.count("panel-clean-up-explains", days.into()),
            None => say("panel-clean-up-kept"),
        };
        let path = format!("{}/clean-up", Section::Jobs.path());
        let form = || Form::new("clean-up", &path, &self.csrf, say("panel-clean-up-do"), Vec::new());
        self.may_clean_up.then(|| Act::new(say("panel-clean-up"), explains, form()))
    }

    /// The queues.
    #[must_use]
    pub fn queues(&self) -> Table {
        let words = self.words;
        let row = |queue: &WaitingQueue| {
            vec![
                Cell::Text(words.code("queue", &queue.id)),
                Cell::count(words, queue.waiting),
                Cell::time(queue.oldest),
            ]
        };
        Table {
            id: "queues",
            caption: words.say("panel-queues"),
            columns: vec![
                Column::text("queue", words.say("panel-queue-name")),
                Column::number("waiting", words.say("panel-queue-waiting")),
                Column::text("oldest", words.say("panel-queue-oldest")),
            ],
            rows: self.status.queues.iter().map(row).collect(),
            listing: Listing::within(Section::Jobs.path(), "queues"),
            empty: Empty::of(words, "panel-queues-none"),
            words,
        }
        .asked(&self.view)
    }
}

impl Page for Jobs {
    fn section(&self) -> Option<Section> {
        Some(Section::Jobs)
    }

    fn title(&self) -> String {
        self.words.say("panel-section-jobs")
    }

    fn tables(&self) -> Vec<Table> {
        vec![self.queues()]
    }
}
