//! The models that the server has, and what each of them takes.

use serde_json::{Value, json};

/// How a model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Not at all.
    No,
    /// By level, of these.
    Levels(&'static [&'static str]),
    /// By budget: from, to, and whether zero turns it off.
    Budget { lowest: i64, highest: i64, off: bool },
}

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    Text,
    Pictures,
    Speech,
    Embeddings,
}

/// A model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) makes: Makes,
    pub(super) thinking: Thinking,
}

const ALL_LEVELS: Thinking = Thinking::Levels(&["minimal", "low", "medium", "high"]);
const NO_MINIMAL: Thinking = Thinking::Levels(&["low", "medium", "high"]);

const fn text(name: &'static str, thinking: Thinking) -> Model {
    Model { name, makes: Makes::Text, thinking }
}

const fn speech(name: &'static str) -> Model {
    Model { name, makes: Makes::Speech, thinking: Thinking::No }
}

/// Every model.
pub(super) const ALL: &[Model] = &[
    text("gemini-3.8-flash", NO_MINIMAL),
    text("gemini-3.7-flash", NO_MINIMAL),
    text("gemini-3.6-flash", ALL_LEVELS),
    text("gemini-3.5-flash-lite", ALL_LEVELS),
    text("gemini-3.1-pro-preview", NO_MINIMAL),
    text("gemini-2.5-pro", Thinking::Budget { lowest: 128, highest: 32_768, off: false }),
    text("gemini-2.5-flash", Thinking::Budget { lowest: 1, highest: 24_576, off: true }),
    text("gemini-2.5-flash-lite", Thinking::Budget { lowest: 512, highest: 24_576, off: true }),
    text("gemini-2.0-flash", Thinking::No),
    Model { name: "gemini-3-pro-image", makes: Makes::Pictures, thinking: Thinking::No },
    speech("gemini-3.8-flash-tts"),
    speech("gemini-2.5-flash-preview-tts"),
    Model { name: "gemini-embedding-001", makes: Makes::Embeddings, thinking: Thinking::No },
];

/// A model by its name.
pub(super) fn find(name: &str) -> Option<&'static Model> {
    ALL.iter().find(|model| model.name == name)
}

impl Model {
    pub(super) fn speaks(&self) -> bool {
        self.makes == Makes::Speech
    }

    /// Whether its tool calls are signed, and must come back signed.
    pub(super) fn signs(&self) -> bool {
        matches!(self.thinking, Thinking::Levels(_))
    }

    pub(super) fn does(&self, method: &str) -> bool {
        self.methods().contains(&method)
    }

    pub(super) fn describe(&self) -> Value {
        json!({
            "name": format!("models/{}", self.name),
            "displayName": self.name,
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": self.methods(),
        })
    }

    fn methods(&self) -> &'static [&'static str] {
        match self.makes {
            Makes::Text | Makes::Pictures | Makes::Speech => {
                &["generateContent", "streamGenerateContent", "countTokens"]
            }
            Makes::Embeddings => &["embedContent", "batchEmbedContents", "countTokens"],
        }
    }
}
