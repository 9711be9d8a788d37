//! Everything at once for a while: visitors who ask, choose, hang up and dawdle, origins that die, reloads. `SOAK_SECONDS` says for
//! how long; ten minutes are `SOAK_SECONDS=600 cargo test --test life soak -- --nocapture`.

use super::program::{PATIENCE, Place, ask, until};
use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// An origin that can die and come back.
struct Mortal {
    at: SocketAddr,
    lives: Arc<AtomicBool>,
}

impl Mortal {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, lives) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(true)));
        let own = lives.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let lives = own.clone();
                thread::spawn(move || serve(&stream, &lives));
            }
        });
        Self { at, lives }
    }
}

/// Pages of several sizes, until it dies.
fn serve(mut stream: &TcpStream, lives: &AtomicBool) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    for number in 0_usize.. {
        let head = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty());
        if head.count() == 0 || !lives.load(Relaxed) {
            break;
        }
        let filler = "<p>Text that stays.</p>\n".repeat(number % 7 * 300);
        let page = format!(
            "<!doctype html><script src=\"https://www.google-analytics.com/analytics.js\"></script>{filler}"
        );
        let length = page.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{page}"
        )
        .ok()?;
    }
    let _ = stream.shutdown(Shutdown::Both);
    Some(())
}

/// A visitor who asks, and now and then hangs up in the middle or takes his time; what went wrong.
fn visit(at: SocketAddr, stop: &AtomicBool, asked: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    for number in 0_usize.. {
        if stop.load(Relaxed) {
            break;
        }
        match number % 10 {
            8 => drop(half(at, false)),
            9 => drop(half(at, true)),
            _ => match ask(at, "GET", "/", "Accept-Encoding: gzip\r\n") {
                // No server of the origin lives.
                Ok((200 | 502, _)) => drop(asked.fetch_add(1, Relaxed)),
                other => wrong.push(format!("{other:?}")),
            },
        }
    }
    wrong
}

/// Reads a little of an answer.
fn half(at: SocketAddr, slowly: bool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")?;
    if slowly {
        thread::sleep(Duration::from_millis(50));
        let _ = stream.read(&mut [0; 64])?;
    }
    Ok(())
}

#[test]
fn memory_and_descriptors_stay_where_they_are() {
    let seconds = env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let (one, two, place) = (Mortal::new(), Mortal::new(), Place::new());
    let write = |more: &str| {
        place.write(&format!(
            "[listen]\naddress = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[records]\nstore = \"sqlite:r.db\"\n\
             [origin]\nurl = \"http://{}\"\nurls = [\"http://{}\"]\neject.pause = \"1s\"\n{more}",
            one.at, two.at
        ));
    };
    write("");
    let program = place.start_with(|command| {
        command.env("RUST_LOG", "error");
    });
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let visitors: Vec<_> = (0..6)
        .map(|_| {
            let (at, stop, asked) = (program.visitors, stop.clone(), asked.clone());
            thread::spawn(move || visit(at, &stop, &asked))
        })
        .collect();
    let (start, end) = (Instant::now(), Duration::from_secs(seconds));
    let (mut round, mut before) = (0_usize, None);
    while start.elapsed() < end {
        thread::sleep(Duration::from_millis(150));
        round += 1;
        match round % 8 {
            1 => one.lives.store(false, Relaxed),
            3 => two.lives.store(round % 16 > 8, Relaxed),
            5 => one.lives.store(true, Relaxed),
            6 => two.lives.store(true, Relaxed),
            _ => {
                write(if round % 2 == 0 { "balance = \"random\"\n" } else { "" });
                assert_eq!(program.admin("POST", "/reload").0, 200);
            }
        }
        // What is used for the first time has been used then.
        if before.is_none() && start.elapsed() > end / 4 {
            before = program.memory();
        }
    }
    stop.store(true, Relaxed);
    let wrong: Vec<_> = visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect();
    let (after, asked) = (program.memory(), asked.load(Relaxed));
    eprintln!(
        "{seconds} s, {asked} requests, {round} rounds: {before:?} kB, then {after:?} kB, {:?} descriptors",
        program.descriptors()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(asked > 100, "{asked} requests");
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + (48 << 10), "{before} kB became {after} kB");
    }
    // Everybody has gone, and so has what was theirs.
    let is_quiet = || program.admin("GET", "/metrics").1.contains("consentry_connections_open 0");
    until(is_quiet, || program.admin("GET", "/metrics").1);
    until(
        || program.descriptors().is_none_or(|open| open < 100),
        || format!("{:?} descriptors", program.descriptors()),
    );
    let figures = program.admin("GET", "/metrics").1;
    for zero in ["consentry_rewrites_in_flight 0", "consentry_rewrite_memory_bytes 0"] {
        assert!(figures.contains(zero), "{figures}");
    }
}
