//! Turns [`Edit`]s into changes of Pingora's message heads, which keep the case of names beside the values.

use crate::headers::Edit;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use pingora_core::Result;
use pingora_http::{RequestHeader, ResponseHeader};

/// Changes the head of a request.
pub(super) fn edit_request(edits: Vec<Edit>, request: &mut RequestHeader) -> Result<()> {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => request.insert_header(name, value)?,
            Edit::Append(name, value) => drop(request.append_header(name, value)?),
            Edit::Remove(name) => drop(request.remove_header(&name)),
        }
    }
    Ok(())
}

/// Changes the head of a response.
pub(super) fn edit_response(edits: Vec<Edit>, response: &mut ResponseHeader) -> Result<()> {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => response.insert_header(name, value)?,
            Edit::Append(name, value) => drop(response.append_header(name, value)?),
            Edit::Remove(name) => drop(response.remove_header(&name)),
        }
    }
    Ok(())
}

/// Makes the head fit a body whose length is not known. Pingora chooses the framing before modules run, so it is to be
/// chosen again; it takes the line out again for HTTP/2.
pub(super) fn unmeasured(response: &mut ResponseHeader) -> Result<()> {
    response.remove_header(&CONTENT_LENGTH);
    response.insert_header(TRANSFER_ENCODING, "chunked")
}

/// Says in which coding the body leaves.
pub(super) fn coded(response: &mut ResponseHeader, coding: crate::coding::Coding) -> Result<()> {
    match coding {
        crate::coding::Coding::Identity => drop(response.remove_header(&CONTENT_ENCODING)),
        crate::coding::Coding::Gzip
        | crate::coding::Coding::Brotli
        | crate::coding::Coding::Zstd
        | crate::coding::Coding::Deflate => {
            response.insert_header(CONTENT_ENCODING, coding.name())?
        }
    }
    Ok(())
}

/// Takes everything out of the head, for another answer in its place.
pub(super) fn clear(response: &mut ResponseHeader) {
    let names: Vec<_> = response.headers.keys().cloned().collect();
    for name in names {
        response.remove_header(&name);
    }
}
