//! Rows as COPY takes them, table by table, in the order that foreign keys ask for.

/// What COPY takes for nothing.
pub(crate) const NULL: &str = "\\N";

const USERS: &str = "COPY users (id, created_at, last_seen_at) FROM STDIN";
const SETTINGS: &str = "COPY settings (user_id, language, time_zone, onboarding, updated_at) FROM STDIN";
const CONVERSATIONS: &str = "
    COPY conversations (id, user_id, started_at, last_message_at, ended_at, messages, summed_messages, silent) FROM STDIN";
const TURNS: &str = "
    COPY turns (id, user_id, key, request_hash, state, day, started_at, leased_until, finished_at, message_stored, failure, reply,
                model, input_tokens, output_tokens, first_ms, has_image) FROM STDIN";
const MESSAGES: &str = "
    COPY messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image, number) FROM STDIN";
const USAGE: &str = "COPY usage_days (user_id, day, messages, input_tokens, output_tokens) FROM STDIN";
const CALLS: &str = "COPY tool_calls (turn_id, user_id, name, ok, created_at) FROM STDIN";
const AUDIO: &str = "COPY audio_files (turn_id, kind, user_id, mime, bytes, duration_ms, model, created_at) FROM STDIN";
const FEEDBACK: &str = "COPY feedback (turn_id, user_id, reaction, given_at) FROM STDIN";
const PAYMENTS: &str = "
    COPY payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, covers_until, refunded_at)
    FROM STDIN";
const LEDGER: &str = "COPY ledger (key, payment_id, debit, credit, currency, amount, booked_at) FROM STDIN";

const TERMS: &str = "COPY message_terms (user_id, term, month, postings) FROM STDIN";

/// The rows of a day.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) users: String,
    pub(crate) settings: String,
    pub(crate) conversations: String,
    pub(crate) turns: String,
    pub(crate) messages: String,
    pub(crate) usage: String,
    pub(crate) calls: String,
    pub(crate) audio: String,
    pub(crate) feedback: String,
    pub(crate) payments: String,
    pub(crate) ledger: String,
    pub(crate) terms: String,
}

impl Tables {
    /// Each table that has rows: how they are copied, and they.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            (USERS, self.users.as_str()),
            (SETTINGS, self.settings.as_str()),
            (CONVERSATIONS, self.conversations.as_str()),
            (TURNS, self.turns.as_str()),
            (MESSAGES, self.messages.as_str()),
            (USAGE, self.usage.as_str()),
            (CALLS, self.calls.as_str()),
            (AUDIO, self.audio.as_str()),
            (FEEDBACK, self.feedback.as_str()),
            (PAYMENTS, self.payments.as_str()),
            (LEDGER, self.ledger.as_str()),
            (TERMS, self.terms.as_str()),
        ];
        all.into_iter().filter(|(_, rows)| !rows.is_empty())
    }
}

/// Adds a row.
pub(crate) fn add(table: &mut String, values: &[&dyn std::fmt::Display]) {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            table.push('\t');
        }
        table.push_str(&value.to_string());
    }
    table.push('\n');
}
