//! Turns a text that was shown into what its visitor read, as HTML: the banner's two layers, then every other word of it.
//!
//! 1. The words are the text's own, in its language and direction; what names the parts is ours, in English.
//! 2. Nothing of a text is left out, but for what is no words, and past [`PIECES`] pieces. One of another form is shown by its pieces.

use super::page::escape;
use serde_json::Value;

/// How many pieces of a text are shown.
const PIECES: usize = 1000;
/// The words of the first layer, and what they are.
const FIRST: [(&str, &str); 3] = [("h3", "title"), ("p", "intro"), ("p", "nothing_yet")];
/// Its buttons.
const BUTTONS: [&str; 3] = ["refuse_all", "accept_all", "settings"];
/// The words of the second layer.
const SECOND: [(&str, &str); 2] = [("h3", "settings_title"), ("p", "settings_intro")];
/// What is told of a vendor, with the name that the text has for it.
const OF_VENDOR: [(&str, &str); 5] = [
    ("company", "company"),
    ("country", "country"),
    ("receives", "receives"),
    ("keeps", "keeps"),
    ("policy", "policy"),
];
/// Languages that are written from right to left, of those that banners have or operators add.
const FROM_RIGHT: [&str; 4] = ["ar", "fa", "he", "ur"];

/// The text `body`; none where it is not known.
pub(super) fn html(body: Option<&str>, language: &str) -> String {
    let Some(body) = body else {
        return "<p class=\"unknown\">The text is not known: it was none of the banner’s own.</p>\n".to_owned();
    };
    match serde_json::from_str::<Value>(body) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => {
            layers(&value, language).unwrap_or_else(|| pieces(&value))
        }
        Ok(_) | Err(_) => format!("<blockquote>{}</blockquote>\n", escape(body)),
    }
}

/// A text of the banner's; none where it has another form.
fn layers(text: &Value, language: &str) -> Option<String> {
    let words = text.get("texts")?;
    let purposes = text.get("purposes")?.as_array()?;
    let word = |name: &str| words.get(name).and_then(Value::as_str);
    word("title")?;
    let block = |(tag, name): &(&str, &str)| {
        word(name).map(|words| format!("<{tag}>{}</{tag}>\n", escape(words)))
    };
    let first: String = FIRST.iter().filter_map(block).collect();
    let button = |name: &&str| word(name).map(|words| format!("<li>{}</li>", escape(words)));
    let buttons: String = BUTTONS.iter().filter_map(button).collect();
    let second: String = SECOND.iter().filter_map(block).collect();
    let purposes: String = purposes.iter().map(|of| purpose(of, words)).collect();
    let language = escape(language);
    let from_right = FROM_RIGHT.iter().any(|code| language.split('-').next() == Some(code));
    let direction = if from_right { "rtl" } else { "ltr" };
    Some(format!(
        "<h3 class=\"part\">First layer</h3>\n<div class=\"layer\" lang=\"{language}\" dir=\"{direction}\">\n{first}<ul class=\"buttons\">{buttons}</ul>\n</div>\n\
         <h3 class=\"part\">Second layer</h3>\n<div class=\"layer\" lang=\"{language}\" dir=\"{direction}\">\n{second}{purposes}</div>\n\
         <h3 class=\"part\">Every other word</h3>\n{rest}",
        rest = pieces(&rest(text)),
    ))
}

fn purpose(purpose: &Value, words: &Value) -> String {
    let of = |name: &str| escape(purpose.get(name).and_then(Value::as_str).unwrap_or_default());
    let vendors = purpose.get("vendors").and_then(Value::as_array);
    let vendors: String = vendors.into_iter().flatten().map(|of| vendor(of, words)).collect();
    format!(
        "<div class=\"purpose\">\n<h4>{}</h4>\n<p>{}</p>\n{vendors}</div>\n",
        of("name"),
        of("description")
    )
}

fn vendor(vendor: &Value, words: &Value) -> String {
    let text = |of: &Value, name: &str| {
        let text = of.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(escape)
    };
    let row = |(field, label): &(&str, &str)| {
        let (label, value) = (text(words, label).unwrap_or_default(), text(vendor, field)?);
        Some(format!("<div><dt>{label}</dt><dd>{value}</dd></div>\n"))
    };
    let rows: String = OF_VENDOR.iter().filter_map(row).collect();
    let name = text(vendor, "name").unwrap_or_default();
    format!("<h5>{name}</h5>\n<dl>\n{rows}</dl>\n")
}

/// What the layers do not have.
fn rest(text: &Value) -> Value {
    let shown: Vec<_> = FIRST.iter().chain(&SECOND).map(|(_, name)| *name).chain(BUTTONS).collect();
    let mut rest = text.clone();
    if let Some(rest) = rest.as_object_mut() {
        rest.remove("purposes");
    }
    if let Some(words) = rest.get_mut("texts").and_then(Value::as_object_mut) {
        words.retain(|name, _| !shown.contains(&&**name));
    }
    rest
}

/// The words in `value`, each beside its place.
fn pieces(value: &Value) -> String {
    let mut pieces = Vec::new();
    collect(value, String::new(), &mut pieces);
    let row = |(place, words): &(String, String)| {
        format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(place), escape(words))
    };
    format!("<table class=\"words\">\n{}</table>\n", pieces.iter().map(row).collect::<String>())
}

/// What is no text is left out.
fn collect(value: &Value, place: String, pieces: &mut Vec<(String, String)>) {
    let below =
        |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place} / {key}") };
    match value {
        Value::String(words) if !words.trim().is_empty() && pieces.len() < PIECES => {
            pieces.push((place, words.clone()));
        }
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                collect(value, below(&(number + 1).to_string()), pieces);
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                collect(value, below(key), pieces);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(text: Option<&str>) -> String {
        html(text, "en")
    }

    #[test]
    fn nothing_from_the_store_is_markup() {
        let hostile = "</table><script>alert(1)</script>\"'&\u{0}";
        let banner = json!({
            "texts": {"title": hostile, "intro": hostile, "settings": hostile, "company": hostile, hostile: hostile},
            "purposes": [{"name": hostile, "description": hostile, "vendors": [{"name": hostile, "company": hostile}, 7]}, 7],
        });
        for text in [hostile.to_owned(), json!({"<b>": [hostile]}).to_string(), banner.to_string()]
        {
            let shown = html(Some(&text), "\"><script>");
            assert!(!shown.contains("<script") && !shown.contains("<b>"), "{shown}");
            assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
        }
    }

    #[test]
    fn a_text_in_json_is_shown_as_words() {
        let shown =
            body(Some(r#"{"title":"We ask","purposes":[{"name":"Statistics","on":false}],"n":3}"#));
        assert_eq!(shown.matches("<tr>").count(), 2);
        assert!(shown.contains("<th scope=\"row\">purposes / 1 / name</th><td>Statistics</td>"));
        let many = Value::from(vec!["x"; PIECES + 9]).to_string();
        assert_eq!(body(Some(&many)).matches("<tr>").count(), PIECES);
        assert!(body(Some("plain\nwords")).contains("<blockquote>plain\nwords"));
        assert!(body(None).contains("not known"));
    }

    #[test]
    fn a_banner_is_shown_as_its_layers_and_nothing_is_lost() {
        let text = json!({
            "texts": {"title": "Choose", "intro": "We ask.", "refuse_all": "No", "accept_all": "Yes", "settings": "More",
                      "settings_title": "What?", "receives": "Gets", "saved": "Saved."},
            "purposes": [{"id": "analytics", "name": "Statistics", "description": "Counts.",
                          "vendors": [{"name": "Acme", "receives": "visits", "keeps": ""}]}],
            "links": [{"url": "/privacy"}],
        });
        let shown = html(Some(&text.to_string()), "ar-EG");
        for words in [
            "<h3>Choose</h3>\n<p>We ask.</p>\n<ul class=\"buttons\"><li>No</li><li>Yes</li><li>More</li></ul>",
            "<h5>Acme</h5>\n<dl>\n<div><dt>Gets</dt><dd>visits</dd></div>\n</dl>",
            "lang=\"ar-EG\" dir=\"rtl\"",
            "<th scope=\"row\">texts / saved</th><td>Saved.</td>",
            "/privacy",
        ] {
            assert!(shown.contains(words), "{words} is not in {shown}");
        }
        assert_eq!(shown.matches("Choose").count(), 1);
    }
}
