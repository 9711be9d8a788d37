//! Turns the operator's patterns of sensitive paths into a test that a path cannot dodge by being written differently.
//!
//! 1. `*` stands for any characters; a pattern that ends in `/*` also means the path before it.
//! 2. Paths compare without case, with escapes undone (three times at most), backslashes as slashes, doubled slashes as
//!    one, and dot segments and segments' parameters taken out: origins disagree on all of these, so each reading that a
//!    server may make counts.

use percent_encoding::percent_decode_str;
use url::Url;

/// Patterns of paths, compiled.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    patterns: Vec<Vec<Box<str>>>,
}

impl Paths {
    /// The patterns, as the operator wrote them.
    #[must_use]
    pub fn new(patterns: &[String]) -> Self {
        let open = patterns.iter().filter_map(|pattern| pattern.strip_suffix("/*"));
        let all = patterns.iter().map(String::as_str).chain(open.filter(|path| !path.is_empty()));
        let parts = |pattern: &str| plain(pattern).split('*').map(Into::into).collect();
        Self { patterns: all.map(parts).collect() }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether one of them means `path`, which may have a query.
    #[must_use]
    pub fn cover(&self, path: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        readings(path).iter().any(|path| self.means(path))
    }

    /// Whether they mean `path` whatever a server takes it for.
    #[must_use]
    pub fn cover_wholly(&self, path: &str) -> bool {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        // Servers that leave dot segments and backslashes as they are read something else again.
        !path.contains(['\\', ';']) && readings(path).iter().all(|path| self.means(path))
    }

    fn means(&self, path: &str) -> bool {
        let bare = path.trim_end_matches('/');
        self.patterns.iter().any(|parts| matches(parts, path) || matches(parts, bare))
    }

    /// The host of a URL whose path is meant, empty for a relative one; `None` where it is not meant or no URL.
    #[must_use]
    pub fn host(&self, url: &str) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let text = url.trim_ascii();
        let absolute =
            if text.starts_with("//") { format!("https:{text}") } else { text.to_owned() };
        match Url::parse(&absolute) {
            Ok(url) => {
                self.cover(url.path()).then(|| url.host_str().unwrap_or_default().to_owned())
            }
            Err(_) if text.starts_with('/') => self.cover(text).then(String::new),
            Err(_) => None,
        }
    }
}

/// What servers may take `path` for.
fn readings(path: &str) -> Vec<String> {
    let mut readings = vec![plain(path)];
    let mut escaped = path.to_owned();
    for _ in 0..3 {
        let decoded = percent_decode_str(&escaped).decode_utf8_lossy().into_owned();
        if decoded == escaped {
            break;
        }
        readings.push(plain(&decoded));
        escaped = decoded;
    }
    readings
}

/// Lower case, with single slashes, no dot segments and no parameters of segments (RFC 3986 3.3).
fn plain(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let lower = path.replace('\\', "/").to_lowercase();
    let bare = lower.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
    for segment in bare.filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    let end = if lower.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

fn matches(parts: &[Box<str>], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|only| **only == *text);
    };
    let Some(mut rest) = text.strip_prefix(&**first) else { return false };
    for part in middle {
        let Some((_, after)) = rest.split_once(&**part) else { return false };
        rest = after;
    }
    rest.ends_with(&**last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(patterns: &[&str]) -> Paths {
        Paths::new(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_path_is_found_however_it_is_written() {
        let paths = paths(&["/health/*", "/kids", "/*/secret*"]);
        for path in [
            "/health/x",
            "/health",
            "/health/",
            "/Health/X",
            "/%68ealth/x",
            "/%2568ealth/x",
            "//health//x",
            "/a/../health/x",
            "/a/%2e%2e/health/x",
            "/health%2fx",
            "/health\\x",
            "/health;v=1/x",
            "/kids",
            "/KIDS/",
            "/kids?q=1",
            "/en/secret-page",
        ] {
            assert!(paths.cover(path), "{path}");
        }
        for path in ["/", "/healthy", "/kids2", "/x/kids", "/secret", ""] {
            assert!(!paths.cover(path), "{path}");
        }
        assert!(!Paths::default().cover("/health"));
        assert!(self::paths(&["*"]).cover("/anything") && self::paths(&["/*"]).cover("/"));
    }
}
