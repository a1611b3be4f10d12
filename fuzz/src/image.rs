//! Pictures of strangers: nothing is decoded but the header, and nothing comes out that did not come in.

use std::io::Cursor;

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use evolve_api::chat::image::{MEGABYTE, decode};
use image::{DynamicImage, ImageFormat, RgbImage};

/// A picture as `image_data`, and what is left of it a second time.
pub(crate) fn run(bytes: &[u8]) {
    // As text too: it comes as one.
    let _ = decode(&String::from_utf8_lossy(bytes), MEGABYTE);
    let Ok(picture) = decode(&BASE64.encode(bytes), MEGABYTE) else { return };
    assert!(picture.bytes.len() <= bytes.len(), "a picture has grown");
    if let Ok(again) = decode(&BASE64.encode(&picture.bytes), MEGABYTE) {
        assert_eq!(again.bytes, picture.bytes, "what is stripped can be stripped of more");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let [jpeg, png, webp] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP].map(picture);
    let exif = b"\xff\xe1\x00\x10Exif\0\0II*\0\x08\0\0\0";
    let with_exif = [jpeg.get(..2).unwrap_or_default(), exif, jpeg.get(2..).unwrap_or_default()].concat();
    let chunk = [&b"\0\0\0\x09tEXt"[..], b"a\0b c d e", b"\0\0\0\0"].concat();
    let at = png.len().saturating_sub(12);
    let with_text = [png.get(..at).unwrap_or_default(), &chunk, png.get(at..).unwrap_or_default()].concat();
    let bomb = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0\0\0\0\0".to_vec();
    vec![jpeg, png, webp, with_exif, with_text, bomb, b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()]
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::new(3, 2));
    picture.write_to(&mut bytes, format).map(|()| bytes.into_inner()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_of_the_seeds_is_taken() {
        let taken = seeds().iter().filter(|seed| decode(&BASE64.encode(seed), MEGABYTE).is_ok()).count();
        assert_eq!(taken, 5);
    }
}
