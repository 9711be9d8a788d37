//! Turns entries into lines of files on this machine's disk, and those back into entries until the store has them.
//!
//! 1. An entry is one line of JSON in a segment. It is on the disk when its line, the line's end included, is written and flushed
//!    (`fdatasync`, POSIX); a line without an end was never acknowledged and is left out.
//! 2. A segment that is written to ends in `.open` and is locked by its process; a whole one ends in `.whole`. A process that died
//!    leaves an unlocked `.open` one, which the next to look takes for whole.
//! 3. Whole segments are read oldest first, by one process at a time, and removed when all of their entries are in the store.
//! 4. A line that cannot be read is put aside in a `.bad` file: one bad line keeps no others from the store.

use super::{Entry, new_id};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// A segment that is as long as this is ended; bytes.
const LONG: u64 = 1 << 20;
const OPEN: &str = "open";
const WHOLE: &str = "whole";

/// The folder of entries that are not in the store yet.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    segment: Option<Segment>,
    next: u64,
    process: String,
}

/// What became of the spool's files.
#[derive(Debug, thiserror::Error)]
#[error("the spool {folder} cannot be used: {error}", folder = folder.display())]
pub struct SpoolError {
    /// The folder or the file in it.
    pub folder: PathBuf,
    /// Why.
    pub error: io::Error,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: File,
    length: u64,
}

/// A whole segment, locked while it is read.
#[derive(Debug)]
pub(super) struct Whole {
    path: PathBuf,
    /// Keeps others from reading it too.
    _lock: File,
    pub(super) entries: Vec<Entry>,
}

impl Spool {
    /// The spool in `folder`, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn open(folder: &Path) -> Result<Self, SpoolError> {
        let failed = |error| SpoolError { folder: folder.to_owned(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        let process = new_id().chars().take(8).collect();
        let mut spool = Self { folder: folder.to_owned(), segment: None, next: 0, process };
        // A folder that cannot be written to is found when the program starts.
        spool.segment().map_err(failed)?;
        spool.end().map_err(failed)?;
        Ok(spool)
    }

    /// Puts `lines`, each an entry with its end, on the disk; it returns when they are there.
    ///
    /// # Errors
    /// When the disk does not take them; none of them counts then, though some may be there.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let segment = self.segment()?;
        let written = segment.file.write_all(lines).and_then(|()| segment.file.sync_data());
        if written.is_err() {
            // What is there of the lines has no end or is whole: either is right, but nothing may follow it.
            self.segment = None;
            return written;
        }
        segment.length += lines.len() as u64;
        if segment.length >= LONG { self.end() } else { Ok(()) }
    }

    /// Ends the segment that is written to, if it holds anything, so that it can be read.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        if segment.length == 0 {
            return fs::remove_file(&segment.path);
        }
        fs::rename(&segment.path, segment.path.with_extension(WHOLE))
    }

    fn segment(&mut self) -> io::Result<&mut Segment> {
        if self.segment.is_none() {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let name =
                format!("{:020}-{}-{:06}.{OPEN}", since.as_micros(), self.process, self.next);
            self.next += 1;
            let path = self.folder.join(name);
            let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
            file.try_lock()?;
            // The name must be on the disk too, or the lines are lost with it.
            File::open(&self.folder)?.sync_all()?;
            self.segment = Some(Segment { path, file, length: 0 });
        }
        self.segment.as_mut().ok_or_else(|| io::Error::other("no segment"))
    }
}

/// The oldest whole segment in `folder` that nobody else reads.
pub(super) fn oldest(folder: &Path) -> io::Result<Option<Whole>> {
    adopt(folder)?;
    for path in segments(folder, WHOLE)? {
        let Ok(lock) = File::open(&path) else { continue };
        match lock.try_lock() {
            Ok(()) if path.exists() => return read(&path, lock).map(Some),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Takes what dead processes left for whole.
fn adopt(folder: &Path) -> io::Result<()> {
    for path in segments(folder, OPEN)? {
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            let whole = path.with_extension(WHOLE);
            match fs::rename(&path, whole) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn segments(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    paths.sort();
    Ok(paths)
}

fn read(path: &Path, lock: File) -> io::Result<Whole> {
    let bytes = fs::read(path)?;
    let mut entries = Vec::new();
    let mut bad = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")) {
        match serde_json::from_slice(line) {
            Ok(entry) => entries.push(entry),
            Err(_) => bad.extend_from_slice(line),
        }
    }
    if !bad.is_empty() {
        fs::write(path.with_extension("bad"), bad)?;
    }
    Ok(Whole { path: path.to_owned(), _lock: lock, entries })
}

impl Whole {
    /// What the store knows it by.
    pub(super) fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Removes it: all of it is in the store.
    pub(super) fn done(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::entry::tests::record, *};

    fn line(n: u32) -> Vec<u8> {
        let mut line = serde_json::to_vec(&Entry::Record(record(n))).unwrap();
        line.push(b'\n');
        line
    }

    fn left(folder: &Path) -> Vec<Entry> {
        let mut all = Vec::new();
        while let Some(whole) = oldest(folder).unwrap() {
            all.extend(whole.entries.iter().cloned());
            whole.done().unwrap();
        }
        all
    }

    #[test]
    fn what_was_appended_is_read_once_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path()).unwrap();
        spool.append(&line(1)).unwrap();
        assert!(left(folder.path()).is_empty(), "it is still written to");
        spool.end().unwrap();
        spool.append(&[line(2), line(3)].concat()).unwrap();
        spool.end().unwrap();
        let expected: Vec<_> = [1, 2, 3].map(|n| Entry::Record(record(n))).into();
        assert_eq!(left(folder.path()), expected);
        assert!(left(folder.path()).is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_process_left_is_read_without_its_torn_end() {
        let folder = tempfile::tempdir().unwrap();
        let torn = &line(3)[..9];
        fs::write(
            folder.path().join("0-dead-0.open"),
            [&line(1)[..], b"{}\n", &line(2), torn].concat(),
        )
        .unwrap();
        assert_eq!(left(folder.path()).len(), 2);
        let bad = fs::read(folder.path().join("0-dead-0.bad")).unwrap();
        assert_eq!(bad, b"{}\n");
    }

    #[test]
    fn one_segment_is_read_by_one_reader() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0-a-0.whole"), line(1)).unwrap();
        let first = oldest(folder.path()).unwrap().unwrap();
        assert!(oldest(folder.path()).unwrap().is_none());
        drop(first);
        assert!(oldest(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_found_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Spool::open(&file.join("spool")).unwrap_err().to_string();
        assert!(error.starts_with("the spool ") && error.contains("file/spool"), "{error}");
    }
}
