//! A sound as it comes in: known by its content, and measured, since who pays for hearing it need not believe its sender.
//!
//! What cannot be measured ([`measure`]) is not heard, whatever its sender says of its length.

use std::sync::Arc;

use super::measure;

/// A recording of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Audio {
    /// Its media type, found by content.
    pub mime: &'static str,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// How long it is, in milliseconds: measured.
    pub duration_ms: u64,
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
    #[error("the recording is not OGG with Opus, MP3, WAV, FLAC, M4A or AAC")]
    UnknownFormat,
    /// It is damaged, or what is in it is not known.
    #[error(
        "the recording is damaged, or in a format whose length cannot be told: send OGG with Opus, MP3, WAV, FLAC, M4A or AAC"
    )]
    Unmeasurable,
    /// It goes on for too long.
    #[error("the recording is longer than {max_seconds} s")]
    TooLong {
        /// The limit.
        max_seconds: u32,
    },
}

impl Audio {
    /// Checks a recording.
    ///
    /// # Errors
    /// [`AudioError`].
    pub fn check(bytes: Vec<u8>, max_seconds: u32) -> Result<Self, AudioError> {
        let mime = mime(&bytes).ok_or(AudioError::UnknownFormat)?;
        let duration_ms = measure::milliseconds(mime, &bytes).ok_or(AudioError::Unmeasurable)?;
        // Telegram rounds up to whole seconds.
        if duration_ms >= (u64::from(max_seconds) + 1) * 1000 {
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
    } else {
        match bytes.get(measure::id3(bytes)..).unwrap_or_default() {
            // The sync word of MPEG audio; layer 0 is AAC's.
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
            [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0 => Some("audio/mpeg"),
            _ if is(0, b"ID3") => Some("audio/mpeg"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        super::{opus, pcm::Pcm},
        *,
    };

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

    /// A packet of AAC at 44.1 kHz, of 23 ms, in ADTS.
    fn aac(frames: usize) -> Vec<u8> {
        b"\xff\xf1\x50\x80\x01\x1f\xfc\x21".repeat(frames)
    }

    fn boxed(name: &[u8], content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes(), name, &content].concat()
    }

    /// An M4A whose headers say that it lasts no time at all, and whose table lists packets of AAC at 44.1 kHz.
    fn m4a(packets: u32) -> Vec<u8> {
        m4a_of(&[packets])
    }

    /// The same with several tables of packets, where only one belongs.
    fn m4a_of(tables: &[u32]) -> Vec<u8> {
        let esds = [&[0; 4], &[3, 25, 0, 1, 0, 4, 17][..], &[0x40], &[0; 12], &[5, 2, 0x12, 0x10, 6, 1, 2]].concat();
        let entry = boxed(b"mp4a", &[&[0; 28], &boxed(b"esds", &[&esds])]);
        let sizes = tables.iter().map(|packets| boxed(b"stsz", &[&[0; 8], &packets.to_be_bytes()]));
        let table = [vec![boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &entry])], sizes.collect()].concat();
        let media = [boxed(b"hdlr", &[&[0; 8], b"soun"]), boxed(b"minf", &[&boxed(b"stbl", &[&table.concat()])])];
        let track = boxed(b"trak", &[&boxed(b"mdia", &[&media.concat()])]);
        [boxed(b"ftyp", &[b"M4A "]), boxed(b"moov", &[&boxed(b"mvhd", &[&[0; 100]]), &track])].concat()
    }

    fn wav(seconds: u32, claimed: u32) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(8000_u32.to_le_bytes());
        file.extend(16_000_u32.to_le_bytes());
        file.extend(b"\x02\0\x10\0data");
        file.extend(claimed.to_le_bytes());
        file.resize(file.len() + 16_000 * seconds as usize, 0);
        file
    }

    /// Frames of FLAC, of 4096 samples at 44.1 kHz each, under a header that says that there is nothing.
    fn flac(frames: usize) -> Vec<u8> {
        let head = [0xff, 0xf8, 0xc9, 0x08, 0x00];
        let sum = head.iter().fold(0_u8, |sum, byte| (0..8).fold(sum ^ byte, |sum, _| (sum << 1) ^ ((sum >> 7) * 7)));
        let frame = [&head[..], &[sum, 0, 0, 0, 0]].concat();
        [&b"fLaC\x80\0\0\x22"[..], &[0; 10], &[0x0a, 0xc4, 0x40], &[0; 21], &frame.repeat(frames)].concat()
    }

    fn voice(seconds: usize) -> Vec<u8> {
        opus::encode(&Pcm { rate: 16_000, samples: vec![0; 16_000 * seconds] }).unwrap()
    }

    #[rstest]
    #[case::voice(voice(10), 10_000)]
    #[case::two_after_each_other([voice(5), voice(5)].concat(), 10_000)]
    #[case::mp3(mp3(383), 10_004)]
    #[case::tagged_mp3([&b"ID3\x04\0\0\0\0\0\x0a0123456789"[..], &mp3(383)].concat(), 10_004)]
    #[case::mp3_that_claims_one_frame({
        let mut file = mp3(383);
        file[36..48].copy_from_slice(b"Xing\0\0\0\x01\0\0\0\x01");
        file
    }, 10_004)]
    #[case::mp3_with_rubbish_in_it([mp3(100), vec![0; 1000], mp3(283)].concat(), 10_004)]
    #[case::mp3_out_of_step([mp3(1), vec![0]].concat().repeat(383), 10_004)]
    #[case::mp3_that_changes_into_aac([mp3(2), aac(429)].concat(), 10_013)]
    #[case::aac(aac(431), 10_007)]
    #[case::tagged_aac([&b"ID3\x04\0\0\0\0\0\x0a0123456789"[..], &aac(429), &mp3(2)].concat(), 10_013)]
    #[case::m4a(m4a(431), 10_007)]
    #[case::wav(wav(10, 160_000), 10_000)]
    #[case::wav_that_claims_nothing(wav(10, 0), 10_000)]
    #[case::flac(flac(108), 10_031)]
    fn a_recording_is_as_long_as_it_plays_whatever_its_headers_say(#[case] bytes: Vec<u8>, #[case] ms: u64) {
        let length = |most| Audio::check(bytes.clone(), most).map(|audio| audio.duration_ms);
        assert!(length(10).unwrap().abs_diff(ms) < 200, "{:?}", length(10));
        assert_eq!(length(8), Err(AudioError::TooLong { max_seconds: 8 }));
    }

    /// Changes a page, and gives it the checksum that it has then.
    fn with_pages(mut file: Vec<u8>, change: impl Fn(&mut [u8]), resum: bool) -> Vec<u8> {
        let at = (0..file.len() - 4).filter(|at| file[*at..].starts_with(b"OggS\0")).collect::<Vec<_>>();
        let ends: Vec<usize> = at.iter().skip(1).copied().chain([file.len()]).collect();
        for (at, end) in at.into_iter().zip(ends) {
            let page = &mut file[at..end];
            change(page);
            if resum {
                let sum = u32::try_from(measure::ogg_sum(page)).unwrap();
                page[22..26].copy_from_slice(&sum.to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn pages_that_lie_about_their_time_are_counted_and_pages_that_are_no_pages_are_refused() {
        let lying = with_pages(voice(10), |page| page[6..14].fill(0), true);
        assert!(Audio::check(lying, 60).unwrap().duration_ms.abs_diff(10_000) < 200);
        // Twelve million years, or before the beginning: whoever made room for that would have none left.
        for claimed in [u64::MAX, i64::MAX.unsigned_abs(), 1 << 63] {
            let absurd = with_pages(voice(10), |page| page[6..14].copy_from_slice(&claimed.to_le_bytes()), true);
            assert!(Audio::check(absurd, 60).unwrap().duration_ms.abs_diff(10_000) < 200, "{claimed}");
        }
        let refused = |bytes: Vec<u8>| assert_eq!(Audio::check(bytes, 60), Err(AudioError::Unmeasurable));
        refused(with_pages(voice(10), |page| page[6..14].fill(0), false));
        // What a player passes over would hide what it plays.
        let hiding = [b"OggS\0\0".as_slice(), &[0; 20], &[255], &[255; 255]].concat();
        refused([voice(1), hiding, voice(70)].concat());
        refused([b"OggS\0".as_slice(), &[0; 40], &voice(1)].concat());
        refused([voice(1), b"rubbish".to_vec(), voice(70)].concat());
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        let vorbis = with_pages(
            voice(1),
            |page| {
                if page[5] & 2 != 0 {
                    page[28..36].copy_from_slice(b"\x01vorbis\0")
                }
            },
            true,
        );
        let webm = b"\x1a\x45\xdf\xa3 and an hour of somebody speaking".to_vec();
        let in_fragments = [m4a(1), boxed(b"moof", &[])].concat();
        let mut adpcm = wav(1, 16_000);
        adpcm[20] = 2;
        // A law of telephony has eight bits, whatever is written; and of two formats or tables a player takes either.
        let mut law = wav(1, 16_000);
        (law[20], law[34], law[35]) = (7, 0xf8, 0x7f);
        let mut unaligned = wav(1, 16_000);
        unaligned[32] = 1;
        let two_formats = {
            let file = wav(1, 16_000);
            [&file[..36], &file[12..36], &file[36..]].concat()
        };
        let two_tables = m4a_of(&[9, 9000]);
        let another_table = [m4a(9), boxed(b"meta", &[&m4a(9000)])].concat();
        let tagged_flac = [&b"ID3\x04\0\0\0\0\0\x00"[..], &flac(9), &mp3(2)].concat();
        let faked = [law, unaligned, two_formats, two_tables, another_table, tagged_flac];
        let unknown = [vorbis, webm, in_fragments, adpcm, b"OggS".to_vec(), b"fLaC\0".to_vec(), b"ID3\x04".to_vec()];
        for bytes in unknown.into_iter().chain(faked) {
            assert_eq!(Audio::check(bytes, 60), Err(AudioError::Unmeasurable));
        }
    }

    #[test]
    fn what_is_cut_off_or_spoilt_is_no_panic() {
        for whole in [voice(1), mp3(3), m4a(9), flac(3), aac(20), wav(1, 100)] {
            for length in 0..whole.len().min(3000) {
                let _ = Audio::check(whole[..length].to_vec(), 60);
            }
            for at in 0..whole.len().min(2000) {
                let mut spoilt = whole.clone();
                spoilt[at] ^= 0xff;
                let _ = Audio::check(spoilt, 60);
            }
        }
    }
}
