//! Turns a filter list's file, the operator's or a fetched one's copy, into its text, and a fetched text into such a copy.
//!
//! 1. Bytes that are not UTF-8 are read as the replacement character: a bad line is skipped, and the rest holds.
//! 2. A copy is written beside its place and renamed, so that a reader sees the old one or the new one whole.
//! 3. A copy is named by the hash of its URL; the name says nothing of what is visited.

use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The longest list that is read; bytes. The largest public lists have a tenth of this.
pub const LONGEST: usize = 64 << 20;

/// A list's text and how old it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCopy {
    /// The list.
    pub text: String,
    /// The time since it was fetched; zero when the clock went back.
    pub age: Duration,
}

/// The text of the list in the file `path`.
///
/// # Errors
/// When it cannot be read, or is longer than [`LONGEST`].
pub fn read_list(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > LONGEST as u64 {
        return Err(io::Error::other(format!("the list has more than {} MiB", LONGEST >> 20)));
    }
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// The kept copy of the list at `url`; `None` without one that can be read.
#[must_use]
pub fn kept_copy(folder: &Path, url: &str) -> Option<KeptCopy> {
    let path = place(folder, url);
    let written = fs::metadata(&path).and_then(|meta| meta.modified()).ok()?;
    let age = SystemTime::now().duration_since(written).unwrap_or_default();
    Some(KeptCopy { text: read_list(&path).ok()?, age })
}

/// Keeps `text` as the copy of the list at `url`, in the place of an older one.
///
/// # Errors
/// When the folder cannot be made or written to.
pub fn keep_copy(folder: &Path, url: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = place(folder, url);
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What is half written is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn place(folder: &Path, url: &str) -> PathBuf {
    let hash = Sha256::digest(url.as_bytes()).iter().take(16).fold(String::new(), |mut hex, b| {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{b:02x}");
        hex
    });
    folder.join(format!("{hash}.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, url) = (folder.path().join("new"), "https://lists.test/a.txt");
        assert_eq!(kept_copy(&folder, url), None);
        keep_copy(&folder, url, "||a.test^").unwrap();
        keep_copy(&folder, url, "||b.test^").unwrap();
        assert_eq!(kept_copy(&folder, url).unwrap().text, "||b.test^");
        assert_eq!(kept_copy(&folder, "https://lists.test/b.txt"), None);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_spoil_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        fs::write(&path, b"||a.test^\n\xff\n||b.test^\n").unwrap();
        assert_eq!(read_list(&path).unwrap().lines().count(), 3);
        assert!(read_list(folder.path()).is_err());
    }
}
