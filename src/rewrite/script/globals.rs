//! Turns the text of a script into the globals that it defines for others.
//!
//! 1. Outside of every bracket: `var`, `let`, `const`, `function` and `class` with a name, and an assignment to a name
//!    (ECMA-262, 16.1, global declarations); anywhere: an assignment to a property of `window`, also under a
//!    one-letter name when the property is tested there too, as in `w.q = w.q || []`.
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
    names.extend(of_window(&String::from_utf8_lossy(text)));
    names
}

/// The properties of `window` that are assigned anywhere.
fn of_window(text: &str) -> Vec<String> {
    let assigned = text.match_indices('.').filter_map(|(dot, _)| {
        let (before, after) = text.split_at_checked(dot)?;
        let (name, rest) = word(after.strip_prefix('.')?);
        let object = last_word(before);
        let property = || text.get(dot - object.len()..dot + 1 + name.len());
        let is_window = match object {
            "window" | "self" | "globalThis" => true,
            _ => object.len() == 1 && property().is_some_and(|p| text.matches(p).count() > 1),
        };
        (is_window && name.len() > 1 && assigns(rest) && !is_passing(rest)).then_some(name)
    });
    assigned
        .filter(|name| !["location", "src", "href", "name"].contains(name))
        .map(str::to_owned)
        .collect()
}

fn last_word(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let start = text.rfind(|c: char| !is_part(c)).map_or(0, |at| {
        at + text.get(at..).map_or(1, |t| t.chars().next().map_or(1, char::len_utf8))
    });
    text.get(start..).unwrap_or_default()
}

/// The names that Google's snippets give to the globals that they define: behind `'script',` in Tag Manager's, behind the
/// script's URL in Analytics'.
pub(super) fn renamed(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let marks = ["'script',", "\"script\",", "analytics.js',", "analytics.js\","];
    let behind = marks.iter().flat_map(|mark| text.split(mark).skip(1).map(|rest| (*mark, rest)));
    behind
        .filter_map(|(mark, rest)| {
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, after) = rest.get(1..)?.split_once(quote)?;
            let is_last = !after.trim_start().starts_with(',');
            let is_name = !name.is_empty() && word(name).1.is_empty();
            (is_name && is_last != mark.starts_with(['\'', '"'])).then(|| name.to_owned())
        })
        .collect()
}

/// Whether `code` has `name` in it as a whole word, not as one of several in a string: those are names of methods.
pub(super) fn mentions(code: &str, name: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).unwrap_or_default();
        let next = code.get(at + name.len()..).and_then(|after| after.chars().next());
        let last = before.chars().next_back();
        !last.is_some_and(part_of_name)
            && !next.is_some_and(part_of_name)
            && (!is_listed(last, next) || declares(before))
    })
}

/// Whether what is around a word is what is around one of several in a string.
fn is_listed(before: Option<char>, after: Option<char>) -> bool {
    let ends = [Some(' '), Some('"'), Some('\'')];
    let around = [before, after];
    around.contains(&Some(' ')) && around.iter().all(|end| ends.contains(end))
}

fn declares(before: &str) -> bool {
    ["var", "let", "const", "function"].contains(&last_word(before.trim_end()))
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
            ("(function(w){w.kw=w.kw||[];w.src=1;w.src=2})(window)", &["kw"]),
            ("!function(){window.cnx={}}()", &["cnx"]),
            ("function tag(){} window.qq = []; xy = 'yz=1';", &["tag", "xy", "qq"]),
            ("// var ab\n/* var bc */ let cd=1", &["cd"]),
            ("ab.cd = 1; ga('create', {x: 1}); if (ab == cd) { var ef }", &[]),
            ("var ab = 1, bc = function(){ cd = 2 }", &["ab", "bc"]),
            ("qq.push({a: function(){ xy = 1 }})", &[]),
            ("var s = 1; var js = document.createElement('script');", &[]),
        ] {
            assert_eq!(defined(text.as_bytes()), names, "{text}");
        }
        let tag_manager = b"(window,document,'script','myLayer','GTM-1')";
        assert_eq!(renamed(tag_manager), ["myLayer"]);
        assert_eq!(renamed(b"'script','//x.test/analytics.js','__gaTracker')"), ["__gaTracker"]);
        assert!(renamed(b"(window, document, \"clarity\", \"script\", \"abc\")").is_empty());
        for (stub, mentioned) in [
            ("window.gtag=1", true),
            ("window.gtags=1", false),
            ("q(\"gtag\")", true),
            ("var gtag = 1", true),
            ("m=\"track gtag page\".split(\" \")", false),
            ("m='track gtag'.split(' ')", false),
        ] {
            assert_eq!(mentions(stub, "gtag"), mentioned, "{stub}");
        }
    }
}
