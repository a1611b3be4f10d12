//! The zip, as it grows: only what is compressed already is held, up to what Telegram takes.

use std::{
    io::{self, Cursor, Seek, SeekFrom, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::ExportError;

/// Telegram takes documents of 50 MB; some of that is the form around them.
const MOST_BYTES: usize = 49_000_000;
/// What is left free after a file that may be left out: for what is still being compressed, and the list of files at the end.
const MARGIN: usize = 1_000_000;

/// A zip that is being written.
pub(super) struct Archive {
    zip: ZipWriter<Bounded>,
    /// How large it has become; the writer does not show what it writes to.
    written: Arc<AtomicUsize>,
    most: usize,
}

impl Archive {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self::of_at_most(MOST_BYTES)
    }

    fn of_at_most(most: usize) -> Self {
        let written = Arc::new(AtomicUsize::new(0));
        let bounded = Bounded { bytes: Cursor::new(Vec::new()), written: Arc::clone(&written), most };
        Self { zip: ZipWriter::new(bounded), written, most }
    }

    /// What is written from now on is this file.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), ExportError> {
        self.begin_with(name, CompressionMethod::Deflated)
    }

    fn begin_with(&mut self, name: &str, method: CompressionMethod) -> Result<(), ExportError> {
        let options = SimpleFileOptions::default().compression_method(method);
        self.zip.start_file(name, options).map_err(|error| match error {
            ZipError::Io(error) => failed(&error),
            other => ExportError::Broken(other.to_string()),
        })
    }

    /// A whole file that is compressed already, as a picture is. False, and it is left out, where there is no room for it.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<bool, ExportError> {
        if self.written.load(Ordering::Relaxed) + bytes.len() + MARGIN > self.most {
            return Ok(false);
        }
        self.begin_with(name, CompressionMethod::Stored)?;
        self.zip.write_all(bytes).map_err(|error| failed(&error))?;
        Ok(true)
    }

    /// More of the file.
    pub(super) fn write(&mut self, text: &str) -> Result<(), ExportError> {
        self.zip.write_all(text.as_bytes()).map_err(|error| failed(&error))
    }

    /// The whole of it.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self.zip.finish() {
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
    written: Arc<AtomicUsize>,
    most: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.get_ref().len() + bytes.len() > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.bytes.write(bytes)?;
        self.written.store(self.bytes.get_ref().len(), Ordering::Relaxed);
        Ok(written)
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

    #[test]
    fn a_picture_for_which_there_is_no_room_is_left_out_and_the_rest_is_kept() {
        let mut archive = Archive::of_at_most(2 * MARGIN);
        assert!(archive.put("one.png", &[7; 900_000]).unwrap());
        assert!(!archive.put("two.png", &[7; 900_000]).unwrap());
        archive.begin("index.html").unwrap();
        archive.write("what was said").unwrap();
        let names = zip::ZipArchive::new(Cursor::new(archive.finish().unwrap())).unwrap().len();
        assert_eq!(names, 2);
    }
}
