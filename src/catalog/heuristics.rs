//! Turns a target on another site that no catalogue knows into "announces itself as a tracker", or not.
//!
//! 1. An image of at most one pixel, or a hidden image or frame, is there to be counted, not seen.
//! 2. A script, frame or image announces itself when a token of its host or a segment of its path is one of [`WORDS`].
//! 3. Host labels and path segments are cut into tokens at what is neither a letter nor a digit; digits at the end of a
//!    host's token do not count (`ads2`), and a path's token with a digit never counts (`ad516503a11c` is an id).
//! 4. Long words ([`STEMS`]) also count inside a host token (`smartadserver`, `webanalytics`).

use super::target::{Destination, Shape, Target};
use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Tokens that mean advertising or counting wherever they stand alone.
pub(super) const WORDS: &[&str] = &[
    "ad",
    "adclick",
    "adframe",
    "adimg",
    "adjs",
    "adlog",
    "adnxs",
    "ads",
    "adscript",
    "adserve",
    "adserver",
    "adservice",
    "adserving",
    "adsystem",
    "adtag",
    "adtech",
    "adv",
    "advert",
    "advertisement",
    "advertising",
    "adverts",
    "adview",
    "adx",
    "adzone",
    "analytics",
    "banner",
    "bannerad",
    "banners",
    "beacon",
    "beacons",
    "bid",
    "bidder",
    "bidding",
    "clicktrack",
    "clicktracking",
    "conversion",
    "cookiesync",
    "counter",
    "counters",
    "doubleclick",
    "dsp",
    "gampad",
    "impression",
    "impressions",
    "metrics",
    "pagead",
    "pixel",
    "pixels",
    "prebid",
    "retarget",
    "retargeting",
    "rtb",
    "sponsor",
    "sponsored",
    "ssp",
    "stat",
    "statistics",
    "stats",
    "sync",
    "tagmanager",
    "telemetry",
    "trace",
    "track",
    "tracker",
    "trackers",
    "tracking",
    "trk",
    "usersync",
    "webbug",
    "webtrends",
];

/// [`WORDS`], for the many tokens of a path.
static IS_WORD: LazyLock<FxHashSet<&str>> = LazyLock::new(|| WORDS.iter().copied().collect());

/// Words that are distinctive enough to count inside a longer host token.
pub(super) const STEMS: &[&str] =
    &["adserv", "adnetwork", "adsystem", "advertis", "analytics", "retarget", "tracking"];

/// Whether `target`, on another site, announces itself as a tracker.
pub(super) fn announces_itself(target: &Target<'_>) -> bool {
    match target.destination() {
        Destination::Image => target.shape() == Shape::Hidden || names_itself(target),
        Destination::Iframe | Destination::Object => {
            target.shape() == Shape::Hidden || names_itself(target)
        }
        Destination::Script => names_itself(target),
        Destination::Ping | Destination::Connect => host_names_itself(target.host()),
        Destination::Style
        | Destination::Font
        | Destination::Media
        | Destination::Other
        | Destination::Document => false,
    }
}

fn names_itself(target: &Target<'_>) -> bool {
    host_names_itself(target.host()) || path_names_itself(target.path())
}

fn path_names_itself(path: &str) -> bool {
    let is_hex_pair = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_hexdigit());
    let mut segments = path.split('/').peekable();
    let mut before = "";
    while let Some(segment) = segments.next() {
        // `/ad/7b/` are the folders of a store of files, named by hashes.
        let of_a_hash = is_hex_pair(segment)
            && (is_hex_pair(before) || segments.peek().is_some_and(|s| is_hex_pair(s)));
        if !of_a_hash && segment_names_itself(segment) {
            return true;
        }
        before = segment;
    }
    false
}

fn host_names_itself(host: &str) -> bool {
    let labels = host.rsplit_once('.').map_or(host, |(labels, _)| labels);
    let mut tokens = tokens(labels).map(|t| t.trim_end_matches(|c: char| c.is_ascii_digit()));
    tokens.any(|t| is_word(t) || STEMS.iter().any(|stem| t.contains(stem)))
}

fn segment_names_itself(segment: &str) -> bool {
    tokens(segment).any(is_word)
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|t| t.len() > 1)
}

fn is_word(token: &str) -> bool {
    if token.bytes().any(|b| b.is_ascii_uppercase()) {
        return IS_WORD.contains(&*token.to_ascii_lowercase());
    }
    IS_WORD.contains(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn announces(url: &str, destination: Destination, shape: Shape) -> bool {
        let url = Url::parse(url).unwrap();
        announces_itself(&Target::new(&url, destination, shape).unwrap())
    }

    #[test]
    fn names_and_shapes_announce() {
        for url in [
            "https://ads.example.net/x.js",
            "https://cdn.example.net/js/adserver/x.js",
            "https://stats2.example.net/",
            "https://example.net/pixel.gif",
            "https://www.webanalyticsfoo.net/a.js",
        ] {
            assert!(announces(url, Destination::Script, Shape::Plain), "{url}");
        }
        assert!(announces("https://example.net/x", Destination::Image, Shape::Hidden));
        assert!(announces("https://example.net/x", Destination::Iframe, Shape::Hidden));
    }

    #[test]
    fn ordinary_names_do_not() {
        for url in [
            "https://cdn.example.net/download/header.js",
            "https://roads.example.net/add.js",
            "https://example.net/uploads/trackpad.png",
            "https://statsd.net/x.js",
            "https://img.example.net/filer/ad/7b/labrador.jpg",
            "https://img.example.net/a/ad516503-ad37-4c49/x.js",
        ] {
            assert!(!announces(url, Destination::Script, Shape::Plain), "{url}");
        }
        assert!(!announces("https://ads.example.net/a.css", Destination::Style, Shape::Plain));
    }
}
