//! Turns entries into lines of files on this machine's disk, and those back into entries until the store has them.
//!
//! 1. An entry is one line of JSON in a segment. It is on the disk when its line, the line's end included, is written and flushed
//!    (`fdatasync`, POSIX); a line without an end was never acknowledged and is left out.
//! 2. A segment that is written to ends in `.open` and is locked by its process; a whole one ends in `.whole`. A process that died
//!    leaves an unlocked `.open` one, which the next to look takes for whole. Before it has its lock it ends in `.new`.
//! 3. Whole segments are read oldest first, by one process at a time, and removed when all of their entries are in the store.
//! 4. A line that cannot be read is put aside in a `.bad` file: one bad line keeps no others from the store.
//! 5. A text or a list of vendors is written once a segment: whatever a record names is in the store with it, whether or not other
//!    segments are, and whatever was purged.

use super::{
    Entry,
    line::{self, Line},
    new_id,
};
use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A segment that is as long as this is ended; bytes.
const LONG: u64 = 1 << 20;
/// What has no lock after this time never will.
const STALE: Duration = Duration::from_secs(60);
const NEW: &str = "new";
const OPEN: &str = "open";
const WHOLE: &str = "whole";
const BAD: &str = "bad";

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
    /// The hashes of the texts and lists in it.
    bodies: HashSet<String>,
}

/// What is not in the store yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Records, and refusals that are counted.
    pub choices: u64,
    /// Lines that could not be read and were put aside.
    pub bad: u64,
    /// All files together.
    pub bytes: u64,
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
    /// The spool in `folder`, which is made with the first entry.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        let process = new_id().chars().take(8).collect();
        Self { folder: folder.to_owned(), segment: None, next: 0, process }
    }

    /// Whether it can be written to; nothing is left of the try.
    ///
    /// # Errors
    /// When it cannot.
    pub fn try_out(&mut self) -> Result<(), SpoolError> {
        let is_there = self.folder.exists();
        let tried = self.segment().map(drop).and_then(|()| self.end());
        if !is_there {
            // It is made again when something is to be in it.
            let _ = fs::remove_dir(&self.folder);
        }
        tried.map_err(|error| SpoolError { folder: self.folder.clone(), error })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts `lines` on the disk; it returns when they are there.
    ///
    /// # Errors
    /// When the disk does not take them; none of them counts then, though some may be there.
    pub(super) fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let segment = self.segment()?;
        let mut bytes = Vec::new();
        for line in lines {
            let is_new = line.body.as_ref().is_none_or(|body| segment.bodies.insert(body.clone()));
            bytes.extend_from_slice(if is_new { &line.bytes } else { &[] });
        }
        let written = segment.file.write_all(&bytes).and_then(|()| segment.file.sync_data());
        if written.is_err() {
            // What is there of the lines has no end or is whole: either is right, but nothing may follow it.
            self.segment = None;
            return written;
        }
        segment.length += bytes.len() as u64;
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
            let name = format!("{:020}-{}-{:06}.{NEW}", since.as_micros(), self.process, self.next);
            self.next += 1;
            make(&self.folder)?;
            let new = self.folder.join(name);
            let mut options = OpenOptions::new();
            let file = options.create_new(true).append(true).mode(0o600).open(&new)?;
            file.try_lock()?;
            // Who looks for what the dead left never finds it without its lock.
            let path = new.with_extension(OPEN);
            fs::rename(&new, &path)?;
            // The name must be on the disk too, or the lines are lost with it.
            File::open(&self.folder)?.sync_all()?;
            self.segment = Some(Segment { path, file, length: 0, bodies: HashSet::new() });
        }
        self.segment.as_mut().ok_or_else(|| io::Error::other("no segment"))
    }
}

/// Makes the folder, for its owner alone, where there is none.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Its name must be on the disk, as those in it.
    match folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// What is in `folder`, without keeping anybody from it; nothing where there is no such folder.
///
/// # Errors
/// When it cannot be read.
pub fn waiting(folder: &Path) -> io::Result<Waiting> {
    let mut waiting = Waiting::default();
    for extension in [WHOLE, OPEN, BAD] {
        for path in segments(folder, extension)? {
            // What is gone meanwhile is in the store.
            let bytes = fs::read(&path).unwrap_or_default();
            waiting.bytes += bytes.len() as u64;
            let lines = lines(&bytes);
            if extension == BAD {
                waiting.bad += lines.count() as u64;
            } else {
                waiting.choices +=
                    lines.filter_map(line::entry).filter(Entry::is_choice).count() as u64;
            }
        }
    }
    Ok(waiting)
}

/// How much is in `folder`; bytes.
pub(super) fn length(folder: &Path) -> io::Result<u64> {
    let files = files(folder)?.into_iter().filter_map(|path| fs::metadata(path).ok());
    Ok(files.map(|file| file.len()).sum())
}

/// The whole lines.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n"))
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

/// Takes what dead processes left for whole, and away what they had not begun to write.
fn adopt(folder: &Path) -> io::Result<()> {
    for path in segments(folder, NEW)? {
        let age = fs::metadata(&path).and_then(|file| file.modified()).map(|time| time.elapsed());
        if age.is_ok_and(|age| age.is_ok_and(|age| age > STALE)) {
            // Another process may have been first.
            let _ = fs::remove_file(&path);
        }
    }
    for path in segments(folder, OPEN)? {
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() {
            let whole = path.with_extension(WHOLE);
            match fs::rename(&path, whole) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn segments(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = files(folder)?;
    paths.retain(|path| path.extension().is_some_and(|e| e == extension));
    paths.sort();
    Ok(paths)
}

/// What is in `folder`; nothing where there is no such folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => Ok(entries?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()),
    }
}

fn read(path: &Path, lock: File) -> io::Result<Whole> {
    let bytes = fs::read(path)?;
    let mut entries = Vec::new();
    let mut bad = Vec::new();
    for line in lines(&bytes) {
        match line::entry(line) {
            Some(entry) => entries.push(entry),
            None => bad.extend_from_slice(line),
        }
    }
    if !bad.is_empty() {
        fs::write(path.with_extension(BAD), bad)?;
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

    fn line(n: u32) -> Line {
        Line::of(&Entry::Record(record(n))).unwrap()
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
        let mut spool = Spool::at(folder.path());
        spool.append(&[line(1)]).unwrap();
        assert!(left(folder.path()).is_empty(), "it is still written to");
        spool.end().unwrap();
        spool.append(&[line(2), line(3)]).unwrap();
        spool.end().unwrap();
        let expected: Vec<_> = [1, 2, 3].map(|n| Entry::Record(record(n))).into();
        assert_eq!(left(folder.path()), expected);
        assert!(left(folder.path()).is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_process_left_is_read_without_its_torn_end() {
        let folder = tempfile::tempdir().unwrap();
        let torn = &line(3).bytes[..9];
        fs::write(
            folder.path().join("0-dead-0.open"),
            [&line(1).bytes[..], b"{}\n", &line(2).bytes, torn].concat(),
        )
        .unwrap();
        assert_eq!(left(folder.path()).len(), 2);
        let bad = fs::read(folder.path().join("0-dead-0.bad")).unwrap();
        assert_eq!(bad, b"{}\n");
    }

    #[test]
    fn a_text_is_written_once_a_segment() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::at(folder.path());
        let text = Entry::text("en", "We ask you.");
        let both = [Line::of(&text).unwrap(), line(1)];
        for _ in 0..2 {
            spool.append(&both).unwrap();
            spool.append(&both).unwrap();
            spool.end().unwrap();
            let record = Entry::Record(record(1));
            assert_eq!(left(folder.path()), [text.clone(), record.clone(), record]);
        }
    }

    #[test]
    fn what_waits_is_counted_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(waiting(&folder.path().join("none")).unwrap(), Waiting::default());
        let mut spool = Spool::at(folder.path());
        spool.append(&[Line::of(&Entry::text("en", "x")).unwrap(), line(1), line(2)]).unwrap();
        fs::write(folder.path().join("0-dead-0.whole"), [&line(3).bytes[..], b"?\n"].concat())
            .unwrap();
        let mut counted = waiting(folder.path()).unwrap();
        assert_eq!((counted.choices, counted.bad), (3, 0));
        assert_eq!(counted.bytes, length(folder.path()).unwrap());
        assert_eq!(left(folder.path()).len(), 1);
        counted = waiting(folder.path()).unwrap();
        assert_eq!((counted.choices, counted.bad), (2, 1));
    }

    #[test]
    fn others_do_not_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a/b");
        let mut spool = Spool::at(&place);
        spool.append(&[line(1)]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place), 0o700);
        let file = fs::read_dir(&place).unwrap().next().unwrap().unwrap().path();
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn one_segment_is_read_by_one_reader() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("0-a-0.whole"), line(1).bytes).unwrap();
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
        let error = Spool::at(&file.join("spool")).try_out().unwrap_err().to_string();
        assert!(error.starts_with("the spool ") && error.contains("file/spool"), "{error}");
        let fine = folder.path().join("fine");
        Spool::at(&fine).try_out().unwrap();
        assert!(!fine.exists(), "nothing is left before the first choice");
    }
}
