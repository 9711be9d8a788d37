//! A PostgreSQL of our own, on a free port, in a folder that goes with it.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// The password that no message may show.
pub(crate) const PASSWORD: &str = "s3cret-word";

pub(crate) struct Postgres {
    folder: TempDir,
    port: u16,
}

/// The folder of the server's programs: Debian keeps them out of the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain(debian).find(|folder| folder.join("initdb").exists())
}

/// A program of the server's, as a user whom it obeys: it refuses root.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    let program = programs().unwrap().join(program);
    let root =
        fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

impl Postgres {
    /// A new server; none where PostgreSQL is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        if programs().is_none() {
            println!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        if let Some((uid, gid)) = owner() {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        if let Some((uid, gid)) = owner() {
            chown(folder.path().join("password"), Some(uid), Some(gid)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        let initialise = [
            "-D",
            "data",
            "-U",
            "consentry",
            "-A",
            "scram-sha-256",
            "--pwfile=password",
            "-E",
            "UTF8",
            "--no-sync",
        ];
        server.run("initdb", &initialise);
        server.up();
        Some(server)
    }

    /// Asks for TLS from here on, with a certificate for 127.0.0.1 that a root signed; that root's file, or none where there is no
    /// `openssl`, which is said. What is not encrypted is refused.
    pub(crate) fn encrypt(&self) -> Option<PathBuf> {
        let folder = self.folder.path();
        let root = crate::tls::root(folder, "root")?;
        crate::tls::sign(folder, &root, "server", "IP:127.0.0.1,DNS:db.internal");
        for name in ["server.crt", "server.key"] {
            let file = folder.join(name);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((uid, gid)) = owner() {
                chown(&file, Some(uid), Some(gid)).unwrap();
            }
        }
        let data = folder.join("data");
        let place = |name: &str| folder.join(name).display().to_string();
        let mut config = File::options().append(true).open(data.join("postgresql.conf")).unwrap();
        let (certificate, key) = (place("server.crt"), place("server.key"));
        writeln!(config, "ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'")
            .unwrap();
        fs::write(data.join("pg_hba.conf"), "hostssl all all all scram-sha-256\n").unwrap();
        self.down();
        self.up();
        Some(root)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = run(program, arguments, self.folder.path());
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the server again.
    pub(crate) fn up(&self) {
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        self.run("pg_ctl", &["-D", "data", "-l", "log", "-w", "-o", &options, "start"]);
    }

    /// Ends the server at once, as a crash does.
    pub(crate) fn down(&self) {
        self.run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The URL of its database.
    pub(crate) fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The URL of its database on another way to it.
    pub(crate) fn url_at(&self, address: SocketAddr) -> String {
        format!("postgres://consentry:{PASSWORD}@{address}/postgres")
    }

    /// The URL with a password that is wrong.
    pub(crate) fn wrong(&self) -> String {
        self.url().replace(PASSWORD, "wr0ng-word")
    }
}

/// The user `postgres`, where we are root.
fn owner() -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    let ids = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
        .then_some(ids)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = run("pg_ctl", &["-D", "data", "-m", "immediate", "stop"], self.folder.path());
    }
}
