//! A sound as it comes in: known by its content, and measured where its container says how long it is.

use std::sync::Arc;

/// A recording of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Audio {
    /// Its media type, found by content.
    pub mime: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// How long it is, in milliseconds: measured where the container says so, otherwise what the sender said.
    pub duration_ms: Option<u64>,
}

impl std::fmt::Debug for Audio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Audio({}, {} bytes)", self.mime, self.bytes.len())
    }
}

/// Why a recording is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// Another format, or none.
    #[error("the recording is not OGG, MP3, WAV, FLAC, M4A, AAC or WebM")]
    UnknownFormat,
    /// It goes on for too long.
    #[error("the recording is longer than {max_seconds} s")]
    TooLong {
        /// The limit.
        max_seconds: u32,
    },
}

impl Audio {
    /// Checks a recording. `claimed_seconds` is what its sender says of its length.
    ///
    /// # Errors
    /// [`AudioError`].
    pub fn check(bytes: Vec<u8>, claimed_seconds: Option<u32>, max_seconds: u32) -> Result<Self, AudioError> {
        let mime = mime(&bytes).ok_or(AudioError::UnknownFormat)?;
        let measured = match mime {
            "audio/ogg" => ogg_ms(&bytes),
            "audio/wav" => super::pcm::Pcm::from_wav(&bytes).map(|pcm| pcm.duration_ms()),
            _ => None,
        };
        let duration_ms = measured.or(claimed_seconds.map(|seconds| u64::from(seconds) * 1000));
        // Telegram rounds up to whole seconds.
        if duration_ms.is_some_and(|ms| ms >= (u64::from(max_seconds) + 1) * 1000) {
            return Err(AudioError::TooLong { max_seconds });
        }
        Ok(Self { mime, bytes: bytes.into(), duration_ms })
    }

    /// What a file with this content is called: some servers go by that.
    #[must_use]
    pub fn file_name(&self) -> &'static str {
        match self.mime {
            "audio/wav" => "voice.wav",
            "audio/mpeg" => "voice.mp3",
            "audio/flac" => "voice.flac",
            "audio/mp4" => "voice.m4a",
            "audio/aac" => "voice.aac",
            "audio/webm" => "voice.webm",
            _ => "voice.ogg",
        }
    }
}

fn mime(bytes: &[u8]) -> Option<&'static str> {
    let is = |at: usize, what: &[u8]| bytes.get(at..at + what.len()) == Some(what);
    if is(0, b"OggS") {
        Some("audio/ogg")
    } else if is(0, b"RIFF") && is(8, b"WAVE") {
        Some("audio/wav")
    } else if is(0, b"fLaC") {
        Some("audio/flac")
    } else if is(4, b"ftyp") {
        Some("audio/mp4")
    } else if is(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        Some("audio/webm")
    } else if is(0, b"ID3") {
        Some("audio/mpeg")
    } else {
        match bytes {
            // The sync word of MPEG audio; layer 0 is AAC's.
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
            [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Some("audio/mpeg"),
            _ => None,
        }
    }
}

/// The length of an OGG/Opus file: the position of its last page, which counts 48,000 a second.
fn ogg_ms(bytes: &[u8]) -> Option<u64> {
    let is_opus = bytes.windows(8).take(256).any(|window| window == b"OpusHead");
    let last = bytes.windows(4).rposition(|window| window == b"OggS").filter(|_| is_opus)?;
    let granule = bytes.get(last + 6..last + 14)?;
    Some(u64::from_le_bytes(granule.try_into().ok()?) / 48)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"OggS\0\x02", Some("audio/ogg"))]
    #[case(b"RIFF\0\0\0\0WAVEfmt ", Some("audio/wav"))]
    #[case(b"ID3\x04", Some("audio/mpeg"))]
    #[case(b"\xff\xfb\x90\x64", Some("audio/mpeg"))]
    #[case(b"\xff\xf1\x50\x80", Some("audio/aac"))]
    #[case(b"\0\0\0\x20ftypM4A ", Some("audio/mp4"))]
    #[case(b"fLaC\0", Some("audio/flac"))]
    #[case(b"\x1a\x45\xdf\xa3", Some("audio/webm"))]
    #[case(b"\xff\xd8\xff\xe0", None)]
    #[case(b"MZ", None)]
    #[case(b"", None)]
    fn a_recording_is_known_by_its_content(#[case] bytes: &[u8], #[case] expected: Option<&str>) {
        assert_eq!(mime(bytes), expected);
    }

    #[test]
    fn a_long_recording_is_refused_whatever_its_sender_says() {
        let silence = super::super::pcm::Pcm { rate: 8000, samples: vec![0; 8000 * 12] };
        let ogg = super::super::opus::encode(&silence).unwrap();
        let checked = |claimed, most| Audio::check(ogg.clone(), claimed, most).map(|audio| audio.duration_ms);
        assert!(checked(Some(1), 12).unwrap().unwrap().abs_diff(12_000) < 100, "{:?}", checked(Some(1), 12));
        assert_eq!(checked(Some(1), 10), Err(AudioError::TooLong { max_seconds: 10 }));
        let unmeasured = |claimed| Audio::check(b"ID3\x04".to_vec(), claimed, 10).map(|audio| audio.duration_ms);
        assert_eq!(unmeasured(Some(11)), Err(AudioError::TooLong { max_seconds: 10 }));
        assert_eq!(unmeasured(Some(10)), Ok(Some(10_000)));
        assert_eq!(unmeasured(None), Ok(None));
    }
}
