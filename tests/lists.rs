//! The operator's filter lists in the running program: fetched, used, kept on disk, swapped whole, and used again after a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Where Debian's `webext-ublock-origin-chromium` has the lists.
const DEBIAN: &str = "/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist";
/// How long anything may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(60);

// === Servers ===

/// A server that runs until it is dropped.
struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request for a path with the whole response that `answer` gives.
    fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let stop = ended.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away is the client's affair.
                let _ = stream.and_then(|stream| respond(stream, &answer));
            }
        });
        Self { address, ended, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes it up; when it is gone already, there is nothing to wake.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn respond(mut stream: TcpStream, answer: &impl Fn(&str) -> String) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    stream.write_all(answer(first.split(' ').nth(1).unwrap_or_default()).as_bytes())
}

fn response(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close");
    format!("HTTP/1.1 {status}\r\n{head}\r\nETag: \"x\"\r\n\r\n{body}")
}

/// The server of the lists: their texts by path; one without a text is out of order.
#[derive(Clone, Default)]
struct Library {
    texts: Arc<Mutex<BTreeMap<String, String>>>,
    refused: Arc<AtomicUsize>,
}

impl Library {
    fn put(&self, path: &str, text: &str) {
        self.texts.lock().unwrap().insert(path.to_owned(), text.to_owned());
    }

    fn close(&self) {
        self.texts.lock().unwrap().clear();
    }

    fn open(&self) -> Server {
        let Self { texts, refused } = self.clone();
        Server::start(move |path| {
            if let Some(text) = texts.lock().unwrap().get(path) {
                return response("200 OK", "text/plain", text);
            }
            refused.fetch_add(1, Ordering::SeqCst);
            response("503 Service Unavailable", "text/plain", "later")
        })
    }

    /// Waits until this many more requests were refused.
    fn refuses(&self, more: usize) {
        let before = self.refused.load(Ordering::SeqCst);
        until("a refresh", || self.refused.load(Ordering::SeqCst) >= before + more);
    }
}

// === The program ===

/// The running program, and what it has said on standard error.
struct Program {
    child: Child,
    address: String,
    said: Arc<Mutex<String>>,
}

impl Program {
    fn start(file: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_consentry"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(file)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (errors, log) = (child.stderr.take().unwrap(), said.clone());
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                eprintln!("{line}");
                log.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("consentry: http://").unwrap_or_default();
        let address = address.split(' ').next().unwrap_or_default().to_owned();
        Self { child, address, said }
    }

    /// The response for a page, head and body.
    fn get(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("<p>Tea</p>"), "{answer}");
        answer
    }

    fn lets(&self, host: &str) -> bool {
        contacts(&self.get(), host)
    }

    /// How often the program has said `words`.
    fn said(&self, words: &str) -> usize {
        self.said.lock().unwrap().matches(words).count()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a page has a script from a host that a browser loads; one that waits for consent has no `src`.
fn contacts(page: &str, host: &str) -> bool {
    page.contains(&format!("<script src=\"https://{host}/"))
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        thread::sleep(Duration::from_millis(50));
    }
}

/// An origin whose page has a script from each host.
fn origin(hosts: &[&str]) -> Server {
    let scripts =
        hosts.iter().map(|host| format!("<script src=\"https://{host}/s.js\"></script>\n"));
    let page = format!("<!doctype html>\n{}<p>Tea</p>\n", scripts.collect::<String>());
    Server::start(move |_| response("200 OK", "text/html", &page))
}

/// A configuration file with lists from `server`, which are looked at again each second.
fn configuration(
    folder: &Path,
    origin: &Server,
    server: &Server,
    lists: &[(&str, &str)],
) -> PathBuf {
    let at = server.address;
    let lists: String = lists
        .iter()
        .map(|(path, purpose)| {
            format!(
                "  {{ url = \"http://{at}{path}\", purpose = \"{purpose}\", refresh = \"1s\" }},\n"
            )
        })
        .collect();
    let origin = origin.address;
    let text = format!(
        "[origin]\nurl = \"http://{origin}\"\n[banner]\nenabled = false\n[gate]\nheuristics = false\nlist_cache = \"kept\"\nlists = [\n{lists}]\n"
    );
    let file = folder.join("consentry.toml");
    fs::write(&file, text).unwrap();
    file
}

fn kept(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder.join("kept")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// The entity tag of a response.
fn tag(response: &str) -> String {
    let lines = response.lines().map(str::to_ascii_lowercase);
    lines.filter_map(|line| line.strip_prefix("etag:").map(str::to_owned)).next().unwrap()
}

// === Tests ===

#[test]
fn real_lists_hold_over_failures_and_a_restart() {
    let texts = ["easyprivacy", "easylist"].map(|list| {
        let path = format!("{DEBIAN}/{list}.txt");
        fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    });
    let [privacy, ads] = match texts {
        [Ok(privacy), Ok(ads)] => [privacy, ads],
        [Err(why), _] | [_, Err(why)] => {
            eprintln!("SKIPPED: the lists of webext-ublock-origin-chromium are absent ({why})");
            return;
        }
    };
    let hosts = [only_listed(&privacy), only_listed(&ads)];
    eprintln!("known to the lists only: {hosts:?}");
    let (folder, library, origin) =
        (tempfile::tempdir().unwrap(), Library::default(), origin(&hosts));
    let server = library.open();
    let lists = [("/easyprivacy.txt", "analytics"), ("/easylist.txt", "marketing")];
    let file = configuration(folder.path(), &origin, &server, &lists);

    let program = Program::start(&file);
    library.refuses(2);
    let unlisted = program.get();
    assert!(hosts.iter().all(|host| unlisted.contains(host)), "no list is there yet: {unlisted}");
    library.put("/easyprivacy.txt", &privacy);
    library.put("/easylist.txt", &ads);
    until("the gated page", || !hosts.iter().any(|host| program.lets(host)));
    let listed = tag(&program.get());
    assert_ne!(listed, tag(&unlisted));
    library.close();
    library.refuses(4);
    assert!(!hosts.iter().any(|host| program.lets(host)), "a failed refresh keeps the old lists");
    let kept = kept(folder.path());
    assert_eq!(kept.len(), 2);
    assert!([&privacy, &ads].iter().all(|list| kept.contains(list)), "the copies are the lists");

    drop((program, server));
    let program = Program::start(&file);
    let first = program.get();
    assert!(!hosts.iter().any(|host| contacts(&first, host)), "the copies hold at once: {first}");
    assert_eq!(tag(&first), listed, "the same lists, the same validator");
}

#[test]
fn a_bad_line_is_reported_once_and_the_rest_holds() {
    let hosts = ["early.example", "late.example"];
    let (folder, library, origin) =
        (tempfile::tempdir().unwrap(), Library::default(), origin(&hosts));
    let (early, bad) = ("||early.example^", "||bad.example^$nosuchoption");
    library.put("/own.txt", &format!("{bad}\n{early}\n"));
    let server = library.open();
    let lists = [("/own.txt", "functional")];
    let file = configuration(folder.path(), &origin, &server, &lists);

    let program = Program::start(&file);
    until("the list", || !program.lets("early.example"));
    assert!(program.lets("late.example"));
    let first = tag(&program.get());
    library.put("/own.txt", &format!("! newer\n{bad}\n||late.example^\n"));
    until("the newer list", || !program.lets("late.example"));
    assert!(program.lets("early.example"), "a list is swapped whole");
    assert_ne!(tag(&program.get()), first);
    library.close();
    library.refuses(2);
    assert!(!program.lets("late.example"));
    assert_eq!(program.said("is skipped"), 1, "{}", program.said.lock().unwrap());
    assert_eq!(program.said("own.txt: line 1 is skipped: "), 1);
    until("the word on the failure", || program.said("was not refreshed, the old one stays") > 0);

    drop((program, server));
    let program = Program::start(&file);
    assert!(!program.lets("late.example"), "the copy holds at once");
    until("the word on the line", || program.said("own.txt: line 2 is skipped: ") == 1);
}

/// A host that the list `text` blocks whole, and that neither the catalogue nor the long tail has, nor a parent of it.
fn only_listed(text: &str) -> &str {
    let known =
        concat!(include_str!("../conf/vendors.toml"), include_str!("../conf/third-parties.tsv"));
    let mut hosts = text.lines().filter_map(|line| {
        let rule = line.strip_prefix("||")?;
        rule.strip_suffix("^$third-party").or_else(|| rule.strip_suffix('^'))
    });
    let plain = |host: &str| {
        host.ends_with(".com") && host.matches('.').count() == 1 && !host.contains(['*', '/', '$'])
    };
    hosts.find(|host| plain(host) && !known.contains(host)).unwrap()
}
