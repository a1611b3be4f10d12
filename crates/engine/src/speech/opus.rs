//! OGG with Opus: the one kind of file that Telegram shows as a voice message.

use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};

use super::pcm::Pcm;

/// Bits a second: more than Telegram's own apps use for a voice.
const BITRATE: i32 = 32_000;

/// A sound that could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("the sound could not be encoded: {0}")]
pub struct EncodeError(String);

/// Encodes a sound. Decoded, it is exactly as long as it was.
///
/// # Errors
/// [`EncodeError`].
pub fn encode(pcm: &Pcm) -> Result<Vec<u8>, EncodeError> {
    let pcm = pcm.for_opus();
    write(&pcm).map_err(|error| EncodeError(error.to_string()))
}

fn write(pcm: &Pcm) -> opus_pure::Result<Vec<u8>> {
    let rate = i32::try_from(pcm.rate).unwrap_or(48_000);
    let mut encoder = OpusEncoder::new(rate, 1, Application::Voip)?;
    encoder.bitrate_bps = BITRATE;
    let head = OpusHead::for_encoder(&encoder, pcm.rate);
    // 20 ms.
    let frame = (pcm.rate / 50) as usize;
    let ticks = (48_000 / pcm.rate) as usize;
    let total = pcm.samples.len();
    // The encoder runs behind by `pre_skip`: that much silence at the end gets the last samples out of it.
    let frames = (total + usize::from(head.pre_skip).div_ceil(ticks)).div_ceil(frame);
    let end = u64::from(head.pre_skip) + (total * ticks) as u64;
    let mut writer = OggOpusWriter::new(Vec::new(), head)?;
    let mut packet = vec![0; MAX_PACKET_BYTES];
    let mut block = vec![0.0_f32; frame];
    for index in 0..frames {
        let from = (index * frame).min(total);
        let samples = &pcm.samples[from..(from + frame).min(total)];
        block.fill(0.0);
        for (place, sample) in block.iter_mut().zip(samples) {
            *place = f32::from(*sample) / 32_768.0;
        }
        let size = encoder.encode(&block, frame, &mut packet)?;
        if index + 1 == frames {
            let left = end.saturating_sub(u64::try_from(writer.granule()).unwrap_or_default());
            writer.write_packet_with_duration(&packet[..size], u32::try_from(left).unwrap_or_default())?;
        } else {
            writer.write_packet(&packet[..size])?;
        }
    }
    writer.finish()
}
