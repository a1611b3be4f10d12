//! Pictures that models draw.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::ModelError;

/// Largest picture, in bytes: what Telegram takes as a photo.
const MAX_BYTES: usize = 10 * 1024 * 1024;

/// A picture that a model drew: a PNG, JPEG or WebP.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture(Arc<[u8]>);

impl Picture {
    /// Reads a picture in base64, whatever its sender calls it.
    ///
    /// # Errors
    /// [`ModelError::Malformed`].
    pub fn read(base64: &str) -> Result<Self, ModelError> {
        let too_large = || ModelError::malformed(format!("its picture is larger than {MAX_BYTES} bytes"));
        // Four characters are three bytes: what cannot fit need not be decoded.
        if base64.len() / 4 * 3 > MAX_BYTES + 2 {
            return Err(too_large());
        }
        let bytes = STANDARD.decode(base64).map_err(|_| ModelError::malformed("its picture is not base64"))?;
        if bytes.len() > MAX_BYTES {
            return Err(too_large());
        }
        let is_known = bytes.starts_with(b"\x89PNG\r\n\x1a\n")
            || bytes.starts_with(b"\xff\xd8\xff")
            || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"));
        if !is_known {
            return Err(ModelError::malformed("its picture is not a PNG, JPEG or WebP"));
        }
        Ok(Self(bytes.into()))
    }

    /// As [`Picture::read`]; one that cannot be used is left out, since what is said with it may do without.
    pub(super) fn usable(base64: &str) -> Option<Self> {
        Self::read(base64)
            .inspect_err(|error| tracing::warn!(%error, "a model drew something that cannot be shown"))
            .ok()
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} bytes)", self.0.len())
    }
}

/// Whether a model draws, by its name: `gemini-3-pro-image`, `google/gemini-2.5-flash-image`, `gpt-5-image-mini`. These take
/// no tools, and have to be told that they may draw.
#[must_use]
pub(super) fn draws(model: &str) -> bool {
    model.split(['-', '/', ':']).any(|word| word == "image")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("gemini-2.5-flash-image", true)]
    #[case("models/gemini-3-pro-image-preview", true)]
    #[case("google/gemini-2.5-flash-image:free", true)]
    #[case("gemini-3.8-flash", false)]
    #[case("imagen-4.0", false)]
    #[case("my-imagery", false)]
    fn a_model_that_draws_is_known_by_its_name(#[case] model: &str, #[case] expected: bool) {
        assert_eq!(draws(model), expected);
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        let large = STANDARD.encode(vec![0; MAX_BYTES + 1]);
        for (base64, expected) in [
            ("%%%", "not base64"),
            (&STANDARD.encode(b"<svg>"), "not a PNG"),
            (&STANDARD.encode(b"RIFF\0\0\0\0WAVE"), "not a PNG"),
            ("", "not a PNG"),
            (&large, "larger"),
        ] {
            let error = Picture::read(base64).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Picture::read(&STANDARD.encode(b"\x89PNG\r\n\x1a\nand more")).is_ok());
    }
}
