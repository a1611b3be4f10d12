//! The zip, as it grows: only what is compressed already is held, up to what Telegram takes.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::ExportError;

/// Telegram takes documents of 50 MB; some of that is the form around them.
const MOST_BYTES: usize = 49_000_000;

/// A zip that is being written.
pub(super) struct Archive(ZipWriter<Bounded>);

impl Archive {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self(ZipWriter::new(Bounded(Cursor::new(Vec::new()))))
    }

    /// What is written from now on is this file.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), ExportError> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.0.start_file(name, options).map_err(|error| match error {
            ZipError::Io(error) => failed(&error),
            other => ExportError::Broken(other.to_string()),
        })
    }

    /// More of the file.
    pub(super) fn write(&mut self, text: &str) -> Result<(), ExportError> {
        self.0.write_all(text.as_bytes()).map_err(|error| failed(&error))
    }

    /// The whole of it.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self.0.finish() {
            Ok(Bounded(bytes)) => Ok(bytes.into_inner()),
            Err(ZipError::Io(error)) => Err(failed(&error)),
            Err(other) => Err(ExportError::Broken(other.to_string())),
        }
    }
}

fn failed(error: &io::Error) -> ExportError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => ExportError::TooLarge,
        _ => ExportError::Broken(error.to_string()),
    }
}

/// Bytes in memory, so many at most.
struct Bounded(Cursor<Vec<u8>>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.get_ref().len() + bytes.len() > MOST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_telegram_would_not_take_is_not_made() {
        let mut archive = Archive::new();
        archive.begin("noise").unwrap();
        let mut state = 1_u32;
        let mut noise = || {
            let letter = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from_u32(0x4e00 + (state >> 16) % 20_000).unwrap()
            };
            std::iter::repeat_with(letter).take(1_000_000).collect::<String>()
        };
        let written = (0..60).try_for_each(|_| archive.write(&noise())).and_then(|()| archive.finish().map(drop));
        assert!(matches!(written, Err(ExportError::TooLarge)), "{written:?}");
    }
}
