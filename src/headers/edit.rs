//! Turns the lines of one header into [`Edit`]s, leaving the lines that need none as they are.
//!
//! 1. Values are read as browsers read them, one character a byte (Fetch Standard, "isomorphic decode"), so nothing
//!    is lost on the way back.
//! 2. A header without a changed line has no edits.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A change to a message head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Takes the place of all lines of that name.
    Set(HeaderName, HeaderValue),
    /// One line more.
    Append(HeaderName, HeaderValue),
    /// Takes all lines of that name out.
    Remove(HeaderName),
}

/// Makes the changes, in order.
pub fn apply(edits: &[Edit], headers: &mut HeaderMap) {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => drop(headers.insert(name, value.clone())),
            Edit::Append(name, value) => drop(headers.try_append(name, value.clone())),
            Edit::Remove(name) => drop(headers.remove(name)),
        }
    }
}

/// What becomes of one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Keep,
    Replace(String),
    Drop,
}

/// Edits that give each line of `name` what `read` says of it.
pub(super) fn lines(
    headers: &HeaderMap,
    name: &HeaderName,
    mut read: impl FnMut(&str) -> Line,
) -> Vec<Edit> {
    let mut kept = Vec::new();
    let mut changed = false;
    for value in headers.get_all(name) {
        let line = read(&text(value));
        changed |= line != Line::Keep;
        match line {
            Line::Keep => kept.push(value.clone()),
            Line::Replace(new) => kept.extend(self::value(&new)),
            Line::Drop => {}
        }
    }
    if changed { replaced(name, kept) } else { Vec::new() }
}

/// Edits that remove each of `names` that is there.
pub(super) fn removals(
    headers: &HeaderMap,
    names: impl IntoIterator<Item = HeaderName>,
) -> impl Iterator<Item = Edit> {
    names.into_iter().filter(|name| headers.contains_key(name)).map(Edit::Remove)
}

/// A value as text, one character a byte.
pub(super) fn text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// Text of [`text`] as a value again; `None` when it cannot be one.
pub(super) fn value(text: &str) -> Option<HeaderValue> {
    let bytes = text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<_>>>()?;
    HeaderValue::from_bytes(&bytes).ok()
}

fn replaced(name: &HeaderName, kept: Vec<HeaderValue>) -> Vec<Edit> {
    let mut edits = vec![Edit::Remove(name.clone())];
    edits.extend(kept.into_iter().map(|value| Edit::Append(name.clone(), value)));
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::LINK;

    #[test]
    fn other_lines_stay_in_order_and_in_their_bytes() {
        let mut headers = HeaderMap::new();
        for line in [&b"a\xff"[..], b"b", b"c"] {
            headers.append(LINK, HeaderValue::from_bytes(line).unwrap());
        }
        assert_eq!(lines(&headers, &LINK, |_| Line::Keep), []);
        let edits = lines(&headers, &LINK, |line| match line {
            "b" => Line::Drop,
            "c" => Line::Replace("é".to_owned()),
            _ => Line::Keep,
        });
        apply(&edits, &mut headers);
        let left: Vec<_> = headers.get_all(LINK).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(left, [&b"a\xff"[..], b"\xe9"]);
    }

    #[test]
    fn what_cannot_be_a_value_is_not_one() {
        assert_eq!(value("a\nb"), None);
        assert_eq!(value("€"), None);
    }
}
