//! Turns a US Privacy string into whether the visitor opted out of sale.
//!
//! 1. It is four characters: `1`, then notice given, opted out of sale, and whether the Limited Service Provider Agreement
//!    covers it, each of `Y`, `N` or `-`, in either case (IAB "U.S. Privacy String", version 1).
//! 2. Opting out of sale refuses marketing. It grants nothing, whatever it says.
//! 3. What is no such string says nothing; where the law is opt-out, the ruling takes that for an opt-out.

use super::{
    signal::{Vote, Votes},
    source::Said,
};

/// Whether `text` opts out of sale; `None` for what is no US Privacy string.
pub(super) fn opts_out(text: &str) -> Option<bool> {
    let &[b'1', notice, sale, agreement] = text.as_bytes() else { return None };
    let is_answer = |letter: u8| matches!(letter.to_ascii_uppercase(), b'Y' | b'N' | b'-');
    let sound = [notice, sale, agreement].into_iter().all(is_answer);
    sound.then_some(sale.eq_ignore_ascii_case(&b'Y'))
}

pub(super) fn read(text: &str) -> Option<Said> {
    Some(match opts_out(text)? {
        true => {
            let votes = Votes { marketing: Vote::Deny, ..Votes::default() };
            Said::explicit(votes, "opted out of sale (US Privacy string)")
        }
        false => Said::informs("not opted out of sale (US Privacy string)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_third_character_refuses() {
        for (text, out) in [
            ("1YYN", Some(true)),
            ("1-y-", Some(true)),
            ("1YNN", Some(false)),
            ("1---", Some(false)),
            ("1nn-", Some(false)),
            ("2YYN", None),
            ("1YY", None),
            ("1YYNN", None),
            ("1YXN", None),
            ("1 YN", None),
            ("", None),
        ] {
            assert_eq!(opts_out(text), out, "{text}");
        }
    }
}
