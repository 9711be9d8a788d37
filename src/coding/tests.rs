use super::*;
use proptest::prelude::*;
use std::{
    convert::Infallible,
    io::Write,
    process::{Command, Stdio},
};

const CODED: [Coding; 4] = [Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate];

fn decode(coding: Coding, pieces: &[&[u8]], limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    let mut plain = Vec::new();
    let mut decoder = Decoder::new(coding, limits);
    for piece in pieces {
        let fed = decoder.feed::<Infallible>(piece, &mut |bytes| {
            assert!(!bytes.is_empty());
            assert!(coding == Coding::Identity || bytes.len() <= limits.step);
            plain.extend_from_slice(bytes);
            Ok(())
        });
        match fed {
            Ok(()) => {}
            Err(Error::Unreadable(unreadable)) => return Err(unreadable),
            Err(Error::Emit(never)) => match never {},
        }
    }
    decoder.finish()?;
    Ok(plain)
}

fn whole(coding: Coding, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    decode(coding, &[body], &Limits::default())
}

fn by_one(coding: Coding, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    decode(coding, &body.chunks(1).collect::<Vec<_>>(), &Limits::default())
}

fn encode(coding: Coding, plain: &[u8]) -> Vec<u8> {
    let (mut encoder, mut out) = (Encoder::new(coding, &Levels::default()), Vec::new());
    encoder.write(plain, &mut out).unwrap();
    encoder.finish(&mut out).unwrap();
    out
}

fn page(bytes: usize) -> Vec<u8> {
    (0_u64..)
        .flat_map(|n| format!("<p id={n}>{:x}</p>\n", n * n * 7919).into_bytes())
        .take(bytes)
        .collect()
}

fn bare(plain: &[u8]) -> Vec<u8> {
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    raw.write_all(plain).unwrap();
    raw.finish().unwrap()
}

/// What the command prints for `input`; `None`, and a line about it, if it is not installed.
fn filter(command: &str, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(command)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: {command} is not installed");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    assert!(output.status.success(), "{command} {args:?}: {:?}", output.status);
    Some(output.stdout)
}

fn coding() -> impl Strategy<Value = Coding> {
    prop::sample::select(Coding::ALL.to_vec())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..3000),
        (0_usize..200_000).prop_map(page),
        (any::<u8>(), 0_usize..300_000).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

/// Cuts `bytes` at the given places.
fn cut<'a>(bytes: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_cutting_comes_back(
        coding in coding(),
        plain in text(),
        writes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..8),
        feeds in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        step in prop::sample::select(vec![1, 7, 4096, 32768, 65536]),
        level in 0_u32..7,
    ) {
        let levels = Levels { gzip: level, brotli: level, zstd: level.cast_signed() };
        let (mut encoder, mut out) = (Encoder::new(coding, &levels), Vec::new());
        let places: Vec<_> = writes.iter().map(|(place, _)| *place).collect();
        for (n, piece) in cut(&plain, &places).into_iter().enumerate() {
            encoder.write(piece, &mut out).unwrap();
            if writes.get(n).is_some_and(|(_, flush)| *flush) {
                encoder.flush(&mut out).unwrap();
            }
        }
        encoder.finish(&mut out).unwrap();
        let limits = Limits { step, ..Limits::default() };
        prop_assert!(decode(coding, &cut(&out, &feeds), &limits).unwrap() == plain);
    }

    #[test]
    fn a_flush_makes_all_that_was_written_readable(
        coding in coding(),
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 1..6),
        level in 0_u32..7,
    ) {
        let levels = Levels { gzip: level, brotli: level, zstd: level.cast_signed() };
        let mut encoder = Encoder::new(coding, &levels);
        let mut decoder = Decoder::new(coding, &Limits::default());
        let (mut written, mut plain) = (Vec::new(), Vec::new());
        for piece in &pieces {
            let mut out = Vec::new();
            encoder.write(piece, &mut out).unwrap();
            encoder.flush(&mut out).unwrap();
            written.extend_from_slice(piece);
            decoder.feed::<Infallible>(&out, &mut |b| { plain.extend_from_slice(b); Ok(()) }).unwrap();
            prop_assert_eq!(&plain, &written);
        }
    }

    #[test]
    fn flipped_and_random_bytes_never_panic(
        coding in coding(),
        plain in text(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        random in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut out = encode(coding, &plain);
        for (place, byte) in &flips {
            if !out.is_empty() {
                let place = place.index(out.len().min(400));
                out[place] ^= byte;
            }
        }
        let limits = Limits { max_decoded: Some(1 << 22), ..Limits::default() };
        let whole = decode(coding, &[&out], &limits);
        let chunks: Vec<_> = out.chunks(5).collect();
        let parts = decode(coding, &chunks, &limits);
        // The brotli crate notices some corruptions in one cutting and not in another.
        prop_assert!(coding == Coding::Brotli || parts == whole, "{coding:?}");
        let _ = decode(coding, &[&random], &limits);
    }
}

#[test]
fn response_codings_are_named_as_in_the_registry() {
    let of = |lines: &[&'static str]| {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
        Coding::of_response(&lines)
    };
    assert_eq!(of(&[]), Ok(Coding::Identity));
    assert_eq!(of(&["", " , "]), Ok(Coding::Identity));
    assert_eq!(of(&["identity"]), Ok(Coding::Identity));
    assert_eq!(of(&[" GZIP ,identity"]), Ok(Coding::Gzip));
    assert_eq!(of(&["x-gzip"]), Ok(Coding::Gzip));
    assert_eq!(of(&["None"]), Ok(Coding::Identity));
    assert_eq!(of(&["UTF-8", "identity, 8bit"]), Ok(Coding::Identity));
    assert_eq!(of(&["identity", "br"]), Ok(Coding::Brotli));
    assert_eq!(of(&["zstd"]), Ok(Coding::Zstd));
    assert_eq!(of(&["deflate"]), Ok(Coding::Deflate));
    assert_eq!(of(&["gzip, br"]), Err(Unreadable::Several));
    assert_eq!(of(&["gzip", "gzip"]), Err(Unreadable::Several));
    for unknown in ["compress", "dcb", "utf-16", "gzip;q=1", "none, gzip", "br, utf-8"] {
        assert_eq!(of(&[unknown]), Err(Unreadable::Unknown), "{unknown}");
    }
    let latin = HeaderValue::from_bytes(b"gz\xefp").unwrap();
    assert_eq!(Coding::of_response([&latin]), Err(Unreadable::Unknown));
}

#[test]
fn the_streams_may_move_between_threads() {
    const fn sendable<T: Send>() {}
    sendable::<Decoder>();
    sendable::<Encoder>();
}

#[test]
fn an_empty_body_is_empty_and_an_empty_stream_too() {
    for coding in Coding::ALL {
        assert_eq!(decode(coding, &[], &Limits::default()), Ok(vec![]));
        assert_eq!(decode(coding, &[b"", b""], &Limits::default()), Ok(vec![]));
        assert_eq!(by_one(coding, &encode(coding, b"")), Ok(vec![]), "{coding:?}");
    }
}

#[test]
fn a_body_cut_anywhere_is_truncated() {
    let plain = page(700);
    for coding in CODED {
        let body = encode(coding, &plain);
        for len in 1..body.len() {
            let expected = Err(Unreadable::Truncated(coding));
            assert_eq!(whole(coding, &body[..len]), expected, "{coding:?} {len}");
            assert_eq!(by_one(coding, &body[..len]), expected, "{coding:?} {len}");
        }
        assert_eq!(by_one(coding, &body), Ok(plain.clone()));
    }
}

#[test]
fn gzip_members_follow_each_other() {
    let one = encode(Coding::Gzip, b"one ");
    let body = [&one[..], &encode(Coding::Gzip, b""), &encode(Coding::Gzip, b"two")].concat();
    assert_eq!(whole(Coding::Gzip, &body), Ok(b"one two".to_vec()));
    assert_eq!(by_one(Coding::Gzip, &body), Ok(b"one two".to_vec()));
    for len in 1..body.len() {
        let boundary = len == one.len() || len == one.len() + encode(Coding::Gzip, b"").len();
        assert_eq!(whole(Coding::Gzip, &body[..len]).is_ok(), boundary, "{len}");
    }
}

#[test]
fn what_follows_the_end_is_dropped_except_in_zstd() {
    for coding in CODED {
        for tail in [&b"\0\0\0\0\0"[..], b"garbage", b"\x1f!!!", b"\0\x1f\x8b\x08"] {
            let body = [&encode(coding, b"page"), tail].concat();
            let expected = match coding {
                Coding::Zstd => Err(Unreadable::Corrupt(coding)),
                Coding::Identity | Coding::Gzip | Coding::Brotli | Coding::Deflate => {
                    Ok(b"page".to_vec())
                }
            };
            assert_eq!(whole(coding, &body), expected, "{coding:?} {tail:?}");
            assert_eq!(by_one(coding, &body), expected, "{coding:?} {tail:?}");
        }
    }
}

#[test]
fn gzip_headers_of_every_shape_are_skipped() {
    let plain = page(300);
    for flags in 0_u8..32 {
        let mut body = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
        if flags & 4 != 0 {
            body.extend(if flags & 1 == 0 { &b"\x03\0abc"[..] } else { b"\0\0" });
        }
        if flags & 8 != 0 {
            body.extend(b"index.html\0");
        }
        if flags & 16 != 0 {
            body.extend(b"a comment\0");
        }
        if flags & 2 != 0 {
            let mut crc = flate2::Crc::new();
            crc.update(&body);
            body.extend(&crc.sum().to_le_bytes()[..2]);
        }
        let header = body.len();
        body.extend(&encode(Coding::Gzip, &plain)[10..]);
        assert_eq!(whole(Coding::Gzip, &body), Ok(plain.clone()), "{flags}");
        assert_eq!(by_one(Coding::Gzip, &body), Ok(plain.clone()), "{flags}");
        if flags & 2 != 0 {
            body[header - 1] ^= 1;
            assert_eq!(whole(Coding::Gzip, &body), Err(Unreadable::Corrupt(Coding::Gzip)));
        }
    }
    for (at, byte) in [(0, 0), (1, 0), (2, 7), (3, 32)] {
        let mut body = encode(Coding::Gzip, &plain);
        body[at] = byte;
        assert_eq!(whole(Coding::Gzip, &body), Err(Unreadable::Corrupt(Coding::Gzip)));
    }
}

#[test]
fn wrong_checksums_are_corrupt() {
    let plain = page(5000);
    for (coding, trailer) in [(Coding::Gzip, 8), (Coding::Deflate, 4)] {
        for back in 1..=trailer {
            let mut body = encode(coding, &plain);
            let at = body.len() - back;
            body[at] ^= 0x10;
            assert_eq!(whole(coding, &body), Err(Unreadable::Corrupt(coding)), "{back}");
        }
    }
}

#[test]
fn deflate_is_read_with_and_without_its_header() {
    for plain in [page(0), page(1), page(5000), vec![7; 100_000]] {
        let raw = bare(&plain);
        assert_eq!(whole(Coding::Deflate, &raw), Ok(plain.clone()));
        assert_eq!(by_one(Coding::Deflate, &raw), Ok(plain.clone()));
        for len in 1..raw.len().min(300) {
            assert_eq!(
                by_one(Coding::Deflate, &raw[..len]),
                Err(Unreadable::Truncated(Coding::Deflate))
            );
        }
    }
    // A preset dictionary, which HTTP cannot name.
    let body = [0x78, 0xbb, 0, 0, 0, 1, 3, 0];
    assert_eq!(whole(Coding::Deflate, &body), Err(Unreadable::Corrupt(Coding::Deflate)));
}

#[test]
fn zstd_frames_and_skippable_frames_follow_each_other() {
    let skip = |len: u32| {
        [&0x184D_2A5F_u32.to_le_bytes()[..], &len.to_le_bytes(), &vec![b'x'; len as usize]].concat()
    };
    let body = [
        skip(3),
        encode(Coding::Zstd, b"one "),
        skip(0),
        encode(Coding::Zstd, b""),
        skip(100_000),
        encode(Coding::Zstd, b"two"),
        skip(1),
    ]
    .concat();
    assert_eq!(whole(Coding::Zstd, &body), Ok(b"one two".to_vec()));
    assert_eq!(by_one(Coding::Zstd, &body), Ok(b"one two".to_vec()));
    let half = &skip(9)[..12];
    assert_eq!(whole(Coding::Zstd, half), Err(Unreadable::Truncated(Coding::Zstd)));
    // The magic number of the format v0.7.
    let old = [0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0];
    assert_eq!(whole(Coding::Zstd, &old), Err(Unreadable::Corrupt(Coding::Zstd)));
}

#[test]
fn windows_over_the_limit_are_corrupt() {
    let frame = |exponent: u8| {
        // Window descriptor (RFC 8878, 3.1.1.1.2), then an empty last block.
        [&0xFD2F_B528_u32.to_le_bytes()[..], &[0, (exponent - 10) << 3, 1, 0, 0]].concat()
    };
    assert_eq!(whole(Coding::Zstd, &frame(23)), Ok(vec![]));
    assert_eq!(whole(Coding::Zstd, &frame(24)), Err(Unreadable::Corrupt(Coding::Zstd)));
    let narrow = Limits { zstd_window_log: 20, ..Limits::default() };
    assert!(decode(Coding::Zstd, &[&frame(21)], &narrow).is_err());
    // The large-window format is not `br`.
    if let Some(body) = filter("brotli", &["--large_window=26", "-q", "5", "-c"], &page(5000)) {
        assert_eq!(whole(Coding::Brotli, &body), Err(Unreadable::Corrupt(Coding::Brotli)));
    }
    assert_eq!(whole(Coding::Brotli, &[0x11, 0x1e, 3]), Err(Unreadable::Corrupt(Coding::Brotli)));
}

#[test]
fn a_bomb_comes_out_in_steps_and_stops_at_the_limit() {
    const SIZE: usize = 96 << 20;
    let zeros = vec![0; 1 << 20];
    for coding in CODED {
        let (mut encoder, mut bomb) = (Encoder::new(coding, &Levels::default()), Vec::new());
        for _ in 0..SIZE >> 20 {
            encoder.write(&zeros, &mut bomb).unwrap();
        }
        encoder.finish(&mut bomb).unwrap();
        assert!(bomb.len() < SIZE / 500, "{coding:?}: {}", bomb.len());

        let run = |limits: &Limits| {
            let (mut out, mut largest) = (0, 0);
            let mut decoder = Decoder::new(coding, limits);
            let fed = decoder.feed::<Infallible>(&bomb, &mut |piece| {
                out += piece.len();
                largest = largest.max(piece.len());
                Ok(())
            });
            (fed.map(|()| decoder.finish()), out, largest)
        };
        assert_eq!(run(&Limits::default()), (Ok(Ok(())), SIZE, 32 << 10), "{coding:?}");
        let bounded = Limits { max_decoded: Some(1_000_000), ..Limits::default() };
        let (fed, out, _) = run(&bounded);
        assert_eq!(fed, Err(Error::Unreadable(Unreadable::TooLarge)));
        assert!(out <= 1_000_000);
        let exact = Limits { max_decoded: Some(SIZE as u64), ..Limits::default() };
        assert_eq!(run(&exact).0, Ok(Ok(())));
    }
}

#[test]
fn an_error_is_final() {
    for coding in Coding::ALL {
        let body = encode(coding, b"page");
        let mut decoder = Decoder::new(coding, &Limits::default());
        assert_eq!(decoder.feed(&body, &mut |_| Err("full")), Err(Error::Emit("full")));
        let again = decoder.feed::<Infallible>(&body, &mut |_| Ok(()));
        assert_eq!(again, Err(Error::Unreadable(Unreadable::Unusable)));
        assert_eq!(decoder.finish(), Err(Unreadable::Unusable));

        let (mut encoder, mut out) = (Encoder::new(coding, &Levels::default()), Vec::new());
        encoder.finish(&mut out).unwrap();
        assert_eq!(encoder.write(b"x", &mut out), Err(Broken));
        assert_eq!(encoder.flush(&mut out), Err(Broken));
        assert_eq!(encoder.finish(&mut out), Err(Broken));
    }
}

#[test]
fn plain_bytes_are_handed_on_uncopied() {
    let body = page(200_000);
    let mut decoder = Decoder::new(Coding::Identity, &Limits::default());
    decoder
        .feed::<Infallible>(&body, &mut |piece| {
            assert!(std::ptr::eq(piece, &body[..]));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_second_flush_adds_nothing_and_pending_output_is_bounded() {
    let noise: Vec<u8> =
        (0..4 << 20_u32).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for coding in CODED {
        let (mut encoder, mut out) = (Encoder::new(coding, &Levels::default()), Vec::new());
        encoder.flush(&mut out).unwrap();
        assert_eq!(out, b"");
        encoder.write(&noise, &mut out).unwrap();
        let written = out.len();
        encoder.flush(&mut out).unwrap();
        assert!(out.len() - written <= 1 << 20, "{coding:?}: {}", out.len() - written);
        let flushed = out.len();
        encoder.flush(&mut out).unwrap();
        assert_eq!(out.len(), flushed);
    }
}

#[test]
fn the_command_line_tools_agree() {
    let plain = page(300_000);
    let tools: [(Coding, &str, &[&[&str]]); 3] = [
        (Coding::Gzip, "gzip", &[&["-1c"], &["-9c"]]),
        (Coding::Brotli, "brotli", &[&["-q", "1", "-c"], &["-q", "11", "-w", "24", "-c"]]),
        (
            Coding::Zstd,
            "zstd",
            &[&["-1c"], &["-19c", "--check"], &["-c", "--no-check", "--fast=5"]],
        ),
    ];
    for (coding, tool, ways) in tools {
        for args in ways {
            let Some(body) = filter(tool, args, &plain) else { continue };
            assert!(whole(coding, &body).as_ref() == Ok(&plain), "{tool} {args:?}");
            assert!(by_one(coding, &body).as_ref() == Ok(&plain), "{tool} {args:?}");
        }
        for plain in [&plain[..], b""] {
            if let Some(back) = filter(tool, &["-dc"], &encode(coding, plain)) {
                assert!(back == plain, "{tool}");
            }
        }
    }
}
