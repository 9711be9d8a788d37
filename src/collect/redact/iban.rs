//! Finds account numbers (ISO 13616): a country of the registry, two check digits, the length that the country has, and a remainder of 1
//! modulo 97; in one piece, or with blanks or dashes between groups.

use super::{Classes, Detector, Hit, before};

/// Countries with the lengths of their numbers, from the registry of IBANs.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 \
    ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 \
    LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 \
    SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

pub(super) fn find(text: &str, classes: &Classes, hits: &mut Vec<Hit>) {
    // The shortest, of Norway, has 13 digits; others have as few as two, and letters.
    if classes.len < 15 || classes.digits < 4 {
        return;
    }
    let bytes = text.as_bytes();
    for (at, window) in bytes.windows(4).enumerate() {
        let [a, b, c, d] = window else { continue };
        let head = a.is_ascii_alphabetic() && b.is_ascii_alphabetic();
        if !head || !c.is_ascii_digit() || !d.is_ascii_digit() {
            continue;
        }
        if before(bytes, at).is_some_and(|b| b.is_ascii_alphanumeric()) {
            continue;
        }
        if let Some(len) = length(*a, *b).and_then(|chars| number(bytes.get(at..)?, chars)) {
            hits.push(Hit { at: at..at + len, what: Detector::Iban });
        }
    }
}

fn length(a: u8, b: u8) -> Option<usize> {
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    let entry = LENGTHS.split_ascii_whitespace().find(|e| e.as_bytes().starts_with(&country))?;
    entry.get(2..)?.parse().ok()
}

/// The bytes that a number of `chars` characters takes at the start of `bytes`, if it is one.
fn number(bytes: &[u8], chars: usize) -> Option<usize> {
    let mut number = Vec::with_capacity(chars);
    let mut len = 0;
    let mut parted = false;
    for byte in bytes {
        match byte {
            b if b.is_ascii_alphanumeric() => {
                number.push(b.to_ascii_uppercase());
                parted = false;
            }
            b' ' | b'-' if !parted => parted = true,
            _ => break,
        }
        len += 1;
        if number.len() == chars {
            break;
        }
    }
    let whole = !bytes.get(len).is_some_and(u8::is_ascii_alphanumeric);
    (number.len() == chars && whole && remainder(&number)? == 1).then_some(len)
}

/// ISO 7064, MOD 97-10: the first four characters last, letters as 10 to 35.
fn remainder(number: &[u8]) -> Option<u32> {
    let (head, tail) = number.split_at_checked(4)?;
    tail.iter().chain(head).try_fold(0, |rest, byte| {
        let digit = char::from(*byte).to_digit(36)?;
        Some((rest * if digit < 10 { 10 } else { 100 } + digit) % 97)
    })
}
