//! The program as a process of its own, before an origin of the test's.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Long enough for a slow machine: only a test that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub(crate) struct Program {
    pub(crate) visitors: SocketAddr,
    pub(crate) admin: Option<SocketAddr>,
    child: Child,
    said: Arc<Mutex<String>>,
}

/// A folder with a configuration file.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("consentry.toml")
    }

    /// Writes the file, whole at once as careful people do.
    pub(crate) fn write(&self, text: &str) {
        let new = self.folder.path().join("new.toml");
        fs::write(&new, text).unwrap();
        fs::rename(&new, self.file()).unwrap();
    }

    /// Starts the program with the file.
    pub(crate) fn start(&self) -> Program {
        self.start_with(|_| ())
    }

    pub(crate) fn start_with(&self, more: impl FnOnce(&mut Command)) -> Program {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        more(&mut command);
        Program::of(command.spawn().unwrap())
    }

    /// Starts the program by a line of the shell, whose standard input is `fd`.
    pub(crate) fn start_by(&self, fd: OwnedFd, line: &str) -> Program {
        let program = self.command();
        let mut command = Command::new("sh");
        command.args(["-c", line, "sh"]).arg(program.get_program()).args(program.get_args());
        command.env_remove("RUST_LOG").current_dir(self.folder.path());
        command.stdin(fd).stdout(Stdio::piped()).stderr(Stdio::piped());
        Program::of(command.spawn().unwrap())
    }

    /// The program with the file, as a command.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
        command.args(["serve", "--config"]).arg(self.file()).current_dir(self.folder.path());
        command.env_remove("RUST_LOG");
        command
    }
}

impl Program {
    fn of(mut child: Child) -> Self {
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, log) = (child.stderr.take().unwrap(), said.clone());
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = |mark: &str| {
            let (_, rest) = line.split_once(mark)?;
            rest.split([' ', ',', '\n']).next()?.parse().ok()
        };
        let visitors = address("consentry: http://").unwrap_or_else(|| {
            let status = child.wait().unwrap();
            thread::sleep(Duration::from_millis(200));
            unreachable!("it ended with {status}, and said {}", said.lock().unwrap())
        });
        Self { visitors, admin: address("admin http://"), child, said }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// What it logged so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has logged `text`.
    pub(crate) fn says(&self, text: &str) {
        until(|| self.said().contains(text), || format!("{text:?} is not in {}", self.said()));
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end; it said {}", self.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The status and the text of `path` on the admin listener.
    pub(crate) fn admin(&self, method: &str, path: &str) -> (u16, String) {
        ask(self.admin.unwrap(), method, path, "").unwrap()
    }

    /// Kilobytes of memory that it has, where the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }
}

impl Program {
    /// How many descriptors it has open, where the system tells.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok().map(Iterator::count)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on, where no test's own connections take the port in the meantime.
pub(crate) fn free() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let at = format!("127.77.0.{}:0", NEXT.fetch_add(1, Relaxed));
    TcpListener::bind(at).unwrap().local_addr().unwrap()
}

/// Waits until `is`, or fails with what `why` says.
pub(crate) fn until(is: impl Fn() -> bool, why: impl Fn() -> String) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "{}", why());
        thread::sleep(Duration::from_millis(10));
    }
}

/// Status and body of one request on its own connection.
pub(crate) fn ask(
    at: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
    Ok((status, body))
}

/// An origin that says its name, on threads; `/slow` comes in pieces.
pub(crate) fn origin(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream, name));
        }
    });
    address
}

/// How many pieces `/slow` has.
pub(crate) const PIECES: usize = 15;

fn serve(mut stream: &TcpStream, name: &str) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let head: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let slow = head.first()?.contains("/slow");
        let length = if slow { PIECES } else { name.len() };
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
        )
        .ok()?;
        if slow {
            for _ in 0..PIECES {
                thread::sleep(Duration::from_millis(100));
                stream.write_all(b".").ok()?;
            }
        } else {
            stream.write_all(name.as_bytes()).ok()?;
        }
    }
}

/// Visitors who ask one after the other, on kept connections and on new ones, until they are told to stop.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    visitors: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    pub(crate) fn on(at: SocketAddr) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let visitors = (0..4)
            .map(|number| {
                let (stop, asked) = (stop.clone(), asked.clone());
                thread::spawn(move || visit(at, number % 2 == 0, &stop, &asked))
            })
            .collect();
        Self { stop, asked, visitors }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }

    /// Ends it; gives what went wrong.
    pub(crate) fn end(self) -> Vec<String> {
        self.stop.store(true, Relaxed);
        self.visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect()
    }
}

fn visit(at: SocketAddr, keeps: bool, stop: &AtomicBool, asked: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut kept = None;
    while !stop.load(Relaxed) {
        let was_kept = kept.is_some();
        match page(at, keeps, &mut kept) {
            Ok(200) => drop(asked.fetch_add(1, Relaxed)),
            // A kept connection may be closed by the server while nothing is on its way (RFC 9112 9.5).
            Err(error) if was_kept && error.kind() == std::io::ErrorKind::UnexpectedEof => {}
            other => wrong.push(format!("{other:?}")),
        }
    }
    wrong
}

/// One request; the connection stays in `kept` where it `keeps` it.
fn page(at: SocketAddr, keeps: bool, kept: &mut Option<TcpStream>) -> std::io::Result<u16> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => TcpStream::connect(at)?,
    };
    stream.set_read_timeout(Some(PATIENCE))?;
    let close = if keeps { "" } else { "Connection: close\r\n" };
    let gone = |_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    write!(stream, "GET / HTTP/1.1\r\nHost: shop.test\r\n{close}\r\n").map_err(gone)?;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        let read = stream
            .read(&mut piece)
            .map_err(|error| if bytes.is_empty() { gone(error) } else { error })?;
        if read == 0 {
            let kind = if bytes.is_empty() {
                std::io::ErrorKind::UnexpectedEof
            } else {
                std::io::ErrorKind::InvalidData
            };
            return Err(kind.into());
        }
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
        });
        if length.is_some_and(|length| length.parse::<usize>().unwrap() <= body.len()) {
            break head.to_ascii_lowercase();
        }
    };
    if keeps && !end.contains("connection: close") {
        *kept = Some(stream);
    }
    Ok(end.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0))
}
