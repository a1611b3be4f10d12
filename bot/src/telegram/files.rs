//! Files that people send.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Telegram, TelegramError};

/// A file that could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It is larger than we take.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Telegram has it no longer, or refuses it.
    #[error("Telegram does not give the file out: {0}")]
    Refused(String),
    /// Telegram cannot be asked now.
    #[error(transparent)]
    Telegram(#[from] TelegramError),
}

impl Telegram {
    /// Downloads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// [`FileError`].
    pub(crate) async fn download(&self, file_id: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let file = match self.call("getFile", &json!({ "file_id": file_id })).await {
            Err(TelegramError::Refused { description, .. }) if description.to_ascii_lowercase().contains("too big") => {
                return Err(FileError::TooLarge(limit));
            }
            Err(TelegramError::Refused { description, .. }) => return Err(FileError::Refused(description)),
            other => other?,
        };
        let Some(path) = file.get("file_path").and_then(Value::as_str).filter(|path| is_plain(path)) else {
            return Err(FileError::Refused("it named no path to download from".to_owned()));
        };
        let url = format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret());
        let mut response = self.http.get(url).send().await.map_err(TelegramError::from_http)?;
        match response.status().as_u16() {
            200 => {}
            status @ (408 | 429 | 500..) => {
                let reason = format!("HTTP {status} for a file");
                return Err(TelegramError::Unavailable { reason, may_have_happened: false }.into());
            }
            status => return Err(FileError::Refused(format!("HTTP {status}"))),
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(TelegramError::from_http)? {
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(FileError::TooLarge(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Whether a path stays where files are, whatever a server between us and Telegram makes of it.
fn is_plain(path: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    !path.starts_with('/') && path.chars().all(harmless) && path.split('/').all(|part| part != ".." && !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_the_place_of_files() {
        assert!(is_plain("photos/file_1.jpg"));
        for bad in ["../getMe", "photos/../../x", "/etc/passwd", "a?b", "a//b", ""] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
