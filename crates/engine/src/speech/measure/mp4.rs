//! MP4, as phones record it: boxes within boxes. The table of sizes lists each packet that is played, and the decoder's own
//! settings say how long a packet is.

use super::{AAC_RATES, big_endian, lasting};

/// The sound of all tracks together; nothing where one of them cannot be counted, or where packets come outside the table.
pub(super) fn nanos(bytes: &[u8]) -> Option<u64> {
    let mut total = 0_u64;
    for (name, content) in boxes(bytes)? {
        match &name {
            b"moof" => return None,
            b"moov" => {
                let tracks: Vec<_> = boxes(content)?.into_iter().filter(|(name, _)| name == b"trak").collect();
                // Players look for tables in whatever box they know, and take the last; each track has one, where it belongs.
                let is_plain = [b"stsz", b"stsd"].iter().all(|name| mentioned(content, name) == tracks.len());
                if !is_plain || mentioned(content, b"stz2") > 0 {
                    return None;
                }
                for (_, track) in tracks {
                    total = total.checked_add(track_nanos(track)?)?;
                }
            }
            b"mdat" | b"free" | b"skip" | b"wide" => {}
            // Players know tracks wherever they are.
            _ => {
                if mentioned(content, b"stsz") + mentioned(content, b"stz2") > 0 {
                    return None;
                }
            }
        }
    }
    Some(total)
}

type Box<'a> = ([u8; 4], &'a [u8]);

fn boxes(mut bytes: &[u8]) -> Option<Vec<Box<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let name = bytes.get(4..8)?.try_into().ok()?;
        let (header, size) = match big_endian(bytes, 0, 4)? {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(big_endian(bytes, 8, 8)?).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        found.push((name, bytes.get(header..size)?));
        bytes = bytes.get(size..)?;
    }
    Some(found)
}

/// How often a name stands somewhere, as a box or not.
fn mentioned(bytes: &[u8], name: &[u8; 4]) -> usize {
    bytes.windows(4).filter(|found| *found == name.as_slice()).count()
}

/// What lies in boxes of these names, one within the other; nothing where there are two of a name, since one player takes the
/// first and another the last.
fn within<'a>(bytes: &'a [u8], names: &[&[u8; 4]]) -> Option<&'a [u8]> {
    names.iter().try_fold(bytes, |bytes, name| {
        let mut found = boxes(bytes)?.into_iter().filter(|(found, _)| found == *name);
        let (_, content) = found.next()?;
        found.next().is_none().then_some(content)
    })
}

fn track_nanos(track: &[u8]) -> Option<u64> {
    let media = within(track, &[b"mdia"])?;
    // Its kind stands behind a version, flags and a reserved word. Chapters and covers make no sound.
    if within(media, &[b"hdlr"])?.get(8..12)? != b"soun" {
        return Some(0);
    }
    let table = within(media, &[b"minf", b"stbl"])?;
    let sizes = within(table, &[b"stsz"])?;
    // Of packets that are all of one size, players count what other tables list.
    let packets = big_endian(sizes, 8, 4).filter(|_| big_endian(sizes, 4, 4) == Some(0))?;
    let entries = boxes(within(table, &[b"stsd"])?.get(8..)?)?;
    let [(name, entry)] = entries.as_slice() else { return None };
    let (samples, rate) = match name {
        b"mp4a" => (1024, aac_rate(entry)?),
        b"alac" => {
            // Behind the fields that all sound has comes a box of the same name: version and flags, then the settings.
            let settings = within(entry.get(28..)?, &[b"alac"])?.get(4..)?;
            (big_endian(settings, 0, 4)?, u32::try_from(big_endian(settings, 20, 4)?).ok()?)
        }
        _ => return None,
    };
    lasting(packets.checked_mul(samples)?, rate)
}

/// The rate at which a decoder of AAC is set up. What the container says of it counts for nothing.
fn aac_rate(entry: &[u8]) -> Option<u32> {
    if mentioned(entry, b"esds") != 1 {
        return None;
    }
    let at = entry.windows(4).position(|name| name == b"esds")? + 8;
    let (tag, stream) = descriptor(entry.get(at..)?)?;
    let flags = *stream.get(2).filter(|_| tag == 3)?;
    // Nothing that phones write: dependence on other streams, addresses, clocks.
    if flags & 0xe0 != 0 {
        return None;
    }
    let (tag, decoder) = descriptor(stream.get(3..)?)?;
    const MPEG4: u8 = 0x40;
    if tag != 4 || *decoder.first()? != MPEG4 {
        return None;
    }
    let (tag, settings) = descriptor(decoder.get(13..)?)?;
    let bits = big_endian(settings, 0, 2).filter(|_| tag == 5)?;
    let (kind, rate) = (bits >> 11, usize::try_from(bits >> 7 & 15).ok()?);
    // Main, LC, SSR, LTP; with bands replicated; with stereo parametrised. In each of them a packet has at most 1024 samples.
    matches!(kind, 1..=5 | 29).then(|| AAC_RATES.get(rate).copied()).flatten()
}

/// A tag and what it holds: its size is written in groups of seven bits.
fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (mut at, mut size) = (1, 0_usize);
    loop {
        let byte = *bytes.get(at).filter(|_| at <= 4)?;
        (at, size) = (at + 1, size << 7 | usize::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            return Some((*bytes.first()?, bytes.get(at..at + size)?));
        }
    }
}
