//! Turns a folder into the key that choices are signed with, made once and kept there.
//!
//! 1. Nobody but the program's user may read the file, and it is whole when it has its name.
//! 2. A file that holds less than a key is not used: choices would be signed with what can be guessed.

use crate::{choice::Key, record::new_id};
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

/// The file's name in the folder.
const NAME: &str = "choices.key";
/// How long a key is: 256 bits in hexadecimal digits.
const DIGITS: usize = 64;

/// Why there is no key in a folder.
#[derive(Debug, thiserror::Error)]
#[error("the key of choices {path} cannot be used: {why}", path = path.display())]
pub struct KeyError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub why: io::Error,
}

/// The key in `folder`, which is made where there is none.
///
/// # Errors
/// When it can be neither read nor made.
pub fn key_in(folder: &Path) -> Result<Key, KeyError> {
    let path = folder.join(NAME);
    let key = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(folder, &path).and_then(|()| read(&path))
        }
        key => key,
    };
    key.map_err(|why| KeyError { path, why })
}

/// The key that is in `folder`; none is made.
///
/// # Errors
/// When it is not there, or cannot be read.
pub fn kept_key(folder: &Path) -> Result<Key, KeyError> {
    let path = folder.join(NAME);
    read(&path).map_err(|why| KeyError { path, why })
}

fn read(path: &Path) -> io::Result<Key> {
    let text = fs::read_to_string(path)?;
    let digits = text.trim_end();
    let whole = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let short =
        || io::Error::new(ErrorKind::InvalidData, "it is none; remove it, and another is made");
    whole.then(|| Key::new(digits.as_bytes())).ok_or_else(short)
}

/// Of two programs that make one at the same time the first one's stays.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!("{NAME}.{}", new_id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}{}", new_id(), new_id())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("spool");
        let cookie =
            "v1.a1b2c3d4.20261123.f0a1m0.0123456789abcdef0123456789abcdef".parse().unwrap();
        let sign = || key_in(&folder).unwrap().sign(&cookie, "shop.example");
        assert!(kept_key(&folder).is_err() && !folder.exists());
        assert_eq!(sign(), sign());
        assert_eq!(kept_key(&folder).unwrap().sign(&cookie, "shop.example"), sign());
        let path = folder.join(NAME);
        for (place, mode) in [(&path, 0o600), (&folder, 0o700)] {
            assert_eq!(fs::metadata(place).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        for short in ["", "0123", &"g".repeat(64)] {
            fs::write(&path, short).unwrap();
            assert!(key_in(&folder).unwrap_err().to_string().contains("choices.key"));
        }
    }

    #[test]
    fn programs_agree_on_one() {
        let folder = tempfile::tempdir().unwrap();
        let cookie: crate::consent::OwnCookie =
            "v1.a1b2c3d4.20261123.f0a1m0.0123456789abcdef0123456789abcdef".parse().unwrap();
        let sign = || key_in(folder.path()).unwrap().sign(&cookie, "a");
        let signatures: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(sign)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
