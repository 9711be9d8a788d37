//! Turns a TCP listener into HTTP/1.1 requests for a function that answers them. For the demo only.
//!
//! 1. One request per connection: each answer says `Connection: close` (RFC 9112 9.6).
//! 2. A head has at most 16 KiB, a body 64 KiB, an exchange 10 seconds; 128 connections at a time.
//! 3. Bodies come with a `Content-Length`; others are refused with 411 (RFC 9112 6.3).

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

const MAX_HEAD: usize = 16 << 10;
const MAX_BODY: usize = 64 << 10;
const MAX_CONNECTIONS: usize = 128;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Answers what comes in on `listener` until it is dropped, and its connections with it.
pub(super) async fn serve<F>(listener: TcpListener, answer: F)
where
    F: Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, or the client is gone again: neither ends the server.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let answer = Arc::clone(&answer);
        connections.spawn(async move {
            let _permit = permit;
            let exchange = exchange(stream, answer.as_ref());
            if !matches!(tokio::time::timeout(TIMEOUT, exchange).await, Ok(Ok(()))) {
                log::debug!("demo: a connection ended early");
            }
        });
    }
}

async fn exchange<F>(mut stream: TcpStream, answer: &F) -> std::io::Result<()>
where
    F: Fn(&Request<Bytes>) -> Response<Bytes>,
{
    let (with_body, response) = match read(&mut stream).await? {
        Ok(request) => (request.method() != Method::HEAD, answer(&request)),
        Err(status) => (true, plain(status)),
    };
    stream.write_all(&head(&response)).await?;
    if with_body {
        stream.write_all(response.body()).await?;
    }
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Result<Request<Bytes>, StatusCode>> {
    let mut buffer = BytesMut::with_capacity(4096);
    let head = loop {
        if let Some(end) = memchr::memmem::find(&buffer, b"\r\n\r\n") {
            break buffer.split_to(end + 4);
        }
        if buffer.len() > MAX_HEAD {
            return Ok(Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let Some(request) = parse(&head) else { return Ok(Err(StatusCode::BAD_REQUEST)) };
    let length = match body_length(&request) {
        Ok(length) => length,
        Err(status) => return Ok(Err(status)),
    };
    while buffer.len() < length {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    buffer.truncate(length);
    Ok(Ok(request.map(|()| buffer.freeze())))
}

fn parse(head: &[u8]) -> Option<Request<()>> {
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let mut request = Request::builder().method(first.next()?).uri(first.next()?);
    if !first.next()?.starts_with("HTTP/1.") {
        return None;
    }
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request = request.header(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    request.body(()).ok()
}

fn body_length(request: &Request<()>) -> Result<usize, StatusCode> {
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Err(StatusCode::LENGTH_REQUIRED);
    }
    let Some(length) = request.headers().get(header::CONTENT_LENGTH) else { return Ok(0) };
    match length.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(length) if length <= MAX_BODY => Ok(length),
        Some(_) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        None => Err(StatusCode::BAD_REQUEST),
    }
}

fn head(response: &Response<Bytes>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    // A 204 has no Content-Length (RFC 9110 8.6).
    if response.status() != StatusCode::NO_CONTENT {
        head.extend_from_slice(format!("content-length: {}\r\n", response.body().len()).as_bytes());
    }
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head
}

/// An answer that only says its status.
pub(super) fn plain(status: StatusCode) -> Response<Bytes> {
    let body = Bytes::from(format!("{status}\n"));
    with(status, &[("content-type", "text/plain; charset=utf-8")], body)
}

/// An answer with `fields`; a field that is not valid is left out.
pub(super) fn with(status: StatusCode, fields: &[(&str, &str)], body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The first value of a request's field `name`; empty when there is none that is text.
pub(super) fn field<T>(request: &Request<T>, name: HeaderName) -> &str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
