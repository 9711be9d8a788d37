//! Three nodes behind HAProxy, with one PostgreSQL: any of them can be killed, and all can be restarted one after the other.

use super::{
    postgres::Postgres,
    program::{PATIENCE, Place, Program, free, until},
};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};
use tempfile::TempDir;

const PAGE: &str = "<!doctype html><title>a</title><script async src=\"https://www.google-analytics.com/analytics.js\"></script><p>page</p>";

/// A page with a tracker in it, over and over.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines();
                loop {
                    let head = lines.by_ref().map_while(Result::ok).take_while(|l| !l.is_empty());
                    if head.count() == 0 {
                        return;
                    }
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"1\"\r\nContent-Length: {}\r\n\r\n{PAGE}",
                        PAGE.len()
                    );
                    if (&stream).write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// One node, which comes back where it was.
struct Node {
    place: Place,
    at: SocketAddr,
    program: Option<Program>,
}

impl Node {
    fn new(origin: SocketAddr, store: &str) -> Self {
        let (place, at, admin) = (Place::new(), free(), free());
        place.write(&format!(
            "[listen]\naddress = \"{at}\"\nadmin = \"{admin}\"\n[origin]\nurl = \"http://{origin}\"\n\
             [consent]\npolicy = \"p1\"\n[collect]\nvendors = [\"ga4\", \"ga_ua\"]\nsecret = \"the same on all of the nodes\"\n\
             [records]\nstore = \"{store}\"\ntimeout = \"20s\"\nsecret = \"the same on all of the nodes\"\n\
             [shutdown]\nwait = \"1s\"\ndrain = \"20s\"\n"
        ));
        let program = Some(place.start());
        Self { place, at, program }
    }

    fn admin(&self) -> SocketAddr {
        self.program.as_ref().unwrap().admin.unwrap()
    }

    /// Restarts it as a service manager does, after `signal`.
    fn restart(&mut self, signal: &str) {
        let mut program = self.program.take().unwrap();
        program.signal(signal);
        let status = program.ended();
        assert_eq!(status.success(), signal == "TERM", "{}", program.said());
        self.program = Some(self.place.start());
    }
}

/// HAProxy before nodes.
struct Balancer {
    at: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Balancer {
    fn before(nodes: &[Node]) -> Self {
        let (folder, at) = (TempDir::new().unwrap(), free());
        let servers: String = nodes
            .iter()
            .enumerate()
            .map(|(number, node)| {
                let admin = node.admin();
                format!(
                    "  server n{number} {} check addr {} port {}\n",
                    node.at,
                    admin.ip(),
                    admin.port()
                )
            })
            .collect();
        let file = folder.path().join("haproxy.cfg");
        let text = format!(
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  option forwardfor\n\
             \x20 retries 5\n  option redispatch 1\n  retry-on conn-failure empty-response\n\
             frontend visitors\n  bind {at}\n  default_backend nodes\n\
             backend nodes\n  balance roundrobin\n  option httpchk GET /readyz\n\
             \x20 default-server inter 100ms fall 1 rise 1\n{servers}"
        );
        fs::write(&file, text).unwrap();
        let mut command = haproxy();
        command.args(["-db", "-f"]).arg(&file).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let balancer = Self { at, child, _folder: folder };
        until(|| ask(at, "/", "").is_ok_and(|got| got.0 == 200), || "nobody is there".to_owned());
        balancer
    }

    fn is_installed() -> bool {
        haproxy().arg("-v").stdout(Stdio::null()).status().is_ok()
    }
}

/// Debian keeps it where only root looks for programs.
fn haproxy() -> Command {
    let debian = "/usr/sbin/haproxy";
    Command::new(if Path::new(debian).exists() { debian } else { "haproxy" })
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status, head and body of one request.
fn talk(at: SocketAddr, request: &str) -> std::io::Result<(u16, String, String)> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked")
        && !body.ends_with("\r\n0\r\n\r\n")
    {
        return Err(ErrorKind::InvalidData.into());
    }
    Ok((status, head.to_owned(), body.to_owned()))
}

fn ask(at: SocketAddr, path: &str, headers: &str) -> std::io::Result<(u16, String, String)> {
    talk(
        at,
        &format!("GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n{headers}\r\n"),
    )
}

/// A visitor's yes; the cookie that says it.
fn accept(at: SocketAddr) -> Result<String, String> {
    let body = r#"{"purposes":["analytics","marketing"]}"#;
    let got = talk(
        at,
        &format!(
            "POST /_consentry/choice HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let (status, head, body) = got.map_err(|error| format!("{error:?}"))?;
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next()).flatten()
    });
    match cookie {
        Some(cookie) if status == 200 && body.contains("\"recorded\":true") => {
            Ok(cookie.to_owned())
        }
        _ => Err(format!("{status} {body}")),
    }
}

/// Visitors who ask and choose, until they are told to stop.
struct Visitors {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    threads: Vec<thread::JoinHandle<(Vec<String>, Vec<String>)>>,
}

impl Visitors {
    fn of(at: SocketAddr) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let threads = (0..4)
            .map(|number| {
                let (stop, asked) = (stop.clone(), asked.clone());
                thread::spawn(move || {
                    let (mut cookies, mut wrong) = (Vec::new(), Vec::new());
                    while !stop.load(Relaxed) {
                        let cookie = cookies.last().map(|c| format!("Cookie: {c}\r\n"));
                        if number == 0 {
                            match accept(at) {
                                Ok(cookie) => cookies.push(cookie),
                                Err(why) => wrong.push(why),
                            }
                            // A node takes five choices a second of one address over a while.
                            thread::sleep(Duration::from_millis(150));
                        }
                        match ask(at, "/", &cookie.clone().unwrap_or_default()) {
                            Ok((200, head, _)) if head.contains(class(cookie.is_some())) => {
                                asked.fetch_add(1, Relaxed);
                            }
                            other => wrong.push(format!("{other:?}")),
                        }
                    }
                    (cookies, wrong)
                })
            })
            .collect();
        Self { stop, asked, threads }
    }

    /// Waits until many more were served.
    fn go_on(&self) {
        let before = self.asked.load(Relaxed);
        until(|| self.asked.load(Relaxed) > before + 40, || "nothing is served".to_owned());
    }

    /// Their cookies, and what went wrong.
    fn end(self) -> (Vec<String>, Vec<String>) {
        self.stop.store(true, Relaxed);
        let (mut cookies, mut wrong) = (Vec::new(), Vec::new());
        for thread in self.threads {
            let (own, what) = thread.join().unwrap();
            cookies.extend(own);
            wrong.extend(what);
        }
        (cookies, wrong)
    }
}

/// What a page's head says of a visitor who said yes, or nothing.
const fn class(yes: bool) -> &'static str {
    if yes { "consent=am" } else { "consent=none" }
}

/// Receipts of the records that are in the store.
fn receipts(place: &Place) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_consentry"));
    command.args(["records", "export", "--format", "csv", "--config"]).arg(place.file());
    let output = command.current_dir(place.folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.split(',').nth(7)).map(str::to_owned).collect()
}

#[test]
fn any_of_three_can_be_killed_and_all_be_rolled() {
    if !Balancer::is_installed() {
        println!("skipped: HAProxy is not installed (apt-get install haproxy)");
        return;
    }
    let Some(server) = Postgres::start() else { return };
    let origin = origin();
    let mut nodes: Vec<Node> = (0..3).map(|_| Node::new(origin, &server.url())).collect();
    let balancer = Balancer::before(&nodes);
    let visitors = Visitors::of(balancer.at);
    visitors.go_on();
    for node in &mut nodes {
        node.restart("TERM");
        let admin = node.admin();
        until(
            || ask(admin, "/readyz", "").is_ok_and(|got| got.0 == 200),
            || "it is not ready".to_owned(),
        );
        visitors.go_on();
    }
    for node in &mut nodes {
        node.restart("KILL");
        visitors.go_on();
    }
    let (cookies, wrong) = visitors.end();
    // Whoever has half an answer when a node is killed has half an answer; four visitors asked, three nodes were killed.
    let (cut, failed): (Vec<_>, Vec<_>) =
        wrong.into_iter().partition(|why| why.contains("InvalidData"));
    assert_eq!(failed, Vec::<String>::new());
    assert!(cut.len() <= 6, "{cut:?}");
    assert!(cookies.len() > 20, "{} choices", cookies.len());
    // What was answered as recorded is in the store, also from those who were killed.
    let receipt = |cookie: &String| cookie.split('.').nth(4).unwrap().to_owned();
    let given: BTreeSet<String> = cookies.iter().map(receipt).collect();
    let missing = || given.difference(&receipts(&nodes[0].place)).cloned().collect::<Vec<_>>();
    until(
        || missing().is_empty(),
        || format!("{} of {} are missing", missing().len(), given.len()),
    );
    // Any node decides the same, of any node's visitors.
    let heads = |headers: &str| {
        let one = |node: &Node| {
            let (status, head, body) = ask(node.at, "/", headers).unwrap();
            let told = |line: &&str| line.starts_with("etag: ") || line.starts_with("consentry: ");
            (status, head.lines().filter(told).collect::<Vec<_>>().join("\n"), body)
        };
        nodes.iter().map(one).collect::<BTreeSet<_>>()
    };
    for cookie in [cookies.first().unwrap(), cookies.last().unwrap()] {
        let got = heads(&format!("Cookie: {cookie}\r\n"));
        assert_eq!(got.len(), 1, "{got:#?}");
        assert!(got.first().unwrap().1.contains(class(true)), "{got:?}");
    }
    let got = heads("");
    assert_eq!(got.len(), 1, "{got:#?}");
    eprintln!("{} choices, {} half answers", cookies.len(), cut.len());
}
