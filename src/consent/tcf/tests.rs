//! Strings that are written here bit by bit: the rejection rules one by one, and what unlocks a vendor.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// 2026-06-15T12:00:00Z.
const NOW: u64 = 1_781_524_800;
const DAY: u64 = 86_400;

/// Numbers, each in a number of bits.
type Fields = Vec<(u64, u32)>;

/// A TC string to be.
#[derive(Clone)]
struct Draft {
    version: u64,
    created: u64,
    updated: u64,
    policy: u64,
    specific: u64,
    purposes: Vec<u8>,
    vendors: Fields,
    restrictions: Fields,
    disclosed: Option<Fields>,
    more: Vec<Fields>,
}

/// A vendor section of ranges.
fn ranges(ranges: &[(u64, u64)]) -> Fields {
    let each = ranges.iter().flat_map(|(start, end)| [(1, 1), (*start, 16), (*end, 16)]);
    [(65_535, 16), (1, 1), (ranges.len() as u64, 12)].into_iter().chain(each).collect()
}

/// One publisher restriction in a list of one.
fn restriction(purpose: u64, kind: u64, vendor: u64) -> Fields {
    vec![(1, 12), (purpose, 6), (kind, 2), (1, 12), (0, 1), (vendor, 16)]
}

fn written(fields: &[(u64, u32)]) -> String {
    let bits: Vec<u64> =
        fields.iter().flat_map(|(n, count)| (0..*count).rev().map(move |i| n >> i & 1)).collect();
    let letter = |six: &[u64]| {
        let value = six.iter().fold(0, |all, bit| all << 1 | bit) << (6 - six.len());
        char::from(LETTERS[value as usize])
    };
    bits.chunks(6).map(letter).collect()
}

impl Draft {
    /// Everything for everybody, and it counts.
    fn all() -> Self {
        Self {
            version: 2,
            created: NOW - DAY,
            updated: NOW - DAY,
            policy: 5,
            specific: 1,
            purposes: (1..=11).collect(),
            vendors: ranges(&[(1, 1000)]),
            restrictions: vec![(0, 12)],
            disclosed: Some(ranges(&[(1, 1000)])),
            more: vec![],
        }
    }

    fn text(&self) -> String {
        let purposes = self.purposes.iter().fold(0, |all, number| all | 1 << (24 - number));
        let mut core = vec![
            (self.version, 6),
            (self.created * 10, 36),
            (self.updated * 10, 36),
            (31, 12),
            (1, 12),
            (1, 6),
            (0, 12),
            (100, 12),
            (self.policy, 6),
            (self.specific, 1),
            (0, 1),
            (0, 12),
            (purposes, 24),
            (0xff_ffff, 24),
            (1, 1),
            (0, 12),
        ];
        core.extend(&self.vendors);
        // Legitimate interest of everybody, which must unlock nothing.
        core.extend(ranges(&[(1, 65_535)]));
        core.extend(&self.restrictions);
        let disclosed = self.disclosed.iter().map(|d| [&[(1, 3)], d.as_slice()].concat());
        let segments = disclosed.chain(self.more.clone()).map(|fields| written(&fields));
        std::iter::once(written(&core)).chain(segments).collect::<Vec<_>>().join(".")
    }
}

fn clock() -> Clock {
    Clock::new(UNIX_EPOCH + Duration::from_secs(NOW), 180)
}

fn about(vendors: &[u16]) -> Asked {
    Asked { vendors: vendors.into(), uses: Uses::DEFAULT }
}

/// Why a string gives no consent.
fn refused(text: &str) -> Option<Refused> {
    TcString::parse(text).and_then(|string| string.refusal(clock())).err()
}

#[track_caller]
fn refuses(change: impl Fn(&mut Draft), why: &Refused) {
    let mut draft = Draft::all();
    change(&mut draft);
    let text = draft.text();
    assert_eq!(refused(&text).as_ref(), Some(why), "{text}");
    assert!(read(&text, clock(), &about(&[755])).is_none_or(|(said, answer)| {
        said == Said::nothing(why.to_string()) && answer.is_none()
    }));
}

#[test]
fn a_string_that_keeps_every_rule_counts() {
    let text = Draft::all().text();
    assert_eq!(refused(&text), None);
    let (said, answer) = read(&text, clock(), &about(&[755])).unwrap();
    let votes = Votes { functional: Vote::Silent, ..Votes::all(Vote::Grant) };
    assert_eq!(said.parts().0, votes);
    assert_eq!(answer.unwrap().unlock(755, Purpose::Marketing), Ok(()));
}

#[test]
fn rule_1_size_and_alphabet() {
    let mut long = Draft::all();
    long.more = vec![vec![(4, 3)]; 2];
    let text = long.text();
    let padded = |length: usize| format!("{text}{}", "A".repeat(length - text.len()));
    assert_eq!(refused(&padded(4096)), None);
    assert_eq!(refused(&padded(4097)), Some(Refused::TooLong));
    for strange in ["=", "%2E", " ", "~", "+"] {
        assert_eq!(refused(&format!("{text}{strange}")), Some(Refused::Alphabet));
        assert_eq!(refused(&format!("{strange}{text}")), Some(Refused::Alphabet));
    }
}

#[test]
fn rule_2_version() {
    for version in [0, 1, 3, 63] {
        refuses(|draft| draft.version = version, &Refused::Version(version as u8));
    }
}

#[test]
fn rule_3_whatever_is_cut_off() {
    let mut draft = Draft::all();
    draft.restrictions = restriction(2, 1, 5);
    draft.disclosed = None;
    draft.created = 1_772_323_199;
    draft.updated = 1_772_323_199;
    let text = draft.text();
    assert_eq!(refused(&text), None);
    // The last character may hold padding alone.
    for length in 0..text.len() - 1 {
        assert!(refused(&text[..length]).is_some(), "{length} of {}", text.len());
    }
    refuses(|draft| draft.vendors = ranges(&[(5, 4)]), &Refused::Malformed);
    refuses(|draft| draft.vendors = ranges(&[(0, 4)]), &Refused::Malformed);
    refuses(|draft| draft.restrictions = vec![(4095, 12)], &Refused::Malformed);
    refuses(|draft| draft.disclosed = Some(vec![(99, 16), (0, 1)]), &Refused::Malformed);
    refuses(|draft| draft.more = vec![vec![(1, 3), (0, 16), (0, 1)]], &Refused::Malformed);
    refuses(|draft| draft.more = vec![vec![(3, 3), (0, 48), (63, 6)]], &Refused::Malformed);
    refuses(|draft| draft.more = vec![vec![]], &Refused::Malformed);
    let publisher: Fields = vec![(3, 3), (0, 48), (1, 6), (3, 2)];
    refuses(|draft| draft.more = vec![publisher.clone(); 2], &Refused::Malformed);
}

#[test]
fn rule_4_service_specific() {
    refuses(|draft| draft.specific = 0, &Refused::Global);
}

#[test]
fn rule_5_policy() {
    for policy in 0..4 {
        refuses(|draft| draft.policy = policy, &Refused::Policy(policy as u8));
    }
    for policy in [4, 5, 6] {
        let text = Draft { policy, ..Draft::all() }.text();
        assert_eq!(refused(&text), None);
    }
}

#[test]
fn rule_6_age() {
    let old = Refused::Age("the choice is older than 180 days".into());
    let future = Refused::Age("the choice is dated in the future".into());
    let made = |created, updated| Draft { created, updated, ..Draft::all() }.text();
    assert_eq!(refused(&made(NOW - 400 * DAY, NOW - 180 * DAY)), None, "renewed in time");
    assert_eq!(refused(&made(NOW - 400 * DAY, NOW - 181 * DAY)), Some(old.clone()));
    assert_eq!(refused(&made(NOW, NOW + DAY)), None);
    assert_eq!(refused(&made(NOW, NOW + DAY + 1)), Some(future.clone()));
    assert_eq!(refused(&made(NOW + DAY + 1, NOW)), Some(future));
    refuses(|draft| draft.updated = 0, &old);
}

#[test]
fn rule_7_disclosed_vendors() {
    let made = |created: u64, policy| {
        let (disclosed, updated) = (None, created);
        Draft { created, updated, policy, disclosed, ..Draft::all() }.text()
    };
    assert_eq!(refused(&made(1_772_323_199, 5)), None, "the last second of February 2026");
    assert_eq!(refused(&made(1_772_323_200, 5)), Some(Refused::Undisclosed));
    assert_eq!(refused(&made(1_772_323_200, 4)), Some(Refused::Undisclosed));
    let older = made(1_772_323_199, 4);
    assert!(TcString::parse(&older).unwrap().unlock(755, Purposes::of(&[1])));
}

/// What one vendor is told, by the stream and by the answer, which must agree.
fn asked(draft: &Draft, vendor: u16, purpose: Purpose) -> Result<(), Withheld> {
    let text = draft.text();
    let string = TcString::parse(&text).unwrap();
    let each = (1..=24).filter(|number| string.unlock(vendor, Purposes::of(&[*number])));
    let unlocked = Uses::DEFAULT.are_met_by(Purposes::of(&each.collect::<Vec<_>>()), purpose);
    let ids: Vec<u16> = vec![1, vendor, vendor.saturating_add(1), 65_535];
    let answer = string.answer(&ids, Uses::DEFAULT).unlock(vendor, purpose);
    assert_eq!(unlocked, answer.is_ok());
    answer
}

#[test]
fn only_consent_unlocks() {
    let mut draft = Draft::all();
    assert_eq!(asked(&draft, 755, Purpose::Marketing), Ok(()));
    draft.vendors = ranges(&[(1, 754), (756, 1000)]);
    assert_eq!(asked(&draft, 755, Purpose::Functional), Err(Withheld::Vendor));
    draft.vendors = ranges(&[(755, 755)]);
    assert_eq!(asked(&draft, 755, Purpose::Analytics), Ok(()));
    draft.disclosed = Some(ranges(&[(1, 754)]));
    assert_eq!(asked(&draft, 755, Purpose::Analytics), Err(Withheld::Undisclosed));
    draft.disclosed = None;
    draft.purposes = vec![1, 9];
    assert_eq!(asked(&draft, 755, Purpose::Analytics), Ok(()));
    assert_eq!(asked(&draft, 755, Purpose::Marketing), Err(Withheld::Purpose));
    draft.purposes = (2..=11).collect();
    for purpose in Purpose::OPTIONAL {
        assert_eq!(asked(&draft, 755, purpose), Err(Withheld::Purpose), "purpose 1 is waived");
    }
    let text = Draft::all().text();
    let answer = TcString::parse(&text).unwrap().answer(&[32], Uses::DEFAULT);
    assert_eq!(answer.unlock(755, Purpose::Functional), Err(Withheld::Undisclosed), "unasked");
}

#[test]
fn the_operator_says_what_uses_take() {
    let of = |all, one_of| Use::new(Purposes::of(all), Purposes::of(one_of));
    let uses =
        Uses { analytics: of(&[1, 8, 10], &[]), marketing: of(&[1], &[2, 4]), ..Uses::DEFAULT };
    let asked = Asked { uses, ..about(&[755]) };
    let said = |purposes: &[u8]| {
        let text = Draft { purposes: purposes.to_vec(), ..Draft::all() }.text();
        let (said, answer) = read(&text, clock(), &asked).unwrap();
        let answer = answer.unwrap();
        let unlocked = Purpose::OPTIONAL.map(|purpose| answer.unlock(755, purpose).is_ok());
        let votes = said.parts().0;
        assert_eq!([votes.analytics, votes.marketing], [unlocked[1], unlocked[2]].map(Vote::of));
        unlocked
    };
    assert_eq!(said(&[1, 9]), [true, false, false]);
    assert_eq!(said(&[1, 4, 8, 10]), [true, true, true]);
    assert_eq!(said(&[1, 2, 8]), [true, false, true]);
    assert_eq!(said(&[2, 4, 8, 10]), [false, false, false]);
}

#[test]
fn the_publisher_can_take_a_purpose_away() {
    for (purpose, kind, vendor, marketing) in [
        (4, 0, 755, Err(Withheld::Restricted)),
        (4, 1, 755, Ok(())),
        (4, 2, 755, Err(Withheld::Restricted)),
        (4, 3, 755, Err(Withheld::Restricted)),
        (4, 0, 754, Ok(())),
        (5, 0, 755, Ok(())),
        (63, 0, 755, Ok(())),
    ] {
        let restrictions = restriction(purpose, kind, vendor);
        let draft = Draft { restrictions, ..Draft::all() };
        let shown = format!("purpose {purpose}, type {kind}, vendor {vendor}");
        assert_eq!(asked(&draft, 755, Purpose::Marketing), marketing, "{shown}");
    }
    let restrictions = restriction(8, 0, 755);
    let draft = Draft { restrictions, ..Draft::all() };
    assert_eq!(asked(&draft, 755, Purpose::Analytics), Ok(()), "purpose 9 is left");
}

#[test]
fn two_strings_must_both_allow() {
    let other = Draft { vendors: ranges(&[(755, 755)]), ..Draft::all() };
    let restricted = Draft { restrictions: restriction(1, 0, 755), ..Draft::all() };
    let text = [Draft::all(), other, restricted].map(|draft| draft.text());
    let [all, google, nobody] = text
        .each_ref()
        .map(|text| TcString::parse(text).unwrap().answer(&[32, 755], Uses::DEFAULT));
    let both = all.clone().and(&google);
    assert_eq!(both, google.and(&all));
    assert_eq!(both.unlock(755, Purpose::Marketing), Ok(()));
    assert_eq!(both.unlock(32, Purpose::Marketing), Err(Withheld::Vendor));
    assert_eq!(both.and(&nobody).unlock(755, Purpose::Functional), Err(Withheld::Restricted));
    assert_eq!(all.silenced().unlock(755, Purpose::Functional), Err(Withheld::Purpose));
}

proptest! {
    #[test]
    fn any_bits_are_read_and_both_ways_agree(
        head in proptest::collection::vec(any::<u8>(), 0..40),
        text in "[A-Za-z0-9_.-]{0,300}",
        ids in proptest::collection::btree_set(any::<u16>(), 0..20),
    ) {
        let ids: Vec<u16> = ids.into_iter().collect();
        let head: Fields = head.into_iter().map(|byte| (u64::from(byte), 8)).collect();
        for text in [format!("C{text}"), format!("C{}{text}", written(&head))] {
            let Ok(string) = TcString::parse(&text) else { continue };
            let answer = string.answer(&ids, Uses::DEFAULT);
            for (id, allowed) in answer.vendors() {
                let unlocked = |number: &u8| string.unlock(id, Purposes::of(&[*number]));
                let unlocked: Vec<u8> = (1..=24).filter(unlocked).collect();
                prop_assert_eq!(unlocked, allowed.iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_changed_character_is_read(at in 0_usize..300, letter in 0_usize..64) {
        let mut text = Draft { restrictions: restriction(4, 1, 9), ..Draft::all() }.text().into_bytes();
        let at = at % text.len();
        text[at] = LETTERS[letter];
        let _ = refused(str::from_utf8(&text).unwrap());
    }
}
