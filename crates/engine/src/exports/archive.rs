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
        Self::of_at_most(MOST_BYTES)
    }

    fn of_at_most(most: usize) -> Self {
        Self(ZipWriter::new(Bounded { bytes: Cursor::new(Vec::new()), most }))
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
            Ok(Bounded { bytes, .. }) => Ok(bytes.into_inner()),
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
struct Bounded {
    bytes: Cursor<Vec<u8>>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.get_ref().len() + bytes.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.bytes.flush()
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_telegram_would_not_take_is_not_made() {
        let written = |most| {
            let mut archive = Archive::of_at_most(most);
            archive.begin("numbers")?;
            (0..5000).try_for_each(|number| archive.write(&format!("{number}, ")))?;
            archive.finish().map(|bytes| bytes.len())
        };
        let size = written(MOST_BYTES).unwrap();
        assert!((1000..MOST_BYTES).contains(&size), "{size}");
        assert!(matches!(written(size / 2), Err(ExportError::TooLarge)));
    }
}
