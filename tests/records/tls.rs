//! A PostgreSQL that speaks TLS only, with certificates made here.

use crate::{
    database::{record, shown},
    postgres::{PASSWORD, Postgres},
};
use consentry::record::{Store, StoreUrl};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn openssl(folder: &Path, arguments: &str) -> bool {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    output.is_ok_and(|output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        true
    })
}

/// A new root with this name in `folder`; none where there is no `openssl`, which is said.
pub(crate) fn root(folder: &Path, name: &str) -> Option<PathBuf> {
    let made = openssl(
        folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN={name} -keyout {name}.key -out {name}.crt"
        ),
    );
    if !made {
        println!("skipped: openssl is not installed (apt-get install openssl)");
    }
    made.then(|| folder.join(format!("{name}.crt")))
}

/// A certificate in `folder` that `root` signed for `names`.
pub(crate) fn sign(folder: &Path, root: &Path, name: &str, names: &str) {
    openssl(
        folder,
        &format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ),
    );
    fs::write(folder.join("names"), format!("subjectAltName={names}")).unwrap();
    let (root, key) = (root.display(), root.with_extension("key"));
    let key = key.display();
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA {root} -CAkey {key} -CAcreateserial -days 9 -extfile names -out {name}.crt"
        ),
    );
}

/// The server, and its root.
fn server() -> Option<(Postgres, PathBuf)> {
    let server = Postgres::start()?;
    let root = server.encrypt()?;
    Some((server, root))
}

async fn open(url: &str) -> Result<Store, String> {
    let url: StoreUrl = url.parse().unwrap();
    Store::open(&url).await.map_err(|error| error.to_string())
}

async fn is_encrypted(store: &Store) -> bool {
    let Store::Postgres(pool) = store else { panic!("{store:?}") };
    let statement = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_database_is_encrypted() {
    let Some((server, root)) = server() else { return };
    let (url, root) = (server.url(), root.display());
    for parameters in [
        String::new(),
        "?sslmode=require".to_owned(),
        format!("?sslmode=verify-ca&sslrootcert={root}"),
        format!("?sslmode=verify-full&sslrootcert={root}"),
    ] {
        let store = open(&format!("{url}{parameters}")).await.unwrap();
        assert!(is_encrypted(&store).await, "{parameters}");
        store.append(&parameters, &shown(record(1, true))).await.unwrap();
        store.close().await;
    }
    let store = open(&url).await.unwrap();
    assert_eq!(store.verify().await.unwrap().unwrap().records, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_server_gets_no_password_and_is_said() {
    let Some((server, root)) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = self::root(folder.path(), "other").unwrap();
    let (url, other, none) = (server.url(), other.display(), folder.path().join("none.crt"));
    let (named, none) = (url.replace("127.0.0.1", "localhost"), none.display());
    for (url, parameters, why) in [
        (
            &url,
            format!("sslmode=verify-full&sslrootcert={other}"),
            "none of the roots that are known",
        ),
        (
            &url,
            format!("sslmode=verify-ca&sslrootcert={other}"),
            "none of the roots that are known",
        ),
        (&url, "sslmode=verify-full".to_owned(), "name the file of its root with `sslrootcert=`"),
        (
            &named,
            format!("sslmode=verify-full&sslrootcert={}", root.display()),
            "its certificate is not for this host",
        ),
        (
            &url,
            format!("sslmode=verify-full&sslrootcert={none}"),
            "none.crt, which cannot be read: No such file",
        ),
        (&url, "sslmode=disable".to_owned(), "no pg_hba.conf entry"),
    ] {
        let error = open(&format!("{url}?{parameters}")).await.unwrap_err();
        assert!(error.contains(why), "{parameters}: {error}");
        assert!(!error.contains(PASSWORD) && error.contains("the store postgres://"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_not_asked_without_it() {
    let Some(server) = Postgres::start() else { return };
    let url = server.url();
    assert!(!is_encrypted(&open(&url).await.unwrap()).await);
    for mode in ["require", "verify-full"] {
        let error = open(&format!("{url}?sslmode={mode}")).await.unwrap_err();
        assert!(error.contains("it offers no TLS, which `sslmode` asks for"), "{error}");
        assert!(!error.contains(PASSWORD), "{error}");
    }
}
