//! Framing x coding x splitting: without consent the tracker is gone, with consent every byte is there.

use super::{
    codings,
    front::{Front, KINDS, Kind},
    origin::{Origin, Step},
    visitor::{Answer, Visitor},
};

pub(crate) const TRACKER: &str = "https://www.google-analytics.com/analytics.js";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    Close,
}

#[derive(Clone, Copy, Debug)]
enum Split {
    Whole,
    Bytes(usize),
}

pub(crate) fn page() -> String {
    let filler = "<p>Text that stays as it is, &amp; more of it.</p>\n".repeat(40);
    format!(
        "<!doctype html><html><head><title>Shop</title>\n<script async src=\"{TRACKER}\"></script>\n\
         <script src=\"/own.js\"></script></head>\n<body>{filler}</body></html>\n"
    )
}

/// The visitor's own yes to everything, of today.
pub(crate) fn cookie() -> String {
    let today = consentry::consent::Day::of(std::time::SystemTime::now());
    format!("Cookie: consentry=v1.x.{today}.f1a1m1\r\n")
}

pub(crate) fn get(headers: &str) -> String {
    format!("GET /page HTTP/1.1\r\nHost: shop.test\r\n{headers}\r\n")
}

fn pieces(bytes: &[u8], split: Split) -> Vec<Vec<u8>> {
    match split {
        Split::Whole => vec![bytes.to_vec()],
        Split::Bytes(length) => bytes.chunks(length).map(<[u8]>::to_vec).collect(),
    }
}

fn response(framing: Framing, coding: &str, body: &[u8], split: Split) -> Vec<Step> {
    let mut head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: \"v1\"\r\n".to_owned();
    if coding != "identity" {
        head += &format!("Content-Encoding: {coding}\r\n");
    }
    match framing {
        Framing::Length => head += &format!("Content-Length: {}\r\n", body.len()),
        Framing::Chunked => head += "Transfer-Encoding: chunked\r\n",
        Framing::Close => {}
    }
    let mut steps = vec![Step::Send((head + "\r\n").into_bytes())];
    for piece in pieces(body, split) {
        steps.push(Step::Send(match framing {
            Framing::Chunked => {
                [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat()
            }
            Framing::Length | Framing::Close => piece,
        }));
    }
    match framing {
        Framing::Chunked => steps.push(Step::Send(b"0\r\n\r\n".to_vec())),
        Framing::Close => steps.push(Step::Close),
        Framing::Length => {}
    }
    steps
}

fn check(answer: &Answer, consented: bool, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {}", answer.head);
    assert!(answer.whole, "{what}");
    let plain = codings::decode(answer.get("content-encoding"), &answer.body).expect(what);
    let plain = String::from_utf8(plain).unwrap();
    if consented {
        assert_eq!(plain, page(), "{what}");
    } else {
        assert!(!plain.contains(TRACKER), "{what}: {plain}");
        assert!(
            plain.contains("/own.js") && plain.ends_with("</body></html>\n"),
            "{what}: {plain}"
        );
    }
}

async fn cell(kind: Kind, framing: Framing, coding: &'static str, split: Split) {
    let what = format!("{kind:?} {framing:?} {coding} {split:?}");
    let body = codings::encode(coding, page().as_bytes());
    let sent = body.clone();
    let origin = Origin::new(move |_| response(framing, coding, &sent, split)).await;
    let front = Front::new(kind, origin.address).await;
    let mut visitor = Visitor::new(front.visitors).await;
    let accepts = "Accept-Encoding: gzip, deflate, br, zstd\r\n";
    for consented in [false, true, false] {
        let request = get(&if consented { accepts.to_owned() + &cookie() } else { accepts.into() });
        let answer = visitor.ask(&request).await;
        check(&answer, consented, &what);
        if consented {
            assert_eq!(answer.body, body, "{what}: the bytes are the origin's own");
        }
        assert!(answer.get("cache-control").unwrap().contains("private"), "{what}");
        assert!(answer.get("vary").unwrap().contains("Cookie"), "{what}");
    }
    let requests = origin.requests();
    assert_eq!(requests.len(), 3, "{what}: pages are not shared through a cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn framing_coding_splitting() {
    for kind in KINDS {
        for framing in [Framing::Length, Framing::Chunked, Framing::Close] {
            for coding in codings::NAMES {
                for split in [Split::Whole, Split::Bytes(1), Split::Bytes(7)] {
                    cell(kind, framing, coding, split).await;
                }
            }
        }
    }
}
