//! Turns page files with `{{names}}` in them into pages.
//!
//! 1. What is put in is not looked through again: a visitor's text cannot name another text.
//! 2. A name that is not known stays as it is, for a later turn.

/// `template` with each `{{name}}` that `value` knows replaced.
pub(super) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let known = after.split_once("}}").and_then(|(name, tail)| Some((value(name)?, tail)));
        if let Some((text, tail)) = known {
            page.push_str(&text);
            rest = tail;
        } else {
            page.push_str("{{");
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

/// `text` as HTML text or as a quoted attribute's value (HTML Standard 13.3, "escaping a string").
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_through() {
        let value = |name: &str| (name == "a").then(|| "{{a}}".to_owned());
        assert_eq!(fill("<{{a}}{{b}}{{", value), "<{{a}}{{b}}{{");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape(r#"<b a="'&">"#), "&lt;b a=&quot;&#39;&amp;&quot;&gt;");
    }
}
