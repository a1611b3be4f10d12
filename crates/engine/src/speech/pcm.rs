//! Samples: one channel of 16 bits, read from what providers of speech give.
//!
//! The media type decides what it is. Gemini's older models give raw samples (`audio/L16;codec=pcm;rate=24000`, little-endian
//! in spite of RFC 3551), newer ones and OpenAI's servers a WAV file. A WAV that is streamed does not know its own length.

use crate::model::ModelError;

/// Longest sound that is taken, in seconds: a bound against a broken server.
const MAX_SECONDS: usize = 300;
/// The rate of raw samples that do not say theirs.
const USUAL_RATE: u32 = 24_000;

/// Samples of one channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Pcm {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

impl std::fmt::Debug for Pcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pcm({} Hz, {} samples)", self.rate, self.samples.len())
    }
}

impl Pcm {
    /// Reads what a provider calls `mime`.
    ///
    /// # Errors
    /// [`ModelError::Malformed`].
    pub fn read(mime: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let kind = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let pcm = match kind.as_str() {
            // Some servers call everything a stream of bytes: a WAV says so itself.
            _ if bytes.starts_with(b"RIFF") => Self::from_wav(bytes),
            "audio/l16" | "audio/pcm" | "audio/raw" | "audio/x-raw" => Some(Self::raw(mime, bytes)),
            _ => None,
        };
        let pcm = pcm.ok_or_else(|| ModelError::malformed(format!("{} is no sound that can be read", shown(&kind))))?;
        if pcm.samples.is_empty() || pcm.rate == 0 {
            return Err(ModelError::malformed("the sound is empty"));
        }
        if pcm.samples.len() / pcm.rate as usize > MAX_SECONDS {
            return Err(ModelError::malformed(format!("the sound is longer than {MAX_SECONDS} s")));
        }
        Ok(pcm)
    }

    /// How long it is.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.samples.len() as u64 * 1000 / u64::from(self.rate.max(1))
    }

    fn raw(mime: &str, bytes: &[u8]) -> Self {
        let parameter = |name: &str| {
            let value = mime.split(';').skip(1).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.trim().trim_matches('"').parse::<u32>().ok())
        };
        let rate = parameter("rate").filter(|rate| (8000..=192_000).contains(rate)).unwrap_or(USUAL_RATE);
        Self { rate, samples: mixed(&words(bytes), parameter("channels").unwrap_or(1)) }
    }

    /// Reads a WAV file of 16-bit samples; nothing where it is none, or of another kind.
    #[must_use]
    pub fn from_wav(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
            return None;
        }
        let number = |at: usize, width: usize| {
            let bytes = bytes.get(at..at + width)?;
            Some(bytes.iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)))
        };
        let (mut at, mut format) = (12, None);
        loop {
            let (name, size) = (bytes.get(at..at + 4)?, number(at + 4, 4)? as usize);
            let body = at + 8;
            if name == b"fmt " {
                let (kind, channels, rate, bits) =
                    (number(body, 2)?, number(body + 2, 2)?, number(body + 4, 4)?, number(body + 14, 2)?);
                const PLAIN: u32 = 1;
                const EXTENSIBLE: u32 = 0xfffe;
                let is_plain = matches!(kind, PLAIN | EXTENSIBLE) && bits == 16;
                let is_usual = (1..=8).contains(&channels) && (8000..=192_000).contains(&rate);
                format = Some((channels, rate)).filter(|_| is_plain && is_usual);
            } else if name == b"data" {
                let (channels, rate) = format?;
                let data = bytes.get(body..)?;
                return Some(Self { rate, samples: mixed(&words(&data[..size.min(data.len())]), channels) });
            }
            // Chunks begin at even places.
            at = body.checked_add(size)?.checked_add(size % 2)?;
        }
    }

    /// The same sound at a rate that Opus takes. Between samples it goes in straight lines: for speech above 24,000 Hz
    /// nobody hears the difference.
    #[must_use]
    pub fn for_opus(&self) -> Self {
        const RATES: [u32; 5] = [8000, 12_000, 16_000, 24_000, 48_000];
        if RATES.contains(&self.rate) {
            return self.clone();
        }
        let rate = RATES.into_iter().find(|rate| *rate >= self.rate).unwrap_or(48_000);
        let count = self.samples.len() as u64 * u64::from(rate) / u64::from(self.rate.max(1));
        let sample = |index: u64| {
            let place = index * u64::from(self.rate);
            let (before, part) = ((place / u64::from(rate)) as usize, place % u64::from(rate));
            let at = |index: usize| i64::from(self.samples.get(index).or(self.samples.last()).copied().unwrap_or(0));
            let (first, second) = (at(before), at(before + 1));
            (first + (second - first) * part as i64 / i64::from(rate)) as i16
        };
        Self { rate, samples: (0..count).map(sample).collect() }
    }
}

fn words(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// All channels made one.
fn mixed(samples: &[i16], channels: u32) -> Vec<i16> {
    let channels = channels.clamp(1, 8) as usize;
    let mix = |frame: &[i16]| (frame.iter().map(|s| i32::from(*s)).sum::<i32>() / channels as i32) as i16;
    samples.chunks_exact(channels).map(mix).collect()
}

fn shown(kind: &str) -> String {
    kind.chars().filter(|c| c.is_ascii_graphic()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(channels: u16, rate: u32, data: &[i16], declared: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(1_u16.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(16_u16.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(declared.to_le_bytes());
        bytes.extend(data.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn the_media_type_decides_what_it_is() {
        let raw = [1, 0, 2, 0, 255, 255];
        let pcm = Pcm::read("audio/L16;codec=pcm;rate=16000", &raw).unwrap();
        assert_eq!(pcm, Pcm { rate: 16_000, samples: vec![1, 2, -1] });
        assert_eq!(Pcm::read("audio/pcm", &raw).unwrap().rate, 24_000);
        let file = wav(2, 44_100, &[10, 20, 30, 50], 8);
        assert_eq!(Pcm::read("audio/wav", &file).unwrap(), Pcm { rate: 44_100, samples: vec![15, 40] });
        // What OpenAI streams: the length is not known when the header is written.
        let streamed = wav(1, 24_000, &[7, 8], u32::MAX);
        assert_eq!(Pcm::read("application/octet-stream", &streamed).unwrap().samples, [7, 8]);
    }

    #[test]
    fn what_is_no_sound_is_an_error() {
        let empty = wav(1, 24_000, &[], 0);
        for (mime, bytes) in
            [("audio/mpeg", &b"ID3"[..]), ("audio/wav", b"RIFF"), ("audio/wav", &empty), ("audio/L16", b"")]
        {
            assert!(Pcm::read(mime, bytes).is_err(), "{mime} {bytes:?}");
        }
    }

    #[test]
    fn a_wav_that_lies_is_an_error_or_as_long_as_its_bytes() {
        let honest = wav(1, 24_000, &[5; 100], 200);
        // Where the header says channels, rate, bits and the size of the data: behind RIFF and a chunk of 12 bytes.
        let (channels, rate, bits, size) = (34, 36, 46, 52);
        let with = |at: usize, bytes: &[u8]| {
            let mut file = honest.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            Pcm::from_wav(&file).map(|pcm| pcm.samples.len())
        };
        assert_eq!(with(channels, &1_u16.to_le_bytes()), Some(100));
        for wrong in [0_u16, 9, u16::MAX] {
            assert_eq!(with(channels, &wrong.to_le_bytes()), None, "{wrong} channels");
        }
        for wrong in [0_u32, 1, 7999, 192_001, u32::MAX] {
            assert_eq!(with(rate, &wrong.to_le_bytes()), None, "{wrong} Hz");
        }
        for wrong in [0_u16, 8, 24, 32] {
            assert_eq!(with(bits, &wrong.to_le_bytes()), None, "{wrong} bits");
        }
        assert_eq!(with(size, &u32::MAX.to_le_bytes()), Some(100), "it does not know its length");
        assert_eq!(with(size, &7_u32.to_le_bytes()), Some(3), "it is shorter than the file");
        // The chunk before the format says that it goes beyond the file.
        assert_eq!(with(16, &u32::MAX.to_le_bytes()), None);
        for length in 0..honest.len() {
            let _ = Pcm::from_wav(&honest[..length]);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_rate_and_any_bytes_become_a_sound_that_opus_takes(
            rate in 8000_u32..=192_000, channels in 0_u32..300, bytes in proptest::collection::vec(proptest::num::u8::ANY, 2..4000),
        ) {
            if let Ok(pcm) = Pcm::read(&format!("audio/L16;rate={rate};channels={channels}"), &bytes) {
                let fit = pcm.for_opus();
                proptest::prop_assert!(fit.duration_ms().abs_diff(pcm.duration_ms()) <= 1);
                proptest::prop_assert!(super::super::opus::encode(&pcm).is_ok());
            }
            let _ = Pcm::from_wav(&[b"RIFF\0\0\0\0WAVE", &bytes[..]].concat());
        }
    }

    #[test]
    fn another_rate_becomes_one_that_opus_takes_and_keeps_its_length() {
        let pcm = Pcm { rate: 22_050, samples: (0..22_050).map(|i| (i % 1000) as i16).collect() };
        let fit = pcm.for_opus();
        assert_eq!((fit.rate, fit.duration_ms()), (24_000, 1000));
        assert_eq!(Pcm { rate: 44_100, samples: vec![0; 44_100] }.for_opus().rate, 48_000);
    }
}
