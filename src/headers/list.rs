//! Turns a header value into the elements of its list, and elements into a value.
//!
//! 1. Elements are separated by commas outside quoted strings; empty ones do not count (RFC 9110, 5.6.1).
//! 2. In a quoted string a backslash takes the next character's meaning (RFC 9110, 5.6.4); in an entity tag it has
//!    none (RFC 9110, 8.8.3).

use super::edit::Line;
use std::borrow::Cow;

/// The elements of a list, trimmed.
pub(super) fn elements(value: &str) -> impl Iterator<Item = &str> {
    split(value, ',', Some('\\'))
}

/// The elements of a list of entity tags, trimmed.
pub(super) fn tags(value: &str) -> impl Iterator<Item = &str> {
    split(value, ',', None)
}

/// The parameters of an element, trimmed.
pub(super) fn parameters(value: &str) -> impl Iterator<Item = &str> {
    split(value, ';', Some('\\'))
}

/// What a quoted string says; `None` when `value` is not one, or not one to its end.
pub(super) fn unquoted(value: &str) -> Option<String> {
    let mut said = String::new();
    let mut rest = value.strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => said.push(rest.next()?),
            other => said.push(other),
        }
    }
    rest.as_str().is_empty().then_some(said)
}

/// The line that a list becomes when each element is what `edit` makes of it, or goes.
pub(super) fn edit<'v>(
    elements: impl Iterator<Item = &'v str>,
    mut edit: impl FnMut(&'v str) -> Option<Cow<'v, str>>,
) -> Line {
    let (mut left, mut changed) = (Vec::new(), false);
    for element in elements {
        let new = edit(element);
        changed |= new.as_deref() != Some(element);
        left.extend(new);
    }
    match (changed, left.is_empty()) {
        (false, _) => Line::Keep,
        (true, true) => Line::Drop,
        (true, false) => Line::Replace(left.join(", ")),
    }
}

/// The line that a list becomes when only the elements that `keep` holds for stay.
pub(super) fn retain<'v>(
    elements: impl Iterator<Item = &'v str>,
    mut keep: impl FnMut(&str) -> bool,
) -> Line {
    edit(elements, |element| keep(element).then_some(Cow::Borrowed(element)))
}

fn split(value: &str, separator: char, escape: Option<char>) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    let ends = move |c: char| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        escaped = quoted && Some(c) == escape;
        quoted ^= c == '"';
        c == separator && !quoted
    };
    value.split(ends).map(str::trim_ascii).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_strings_separate_nothing() {
        let list = |value| elements(value).collect::<Vec<_>>();
        assert_eq!(list(" a,, \"b,c\" ,\"d\\\",e\""), ["a", "\"b,c\"", "\"d\\\",e\""]);
        assert_eq!(list("\\\"a,b\""), ["\\\"a,b\""]);
        assert_eq!(tags(r#""a\","b,c""#).collect::<Vec<_>>(), [r#""a\""#, "\"b,c\""]);
        assert_eq!(list("\t,"), [""; 0]);
    }

    #[test]
    fn only_whole_strings_are_unquoted() {
        assert_eq!(unquoted(r#""a\"b\\""#).as_deref(), Some(r#"a"b\"#));
        for broken in ["a", "\"a", "\"a\"b", "\"a\\\"", ""] {
            assert_eq!(unquoted(broken), None, "{broken}");
        }
    }
}
