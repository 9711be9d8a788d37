//! A visitor who sees every byte.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Long enough for a slow machine: only a test that fails waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection.
pub(crate) struct Visitor {
    stream: TcpStream,
    rest: Vec<u8>,
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The head, as text.
    pub(crate) head: String,
    /// The body without its framing.
    pub(crate) body: Vec<u8>,
    /// Whether the message ended as its framing says.
    pub(crate) whole: bool,
}

impl Answer {
    /// The values of a header.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The first value of a header.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }
}

impl Visitor {
    pub(crate) async fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, rest: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends `bytes` and reads the answer to it.
    pub(crate) async fn ask(&mut self, request: &str) -> Answer {
        self.send(request.as_bytes()).await;
        self.answer(request.starts_with("HEAD")).await
    }

    /// Reads until `text` was seen; gives back everything before and with it.
    pub(crate) async fn until(&mut self, text: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.rest.windows(text.len()).position(|window| window == text) {
                return self.rest.drain(..at + text.len()).collect();
            }
            assert!(
                self.more().await,
                "the connection ended at {:?}",
                String::from_utf8_lossy(&self.rest)
            );
        }
    }

    /// Everything up to the connection's end.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.rest)
    }

    /// The next message that is not informational.
    pub(crate) async fn answer(&mut self, bodyless: bool) -> Answer {
        let head = String::from_utf8(self.until(b"\r\n\r\n").await).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: Vec::new(), whole: true };
        if bodyless || status < 200 || [204, 304].contains(&status) {
            return answer;
        }
        if answer.get("transfer-encoding") == Some("chunked") {
            (answer.body, answer.whole) = self.chunks().await;
        } else if let Some(length) = answer.get("content-length") {
            let length = length.parse().unwrap();
            while self.rest.len() < length && self.more().await {}
            answer.whole = self.rest.len() >= length;
            let length = length.min(self.rest.len());
            answer.body = self.rest.drain(..length).collect();
        } else {
            while self.more().await {}
            answer.body = std::mem::take(&mut self.rest);
        }
        answer
    }

    async fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(line) = self.line().await else { return (body, false) };
            let length = usize::from_str_radix(&line, 16).unwrap();
            while self.rest.len() < length + 2 {
                if !self.more().await {
                    body.append(&mut self.rest);
                    return (body, false);
                }
            }
            body.extend(self.rest.drain(..length));
            assert_eq!(self.rest.drain(..2).collect::<Vec<_>>(), b"\r\n");
            if length == 0 {
                return (body, true);
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.rest.windows(2).position(|window| window == b"\r\n") {
                let line: Vec<u8> = self.rest.drain(..at + 2).collect();
                return Some(String::from_utf8(line[..at].to_vec()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.rest)).await;
        read.expect("nothing came in time").unwrap_or(0) > 0
    }
}
