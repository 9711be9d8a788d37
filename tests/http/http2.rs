//! HTTP/2 from the visitor, by prior knowledge.

use super::{
    codings,
    front::{Front, Kind},
    matrix::{TRACKER, cookie, page},
    origin::{Origin, Step},
    visitor::Visitor,
};
use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::{HeaderMap, Method, Request, Response};
use std::net::SocketAddr;
use tokio::{net::TcpStream, task::JoinHandle};

pub(crate) async fn connect(address: SocketAddr) -> (SendRequest<Bytes>, JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = handshake(stream).await.unwrap();
    let driver = tokio::spawn(async move { drop(connection.await) });
    (client.ready().await.unwrap(), driver)
}

fn request(method: Method, headers: &[(&str, &str)]) -> Request<()> {
    let start = Request::builder().method(method).uri("http://shop.test/page");
    headers.iter().fold(start, |r, (name, value)| r.header(*name, *value)).body(()).unwrap()
}

pub(crate) async fn whole(response: Response<h2::RecvStream>) -> Result<Vec<u8>, h2::Error> {
    let mut body = response.into_body();
    let mut all = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len()).unwrap();
        all.extend_from_slice(&piece);
    }
    body.trailers().await?;
    Ok(all)
}

fn html(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_rewritten_on_many_streams() {
    let coded = codings::encode("gzip", page().as_bytes());
    let origin = Origin::fixed(html("Content-Encoding: gzip\r\n", &coded), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    let (mut client, _driver) = connect(front.visitors).await;
    let consented = cookie().trim().split_once(": ").unwrap().1.to_owned();
    let mut pending = Vec::new();
    for turn in 0..6 {
        let cookie = if turn % 2 == 0 { "a=b" } else { &consented };
        let headers = [("accept-encoding", "gzip"), ("cookie", cookie)];
        pending.push(client.send_request(request(Method::GET, &headers), true).unwrap().0);
    }
    for (turn, response) in pending.into_iter().enumerate() {
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key("transfer-encoding"));
        let coded = whole(response).await.unwrap();
        let text = String::from_utf8(codings::decode(Some("gzip"), &coded).unwrap()).unwrap();
        assert_eq!(text.contains(TRACKER), turn % 2 == 1);
        assert!(text.ends_with("</html>\n"));
    }
    assert!(origin.requests().iter().all(|head| head.starts_with("GET /page HTTP/1.1\r\n")));
    assert!(origin.requests()[0].to_ascii_lowercase().contains("host: shop.test\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_with_an_empty_frame_ends_once() {
    let body = b"5\r\nhello\r\n0\r\n\r\n";
    let origin = Origin::new(move |head| match head.starts_with("POST") {
        true => vec![Step::Read(body.len()), Step::Send(html("", b"<p>ok"))],
        false => vec![Step::Send(html("", b"<p>next"))],
    })
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    let (mut client, _driver) = connect(front.visitors).await;
    let (response, mut stream) = client.send_request(request(Method::POST, &[]), false).unwrap();
    stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
    stream.send_data(Bytes::new(), true).unwrap();
    assert_eq!(whole(response.await.unwrap()).await.unwrap(), b"<p>ok");
    let next = client.send_request(request(Method::GET, &[]), true).unwrap().0;
    assert_eq!(whole(next.await.unwrap()).await.unwrap(), b"<p>next");
    assert_eq!(origin.bodies(), body);
    assert_eq!(origin.connections(), 1, "the connection is used again");
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_of_a_request_end_its_body() {
    let body = b"5\r\nhello\r\n0\r\n\r\n";
    let origin =
        Origin::new(|_| vec![Step::Read(body.len()), Step::Send(html("", b"<p>ok"))]).await;
    let front = Front::new(Kind::Program, origin.address).await;
    let (mut client, _driver) = connect(front.visitors).await;
    let (response, mut stream) = client.send_request(request(Method::POST, &[]), false).unwrap();
    stream.send_data(Bytes::from_static(b"hello"), false).unwrap();
    stream
        .send_trailers(HeaderMap::from_iter([("x-sum".parse().unwrap(), "1".parse().unwrap())]))
        .unwrap();
    assert_eq!(whole(response.await.unwrap()).await.unwrap(), b"<p>ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_page_resets_its_stream_only() {
    let origin = Origin::new(|head| match head.contains("x-cut") {
        true => {
            let cut = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\n<p>half";
            vec![Step::Send(cut.into()), Step::Close]
        }
        false => vec![Step::Send(html("", b"<p>whole"))],
    })
    .await;
    let front = Front::new(Kind::Program, origin.address).await;
    let (mut client, _driver) = connect(front.visitors).await;
    let cut = client.send_request(request(Method::GET, &[("x-cut", "1")]), true).unwrap().0;
    let cut = match cut.await {
        Ok(response) => whole(response).await.is_err(),
        Err(_) => true,
    };
    assert!(cut, "half a page does not end as whole");
    let next = client.send_request(request(Method::GET, &[]), true).unwrap().0;
    assert_eq!(whole(next.await.unwrap()).await.unwrap(), b"<p>whole");
}

/// A whole request that is shorter than HTTP/2's preface, and one that comes in pieces.
#[tokio::test(flavor = "multi_thread")]
async fn short_and_slow_requests_are_no_http2() {
    let origin = Origin::fixed(html("", b"<p>ok"), false).await;
    let front = Front::new(Kind::Program, origin.address).await;
    for pieces in [
        &["GET / HTTP/1.0\r\n\r\n"][..],
        &["P", "OST / HTTP/1.0\r\n\r\n"],
        &["\r\n", "GET / HTTP/1.0\r\n\r\n"],
    ] {
        let mut visitor = Visitor::new(front.visitors).await;
        for piece in pieces {
            visitor.send(piece.as_bytes()).await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(visitor.answer(false).await.body, b"<p>ok");
    }
}
