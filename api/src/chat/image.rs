//! A picture as it comes in: base64 of a JPEG, PNG or WebP, known by its content and not by what somebody says it is.
//!
//! Only the header is decoded: enough to know the format and to refuse dimensions that would cost whoever decodes the
//! rest gigabytes.

use std::io::Cursor;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use evolve_engine::turn::Image;
use image::{ImageFormat, ImageReader, Limits};

use super::exif;

/// Longest side, in pixels. Phones make 4,000 to 8,000; models scale down to far less.
const MAX_SIDE: u32 = 8192;

/// What reading a header may take, in bytes: as much as a file can be large, and some more. A PNG's header may hold a
/// compressed colour profile, and a megabyte of that a gigabyte of zeros; a profile that is larger than this is left out.
const HEADER_MEMORY: u64 = 16 * 1024 * 1024;

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Not base64.
    #[error("image_data is not base64 (the standard alphabet, with padding, without line breaks or a data: prefix)")]
    NotBase64,
    /// Too many bytes.
    #[error("the image is larger than {max_mb} MB")]
    TooLarge {
        /// The limit.
        max_mb: usize,
    },
    /// Another format, or none.
    #[error("the image is not a JPEG, PNG or WebP")]
    UnknownFormat,
    /// Too many pixels, or none.
    #[error("the image's sides must be 1 to {MAX_SIDE} pixels")]
    BadDimensions,
}

/// Bytes of a megabyte, as the limit counts them.
pub const MEGABYTE: usize = 1024 * 1024;

/// Decodes and checks a picture of at most `max_bytes`.
///
/// # Errors
/// [`ImageError`].
pub fn decode(base64: &str, max_bytes: usize) -> Result<Image, ImageError> {
    let too_large = ImageError::TooLarge { max_mb: max_bytes / MEGABYTE };
    // Four characters are three bytes: what cannot fit need not be decoded.
    if base64.len() / 4 * 3 > max_bytes.saturating_add(2) {
        return Err(too_large);
    }
    let bytes = BASE64_STANDARD.decode(base64).map_err(|_| ImageError::NotBase64)?;
    if bytes.len() > max_bytes {
        return Err(too_large);
    }
    let mime = check(&bytes)?;
    let bytes = exif::stripped(mime, &bytes).ok_or(ImageError::UnknownFormat)?;
    Ok(Image { mime, bytes: bytes.into() })
}

/// The media type of a picture whose header is whole and whose dimensions are bearable.
fn check(bytes: &[u8]) -> Result<&'static str, ImageError> {
    let reader = header(bytes).map_err(|_| ImageError::UnknownFormat)?;
    let mime = match reader.format() {
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::WebP) => "image/webp",
        _ => return Err(ImageError::UnknownFormat),
    };
    let (width, height) = reader.into_dimensions().map_err(|_| ImageError::UnknownFormat)?;
    if [width, height].iter().all(|side| (1..=MAX_SIDE).contains(side)) {
        Ok(mime)
    } else {
        Err(ImageError::BadDimensions)
    }
}

/// A reader of the header that knows the format.
fn header(bytes: &[u8]) -> std::io::Result<ImageReader<Cursor<&[u8]>>> {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(HEADER_MEMORY);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use image::{
        DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, RgbImage, codecs::png::PngEncoder,
    };

    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(RgbImage::new(3, 2)).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// A PNG header that claims these dimensions, with a right checksum, and nothing behind it.
    fn claiming(width: u32, height: u32) -> Vec<u8> {
        let mut chunk = b"IHDR".to_vec();
        chunk.extend(width.to_be_bytes());
        chunk.extend(height.to_be_bytes());
        chunk.extend([8, 2, 0, 0, 0]);
        let crc = !chunk.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
        });
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
        bytes.extend(chunk);
        bytes.extend(crc.to_be_bytes());
        // The reader looks for the data before it answers.
        bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        bytes
    }

    fn decoded(bytes: &[u8]) -> Result<&'static str, ImageError> {
        decode(&BASE64_STANDARD.encode(bytes), MEGABYTE).map(|image| {
            assert_eq!(*image.bytes, *bytes);
            image.mime
        })
    }

    #[test]
    fn pictures_are_known_by_their_content() {
        let png = picture(ImageFormat::Png);
        let table: [(&str, Vec<u8>, Result<&str, ImageError>); 12] = [
            ("jpeg", picture(ImageFormat::Jpeg), Ok("image/jpeg")),
            ("png", png.clone(), Ok("image/png")),
            ("webp", picture(ImageFormat::WebP), Ok("image/webp")),
            ("as large as allowed", claiming(8192, 8192), Ok("image/png")),
            ("a bomb", claiming(8193, 1), Err(ImageError::BadDimensions)),
            ("a large bomb", claiming(1, u32::MAX >> 1), Err(ImageError::BadDimensions)),
            ("a gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), Err(ImageError::UnknownFormat)),
            ("a cut png", png[..20].to_vec(), Err(ImageError::UnknownFormat)),
            ("an svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Err(ImageError::UnknownFormat)),
            ("a jpeg's first bytes", b"\xff\xd8\xff\xe0".to_vec(), Err(ImageError::UnknownFormat)),
            ("nothing", Vec::new(), Err(ImageError::UnknownFormat)),
            ("too many bytes", vec![0; MEGABYTE + 1], Err(ImageError::TooLarge { max_mb: 1 })),
        ];
        for (what, bytes, expected) in table {
            assert_eq!(decoded(&bytes), expected, "{what}");
        }
    }

    #[test]
    fn a_colour_profile_is_not_inflated_without_end() {
        let mut bytes = Vec::new();
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(vec![0; 64 * MEGABYTE]).unwrap();
        encoder.write_image(&[0; 18], 3, 2, ExtendedColorType::Rgb8).unwrap();
        assert!(bytes.len() < MEGABYTE, "it is packed well");
        let profile = header(&bytes).unwrap().into_decoder().unwrap().icc_profile().unwrap();
        assert!(profile.is_none(), "64 MB came of {} bytes", bytes.len());
        assert_eq!(decoded(&bytes), Ok("image/png"));
    }

    #[test]
    fn what_is_not_plain_base64_is_refused() {
        let good = BASE64_STANDARD.encode(picture(ImageFormat::Png));
        for bad in
            [format!("data:image/png;base64,{good}"), format!("{good}\n"), good.replace('=', "-"), "тайна".to_owned()]
        {
            if bad != good {
                assert_eq!(decode(&bad, MEGABYTE).err(), Some(ImageError::NotBase64), "{bad}");
            }
        }
    }
}
