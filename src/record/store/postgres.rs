//! Turns the URL of a PostgreSQL server into connections to it, and what keeps it from them into words.
//!
//! 1. `sslmode` (PostgreSQL's manual, 32.19.3) is `disable`; `prefer`, unless said, which encrypts where the server can; `require`,
//!    which encrypts or fails; `verify-ca` or `verify-full`, which look at the server's certificate and its name too.
//! 2. Roots are the system's (`SSL_CERT_FILE` names others) and, besides, those in the file that `sslrootcert` names.
//! 3. What is no parameter of ours is an error where the URL is read: a misspelt `sslmode` would encrypt nothing.
//! 4. No word has a password: of the URL only names of parameters and files are repeated.

use super::{PATIENCE, pool};
use crate::record::BadStore;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{fs::File, io, path::Path, str::FromStr as _};
use url::Url;

/// The parameters that name files.
const FILES: [&str; 3] = ["sslcert", "sslkey", "sslrootcert"];
/// All others.
const PARAMETERS: [&str; 10] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslmode",
    "statement-cache-capacity",
    "user",
];
/// How a certificate begins that stands in the URL itself.
const INLINE: &str = "-----BEGIN";

/// Whether `url` is one that connections can be made with.
pub(in crate::record) fn check(url: &str) -> Result<(), BadStore> {
    let parsed = Url::parse(url).map_err(|_| BadStore::Other)?;
    let known = |name: &str| FILES.contains(&name) || PARAMETERS.contains(&name);
    match parsed.query_pairs().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(BadStore::Parameter(name.into_owned())),
        None => options(url).map(|_| ()).map_err(|_| BadStore::Other),
    }
}

/// `url` with the files that it names beginning at `base`.
pub(in crate::record) fn below(url: &str, base: &Path) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if files(&parsed).next().is_some() => {
            let pairs = parsed.query_pairs().map(|(name, value)| match is_file(&name, &value) {
                true => (name.into_owned(), base.join(&*value).to_string_lossy().into_owned()),
                false => (name.into_owned(), value.into_owned()),
            });
            let pairs: Vec<_> = pairs.collect();
            parsed.query_pairs_mut().clear().extend_pairs(pairs);
            parsed.into()
        }
        Ok(_) | Err(_) => url.to_owned(),
    }
}

fn is_file(name: &str, value: &str) -> bool {
    FILES.contains(&name) && !value.starts_with(INLINE)
}

fn files(url: &Url) -> impl Iterator<Item = (String, String)> {
    let files = url.query_pairs().filter(|(name, value)| is_file(name, value));
    files.map(|(name, value)| (name.into_owned(), value.into_owned()))
}

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("consentry");
    // An address has brackets in a URL, and none in a certificate (RFC 3986 3.2.2).
    let bare = options.get_host().trim_matches(['[', ']']).to_owned();
    Ok(options.host(&bare).disable_statement_logging())
}

/// Connections to the server at `url`.
pub(super) async fn connect(url: &str) -> Result<PgPool, sqlx::Error> {
    readable(url)?;
    let options = options(url)?;
    // A pool tries again until its time is over, and says no more than that it is.
    let first = PgConnection::connect_with(&options);
    let first = tokio::time::timeout(PATIENCE, first).await;
    first.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await?;
    pool(PgPoolOptions::new()).connect_with(options).await
}

/// The client would not say which file it cannot read.
fn readable(url: &str) -> io::Result<()> {
    let Ok(parsed) = Url::parse(url) else { return Ok(()) };
    for (name, path) in files(&parsed) {
        let why = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("`{name}` names {path}, which cannot be read: {error}"),
            )
        };
        File::open(&path).map_err(why)?;
    }
    Ok(())
}

/// Why there is no encrypted connection, and what to write instead; none for what is not about that.
pub(super) fn tls_words(error: &sqlx::Error) -> Option<String> {
    let text = if let sqlx::Error::Io(error) = error {
        error.to_string()
    } else if let sqlx::Error::Tls(error) = error {
        error.to_string()
    } else {
        return None;
    };
    let has = |word: &str| text.contains(word);
    let instead = if has("UnknownIssuer") {
        "none of the roots that are known here signed its certificate; name the file of its root with `sslrootcert=`"
    } else if has("CaUsedAsEndEntity") {
        "its certificate is a root itself; sign another one with it for the server, and name the root with `sslrootcert=`"
    } else if has("not valid for name") || has("NotValidForName") {
        "its certificate is not for this host; name the host as the certificate does"
    } else if has("does not support TLS") {
        "it offers no TLS, which `sslmode` asks for; switch `ssl` on in the server"
    } else if has("without TLS support") {
        "this program was built without TLS for databases (the feature `rustls`); leave `sslmode` out, or build it with that"
    } else if matches!(error, sqlx::Error::Tls(_)) || has("peer") {
        "TLS fails"
    } else {
        return None;
    };
    Some(format!("{instead} ({text})"))
}
