//! A sound as it comes in: known by its content, and measured, since who pays for hearing it need not believe its sender.
//!
//! Only headers are read, nothing is decoded. OGG/Opus, which voice messages are, is added up packet by packet; of other
//! containers `lofty` knows the length. What neither can measure is as long as its sender says.

use std::{
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use lofty::{
    config::{ParseOptions, ParsingMode},
    file::{AudioFile as _, FileType},
    probe::Probe,
};

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
            "audio/ogg" => opus_ms(&bytes).or_else(|| lofty_ms(mime, &bytes)),
            "audio/wav" => {
                super::pcm::Pcm::from_wav(&bytes).map(|pcm| pcm.duration_ms()).or_else(|| lofty_ms(mime, &bytes))
            }
            _ => lofty_ms(mime, &bytes),
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

/// The length of an OGG/Opus file: what its last page says, which is exact, where its packets bear that out; otherwise that
/// of all packets, of all streams that follow each other in it. Nothing where there is no Opus.
fn opus_ms(bytes: &[u8]) -> Option<u64> {
    const HEADER: usize = 27;
    const CONTINUED: u8 = 1;
    // What is cut off at both ends, in samples: some of the first packets, and a part of the last.
    const TRIMMED: u64 = 3 * 5760;
    let (mut at, mut samples, mut claimed, mut skipped) = (0, 0_u64, 0, None);
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.windows(4).position(|window| window == b"OggS")) {
        let page = bytes.get(at + next..).unwrap_or_default();
        let (Some(flags), Some(segments)) = (page.get(5), page.get(26)) else { break };
        let Some(table) = page.get(HEADER..HEADER + usize::from(*segments)) else { break };
        let (mut place, mut is_start) = (HEADER + table.len(), flags & CONTINUED == 0);
        for size in table {
            let packet = page.get(place..).unwrap_or_default();
            if is_start && packet.starts_with(b"OpusHead") {
                let skip = packet.get(10..12).map_or(0, |skip| u64::from(u16::from_le_bytes([skip[0], skip[1]])));
                skipped = skipped.or(Some(skip));
            } else if is_start && *size > 0 && !packet.starts_with(b"OpusTags") {
                samples += opus_pure::packet::samples_48k(packet).unwrap_or_default() as u64;
            }
            place += usize::from(*size);
            // A segment that is not full is the last of its packet.
            is_start = *size < 255;
        }
        claimed = page.get(6..14).and_then(|granule| granule.try_into().ok()).map_or(claimed, u64::from_le_bytes);
        at += next + place.min(page.len());
    }
    let claimed = claimed.saturating_sub(skipped?);
    let is_borne_out = (samples.saturating_sub(TRIMMED)..=samples).contains(&claimed);
    Some(if is_borne_out { claimed } else { samples } / 48)
}

/// The length of a file in any other container. It reads what strangers made, so its panics are taken for ignorance.
fn lofty_ms(mime: &str, bytes: &[u8]) -> Option<u64> {
    let kind = match mime {
        "audio/mpeg" => FileType::Mpeg,
        "audio/flac" => FileType::Flac,
        "audio/mp4" => FileType::Mp4,
        "audio/aac" => FileType::Aac,
        "audio/ogg" => FileType::Vorbis,
        "audio/wav" => FileType::Wav,
        _ => return None,
    };
    let options = ParseOptions::new().read_tags(false).read_cover_art(false).parsing_mode(ParsingMode::Relaxed);
    let read = || Probe::with_file_type(Cursor::new(bytes), kind).options(options).read().ok();
    let length = catch_unwind(AssertUnwindSafe(read)).ok().flatten()?.properties().duration();
    u64::try_from(length.as_millis()).ok().filter(|ms| *ms > 0)
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

    /// Frames of MPEG 1 layer III at 128 kbit/s, of 26 ms each.
    fn mp3(frames: usize) -> Vec<u8> {
        let mut frame = b"\xff\xfb\x90\x64".to_vec();
        frame.resize(417, 0);
        frame.repeat(frames)
    }

    #[test]
    fn the_length_of_what_is_not_a_voice_message_is_measured_too() {
        let length = |bytes: Vec<u8>| Audio::check(bytes, Some(1), 60).map(|audio| audio.duration_ms.unwrap());
        assert!(length(mp3(383)).unwrap().abs_diff(10_000) < 100, "{:?}", length(mp3(383)));
        assert_eq!(length(mp3(2400)), Err(AudioError::TooLong { max_seconds: 60 }));
        let tagged = [&b"ID3\x04\0\0\0\0\0\x0a0123456789"[..], &mp3(383)].concat();
        assert!(length(tagged.clone()).unwrap().abs_diff(10_000) < 100, "{:?}", length(tagged));
    }

    fn voice(seconds: usize) -> Vec<u8> {
        super::super::opus::encode(&super::super::pcm::Pcm { rate: 16_000, samples: vec![0; 16_000 * seconds] })
            .unwrap()
    }

    #[test]
    fn an_ogg_that_lies_about_its_length_is_measured_all_the_same() {
        let honest = voice(10);
        let tenth = |ms: u64| ms.abs_diff(10_000) < 100;
        assert_eq!(opus_ms(&honest), Some(10_000), "to the sample");
        let mut lying = honest.clone();
        let pages = (0..lying.len() - 4).filter(|at| lying[*at..].starts_with(b"OggS")).collect::<Vec<_>>();
        for page in pages {
            lying[page + 6..page + 14].fill(0);
        }
        assert!(tenth(opus_ms(&lying).unwrap()), "its pages say that it has no length");
        assert!(opus_ms(&[voice(10), voice(10)].concat()).unwrap().abs_diff(20_000) < 200, "two, one after the other");
        assert!(tenth(opus_ms(&[b"OggS".as_slice(), &[0; 40], &honest].concat()).unwrap()), "rubbish before it");
    }

    #[test]
    fn what_is_cut_off_or_spoilt_is_no_panic() {
        let mp4 = b"\0\0\0\x14ftypM4A \0\0\0\0M4A \0\0\0\x08moov".to_vec();
        let flac = [&b"fLaC\0\0\0\x22"[..], &[0x10; 34]].concat();
        let aac = b"\xff\xf1\x50\x80\x02\x1f\xfc\x21".repeat(20);
        for whole in [voice(1), mp3(3), mp4, flac, aac] {
            for length in 0..whole.len() {
                let _ = Audio::check(whole[..length].to_vec(), None, 60);
            }
            for at in 0..whole.len().min(2000) {
                let mut spoilt = whole.clone();
                spoilt[at] ^= 0xff;
                let _ = Audio::check(spoilt, None, 60);
            }
        }
    }

    #[test]
    fn a_long_recording_is_refused_whatever_its_sender_says() {
        let silence = super::super::pcm::Pcm { rate: 8000, samples: vec![0; 8000 * 12] };
        let ogg = super::super::opus::encode(&silence).unwrap();
        let checked = |claimed, most| Audio::check(ogg.clone(), claimed, most).map(|audio| audio.duration_ms);
        assert!(checked(Some(1), 12).unwrap().unwrap().abs_diff(12_000) < 100, "{:?}", checked(Some(1), 12));
        assert_eq!(checked(Some(1), 10), Err(AudioError::TooLong { max_seconds: 10 }));
        let unmeasured =
            |claimed| Audio::check(b"\x1a\x45\xdf\xa3".to_vec(), claimed, 10).map(|audio| audio.duration_ms);
        assert_eq!(unmeasured(Some(11)), Err(AudioError::TooLong { max_seconds: 10 }));
        assert_eq!(unmeasured(Some(10)), Ok(Some(10_000)));
        assert_eq!(unmeasured(None), Ok(None));
    }
}
