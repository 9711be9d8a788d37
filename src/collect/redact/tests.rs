//! What counts as personal data and what does not.

use super::{Care, Detector, Redactor};
use proptest::prelude::*;

fn redact(text: &str, care: Care) -> String {
    Redactor::new(&[], None).redact(text, care).into_owned()
}

/// What is found in `text`, and how often.
fn kinds(text: &str, care: Care) -> Vec<Detector> {
    let mut redactor = Redactor::new(&[], None);
    redactor.redact(text, care);
    redactor.take_hits()
}

fn all_found(kind: Detector, table: &[(&str, &str)]) {
    for (text, left) in table {
        for care in [Care::Named, Care::All] {
            assert_eq!(redact(text, care), *left, "{text} {care:?}");
        }
        assert_eq!(kinds(text, Care::Named), [kind], "{text}");
    }
}

fn none_found(table: &[&str]) {
    for text in table {
        assert_eq!(redact(text, Care::All), *text, "{:?}", kinds(text, Care::All));
    }
}

#[test]
fn emails() {
    all_found(
        Detector::Email,
        &[
            ("a@b.co", "[redacted]"),
            ("Mail jane.doe+x@mail.example.co.uk.", "Mail [redacted]."),
            ("mailto:o'neil@example.ie?x", "mailto:[redacted]?x"),
            ("u=jane@b.com&v=1", "u=[redacted]&v=1"),
            ("<jörg@müller.de>", "<[redacted]>"),
            ("a@xn--mller-kva.xn--p1ai", "[redacted]"),
            ("/u/jane_d%40x.com/edit", "/u/[redacted]/edit"),
            ("jane@x.com-2024", "[redacted]-2024"),
            ("jane@x.example.5", "[redacted].5"),
            ("jane@x.com.10-2", "[redacted].10-2"),
            ("jane!@x.com", "[redacted]"),
        ],
    );
    none_found(&[
        "@",
        "a@",
        "@b.com",
        "@media",
        "user@localhost",
        "react@18.2.0",
        "logo@2x.png",
        "a @ b.com",
        "follow @acme.",
        "price@10.50",
        "app@2x.png-3",
        "next@main.js.1",
    ]);
}

#[test]
fn phones() {
    all_found(
        Detector::Phone,
        &[
            ("+4915123456789", "[redacted]"),
            ("tel:+1-555-123-4567", "tel:+1-555-123-4567"),
            ("+49 (0)30 1234567", "[redacted]"),
            ("+1 (555) 123-4567 x", "[redacted] x"),
            ("Call +33 6 12 34 56 78!", "Call [redacted]!"),
            ("+44 20 7946 0958", "[redacted]"),
            ("0049 151 23456789", "[redacted]"),
            ("030 12345678", "[redacted]"),
            ("0151-23456789", "[redacted]"),
            ("0151/23456789", "[redacted]"),
            ("020 7946 0958", "[redacted]"),
            ("06.12.34.56.78", "[redacted]"),
            ("06 12 34 56 78", "[redacted]"),
            ("(030) 1234567", "[redacted]"),
            ("(555) 123-4567", "[redacted]"),
            ("555-123-4567", "555-123-4567"),
            ("555-234-4567", "[redacted]"),
            ("1.555.234.4567", "[redacted]"),
        ]
        .into_iter()
        .filter(|(text, left)| text != left)
        .collect::<Vec<_>>(),
    );
    for (text, all) in [
        ("015123456789", "[redacted]"),
        ("004915123456789", "[redacted]"),
        ("555 234 4567", "[redacted]"),
    ] {
        assert_eq!((redact(text, Care::Named), redact(text, Care::All)), (text.into(), all.into()));
    }
}

/// Numbers of other kinds.
const NUMBERS: &[&str] = &[
    "1700000000",
    "1700000000123",
    "1700000000123.45",
    "1600000000.1700000000",
    "GA1.1.1600000000.1700000000",
    "1116446470",
    "fb.1.1596403881668.1116446470",
    "12345678901234567890",
    "0.123456789012",
    "3.141592653589793",
    "-0.000123456789",
    "1234567.89",
    "1,234,567.89",
    "1920x1080",
    "2560x1440x24",
    "1920 1080 24",
    "300 250 1000",
    "2024-01-15",
    "2024-01-15T10:30:00.123Z",
    "2024-01-15 10:30:00 +0100",
    "01.02.2024",
    "01.02.2024 10:30",
    "01/02/2024 12:30:15",
    "15-01-2024 10.30",
    "20240115103000",
    "10:30:00",
    "52.520008, 13.404954",
    "UTC+01:00",
    "GMT+0100",
    "9783161484100",
    "4006381333931",
    "123456-7890",
    "order 20240115-0001",
    "100000000",
    "0000001234567",
    "v1.2.3",
    "1.2.3",
    "120.0.6099.71",
    "120.0.0.0",
    "Chrome/120.0.0.0",
    "127.0.0.1",
    "::1",
    "12:34:56:78",
    "00:1a:2b:3c:4d:5e",
    "std::fmt",
    "a::b",
    "1-2-3-4-5-6-7-8-9",
    "1/2/3/4/5/6/7/8/9",
    "1 2 3 4 5 6 7 8 9 10",
    "50%",
    "+100",
    "+1",
    "1+1=2",
    "AB12 3456 7890 1234",
    "XY12345678901234567890",
    "1e21",
    "6.02214076e23",
    "10.0.1",
    "tid=UA-12345678-1",
    "GTM-ABC1234",
    "AW-123456789/AbC-D_efG-h12_34-567",
    "G-ABCDEF1234",
    "0.30 EUR",
    "1.5.2-3456789",
];

#[test]
fn numbers_of_other_kinds_stay() {
    none_found(NUMBERS);
}

#[test]
fn ibans() {
    all_found(
        Detector::Iban,
        &[
            ("DE89370400440532013000", "[redacted]"),
            ("DE89 3704 0044 0532 0130 00, thanks", "[redacted], thanks"),
            ("iban=GB29NWBK60161331926819", "iban=[redacted]"),
            ("fr1420041010050500013m02606", "[redacted]"),
            ("NO93 8601 1117 947", "[redacted]"),
            ("MT84-MALT-0110-0001-2345-MTLC-AST0-01S", "[redacted]"),
        ],
    );
    for text in [
        "DE88370400440532013000",
        "DE8937040044053201300",
        "XDE89370400440532013000",
        "ZZ89370400440532013000",
    ] {
        assert!(!kinds(text, Care::Named).contains(&Detector::Iban), "{text}");
    }
}

#[test]
fn cards() {
    all_found(
        Detector::Card,
        &[
            ("4111111111111111", "[redacted]"),
            ("4111 1111 1111 1111 12/26", "[redacted] 12/26"),
            ("5555-5555-5555-4444", "[redacted]"),
            ("3782 822463 10005", "[redacted]"),
            ("card 6011111111111117.", "card [redacted]."),
            ("2223003122003222", "[redacted]"),
            ("id 7 4111111111111111", "id 7 [redacted]"),
        ],
    );
    none_found(&[
        "4111111111111112",
        "1111111111111117",
        "1700000000121",
        "41111111111111110000",
        "0.4111111111111111",
        "x4111111111111111",
        "4222222222222.5",
    ]);
}

/// One in ten has a right check digit; none is an issuer's.
#[test]
fn times_are_no_cards() {
    for millis in (1_500_000_000_000_u64..1_900_000_000_000).step_by(997_000_003) {
        assert_eq!(kinds(&millis.to_string(), Care::All), [], "{millis}");
    }
}

#[test]
fn addresses() {
    all_found(
        Detector::Ip,
        &[
            ("203.0.113.9", "[redacted]"),
            ("from 203.0.113.9:443.", "from [redacted]:443."),
            ("2a00:1450:4001:81b::200e", "[redacted]"),
            ("[2a00:1450::1]:443", "[[redacted]]:443"),
            ("ip:2a00:1450::1", "ip:[redacted]"),
            ("fe80::1", "[redacted]"),
            ("::ffff:203.0.113.9", "[redacted]"),
            ("2001:db8:0:0:0:0:2:1", "[redacted]"),
            ("2001:DB8::A, x", "[redacted], x"),
            ("ip=198.51.100.7&x", "ip=[redacted]&x"),
        ],
    );
    none_found(&["1.2.3", "1.2.3.4.5", "v1.2.3.4", "256.1.1.1", "1.2.3.", "0.0.0.0", "::"]);
}

#[test]
fn the_clients_own_address_goes_wherever_it_is() {
    let mut redactor = Redactor::new(&[], Some("203.0.113.9".parse().unwrap()));
    assert_eq!(redactor.redact("v203.0.113.9x", Care::Named), "v[redacted]x");
    let mut redactor = Redactor::new(&[], Some("::ffff:203.0.113.9".parse().unwrap()));
    assert_eq!(redactor.redact("x203.0.113.9", Care::Named), "x[redacted]");
}

const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

#[test]
fn jwts_go_from_all_fields_and_long_tokens_from_unnamed_ones() {
    for care in [Care::Named, Care::All] {
        assert_eq!(redact(JWT, care), "[redacted]");
        assert_eq!(redact(&format!("token={JWT}&x"), care), "token=[redacted]&x");
    }
    for token in [
        "550e8400-e29b-41d4-a716-446655440000",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "507f1f77bcf86cd799439011",
        "01HV6Q4Z8M3K2P7R9T5W1X0Y2A",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        assert_eq!(redact(&format!("x {token}."), Care::All), "x [redacted].", "{token}");
        assert_eq!(redact(token, Care::Named), token);
    }
    none_found(&[
        "this-is-a-very-long-title-of-an-article-in-2024",
        "how_to_make_12_cakes_in_30_minutes_with_2_eggs",
        "someVeryLongFunctionNameForTheThing",
        "SCREAMING_SNAKE_CASE_CONSTANT_NAME",
        "Donaudampfschifffahrtsgesellschaft",
        "page_view",
        "12345678901234567890123456789012345",
        "AnnualReport2024FinalVersionTwo",
        "application/x-www-form-urlencoded",
        "eyJ",
        "a.b.c",
    ]);
}

#[test]
fn encoded_forms_go_as_a_whole() {
    for (text, left) in [
        ("a%40b.com", "[redacted]"),
        ("u=a%40b.com&v=1", "[redacted]&v=1"),
        ("x a%2540b.com y", "x [redacted] y"),
        ("https%3A%2F%2Fx.test%2F%3Fm%3Da%2540b.com", "[redacted]"),
        ("YUBiLmNv", "[redacted]"),
        ("id=amFuZUBleGFtcGxlLmNvbQ==", "[redacted]"),
        ("/r/amFuZUBleGFtcGxlLmNvbQ/x", "[redacted]"),
        ("amFuZUBleGFtcGxlLmNvbQ%3D%3D", "[redacted]"),
        ("203%2E0%2E113%2E9", "[redacted]"),
        ("%2B4915123456789", "[redacted]"),
        ("+49%20151%2023456789", "[redacted]"),
        ("Jane <jane\\u0040example.com>", "Jane <[redacted]>"),
        ("call +49 151%2023456789", "[redacted]"),
    ] {
        assert_eq!(redact(text, Care::Named), left, "{text}");
    }
    none_found(&[
        "100%",
        "50%25 off",
        "a%20b%20c",
        "caf%C3%A9",
        "page_view_event",
        "YWJjZGVmZ2hpag==",
        "C:\\users",
        "%%%",
    ]);
}

#[test]
fn operators_patterns_count_too() {
    let patterns = [regex::Regex::new(r"\bK-\d{4}\b").unwrap()];
    let mut redactor = Redactor::new(&patterns, None);
    assert_eq!(
        redactor.redact("customer K-1234 and K-12", Care::Named),
        "customer [redacted] and K-12"
    );
    assert_eq!(redactor.redact("x=K%2D1234", Care::Named), "[redacted]");
    assert_eq!(redactor.take_hits(), [Detector::Pattern, Detector::Pattern]);
}

proptest! {
    #[test]
    fn planted_data_is_found_among_anything(
        before in "[ a-zé,;<>\"&?=]{0,12}",
        after in "[ ,;<>\"&?=]{0,3}",
        which in 0_usize..6,
    ) {
        let planted = ["jane@shop.example", "+49 151 23456789", "DE89370400440532013000", "4111111111111111", "203.0.113.9", JWT][which];
        let before = if before.ends_with(char::is_alphanumeric) { format!("{before} ") } else { before };
        let text = format!("{before}{planted}{after}");
        for care in [Care::Named, Care::All] {
            let left = redact(&text, care);
            prop_assert!(!left.contains(planted) && left.contains("[redacted]"), "{}", left);
        }
    }

    #[test]
    fn nothing_is_found_in_what_is_left(text in "(?s)[a-z0-9@.%+: -]{0,60}") {
        let left = redact(&text, Care::All);
        let again = redact(&left, Care::All);
        prop_assert_eq!(again, left);
    }

    #[test]
    fn any_text_is_taken(text in "(?s).{0,80}") {
        redact(&text, Care::All);
    }

    #[test]
    fn numbers_below_ten_digits_stay(number in 0_u32..999_999_999) {
        let text = number.to_string();
        prop_assert_eq!(redact(&text, Care::All), text);
    }
}
