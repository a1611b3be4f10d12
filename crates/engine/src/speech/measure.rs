//! How long a recording is: counted, not believed.
//!
//! Headers that tell a length are passed over, since whoever sends a recording writes them, and somebody else pays for
//! hearing it. What a player would play is counted frame by frame, without decoding it. Where that cannot be done with
//! certainty (a container that is not known here, a page that is not what its checksum says) nothing is said at all.

mod mp4;

const NANOS: u64 = 1_000_000_000;

/// Milliseconds of a recording of this kind; nothing where they cannot be counted.
pub(super) fn milliseconds(mime: &str, bytes: &[u8]) -> Option<u64> {
    let nanos = match mime {
        "audio/ogg" => ogg_opus(bytes),
        "audio/mpeg" => frames(sound(bytes)?, |bytes| mpeg_frame(bytes).or_else(|| adts_frame(bytes))),
        "audio/aac" => frames(sound(bytes)?, |bytes| adts_frame(bytes).or_else(|| mpeg_frame(bytes))),
        "audio/wav" => wav(bytes),
        "audio/flac" => flac(bytes),
        "audio/mp4" => mp4::nanos(bytes),
        _ => None,
    };
    nanos.filter(|nanos| *nanos > 0).map(|nanos| nanos / 1_000_000)
}

/// `samples` at `rate`, in nanoseconds.
fn lasting(samples: u64, rate: u32) -> Option<u64> {
    samples.checked_mul(NANOS)?.checked_div(u64::from(rate))
}

fn big_endian(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn little_endian(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// A frame of sound.
struct Frame {
    size: usize,
    nanos: u64,
    /// What is the same in all frames of one recording.
    kind: u32,
}

/// Follows frames as a player does: from one to the next. Where one is followed by no other of its kind, a player may find the
/// next anywhere, so that whatever looks like one counts.
fn frames(bytes: &[u8], frame: impl Fn(&[u8]) -> Option<Frame>) -> Option<u64> {
    // Otherwise it is of a kind that is not looked for here.
    frame(bytes)?;
    let (mut at, mut nanos) = (0, 0_u64);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(found) = frame(rest) else {
            at += 1;
            continue;
        };
        let is_followed = |next: &[u8]| next.is_empty() || frame(next).is_some_and(|next| next.kind == found.kind);
        at += if rest.get(found.size..).is_some_and(is_followed) { found.size.max(1) } else { 1 };
        nanos = nanos.checked_add(found.nanos)?;
    }
    Some(nanos)
}

/// What comes behind tags and their padding.
fn sound(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.get(id3(bytes)..)?;
    rest.get(rest.iter().position(|byte| *byte != 0)?..)
}

/// What ID3v2 tags take before the sound.
pub(super) fn id3(bytes: &[u8]) -> usize {
    const HEADER: usize = 10;
    let mut at = 0_usize;
    while let Some([b'I', b'D', b'3', version, revision, _, size @ ..]) = bytes.get(at..at.saturating_add(HEADER)) {
        // Players take it for no tag, and play what it would hide.
        if *version == 0xff || *revision == 0xff || size.iter().any(|byte| *byte > 0x7f) {
            break;
        }
        at += HEADER + size.iter().fold(0, |number, byte| number << 7 | usize::from(*byte));
    }
    at
}

/// Size and length of a frame of MPEG audio. A frame of no stated bitrate, which nobody sends, is none.
fn mpeg_frame(bytes: &[u8]) -> Option<Frame> {
    const FIRST: [[u64; 14]; 3] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const LATER: [[u64; 14]; 2] = [
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [0xff, second, third, ..] = *bytes else { return None };
    let (version, layer) = ((second >> 3) & 3, 4 - usize::from((second >> 1) & 3));
    if second & 0xe0 != 0xe0 || version == 1 || layer == 4 {
        return None;
    }
    let is_first = version == 3;
    let rate = *[44_100_u32, 48_000, 32_000].get(usize::from((third >> 2) & 3))?;
    let rate = rate
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let place = usize::from(third >> 4).checked_sub(1)?;
    let kbits = if is_first { FIRST[layer - 1].get(place) } else { LATER[(layer - 1).min(1)].get(place) };
    let samples = match layer {
        1 => 384,
        3 if !is_first => 576,
        _ => 1152,
    };
    let slot = if layer == 1 { 4 } else { 1 };
    let slots = samples / 8 * kbits? * 1000 / (slot * u64::from(rate)) + u64::from((third >> 1) & 1);
    let kind = u32::from(second & 0xfe) << 8 | u32::from(third & 0x0c);
    Some(Frame { size: usize::try_from(slots * slot).ok()?, nanos: lasting(samples, rate)?, kind })
}

/// Size and length of a frame of AAC in ADTS. Players do not look at its layer.
fn adts_frame(bytes: &[u8]) -> Option<Frame> {
    /// No kind of frame of MPEG's layers has this bit.
    const ADTS: u32 = 1 << 16;
    let [0xff, second, third, fourth, fifth, sixth, seventh, ..] = *bytes else { return None };
    if second & 0xf0 != 0xf0 {
        return None;
    }
    let rate = *AAC_RATES.get(usize::from((third >> 2) & 15))?;
    let size = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let blocks = u64::from(seventh & 3) + 1;
    let kind = ADTS | u32::from(third & 0xfc);
    Some(Frame { size: Some(size).filter(|size| *size >= 7)?, nanos: lasting(1024 * blocks, rate)?, kind })
}

const AAC_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/// All that comes after the head of the samples: what it says of their size is not believed.
fn wav(bytes: &[u8]) -> Option<u64> {
    const EXTENSIBLE: u64 = 0xfffe;
    let (mut at, mut format) = (12, None);
    loop {
        let (name, size) = (bytes.get(at..at + 4)?, usize::try_from(little_endian(bytes, at + 4, 4)?).ok()?);
        let body = at + 8;
        if name == b"fmt " {
            let number = |place: usize, width| little_endian(bytes, body + place, width);
            let kind = number(0, 2)?;
            let kind = if kind == EXTENSIBLE { number(24, 2)? } else { kind };
            // Plain, with a fraction, and the two laws of telephony: each sample has its own bytes, and players know how many.
            let bits = number(14, 2)?;
            let is_known = matches!((kind, bits), (1, 8 | 16 | 24 | 32) | (3, 32 | 64) | (6 | 7, 8));
            let (a_frame, aligned) = (number(2, 2)? * bits / 8, number(12, 2)?);
            // Of two formats, one player takes the first and another the last.
            if !is_known || a_frame == 0 || a_frame != aligned || format.is_some() {
                return None;
            }
            format = Some((a_frame, u32::try_from(number(4, 4)?).ok()?));
        } else if name == b"data" {
            let (a_frame, rate) = format?;
            return lasting((bytes.len() - body) as u64 / a_frame, rate);
        }
        // Chunks begin at even places.
        at = body.checked_add(size)?.checked_add(size % 2)?;
    }
}

/// Every place where a frame begins: its head has a checksum.
fn flac(bytes: &[u8]) -> Option<u64> {
    let usual = u32::try_from(big_endian(bytes, 18, 3)? >> 4).ok()?;
    let heads = bytes.windows(2).enumerate().filter(|(_, pair)| pair[0] == 0xff && pair[1] & 0xfe == 0xf8);
    let mut lengths = heads.filter_map(|(at, _)| flac_frame(bytes.get(at..)?, usual));
    lengths.try_fold(0_u64, u64::checked_add)
}

fn flac_frame(bytes: &[u8], usual: u32) -> Option<u64> {
    const RATES: [u32; 11] = [88_200, 176_400, 192_000, 8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
    let third = *bytes.get(2)?;
    // The number of the frame is written as UTF-8 writes a character.
    let number = match bytes.get(4)?.leading_ones() {
        0 => 1,
        ones @ 2..=7 => ones as usize,
        _ => return None,
    };
    let mut end = 4 + number;
    let mut more = |width: usize| {
        end += width;
        big_endian(bytes, end - width, width)
    };
    let samples = match third >> 4 {
        0 => return None,
        1 => 192,
        code @ 2..=5 => 576 << (code - 2),
        6 => more(1)? + 1,
        7 => more(2)? + 1,
        code => 256 << (code - 8),
    };
    let rate = match third & 15 {
        0 => usual,
        code @ 1..=11 => RATES[usize::from(code) - 1],
        12 => u32::try_from(more(1)?).ok()? * 1000,
        13 => u32::try_from(more(2)?).ok()?,
        14 => u32::try_from(more(2)?).ok()? * 10,
        _ => return None,
    };
    let sum = bytes
        .get(..end)?
        .iter()
        .fold(0_u8, |sum, byte| (0..8).fold(sum ^ byte, |sum, _| (sum << 1) ^ ((sum >> 7) * 7)));
    (sum == *bytes.get(end)?).then(|| lasting(samples, rate)).flatten()
}

/// The packets of all pages, which must follow each other without a gap and be what their checksums say: a page that a player
/// passes over could hide others from us. What the last page says of the length is exact, and taken where the packets bear it
/// out.
fn ogg_opus(bytes: &[u8]) -> Option<u64> {
    const HEADER: usize = 27;
    const CONTINUED: u8 = 1;
    const FIRST: u8 = 2;
    // What is cut off at both ends, in samples: some of the first packets, and a part of the last.
    const TRIMMED: u64 = 3 * 5760;
    let (mut at, mut samples, mut claimed, mut skipped) = (0, 0_u64, 0, None);
    while at < bytes.len() {
        let rest = bytes.get(at..).filter(|rest| rest.starts_with(b"OggS\0"))?;
        let (flags, segments) = (*rest.get(5)?, usize::from(*rest.get(26)?));
        let table = rest.get(HEADER..HEADER + segments)?;
        let size = HEADER + segments + table.iter().map(|size| usize::from(*size)).sum::<usize>();
        let page = rest.get(..size)?;
        if ogg_sum(page) != little_endian(page, 22, 4)? {
            return None;
        }
        let (mut place, mut is_start) = (HEADER + segments, flags & CONTINUED == 0);
        if flags & FIRST != 0 && !page.get(place..)?.starts_with(b"OpusHead") {
            return None;
        }
        for size in table {
            let packet = page.get(place..)?;
            if is_start && packet.starts_with(b"OpusHead") {
                skipped = skipped.or(Some(little_endian(packet, 10, 2)?));
            } else if is_start && *size > 0 && !packet.starts_with(b"OpusTags") {
                samples += opus_pure::packet::samples_48k(packet).unwrap_or_default() as u64;
            }
            place += usize::from(*size);
            // A segment that is not full is the last of its packet.
            is_start = *size < 255;
        }
        claimed = little_endian(page, 6, 8)?;
        at += size;
    }
    let claimed = claimed.saturating_sub(skipped?);
    let is_borne_out = (samples.saturating_sub(TRIMMED)..=samples).contains(&claimed);
    lasting(if is_borne_out { claimed } else { samples }, 48_000)
}

/// The checksum of a page, in which the checksum itself counts as zeros.
pub(super) fn ogg_sum(page: &[u8]) -> u64 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut place = 0;
        while place < 256 {
            let (mut sum, mut bit) = ((place as u32) << 24, 0);
            while bit < 8 {
                sum = if sum >> 31 == 1 { (sum << 1) ^ 0x04c1_1db7 } else { sum << 1 };
                bit += 1;
            }
            table[place] = sum;
            place += 1;
        }
        table
    };
    let counted = page.iter().enumerate().map(|(at, byte)| if (22..26).contains(&at) { 0 } else { *byte });
    counted.fold(0_u32, |sum, byte| (sum << 8) ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)]).into()
}
