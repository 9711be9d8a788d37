//! Turns a command line into its words, as a POSIX shell would, and as browsers quote for one.
//!
//! 1. `'...'` is as it stands; in `"..."` a backslash escapes `"`, `\`, `$`, a backtick and an end of line; outside it escapes anything.
//! 2. `$'...'` has C's escapes (bash; browsers use it for control characters and `!`).
//! 3. Nothing is run, and no variable is put in: a `$` is a `$`.

use std::{iter::Peekable, str::Chars};

/// The words of `text`; `None` where a quote is not closed.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => until(&mut chars, word.get_or_insert_default(), |_, c| Some(c))?,
            '"' => double(&mut chars, word.get_or_insert_default())?,
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                until(&mut chars, word.get_or_insert_default(), escaped)?;
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') => drop(chars.next_if_eq(&'\n')),
                Some(c) => word.get_or_insert_default().push(c),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

type Rest<'a, 't> = &'a mut Peekable<Chars<'t>>;

/// Reads to the closing `'`; `meaning` says what a character stands for, with those after it.
fn until(
    chars: Rest<'_, '_>,
    word: &mut String,
    meaning: impl Fn(Rest<'_, '_>, char) -> Option<char>,
) -> Option<()> {
    loop {
        match chars.next()? {
            '\'' => return Some(()),
            c => {
                let meant = meaning(chars, c);
                word.extend(meant);
            }
        }
    }
}

fn double(chars: Rest<'_, '_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '"' => return Some(()),
            '\\' => match chars.next()? {
                '\n' => {}
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

/// What a character of `$'...'` stands for.
fn escaped(chars: Rest<'_, '_>, c: char) -> Option<char> {
    if c != '\\' {
        return Some(c);
    }
    match chars.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'x' => number(chars, 2),
        'u' => number(chars, 4),
        'U' => number(chars, 8),
        other => Some(other),
    }
}

/// The character whose number is written with at most `digits` hexadecimal digits.
fn number(chars: Rest<'_, '_>, digits: usize) -> Option<char> {
    let mut value = 0;
    for _ in 0..digits {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
        chars.next();
        value = value * 16 + digit;
    }
    char::from_u32(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_a_shells() {
        for (text, expected) in [
            ("curl  'a b' \\\n -H \"c\\\"d\\e\"", vec!["curl", "a b", "-H", "c\"d\\e"]),
            (r"$'\u0021a\n\'b\x41' c\ d ''", vec!["!a\n'bA", "c d", ""]),
            ("a'b'\"c\"d $HOME", vec!["abcd", "$HOME"]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        for open in ["'", "\"a", "$'a\\'"] {
            assert_eq!(words(open), None, "{open}");
        }
    }

    proptest! {
        #[test]
        fn quoted_words_come_back(given in prop::collection::vec("\\PC{0,12}", 0..6)) {
            let quote = |word: &String| format!("'{}'", word.replace('\'', "'\\''"));
            let text = given.iter().map(quote).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&text), Some(given));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[\\PC\n]{0,60}") {
            let _ = words(&text);
        }
    }
}
