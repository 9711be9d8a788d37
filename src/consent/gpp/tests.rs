//! Whole strings, some of the specification's and some made with IAB Tech Lab's library.

use super::*;
use crate::consent::signal::Vote::{Deny, Silent};
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

/// Created on 2026-11-23, with nothing consented to.
const TC: &str = "CQuIxQAQuIxQAAfAAAENAAFgAAAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA";

fn asked() -> tcf::Asked {
    tcf::Asked { vendors: [755].into(), ..tcf::Asked::default() }
}

fn clock() -> Clock {
    Clock::new(UNIX_EPOCH + Duration::from_secs(1_795_400_000), 180)
}

fn said(text: &str) -> Option<(Votes, Cow<'static, str>)> {
    read(text, clock(), &asked()).map(|(said, _)| said.parts())
}

fn marketing(text: &str) -> Option<Vote> {
    said(text).map(|(votes, _)| votes.marketing)
}

fn ids(text: &str) -> Option<Vec<u16>> {
    let string = GppString::parse(text).ok()?;
    Some(string.sections().map(|(id, _)| id).collect())
}

#[test]
fn sections_follow_their_ids() {
    assert_eq!(ids(&format!("DBACNY~{TC}~1-N-")), Some(vec![2, 6]));
    assert_eq!(ids("DBAA"), Some(vec![]));
    for strange in ["", "DBAA~", "DBABMA", "DBACNY~a", "DBABMA~a~b", "~a", "DBABM=~a", "DBA A"] {
        assert_eq!(ids(strange), None, "{strange}");
    }
    let long = |length: usize| format!("DBABTA~{}", "-".repeat(length - 7));
    assert_eq!((ids(&long(4096)), ids(&long(4097))), (Some(vec![6]), None));
}

#[test]
fn us_sections_refuse_and_never_allow() {
    for (text, vote) in [
        ("DBABTA~1-N-", Silent),
        ("DBABTA~1-Y-", Deny),
        ("DBABTA~?", Deny),
        ("DBABBg~BAQAAABA.QA", Deny),
        ("DBABBg~BAAAAABA.QA", Silent),
        ("DBABBg~BAAAAABA.YA", Deny),
        ("DBABBg~", Deny),
    ] {
        assert_eq!(marketing(text), Some(vote), "{text}");
        let (votes, _) = said(text).unwrap();
        assert!(!votes.any(Vote::Grant) && votes.analytics == Silent, "{text}");
    }
}

#[test]
fn unknown_sections_are_left_out() {
    let header = |bits: &str| {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let padded = format!("{bits}{}", "0".repeat((6 - bits.len() % 6) % 6));
        let value = |at: usize| usize::from_str_radix(&padded[at..at + 6], 2).unwrap();
        (0..padded.len()).step_by(6).map(|at| char::from(letters[value(at)])).collect::<String>()
    };
    let start = "000011000001";
    let two_and_28 = header(&format!("{start}0000000000100011000010011"));
    assert_eq!(ids(&format!("{two_and_28}~{TC}~x")), Some(vec![2, 28]));
    let only_28 = header(&format!("{start}000000000001001010011"));
    assert_eq!(ids(&format!("{only_28}~x")), Some(vec![28]));
    assert_eq!(marketing(&format!("{only_28}~x")), Some(Silent));
}

#[test]
fn a_tc_string_counts_by_its_own_rules() {
    let text = format!("DBABMA~{TC}");
    let (said, answer) = read(&text, clock(), &asked()).unwrap();
    assert_eq!(said.parts().0.marketing, Deny);
    assert!(answer.unwrap().unlock(755, crate::purpose::Purpose::Marketing).is_err());
    assert_eq!(read(TC, clock(), &asked()).unwrap().0.parts().0.marketing, Deny, "bare");
    for text in ["DBABMA~CQ", "DBABMA~!"] {
        let (said, answer) = read(text, clock(), &asked()).unwrap();
        assert!(!said.is_usable() && answer.is_none(), "{text}");
    }
    assert_eq!(marketing("DBACNY~CQ~1-Y-"), Some(Deny), "another section is not silenced");
}

#[test]
fn canada_refuses_what_is_neither_express_nor_implied() {
    let core = |express: &str, implied: &str| {
        // 151 bits before the purposes: the version, and nothing.
        let bits = format!("000010{}{express:0<24}{implied:0<24}", "0".repeat(145));
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let padded = format!("{bits}{}", "0".repeat((6 - bits.len() % 6) % 6));
        let value = |at: usize| usize::from_str_radix(&padded[at..at + 6], 2).unwrap();
        let text: String =
            (0..padded.len()).step_by(6).map(|at| char::from(letters[value(at)])).collect();
        format!("DBABDA~{text}")
    };
    assert_eq!(ids("DBABDA~x"), Some(vec![5]));
    assert_eq!(marketing(&core("1111111", "")), Some(Silent));
    assert_eq!(marketing(&core("1", "0111001")), Some(Silent));
    assert_eq!(marketing(&core("1", "011100")), Some(Deny));
    assert_eq!(marketing(&core("", "")), Some(Deny));
    assert_eq!(marketing("DBABDA~x"), Some(Deny));
}

proptest! {
    #[test]
    fn any_text_is_one_or_not(text in "D?B?A?[A-Za-z0-9_.~-]{0,200}") {
        if let Some((votes, _)) = said(&text) {
            prop_assert!(!votes.any(Vote::Grant));
        }
        if let Ok(string) = GppString::parse(&text) {
            prop_assert_eq!(string.sections().count(), text.split('~').count() - 1);
        }
    }
}
