//! Files that people or the bot have sent.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::{Map, Value};

/// A file as Telegram keeps it.
#[derive(Clone, Debug)]
pub(in super::super) struct StoredFile {
    pub(in super::super) id: String,
    pub(in super::super) unique_id: String,
    pub(in super::super) path: String,
    pub(in super::super) name: Option<String>,
    pub(in super::super) mime_type: Option<String>,
    pub(in super::super) bytes: Bytes,
}

impl StoredFile {
    /// The fields that every object of a file has.
    pub(in super::super) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("file_id".into(), self.id.clone().into());
        fields.insert("file_unique_id".into(), self.unique_id.clone().into());
        fields.insert("file_size".into(), self.bytes.len().into());
        fields
    }
}

/// All files, by id.
#[derive(Debug, Default)]
pub(in super::super) struct Files {
    by_id: BTreeMap<String, StoredFile>,
    made: u64,
}

impl Files {
    /// Keeps a file in a folder such as `photos`, under a name with this extension.
    pub(in super::super) fn keep(
        &mut self,
        folder: &str,
        extension: &str,
        name: Option<String>,
        mime_type: Option<String>,
        bytes: Bytes,
    ) -> StoredFile {
        self.made += 1;
        let number = self.made;
        let file = StoredFile {
            id: format!("AgACAgI{folder}-{number:06}"),
            unique_id: format!("AQAD{number:08}"),
            path: format!("{folder}/file_{number}.{extension}"),
            name,
            mime_type,
            bytes,
        };
        self.by_id.insert(file.id.clone(), file.clone());
        file
    }

    /// How many there have been.
    pub(in super::super) fn count(&self) -> u64 {
        self.made
    }

    pub(in super::super) fn get(&self, id: &str) -> Option<&StoredFile> {
        self.by_id.get(id)
    }

    pub(in super::super) fn at_path(&self, path: &str) -> Option<&StoredFile> {
        self.by_id.values().find(|file| file.path == path)
    }
}
