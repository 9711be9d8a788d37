//! The files in `conf/` and what the program prints for packages, each by the tool that it is for.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]

use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

fn consentry() -> Command {
    Command::new(env!("CARGO_BIN_EXE_consentry"))
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new("conf").join(name)).unwrap()
}

/// A program of Debian's, wherever it is; says so where it is not.
fn tool(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
    let found =
        folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: {name} is not installed");
    }
    found
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} is not in the file");
    text.replace(from, to)
}

fn right(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let said = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert!(output.status.success(), "{said}");
    said
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on; each has an address of its own, so that nobody else is given it.
fn free() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let at = format!("127.78.0.{}:0", NEXT.fetch_add(1, Relaxed));
    TcpListener::bind(at).unwrap().local_addr().unwrap()
}

fn get(at: SocketAddr, head: &str) -> Option<String> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{head}\r\n")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// An origin that answers with a tracker and what it was told of the visitor.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let told: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let told = told.join("\n").to_lowercase();
            let body =
                format!("<script src=https://www.clarity.ms/tag/x></script><pre>{told}</pre>");
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}",
                body.len()
            );
            let _ = write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    at
}

/// A node before `origin`; where it listens, and where its admin listener is.
fn node(folder: &TempDir, origin: SocketAddr) -> (Running, SocketAddr, SocketAddr) {
    let at = free();
    let admin = TcpListener::bind((at.ip(), 0)).unwrap().local_addr().unwrap();
    let text = format!(
        "[listen]\naddress = \"{at}\"\nadmin = \"{admin}\"\n[origin]\nurl = \"http://{origin}\"\n[records]\nstore = \"\"\n"
    );
    let file = folder.path().join("consentry.toml");
    fs::write(&file, text).unwrap();
    let mut command = consentry();
    command.args(["serve", "--config"]).arg(&file).current_dir(folder.path());
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    (Running(child), at, admin)
}

/// What a visitor gets through `front`, who pretends to be somebody else.
fn through(front: SocketAddr) -> String {
    let start = Instant::now();
    let forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
    loop {
        match get(front, forged) {
            Some(answer) if answer.starts_with("HTTP/1.1 200") => return answer,
            other => assert!(start.elapsed() < PATIENCE, "{other:?}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn is_gated_and_told(answer: &str) {
    assert!(!answer.contains(" src=https://www.clarity.ms"), "{answer}");
    assert!(answer.contains("x-forwarded-for: 127."), "{answer}");
    assert!(
        answer.contains("x-forwarded-proto: http\n") && !answer.contains("203.0.113.9"),
        "{answer}"
    );
}

#[test]
fn haproxy_stands_in_front() {
    let Some(haproxy) = tool("haproxy") else { return };
    let checked = Command::new(&haproxy).args(["-c", "-f", "conf/haproxy.cfg"]).output().unwrap();
    right(&checked);
    let folder = TempDir::new().unwrap();
    let (_node, at, admin) = node(&folder, origin());
    let front = free();
    let mut text = replaced(&read("haproxy.cfg"), "bind 0.0.0.0:80\n", &format!("bind {front}\n"));
    text = replaced(&text, "check port 8081", &format!("check port {}", admin.port()));
    for node in ["10.0.0.11:8080", "10.0.0.12:8080", "10.0.0.13:8080"] {
        text = replaced(&text, node, &at.to_string());
    }
    let file = folder.path().join("haproxy.cfg");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(haproxy);
    command.args(["-db", "-f"]).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
    let _haproxy = Running(command.spawn().unwrap());
    is_gated_and_told(&through(front));
}

#[test]
fn nginx_stands_in_front() {
    let Some(nginx) = tool("nginx") else { return };
    let folder = TempDir::new().unwrap();
    let (_node, at, _) = node(&folder, origin());
    let front = free();
    let mut text = replaced(&read("nginx.conf"), "listen 0.0.0.0:80;", &format!("listen {front};"));
    text = replaced(&text, "server 127.0.0.1:8080;", &format!("server {at};"));
    // Whoever runs the tests need not be root.
    let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let places: String = places.iter().map(|name| format!("{name}_temp_path {name};\n")).collect();
    text = replaced(&text, "http {\n", &format!("http {{\naccess_log off;\n{places}"));
    let file = folder.path().join("nginx.conf");
    fs::write(&file, text).unwrap();
    let start = |more: &[&str]| {
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c"]).arg(&file);
        command.args(["-g", "daemon off; master_process off; pid nginx.pid;"]).args(more);
        command
    };
    right(&start(&["-t"]).output().unwrap());
    let _nginx = Running(start(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    is_gated_and_told(&through(front));
}

#[test]
fn systemd_takes_the_unit() {
    let Some(systemd) = tool("systemd-analyze") else { return };
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("consentry.service");
    let program = "/usr/local/bin/consentry";
    fs::write(
        &file,
        replaced(&read("consentry.service"), program, env!("CARGO_BIN_EXE_consentry")),
    )
    .unwrap();
    let said = right(&Command::new(&systemd).arg("verify").arg(&file).output().unwrap());
    assert!(!said.contains("consentry.service:"), "{said}");
    // From 0, what is shut in wholly, to 100.
    let mut security = Command::new(systemd);
    security.args(["security", "--offline=true", "--threshold=20", "--no-pager"]).arg(&file);
    right(&security.output().unwrap());
}

/// The documents of a YAML file.
fn documents(name: &str) -> Option<Vec<Value>> {
    let script = "import json, sys, yaml\nprint(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    let mut python = Command::new(tool("python3")?);
    python.args(["-c", script]).stdin(fs::File::open(Path::new("conf").join(name)).unwrap());
    let output = python.output().unwrap();
    if String::from_utf8_lossy(&output.stderr).contains("No module named 'yaml'") {
        println!("skipped: Python has no YAML (apt-get install python3-yaml)");
        return None;
    }
    right(&output);
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn check(text: &str, name: &str) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    right(&consentry().arg("check").arg(file).output().unwrap())
}

#[test]
fn compose_starts_what_is_right() {
    let Some(documents) = documents("compose.yaml") else { return };
    let compose = &documents[0];
    let node = &compose["services"]["consentry"];
    assert_eq!(node["configs"][0]["target"], node["command"][2]);
    assert_eq!(
        compose["services"]["db"]["environment"]["POSTGRES_PASSWORD"],
        node["environment"]["PGPASSWORD"]
    );
    check(compose["configs"]["consentry"]["content"].as_str().unwrap(), "consentry.toml");
    let dockerfile = read("Dockerfile");
    for line in
        ["FROM scratch\n", "USER 65532:65532\n", "\"--config\", \"/etc/consentry/consentry.toml\"]"]
    {
        assert!(dockerfile.contains(line), "{line}");
    }
}

#[test]
fn kubernetes_runs_three_nodes_that_agree() {
    let Some(documents) = documents("kubernetes.yaml") else { return };
    let of = |kind: &str, name: &str| {
        let is = |one: &&Value| one["kind"] == kind && one["metadata"]["name"] == name;
        documents.iter().find(is).unwrap()
    };
    let config = of("Secret", "consentry")["stringData"]["consentry.toml"].as_str().unwrap();
    let said = check(config, "consentry.toml");
    assert!(!said.contains("warning"), "{said}");
    let set = &of("StatefulSet", "consentry")["spec"];
    assert_eq!(set["replicas"], 3);
    let (pod, node) = (&set["template"]["spec"], &set["template"]["spec"]["containers"][0]);
    assert_eq!(node["readinessProbe"]["httpGet"]["path"], "/readyz");
    assert_eq!(node["livenessProbe"]["httpGet"]["path"], "/healthz");
    for container in pod["containers"].as_array().unwrap() {
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{container}");
    }
    for (port, key) in [(&node["ports"][0], "address"), (&node["ports"][1], "admin")] {
        assert!(
            config.contains(&format!("{key} = \"0.0.0.0:{}\"", port["containerPort"])),
            "{key}"
        );
    }
    let labels = &set["template"]["metadata"]["labels"];
    for selector in [
        &of("Service", "consentry")["spec"]["selector"],
        &of("PodDisruptionBudget", "consentry")["spec"]["selector"]["matchLabels"],
        &set["selector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    // What is on its way when a pod ends has the time that the file says.
    let seconds = |key: &str| {
        let rest = config.split(&format!("{key} = \"")).nth(1).unwrap();
        rest.split('s').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(
        pod["terminationGracePeriodSeconds"].as_u64().unwrap() > seconds("wait") + seconds("drain")
    );
}

#[test]
fn bash_completes_commands() {
    let Some(bash) = tool("bash") else { return };
    let script = right(&consentry().args(["completions", "bash"]).output().unwrap());
    let ask = "\nCOMP_WORDS=(consentry sc); COMP_CWORD=1; _consentry consentry sc consentry; echo \"${COMPREPLY[@]}\"";
    let output = Command::new(bash).args(["-c", &format!("{script}{ask}")]).output().unwrap();
    assert_eq!(right(&output).trim(), "scan");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = right(&consentry().args(["completions", shell]).output().unwrap());
        assert!(script.contains("completions") && script.contains("explain"), "{shell}: {script}");
    }
    assert_eq!(consentry().args(["completions", "sh"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn man_shows_each_command() {
    let folder = TempDir::new().unwrap();
    right(&consentry().args(["man", "--out"]).arg(folder.path()).output().unwrap());
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    for name in ["consentry.1", "consentry-serve.1", "consentry-records-export.1"] {
        assert!(names.iter().any(|one| one == name), "{names:?}");
    }
    let page = right(&consentry().args(["man", "serve"]).output().unwrap());
    let kept = fs::read_to_string(folder.path().join("consentry-serve.1")).unwrap();
    assert_eq!(page.trim_end(), kept.trim_end());
    let unknown = consentry().args(["man", "sevre"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("write one of serve, demo"));
    let nowhere = consentry().args(["man", "--out", "/no/such/folder"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    let Some(man) = tool("man") else { return };
    for name in names {
        let mut reader = Command::new(&man);
        reader.args(["--warnings", "-E", "UTF-8", "-l"]).arg(folder.path().join(&name));
        let output = reader.env("MANPAGER", "cat").env("MANWIDTH", "80").output().unwrap();
        right(&output);
        assert!(output.stderr.is_empty(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{name}");
    }
}
