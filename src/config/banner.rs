//! Turns `[banner]`, of the file or of a site, into how the banner looks and what it says.
//!
//! 1. Colours that cannot be read well enough are found here, all at once (WCAG 2.2, 1.4.3 and 1.4.11).
//! 2. The logo comes from the site itself: the banner loads nothing from others.
//! 3. A text of the operator's has a key that the banner's texts have; what is filled in there is filled in here.

use super::{
    meaning::{Wrong, one_of, some_text, text, whole},
    names::{BUTTONS, POSITIONS, SCHEMES},
    nearest::nearest,
    reader::{Reader, Table},
    schema::{BANNER_COLORS, Schema},
};
use crate::page::{
    banner::{Colour, Config, Palette, text_in_english, text_keys},
    texts::Language,
};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// The longest text.
const LONGEST_TEXT: usize = 2000;

/// `[banner]`; gives the table, where it is written.
pub(super) fn banner<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    schema: &'static Schema,
    look: &mut Config,
) -> Option<Table<'t>> {
    let table = reader.table(parent, "banner", schema)?;
    reader.set(&mut look.position, &table, "position", one_of(POSITIONS));
    reader.set(&mut look.button, &table, "button", one_of(BUTTONS));
    reader.set(&mut look.theme.scheme, &table, "scheme", one_of(SCHEMES));
    reader.set(&mut look.theme.corners, &table, "corners", whole(0..=24));
    reader.set(&mut look.logo, &table, "logo", own_path);
    let found = reader.found();
    colours(reader, &table, "colors", &mut look.theme.light);
    colours(reader, &table, "dark_colors", &mut look.theme.dark);
    if reader.found() == found {
        readable(reader, &table, look);
    }
    links(reader, &table, look);
    reader.set(&mut look.language, &table, "language", language);
    texts(reader, &table, look);
    Some(table)
}

fn colours<'t>(reader: &mut Reader<'t>, banner: &Table<'t>, key: &str, palette: &mut Palette) {
    let Some(table) = reader.table(banner, key, &BANNER_COLORS) else { return };
    reader.set(&mut palette.background, &table, "background", colour);
    reader.set(&mut palette.text, &table, "text", colour);
    reader.set(&mut palette.accent, &table, "accent", colour);
}

/// Rule 1.
fn readable(reader: &mut Reader<'_>, table: &Table<'_>, look: &Config) {
    for faint in look.theme.faint() {
        let key = if faint.is_dark { "dark_colors" } else { "colors" };
        let instead = "choose colours that are further apart, one lighter or one darker";
        reader.report(table.at(key), faint.to_string(), instead);
    }
}

fn links<'t>(reader: &mut Reader<'t>, table: &Table<'t>, look: &mut Config) {
    let Some(value) = table.get("links") else { return };
    let names = reader.names(value, "links");
    let read = names.iter().filter_map(|entry| {
        reader.entry(entry, address).map(|href| (entry.at, (entry.name.to_owned(), href)))
    });
    let mut read: Vec<_> = read.collect();
    // In the order in which they are written.
    read.sort_by_key(|(at, _)| *at);
    look.links = read.into_iter().map(|(_, link)| link).collect();
}

/// Texts by language and key.
fn texts<'t>(reader: &mut Reader<'t>, table: &Table<'t>, look: &mut Config) {
    let Some(value) = table.get("texts") else { return };
    for lang in reader.names(value, "texts") {
        let Some(language) = Language::of_tag(lang.name) else {
            reader.wrong(lang.at..lang.at, "a name in `texts`", no_language(lang.name));
            continue;
        };
        let mut own = BTreeMap::new();
        for entry in reader.names(lang.value, lang.name) {
            if let Err(wrong) = known(entry.name) {
                reader.wrong(entry.at..entry.at, "a text of `texts`", wrong);
                continue;
            }
            let read = reader.entry(&entry, |value| words(value, entry.name));
            own.extend(read.map(|words| (entry.name.to_owned(), words)));
        }
        look.texts.entry(language.tag().to_owned()).or_default().extend(own);
    }
}

fn language(value: &DeValue<'_>) -> Result<Option<Language>, Wrong> {
    let tag = text(value)?;
    match Language::of_tag(&tag) {
        None if !tag.is_empty() => Err(no_language(&tag)),
        language => Ok(language),
    }
}

fn no_language(tag: &str) -> Wrong {
    let instead = format!("write one of {}", Language::ALL.map(Language::tag).join(", "));
    Wrong::text(tag, ", which is no language of the banner", instead)
}

/// Rule 3.
fn known(key: &str) -> Result<(), Wrong> {
    if text_keys().any(|known| known == key) {
        return Ok(());
    }
    let instead = match nearest(key, text_keys()) {
        Some(near) => format!("write `{near}`"),
        None => "write a key of src/page/texts/en.toml, as `title`".to_owned(),
    };
    Err(Wrong::text(key, ", which the banner does not have", instead))
}

fn words(value: &DeValue<'_>, key: &str) -> Result<String, Wrong> {
    let words = some_text(value)?;
    if words.chars().count() > LONGEST_TEXT {
        return Err(Wrong::new("is longer than 2000 characters", "write less"));
    }
    let english = text_in_english(key);
    let gaps = ["{count}", "{purposes}", "{receipt}", "{signal}"];
    let missing = gaps.iter().find(|gap| english.contains(**gap) && !words.contains(**gap));
    match missing {
        Some(gap) => Err(Wrong::new(format!("lacks `{gap}`"), format!("write `{gap}` in it"))),
        None => Ok(words),
    }
}

fn colour(value: &DeValue<'_>) -> Result<Colour, Wrong> {
    let instead = "write it as \"#1f4e79\"";
    let text = text(value)?;
    text.parse().map_err(|_| Wrong::text(&text, ", which is no colour", instead))
}

/// Rule 2: a path on the site; empty for none.
fn own_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let path = text(value)?;
    if path.is_empty() || is_path(&path) {
        return Ok(path);
    }
    let why = ", which is no path on the site itself";
    Err(Wrong::text(&path, why, "write a path, as \"/logo.svg\""))
}

/// Where a link leads: a path, or a page of another site.
fn address(value: &DeValue<'_>) -> Result<String, Wrong> {
    let href = some_text(value)?;
    let is_web = url::Url::parse(&href).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if is_path(&href) || is_web {
        return Ok(href);
    }
    let instead = "write a path, as \"/privacy\", or an address that begins with https://";
    Err(Wrong::text(&href, "", instead))
}

/// Whether it begins with one slash: two name a host (RFC 3986 4.2), and a browser takes a backslash for a slash.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config as File, Overrides},
        page::banner::{Corner, Position, Scheme},
    };
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, String> {
        let parsed = File::parse(text, "c.toml", Path::new(""), &Overrides::default());
        parsed.map(|config| config.default.banner.look).map_err(|problems| problems.to_string())
    }

    fn wrong(line: &str) -> String {
        parse(&format!("[banner]\n{line}\n")).unwrap_err()
    }

    #[test]
    fn the_look_is_read() {
        let look = parse(
            "[banner]\nposition = \"end\"\nbutton = \"none\"\nscheme = \"light\"\ncorners = 4\nlogo = \"/logo.svg\"\n\
             colors = { accent = \"#7a1f4e\" }\nlinks = { privacy = \"/p\", Z = \"/z\", A = \"https://a.example/\" }\n\
             texts = { de = { title = \"Ihre Wahl\", companies = \"Firmen: {count}\" } }\n",
        )
        .unwrap();
        assert_eq!((look.position, look.button), (Position::End, None));
        assert_eq!((look.theme.scheme, look.theme.corners), (Scheme::Light, 4));
        assert_eq!(look.theme.light.accent, Colour(0x7a, 0x1f, 0x4e));
        assert_eq!(look.theme.dark, Config::default().theme.dark);
        let names: Vec<_> = look.links.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["privacy", "Z", "A"]);
        let texts = look.texts("de", BTreeMap::from([("title".into(), "x".into())]));
        assert_eq!(texts["title"], "Ihre Wahl");
        assert_eq!(look.texts("fr", BTreeMap::new()), BTreeMap::new());
        let look = parse("[banner]\nlanguage = \"nn-NO\"\ntexts.no.title = \"Hei\"\n").unwrap();
        assert_eq!(look.language, Some(Language::Norwegian));
        assert_eq!(look.texts["nb"]["title"], "Hei");
        assert_eq!(Config::default().button, Some(Corner::Start));
    }

    #[test]
    fn a_site_has_the_tops_look_with_its_own_over_it() {
        let text = "[banner]\nposition = \"end\"\n[origin]\nurl = \"http://[::1]:9\"\n[[site]]\nhosts = [\"a.test\"]\nbanner.corners = 2\n";
        let config = File::parse(text, "c.toml", Path::new(""), &Overrides::default()).unwrap();
        let look = &config.sites[0].banner.look;
        assert_eq!((look.position, look.theme.corners), (Position::End, 2));
    }

    #[test]
    fn colours_that_cannot_be_read_are_refused() {
        let said = wrong("colors = { accent = \"#ffd800\" }");
        assert!(
            said.contains("c.toml:2:1") && said.contains("accent on background, light"),
            "{said}"
        );
        let said = wrong("dark_colors = { text = \"#333\" }");
        assert!(said.contains("text on background, dark"), "{said}");
        assert!(parse("[banner]\nscheme = \"dark\"\ncolors = { accent = \"#ffd800\" }\n").is_ok());
        assert!(wrong("colors = { accent = \"blue\" }").contains("write it as \"#1f4e79\""));
    }

    #[test]
    fn what_is_not_of_the_site_or_not_of_the_banner_is_refused() {
        for logo in [
            "https://cdn.example/logo.svg",
            "//cdn.example/logo.svg",
            "logo.svg",
            "/\\\\cdn.example/l",
        ] {
            assert!(wrong(&format!("logo = '{logo}'")).contains("no path on the site"), "{logo}");
        }
        for href in ["javascript:alert(1)", "privacy", "data:text/html,x", "//a.example"] {
            assert!(
                wrong(&format!("links = {{ privacy = \"{href}\" }}")).contains("https://"),
                "{href}"
            );
        }
        assert!(wrong("texts = { de = { titel = \"x\" } }").contains("write `title`"));
        assert!(wrong("texts = { de = { companies = \"x\" } }").contains("write `{count}` in it"));
        assert!(wrong("texts = { \"d e\" = { title = \"x\" } }").contains("no language"));
        assert!(wrong("texts = { ja = { title = \"x\" } }").contains("write one of ar, bg, "));
        assert!(wrong("language = \"klingon\"").contains("no language of the banner"));
    }
}
