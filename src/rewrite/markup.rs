//! Turns attribute text into what a browser reads, and back.

use std::borrow::Cow;

/// `text` with its character references decoded as in an attribute (HTML Standard, 13.2.5.72).
pub(super) fn decode(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('&') {
        return text;
    }
    Cow::Owned(htmlize::unescape_attribute(&*text).into_owned())
}

/// `text` as the value of an attribute in quotes of either kind.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => encoded.push_str("&amp;"),
            '"' => encoded.push_str("&quot;"),
            '\'' => encoded.push_str("&#39;"),
            '<' => encoded.push_str("&lt;"),
            '>' => encoded.push_str("&gt;"),
            c if c.is_ascii() => encoded.push(c),
            // Whatever the page's charset is, a numeric reference means the same character.
            c => encoded.push_str(&format!("&#{};", u32::from(c))),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_read_back(text in "[^\\x00\\r\\x7F-\\u{9F}]{0,80}") {
            proptest::prop_assert_eq!(decode(encode(&text).into()), text);
        }
    }
}
