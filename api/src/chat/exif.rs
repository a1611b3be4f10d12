//! Pictures lose what is written into them: where they were taken, when, and with whose camera.
//!
//! Segments are cut out, nothing is encoded anew: the picture stays as it is, to the last pixel. What is kept is a list of
//! what shows (colours, animation, transparency), not what is dropped of a list of what tells. The orientation goes with the
//! rest; models read a picture that lies on its side as well.

/// The picture without what is written into it. What cannot be taken apart is given back as nothing: it is not shown around.
#[must_use]
pub(super) fn stripped(mime: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match mime {
        "image/jpeg" => jpeg(bytes),
        "image/png" => png(bytes),
        "image/webp" => webp(bytes),
        _ => None,
    }
}

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    const START: u8 = 0xd8;
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut kept = bytes.get(..2).filter(|start| *start == [0xff, START])?.to_vec();
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Fill bytes.
            0xff => at += 1,
            END => {
                kept.extend([0xff, END]);
                return Some(kept);
            }
            0x01 | 0xd0..=0xd7 => at += 2,
            _ => {
                let size = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
                let segment = bytes.get(at..at + 2 + size.max(2))?;
                if jpeg_shows(marker, segment.get(4..).unwrap_or_default()) {
                    kept.extend_from_slice(segment);
                }
                at += segment.len();
                if marker == SCAN {
                    let end = at + entropy(&bytes[at..]);
                    kept.extend_from_slice(&bytes[at..end]);
                    at = end;
                    // A camera's file may break off in its last scan, and still shows.
                    if at >= bytes.len() {
                        return Some(kept);
                    }
                }
            }
        }
    }
}

/// The length of a scan's data: up to a marker that is neither stuffing nor a restart.
fn entropy(bytes: &[u8]) -> usize {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7);
    bytes.windows(2).position(is_marker).unwrap_or(bytes.len())
}

/// Tables, frames and scans; of the application's segments JFIF, the colour profile and Adobe's note on colours.
fn jpeg_shows(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xe0 => content.starts_with(b"JFIF\0"),
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE: usize = 8;
    /// Length, name and checksum.
    const AROUND: usize = 12;
    const SHOWS: [&[u8]; 12] =
        [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP", b"bKGD"];
    let mut kept = bytes.get(..SIGNATURE)?.to_vec();
    let mut at = SIGNATURE;
    while at < bytes.len() {
        let size = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let chunk = bytes.get(at..at.checked_add(usize::try_from(size).ok()?)?.checked_add(AROUND)?)?;
        let name = chunk.get(4..8)?;
        if SHOWS.contains(&name) {
            kept.extend_from_slice(chunk);
        }
        if name == b"IEND" {
            return Some(kept);
        }
        at += chunk.len();
    }
    // It ends without its end, and still shows.
    Some(kept)
}

fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    /// In the flags of the extended header.
    const EXIF_AND_XMP: u8 = 0b0000_1100;
    let mut kept = bytes.get(..HEADER)?.to_vec();
    let mut at = HEADER;
    while at < bytes.len() {
        let name = bytes.get(at..at + 4)?;
        let size = usize::try_from(u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
        let end = at.checked_add(8)?.checked_add(size)?.checked_add(size % 2)?;
        // The padding of the last chunk is left out by some.
        let chunk = bytes.get(at..end.min(bytes.len())).filter(|chunk| chunk.len() >= 8 + size)?;
        match name {
            b"VP8X" => {
                let from = kept.len();
                kept.extend_from_slice(chunk);
                *kept.get_mut(from + 8)? &= !EXIF_AND_XMP;
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => kept.extend_from_slice(chunk),
            _ => {}
        }
        at = end;
    }
    let size = u32::try_from(kept.len().checked_sub(8)?).ok()?;
    kept.get_mut(4..8)?.copy_from_slice(&size.to_le_bytes());
    Some(kept)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, RgbImage};
    use rstest::rstest;

    use super::*;

    const SECRET: &[u8] = b"GPS 55.7558 N 37.6173 E";

    fn picture(format: ImageFormat) -> (DynamicImage, Vec<u8>) {
        let image =
            DynamicImage::ImageRgb8(RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 90])));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        (image, bytes.into_inner())
    }

    /// The picture with an EXIF segment, a comment and whatever else the format has for that.
    fn telling(format: ImageFormat) -> Vec<u8> {
        let (_, mut bytes) = picture(format);
        let exif = [b"Exif\0\0", SECRET].concat();
        match format {
            ImageFormat::Jpeg => {
                let segment = |marker: u8, content: &[u8]| {
                    let size = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
                    [&[0xff, marker], &size[..], content].concat()
                };
                let xmp = [b"http://ns.adobe.com/xap/1.0/\0", SECRET].concat();
                let told = [segment(0xe1, &exif), segment(0xe1, &xmp), segment(0xfe, SECRET), segment(0xed, SECRET)];
                bytes.splice(2..2, told.concat());
            }
            ImageFormat::Png => {
                let chunk = |name: &[u8], content: &[u8]| {
                    let size = u32::try_from(content.len()).unwrap().to_be_bytes();
                    [&size[..], name, content, &[0; 4]].concat()
                };
                // Behind the header, which has 13 bytes.
                let told = [chunk(b"eXIf", &exif), chunk(b"tEXt", SECRET), chunk(b"tIME", &SECRET[..7])];
                bytes.splice(33..33, told.concat());
            }
            _ => {
                let chunk = |name: &[u8], content: &[u8]| {
                    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
                    let padding = vec![0; content.len() % 2];
                    [name, &size[..], content, &padding].concat()
                };
                let extended = chunk(b"VP8X", &[0b0000_1100, 0, 0, 0, 39, 0, 0, 29, 0, 0]);
                bytes.splice(12..12, extended);
                bytes.extend(chunk(b"EXIF", &exif));
                bytes.extend(chunk(b"XMP ", SECRET));
                let size = u32::try_from(bytes.len() - 8).unwrap().to_le_bytes();
                bytes.splice(4..8, size);
            }
        }
        bytes
    }

    #[rstest]
    #[case(ImageFormat::Jpeg, "image/jpeg")]
    #[case(ImageFormat::Png, "image/png")]
    #[case(ImageFormat::WebP, "image/webp")]
    fn a_picture_no_longer_tells_where_it_was_taken_and_looks_the_same(
        #[case] format: ImageFormat,
        #[case] mime: &str,
    ) {
        let telling = telling(format);
        let has_secret = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET);
        assert!(has_secret(&telling));
        let kept = stripped(mime, &telling).unwrap();
        assert!(!has_secret(&kept) && !kept.windows(4).any(|w| w.eq_ignore_ascii_case(b"exif")));
        let (_, plain) = picture(format);
        let pixels = |bytes: &[u8]| image::load_from_memory_with_format(bytes, format).unwrap().to_rgb8().into_raw();
        assert_eq!(pixels(&kept), pixels(&plain));
        assert_eq!(stripped(mime, &plain).unwrap(), plain, "a picture that tells nothing stays as it is");
    }

    #[test]
    fn what_hides_behind_a_picture_is_left_behind() {
        for (format, mime) in [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png")] {
            let (_, plain) = picture(format);
            assert_eq!(stripped(mime, &[&plain, SECRET].concat()).unwrap(), plain, "{mime}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_panic() {
        for (format, mime) in
            [(ImageFormat::Jpeg, "image/jpeg"), (ImageFormat::Png, "image/png"), (ImageFormat::WebP, "image/webp")]
        {
            let whole = telling(format);
            for length in 0..whole.len() {
                let _ = stripped(mime, &whole[..length]);
            }
        }
    }
}
