//! Turns the text of a script into the globals that it defines for others.
//!
//! 1. Outside of every bracket: `var`, `let`, `const`, `function` and `class` with a name, and an assignment to a name or
//!    to a property of `window` (ECMA-262, 16.1, global declarations).
//! 2. What is only made on the way to a script element or a pixel ([`PASSING`]), and one-letter names, are nobody's to count on.
//! 3. This is a reading, not a parse: a definition in a bracket is missed, and then the script counts as one without.

/// What the value of a passing variable begins with.
const PASSING: &[&str] = &[
    "document.createElement(",
    "document.getElementsByTagName(",
    "document.getElementById(",
    "new Image",
    "document.location",
    "location.protocol",
    "(\"https:\" ==",
    "('https:' ==",
    "(('https:' ==",
    "((\"https:\" ==",
];

/// A name at the start of a statement, and what follows it.
struct Statement<'t> {
    text: &'t str,
}

/// The names, in order.
pub(super) fn defined(text: &[u8]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for statement in statements(text) {
        names.extend(Statement { text: &statement }.name().map(str::to_owned));
    }
    names
}

/// Whether `code` has `name` in it as a whole word.
pub(super) fn mentions(code: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).and_then(|b| b.chars().next_back());
        let after = code.get(at + name.len()..).and_then(|a| a.chars().next());
        !before.is_some_and(part_of_name) && !after.is_some_and(part_of_name)
    })
}

/// The beginnings of the statements outside of every bracket; at most 80 bytes of each.
fn statements(text: &[u8]) -> Vec<String> {
    let (mut found, mut depth, mut rest, mut start) = (Vec::new(), 0usize, text, true);
    while let Some((byte, after)) = rest.split_first() {
        if start && depth == 0 && (byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$')) {
            let head = rest.get(..80).unwrap_or(rest);
            found.push(String::from_utf8_lossy(head).into_owned());
            start = false;
        }
        match byte {
            b'"' | b'\'' | b'`' => {
                rest = after_string(after, *byte);
                continue;
            }
            b'/' if matches!(after.first(), Some(b'/' | b'*')) => {
                rest = after_comment(after);
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                start = true;
            }
            b';' | b'\n' | b',' => start = true,
            _ => {}
        }
        rest = after;
    }
    found
}

fn after_string(text: &[u8], quote: u8) -> &[u8] {
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'\\' => after.get(1..).unwrap_or_default(),
            b'\n' if quote != b'`' => return after,
            byte if *byte == quote => return after,
            _ => after,
        };
    }
    rest
}

fn after_comment(text: &[u8]) -> &[u8] {
    let end = if text.first() == Some(&b'/') {
        memchr::memchr(b'\n', text)
    } else {
        memchr::memmem::find(text.get(1..).unwrap_or_default(), b"*/").map(|at| at + 3)
    };
    text.get(end.unwrap_or(text.len())..).unwrap_or_default()
}

impl<'t> Statement<'t> {
    fn name(&self) -> Option<&'t str> {
        let (word, rest) = word(self.text);
        let (name, rest) = match word {
            "var" | "let" | "const" | "class" | "function" => {
                self::word(rest.trim_start_matches(['*', ' ', '\t', '\n', '\r']))
            }
            "window" | "self" | "globalThis" | "top" => {
                let (name, rest) = self::word(rest.strip_prefix('.')?);
                (assigns(rest).then_some(name)?, rest)
            }
            name => (assigns(rest).then_some(name)?, rest),
        };
        (name.len() > 1 && !is_passing(rest)).then_some(name)
    }
}

/// Whether what follows a name makes it a passing variable.
fn is_passing(rest: &str) -> bool {
    let value = rest.trim_start().strip_prefix('=').map(str::trim_start);
    value.is_some_and(|value| PASSING.iter().any(|start| value.starts_with(start)))
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')));
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or_default()
}

fn assigns(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globals_are_found() {
        for (text, names) in [
            ("var ab = ab || {}; ab.c = 1;", &["ab"][..]),
            ("(function(){var ab=1;function cd(){}})();", &[]),
            ("function tag(){} window.qq = []; xy = 'yz=1';", &["tag", "qq", "xy"]),
            ("// var ab\n/* var bc */ let cd=1", &["cd"]),
            ("ab.cd = 1; ga('create', {x: 1}); if (ab == cd) { var ef }", &[]),
            ("var ab = 1, bc = function(){ cd = 2 }", &["ab", "bc"]),
            ("qq.push({a: function(){ xy = 1 }})", &[]),
            ("var s = 1; var js = document.createElement('script');", &[]),
        ] {
            assert_eq!(defined(text.as_bytes()), names, "{text}");
        }
        assert!(mentions("window.gtag=1", "gtag") && !mentions("window.gtags=1", "gtag"));
    }
}
