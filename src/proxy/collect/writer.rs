//! Turns the ledger's lines into a file that rotates, on a thread of its own.
//!
//! 1. A request never waits for the disk: what does not fit into the channel is lost, and counted.
//! 2. A file over its size becomes `.1`, that `.2`, and so on; of those so many are kept.
//! 3. A file that cannot be written is said in the log once, and tried again with the next lines.

use crate::collect::LedgerFile;
use prometheus::IntCounter;
use std::{
    ffi::OsString,
    fs::{File, OpenOptions, remove_file, rename},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// How many lines may wait.
const WAITING: usize = 8192;
/// How many lines are written at once.
const TOGETHER: usize = 1024;

/// The way to the file.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    lost: IntCounter,
}

impl Writer {
    /// Begins to write; lines that are lost count in `lost`.
    pub(super) fn new(file: LedgerFile, lost: IntCounter) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING);
        let counter = lost.clone();
        let work = move || {
            Ledger { config: file, file: None, size: 0, is_well: true }.run(&waiting, &counter)
        };
        let thread = thread::Builder::new().name("consentry-ledger".to_owned()).spawn(work)?;
        Ok(Self { lines: Some(lines), thread: Some(thread), lost })
    }

    pub(super) fn write(&self, line: String) {
        let sent = self.lines.as_ref().is_some_and(|lines| lines.try_send(line).is_ok());
        if !sent {
            self.lost.inc();
        }
    }
}

impl Drop for Writer {
    /// What waits is written before the program ends.
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and there is nobody to tell if it did.
            let _ = thread.join();
        }
    }
}

/// The file that is being written.
struct Ledger {
    config: LedgerFile,
    file: Option<File>,
    size: u64,
    is_well: bool,
}

impl Ledger {
    fn run(mut self, waiting: &Receiver<String>, lost: &IntCounter) {
        while let Ok(first) = waiting.recv() {
            let more = waiting.try_iter().take(TOGETHER - 1);
            let lines: Vec<String> = std::iter::once(first).chain(more).collect();
            let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            let written = self.append(&text);
            if let Err(error) = &written {
                lost.inc_by(lines.len() as u64);
                self.file = None;
                if self.is_well {
                    log::error!(
                        "the ledger {} cannot be written: {error}",
                        self.config.path.display()
                    );
                }
            }
            self.is_well = written.is_ok();
        }
    }

    fn append(&mut self, text: &str) -> io::Result<()> {
        let length = text.len() as u64;
        if self.file.is_none() {
            self.open()?;
        }
        if self.size > 0 && self.size + length > self.config.max_size {
            self.rotate()?;
        }
        if let Some(file) = &mut self.file {
            file.write_all(text.as_bytes())?;
            self.size += length;
        }
        Ok(())
    }

    fn open(&mut self) -> io::Result<()> {
        let file =
            OpenOptions::new().create(true).append(true).mode(0o640).open(&self.config.path)?;
        self.size = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file = None;
        for number in (0..self.config.keep).rev() {
            // A file that is not there yet has no place to go to.
            let _ = rename(self.older(number), self.older(number + 1));
        }
        if self.config.keep == 0 {
            remove_file(&self.config.path)?;
        }
        self.open()
    }

    /// The file that is `number` files old.
    fn older(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.config.path);
        if number > 0 {
            name.push(format!(".{number}"));
        }
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::read_to_string;

    #[test]
    fn files_rotate_and_few_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let lost = IntCounter::new("lost", "lost").unwrap();
        let config = LedgerFile { max_size: 20, keep: 2, ..LedgerFile::at(path.clone()) };
        for line in ["first line", "second line", "third line", "fourth line"] {
            // One writer for each, so that lines are not written together.
            Writer::new(config.clone(), lost.clone()).unwrap().write(line.to_owned());
        }
        assert_eq!(read_to_string(&path).unwrap(), "fourth line\n");
        assert_eq!(read_to_string(folder.path().join("ledger.jsonl.1")).unwrap(), "third line\n");
        assert_eq!(read_to_string(folder.path().join("ledger.jsonl.2")).unwrap(), "second line\n");
        assert!(!folder.path().join("ledger.jsonl.3").exists());
        assert_eq!(lost.get(), 0);
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let lost = IntCounter::new("lost", "lost").unwrap();
        let path = "/nowhere/at/all/ledger".into();
        Writer::new(LedgerFile::at(path), lost.clone()).unwrap().write("a".to_owned());
        assert_eq!(lost.get(), 1);
    }
}
