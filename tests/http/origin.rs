//! An origin whose every byte a test decides.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// One thing that the origin does.
pub(crate) enum Step {
    /// Sends bytes, at once.
    Send(Vec<u8>),
    /// Waits until the test says so.
    Wait(mpsc::Receiver<()>),
    /// Reads so many bytes of the request's body, and keeps them.
    Read(usize),
    /// Takes its time.
    Pause(Duration),
    /// Sends back what comes, until the end.
    Echo,
    /// Closes the connection.
    Close,
    /// Does nothing any more.
    Hang,
}

/// What the origin got and does.
pub(crate) struct Origin {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

type Answer = dyn Fn(&str) -> Vec<Step> + Send + Sync;

struct State {
    requests: Mutex<Vec<String>>,
    bodies: Mutex<Vec<u8>>,
    connections: Mutex<usize>,
    answer: Box<Answer>,
}

impl Origin {
    /// An origin that does what `answer` says of each request's head.
    pub(crate) async fn new(answer: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            requests: Mutex::default(),
            bodies: Mutex::default(),
            connections: Mutex::default(),
            answer: Box::new(answer),
        });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *shared.connections.lock().unwrap() += 1;
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { address, state }
    }

    /// An origin that answers every request with `bytes`, and closes if `close`.
    pub(crate) async fn fixed(bytes: Vec<u8>, close: bool) -> Self {
        Self::new(move |_| {
            let mut steps = vec![Step::Send(bytes.clone())];
            if close {
                steps.push(Step::Close);
            }
            steps
        })
        .await
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The bodies that were read so far.
    pub(crate) fn bodies(&self) -> Vec<u8> {
        self.state.bodies.lock().unwrap().clone()
    }

    /// How many connections came.
    pub(crate) fn connections(&self) -> usize {
        *self.state.connections.lock().unwrap()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).unwrap();
    let mut rest = Vec::new();
    while let Some(head) = head(&mut stream, &mut rest).await {
        state.requests.lock().unwrap().push(head.clone());
        for step in (state.answer)(&head) {
            if !act(step, &mut stream, &mut rest, &state).await {
                return;
            }
        }
    }
}

async fn act(step: Step, stream: &mut TcpStream, rest: &mut Vec<u8>, state: &State) -> bool {
    match step {
        Step::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
        Step::Wait(mut told) => told.recv().await.is_some(),
        Step::Read(length) => {
            while rest.len() < length {
                if stream.read_buf(rest).await.unwrap_or(0) == 0 {
                    return false;
                }
            }
            state.bodies.lock().unwrap().extend(rest.drain(..length));
            true
        }
        Step::Pause(time) => {
            tokio::time::sleep(time).await;
            true
        }
        Step::Echo => {
            let mut bytes = std::mem::take(rest);
            while stream.write_all(&bytes).await.is_ok() {
                bytes.clear();
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            false
        }
        Step::Close => false,
        Step::Hang => std::future::pending().await,
    }
}

/// The next request's head; `rest` keeps what follows it.
async fn head(stream: &mut TcpStream, rest: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = rest.drain(..end + 4).collect();
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
        if stream.read_buf(rest).await.ok()? == 0 {
            return None;
        }
    }
}
