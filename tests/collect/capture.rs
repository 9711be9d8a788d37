//! A capture of `tests/collect/requests`: the request as text, and what its `X-Test-Body` header says was done to its body on the way.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

pub(crate) struct Capture {
    pub(crate) path: PathBuf,
    /// The bytes that a browser would have sent.
    pub(crate) bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collect/requests");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|e| e == "txt")).collect();
        paths.sort();
        assert!(paths.len() > 50);
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap();
        let coded = head.lines().find_map(|line| line.strip_prefix("X-Test-Body: "));
        let lines: Vec<_> =
            head.lines().filter(|line| !line.starts_with("X-Test-Body: ")).collect();
        let mut bytes = format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes();
        bytes.extend(
            coded.into_iter().flat_map(|c| c.split(' ')).fold(body.as_bytes().to_vec(), coding),
        );
        Self { path, bytes }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.file_stem().unwrap().to_str().unwrap()
    }
}

/// `body` in one more coding.
fn coding(body: Vec<u8>, name: &str) -> Vec<u8> {
    match name {
        "gzip" => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(&body).unwrap();
            gzip.finish().unwrap()
        }
        "base64" => match body.strip_prefix(b"data=") {
            Some(value) => escaped(&STANDARD.encode(value)),
            None => STANDARD.encode(body).into_bytes(),
        },
        // The body is the value of a form's field.
        "field" if body.starts_with(b"data=") => body,
        "field" => [b"data=", &body[..]].concat(),
        other => panic!("{other}"),
    }
}

fn escaped(base64: &str) -> Vec<u8> {
    format!("data={}", base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
        .into_bytes()
}
