//! Turns a page's validators into ones that hold for one consent state only, and back.
//!
//! 1. A page that we may change is another representation than the origin's, and one for each consent state and
//!    each configuration, so its entity tag says which (RFC 9110, 8.8.3): `"x"` becomes `W/"x+s-none-1a2b3c4d"`, `W/"x"`
//!    becomes `W/"x+w-none-1a2b3c4d"`. It is weak, for the same page may leave in other codings.
//! 2. In a request, tags of the same state become the origin's again, and those of another state go: a 304 would
//!    revive a page from another state.
//! 3. Where a page is asked for, tags that are not ours and `*` go too: they are older than the gate.
//! 4. `If-Match` asks for the origin's representation, whatever the state of the page that showed it.
//! 5. Dates, digests, signatures, byte ranges and dictionaries of the origin's bytes say nothing of ours.

use super::{
    State,
    edit::{self, Edit, Line, lines, removals},
    list,
};
use http::{
    HeaderMap, HeaderName,
    header::{
        ACCEPT_RANGES, CONTENT_LENGTH, ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
        LAST_MODIFIED, RANGE,
    },
};

/// Of the origin's bytes, not of the page that leaves.
const STALE: [HeaderName; 14] = [
    ACCEPT_RANGES,
    CONTENT_LENGTH,
    LAST_MODIFIED,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("delta-base"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("im"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
    HeaderName::from_static("unencoded-digest"),
    HeaderName::from_static("use-as-dictionary"),
    HeaderName::from_static("x-content-md5"),
];

/// Of requests that would be answered with less than the page.
const PARTIAL: [HeaderName; 6] = [
    IF_MODIFIED_SINCE,
    IF_RANGE,
    RANGE,
    HeaderName::from_static("a-im"),
    HeaderName::from_static("available-dictionary"),
    HeaderName::from_static("dictionary-id"),
];

/// Edits of the head of a page that we may change, 304 included.
pub(super) fn response(headers: &HeaderMap, state: &State<'_>) -> Vec<Edit> {
    let mut edits: Vec<_> = removals(headers, STALE).collect();
    let tags: Vec<_> = headers.get_all(ETAG).iter().map(edit::text).collect();
    let tag = match tags.as_slice() {
        [one] => Tag::parse(one).and_then(|tag| edit::value(&tag.wrapped(state))),
        _ => None,
    };
    match tag {
        Some(tag) => edits.push(Edit::Set(ETAG, tag)),
        None => edits.extend(removals(headers, [ETAG])),
    }
    edits
}

/// Edits of the head of a request for what may be a page.
pub(super) fn request(headers: &HeaderMap, is_document: bool, state: &State<'_>) -> Vec<Edit> {
    let mut edits: Vec<_> =
        removals(headers, PARTIAL.into_iter().filter(|_| is_document)).collect();
    edits.extend(lines(headers, &IF_NONE_MATCH, |line| {
        unwrapped(line, |tag| match Wrapped::parse(tag) {
            Some(wrapped) if wrapped.state == state.to_string() => Some(wrapped.origin()),
            Some(_) => None,
            None => (!is_document).then(|| tag.to_owned()),
        })
    }));
    edits
}

/// Edits of the preconditions of any request.
pub(super) fn preconditions(headers: &HeaderMap) -> Vec<Edit> {
    lines(headers, &IF_MATCH, |line| {
        unwrapped(line, |tag| {
            Some(Wrapped::parse(tag).map_or_else(|| tag.to_owned(), |w| w.origin()))
        })
    })
}

fn unwrapped(line: &str, each: impl FnMut(&str) -> Option<String>) -> Line {
    let tags: Vec<_> = list::tags(line).collect();
    let new: Vec<_> = tags.iter().copied().filter_map(each).collect();
    match (new == tags, new.is_empty()) {
        (true, _) => Line::Keep,
        (false, true) => Line::Drop,
        (false, false) => Line::Replace(new.join(", ")),
    }
}

/// An entity tag.
struct Tag<'t> {
    weak: bool,
    opaque: &'t str,
}

impl<'t> Tag<'t> {
    /// RFC 9110, 8.8.3.
    fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim_ascii();
        let (weak, text) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let opaque = text.strip_prefix('"')?.strip_suffix('"')?;
        let legal = |c: char| c != '"' && c > ' ' && c != '\u{7f}';
        opaque.chars().all(legal).then_some(Self { weak, opaque })
    }

    fn wrapped(&self, state: &State<'_>) -> String {
        format!("W/\"{}+{}-{state}\"", self.opaque, if self.weak { 'w' } else { 's' })
    }
}

/// An entity tag that we have made.
struct Wrapped<'t> {
    weak: bool,
    opaque: &'t str,
    state: &'t str,
}

impl<'t> Wrapped<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (opaque, ours) = Tag::parse(text)?.opaque.rsplit_once('+')?;
        let (strength, state) = ours.split_once('-')?;
        let (class, fingerprint) = state.split_once('-')?;
        let known = !class.is_empty()
            && class.bytes().all(|b| b.is_ascii_lowercase())
            && !fingerprint.is_empty()
            && fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
        let weak = match strength {
            "w" => true,
            "s" => false,
            _ => return None,
        };
        known.then_some(Self { weak, opaque, state })
    }

    fn origin(&self) -> String {
        format!("{}\"{}\"", if self.weak { "W/" } else { "" }, self.opaque)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headers::apply;
    use http::HeaderValue;
    use proptest::prelude::*;

    const NONE: State<'_> = State { class: "none", fingerprint: "1a2b" };
    const ALL: State<'_> = State { class: "fam", fingerprint: "1a2b" };
    const NEWER: State<'_> = State { class: "none", fingerprint: "1a2c" };

    fn after(edits: &[Edit], mut headers: HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
        apply(edits, &mut headers);
        headers.remove(name)
    }

    fn head(name: &HeaderName, value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), HeaderValue::from_bytes(value).unwrap())])
    }

    fn tagged(tag: &str, state: &State<'_>) -> Option<String> {
        let headers = head(&ETAG, tag.as_bytes());
        let value = after(&response(&headers, state), headers, &ETAG)?;
        Some(value.to_str().unwrap().to_owned())
    }

    fn asked(tags: &str, is_document: bool, state: &State<'_>) -> Option<String> {
        let headers = head(&IF_NONE_MATCH, tags.as_bytes());
        let value = after(&request(&headers, is_document, state), headers, &IF_NONE_MATCH)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_tag_says_its_state() {
        assert_eq!(tagged("\"x\"", &NONE).as_deref(), Some("W/\"x+s-none-1a2b\""));
        assert_eq!(tagged(" W/\"\"", &ALL).as_deref(), Some("W/\"+w-fam-1a2b\""));
        for malformed in ["x", "w/\"x\"", "\"x", "\"a\"b\"", "\"a b\"", "\""] {
            assert_eq!(tagged(malformed, &NONE), None, "{malformed}");
        }
    }

    #[test]
    fn only_tags_of_the_same_state_reach_the_origin() {
        let tag = "W/\"x+s-none-1a2b\"";
        assert_eq!(asked(tag, true, &NONE).as_deref(), Some("\"x\""));
        for other in [&ALL, &NEWER] {
            assert_eq!(asked(tag, true, other), None);
            assert_eq!(asked(tag, false, other), None);
        }
        for foreign in ["*", "\"x\"", "x", "W/\"x+z-none-1a2b\"", "\"+s--\"", "\"a+b\""] {
            assert_eq!(asked(foreign, true, &NONE), None, "{foreign}");
            assert_eq!(asked(foreign, false, &NONE).as_deref(), Some(foreign), "{foreign}");
        }
        let list = format!("\"a,b\",{tag} , W/\"y+w-fam-1a2b\", W/\"z+w-none-1a2b\"");
        assert_eq!(asked(&list, true, &NONE).as_deref(), Some("\"x\", W/\"z\""));
        assert_eq!(asked(&list, false, &NONE).as_deref(), Some("\"a,b\", \"x\", W/\"z\""));
    }

    #[test]
    fn a_write_names_the_origins_representation() {
        let headers = head(&IF_MATCH, b"W/\"x+s-fam-1a2b\", \"y\"");
        let value = after(&preconditions(&headers), headers, &IF_MATCH);
        assert_eq!(value.unwrap(), "\"x\", \"y\"");
    }

    #[test]
    fn documents_are_asked_for_whole() {
        for name in PARTIAL {
            let headers = head(&name, b"x");
            assert_eq!(request(&headers, true, &NONE), [Edit::Remove(name)]);
            assert_eq!(request(&headers, false, &NONE), []);
        }
    }

    proptest! {
        #[test]
        fn tags_come_back_as_they_were(weak: bool, opaque in "[!#-~]{0,20}") {
            let tag = format!("{}\"{opaque}\"", if weak { "W/" } else { "" });
            for state in [NONE, ALL] {
                let ours = tagged(&tag, &state).unwrap();
                prop_assert_eq!(asked(&ours, true, &state), Some(tag.clone()));
                prop_assert_eq!(asked(&ours, true, &NEWER), None);
            }
        }

        #[test]
        fn any_bytes_are_read(value in proptest::collection::vec(0x80_u8..=0xff, 0..40)) {
            let _ = response(&head(&ETAG, &value), &NONE);
            prop_assert_eq!(request(&head(&IF_NONE_MATCH, &value), false, &NONE), []);
        }
    }
}
