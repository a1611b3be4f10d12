//! A decoder of OGG/Opus that is not of the crate that encodes: two others, one for the container and one for the codec.

use std::{
    io::{Cursor, Write as _},
    process::Command,
};

use ogg::PacketReader;
use opus_rs::OpusDecoder;

/// What a listener hears.
#[derive(Debug)]
pub(crate) struct Listened {
    /// How long it is.
    pub(crate) seconds: f64,
    /// How loud, 0 to 1.
    pub(crate) loudness: f64,
    /// The tone, as often as the sound passes through zero.
    pub(crate) hertz: f64,
}

/// Plays an OGG/Opus file as a player does: skips what the header says, ends where the last page says.
pub(crate) fn listen(file: &[u8]) -> Listened {
    let mut packets = PacketReader::new(Cursor::new(file));
    let head = packets.read_packet_expected().unwrap();
    assert_eq!(&head.data[..8], b"OpusHead");
    assert_eq!((head.data[8], head.data[9]), (1, 1), "version 1, one channel");
    let skip = usize::from(u16::from_le_bytes([head.data[10], head.data[11]]));
    assert_eq!(&packets.read_packet_expected().unwrap().data[..8], b"OpusTags");
    let mut decoder = OpusDecoder::new(48_000, 1).unwrap();
    let (mut samples, mut end, mut is_ended) = (Vec::new(), 0, false);
    while let Some(packet) = packets.read_packet().unwrap() {
        let mut block = vec![0.0_f32; 5760];
        let count = decoder.decode(&packet.data, 960, &mut block).unwrap();
        samples.extend_from_slice(&block[..count]);
        end = packet.absgp_page();
        is_ended = packet.last_in_stream();
    }
    assert!(is_ended, "the stream has no end");
    let heard = &samples[skip..usize::try_from(end).unwrap()];
    let seconds = heard.len() as f64 / 48_000.0;
    let loudness = (heard.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / heard.len() as f64).sqrt();
    let crossings = heard.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    Listened { seconds, loudness, hertz: crossings as f64 / seconds }
}

/// What Xiph's own tools make of a file: what `opusinfo` says of it, and the WAV that `opusdec` plays. Nothing, and loudly so,
/// where they are not installed.
pub(crate) fn xiph(file: &[u8]) -> Option<(String, Vec<u8>)> {
    let place = tempfile::tempdir().unwrap();
    let (ogg, wav) = (place.path().join("voice.ogg"), place.path().join("voice.wav"));
    std::fs::write(&ogg, file).unwrap();
    let Ok(info) = Command::new("opusinfo").arg(&ogg).output() else {
        // Not `eprintln!`: what a passing test prints with that, nobody sees.
        let _ = writeln!(
            std::io::stderr(),
            "\nSKIPPED: what Xiph's own tools make of our voice messages. Install opus-tools, which have opusinfo and opusdec.\n"
        );
        return None;
    };
    let played = Command::new("opusdec").args(["--quiet", "--rate", "48000"]).args([&ogg, &wav]).status().unwrap();
    assert!(info.status.success() && played.success(), "{}", String::from_utf8_lossy(&info.stderr));
    let said = [info.stdout, info.stderr].concat();
    Some((String::from_utf8_lossy(&said).into_owned(), std::fs::read(&wav).unwrap()))
}
