//! PLACEHOLDER for the header edits; the real module replaces this file whole.

use http::{HeaderMap, HeaderName, HeaderValue};

/// A change to a message head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Replaces all values.
    Set(HeaderName, HeaderValue),
    /// Adds a value.
    Append(HeaderName, HeaderValue),
    /// Removes all values.
    Remove(HeaderName),
}

/// Applies `edits`.
pub fn apply(edits: Vec<Edit>, headers: &mut HeaderMap) {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => drop(headers.insert(name, value)),
            Edit::Append(name, value) => drop(headers.append(name, value)),
            Edit::Remove(name) => drop(headers.remove(name)),
        }
    }
}
