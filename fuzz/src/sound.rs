//! Recordings of strangers, and what providers of speech say: measured without decoding, and never longer than is allowed.

use evolve_engine::speech::{Audio, opus, pcm::Pcm};

const MOST_SECONDS: u32 = 60;

/// Bytes as a voice message, and as samples of a provider.
pub(crate) fn run(bytes: &[u8]) {
    if let Ok(audio) = Audio::check(bytes.to_vec(), MOST_SECONDS) {
        assert!(audio.duration_ms < u64::from(MOST_SECONDS + 1) * 1000, "it is too long, and was taken");
        assert_eq!(*audio.bytes, *bytes);
        assert!(!audio.file_name().is_empty());
    }
    for mime in ["audio/wav", "audio/L16;codec=pcm;rate=24000", "audio/l16;rate=4294967295", "audio/pcm;rate=0"] {
        if let Ok(pcm) = Pcm::read(mime, bytes) {
            assert!(pcm.samples.len() <= bytes.len(), "samples came of nothing");
            let _ = pcm.duration_ms();
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let ogg = opus::encode(&Pcm { rate: 16_000, samples: vec![0; 3_200] }).unwrap_or_default();
    let mut mp3 = b"\xff\xfb\x90\x64".to_vec();
    mp3.resize(417, 0);
    let tagged = [&b"ID3\x04\0\0\0\0\0\x0a0123456789"[..], &mp3.repeat(3)].concat();
    let aac = b"\xff\xf1\x50\x80\x01\x1f\xfc\x21".repeat(9);
    vec![ogg, wav(), tagged, aac, m4a(), b"fLaC\x80\0\0\x22".to_vec(), b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81".to_vec()]
}

fn wav() -> Vec<u8> {
    let head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x40\0\0\0";
    [&head[..], &[0; 64]].concat()
}

fn boxed(name: &[u8], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let size = u32::try_from(content.len() + 8).unwrap_or_default();
    [&size.to_be_bytes(), name, &content].concat()
}

/// Nine packets of AAC.
fn m4a() -> Vec<u8> {
    let descriptors = [3, 25, 0, 1, 0, 4, 17, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x12, 0x10, 6, 1, 2];
    let entry = boxed(b"mp4a", &[&[0; 28], &boxed(b"esds", &[&[0; 4], &descriptors])]);
    let stsd = boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &entry]);
    let stsz = boxed(b"stsz", &[&[0; 8], &[0, 0, 0, 9]]);
    let stbl = boxed(b"stbl", &[&stsd, &stsz]);
    let media = [boxed(b"hdlr", &[&[0; 8], b"soun"]), boxed(b"minf", &[&stbl])].concat();
    let track = boxed(b"trak", &[&boxed(b"mdia", &[&media])]);
    [boxed(b"ftyp", &[b"M4A "]), boxed(b"moov", &[&boxed(b"mvhd", &[&[0; 100]]), &track])].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_of_the_seeds_is_taken() {
        let taken = seeds().into_iter().filter(|seed| Audio::check(seed.clone(), MOST_SECONDS).is_ok()).count();
        assert_eq!(taken, 5);
    }
}
