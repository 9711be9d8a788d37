//! Turns the text of an address, of the command line or of a file, into what to listen on and where the origin is.
//!
//! 1. The origin is a scheme, a host and a port: the visitor's path and query are kept as they are.
//! 2. An address to listen on is numeric: a name could mean several, or none when the program starts.

use super::meaning::{Wrong, text};
use std::net::{Ipv4Addr, SocketAddr};
use toml::de::DeValue;
use url::Url;

/// The URL of an origin: `http://127.0.0.1:3000`.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn origin_url(text: &str) -> Result<Url, Wrong> {
    let example = "write a URL such as \"http://127.0.0.1:3000\"";
    let url = Url::parse(text)
        .map_err(|e| Wrong::text(text, &format!(", which is no URL ({e})"), example))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Wrong::text(text, ", which is neither http nor https", example));
    }
    let mut bare = url.clone();
    bare.set_path("");
    bare.set_query(None);
    bare.set_fragment(None);
    let anonymous = bare.set_username("").and_then(|()| bare.set_password(None)).is_ok();
    if !anonymous || bare != url {
        let shown = bare.as_str().trim_end_matches('/');
        let why = ", which is more than scheme, host and port";
        return Err(Wrong::text(text, why, format!("write \"{shown}\"")));
    }
    Ok(url)
}

/// An address to listen on: `127.0.0.1:8080`.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn listen_address(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let (host, port) = text.rsplit_once(':').unwrap_or((text, "8080"));
        let port = port.parse::<u16>().unwrap_or(8080);
        let host = match host.parse::<Ipv4Addr>() {
            Ok(address) => address,
            Err(_) if matches!(host, "" | "*") => Ipv4Addr::UNSPECIFIED,
            Err(_) => Ipv4Addr::LOCALHOST,
        };
        let why = ", which is no address with a port";
        Wrong::text(text, why, format!("write \"{host}:{port}\""))
    })
}

/// As [`origin_url`]; empty for none.
pub(super) fn optional_url(value: &DeValue<'_>) -> Result<Option<Url>, Wrong> {
    match text(value)?.as_str() {
        "" => Ok(None),
        url => origin_url(url).map(Some),
    }
}

/// As [`listen_address`]; empty for none.
pub(super) fn optional_address(value: &DeValue<'_>) -> Result<Option<SocketAddr>, Wrong> {
    match text(value)?.as_str() {
        "" => Ok(None),
        address => listen_address(address).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin_url("https://Shop.example").unwrap().as_str(), "https://shop.example/");
        for (text, message) in [
            (
                "localhost:3000",
                "is `localhost:3000`, which is neither http nor https; write a URL such as \"http://127.0.0.1:3000\"",
            ),
            (
                "shop.example",
                "is `shop.example`, which is no URL (relative URL without a base); write a URL such as \"http://127.0.0.1:3000\"",
            ),
            (
                "http://u:p@shop.example:81/x?y#z",
                "is `http://u:p@shop.example:81/x?y#z`, which is more than scheme, host and port; write \"http://shop.example:81\"",
            ),
        ] {
            assert_eq!(origin_url(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn an_address_is_numeric_and_has_a_port() {
        assert_eq!(listen_address("[::1]:80").unwrap().port(), 80);
        for (text, instead) in [
            ("8080", "127.0.0.1:8080"),
            (":81", "0.0.0.0:81"),
            ("localhost:90", "127.0.0.1:90"),
            ("10.0.0.1", "10.0.0.1:8080"),
        ] {
            let message = listen_address(text).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("is `{text}`, which is no address with a port; write \"{instead}\"")
            );
        }
    }
}
