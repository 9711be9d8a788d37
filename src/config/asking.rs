//! Turns `[banner]` into how the visitors of a site are asked, beside how that looks.

use super::{
    banner::banner,
    meaning::{Wrong, boolean, kind, one_of, some_text},
    names::AFTER,
    reader::{Reader, Table},
    schema::BANNER,
    sections::known_vendor,
};
use crate::{
    catalog::VendorEntry,
    engine::{Banner, Enabled},
};
use toml::de::DeValue;

pub(super) fn asking<'t>(
    reader: &mut Reader<'t>,
    parent: &Table<'t>,
    asking: &mut Banner,
    vendors: &[VendorEntry],
) {
    let Some(table) = banner(reader, parent, &BANNER, &mut asking.look) else { return };
    reader.set(&mut asking.enabled, &table, "enabled", enabled);
    reader.set(&mut asking.after, &table, "after", one_of(AFTER));
    reader.set(&mut asking.wp_consent, &table, "wp_consent", boolean);
    reader.set(&mut asking.data_layer, &table, "data_layer", boolean);
    let id = |value: &DeValue<'_>| Ok(known_vendor(&some_text(value)?, vendors)?.id.clone());
    if let Some(list) = reader.list(&table, "vendors", id) {
        asking.vendors = list.into_iter().map(|(id, _)| id).collect();
    }
}

fn enabled(value: &DeValue<'_>) -> Result<Enabled, Wrong> {
    match (value.as_bool(), value.as_str()) {
        (Some(true), _) => Ok(Enabled::Always),
        (Some(false), _) => Ok(Enabled::Never),
        (None, Some("auto")) => Ok(Enabled::Auto),
        (None, _) => {
            Err(Wrong::new(format!("is {}", kind(value)), "write \"auto\", true or false"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, String> {
        let config = Config::parse(text, "c.toml", Path::new(""), &Overrides::default());
        config.map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_banner_is_on_where_nothing_else_asks() {
        for (text, enabled) in [
            ("", Enabled::Auto),
            ("[banner]\nenabled = \"auto\"", Enabled::Auto),
            ("[banner]\nenabled = true", Enabled::Always),
            ("banner.enabled = false", Enabled::Never),
        ] {
            assert_eq!(parse(text).unwrap().default.banner.enabled, enabled, "{text}");
        }
        let error = parse("[banner]\nenabled = \"yes\"").unwrap_err();
        assert!(error.contains("`enabled` is a string; write \"auto\", true or false"), "{error}");
    }

    #[test]
    fn a_site_has_its_own() {
        let text = "[banner]\nwp_consent = true\nafter = \"reload\"\n[[site]]\nhosts = [\"a.test\"]\n\
                    origin.url = \"http://127.0.0.1:1\"\nbanner.enabled = false";
        let config = parse(text).unwrap();
        let [site] = &config.sites[..] else { panic!("{:?}", config.sites) };
        assert!(site.banner.wp_consent && site.banner.data_layer);
        assert_eq!(site.banner.enabled, Enabled::Never);
        assert_eq!(site.banner.after, crate::page::banner::After::Reload);
    }

    #[test]
    fn vendors_that_scripts_add_are_named() {
        let config = parse("[banner]\nvendors = [\"hotjar\", \"ga4\"]").unwrap();
        assert!(config.default.banner.vendors.iter().eq(["ga4", "hotjar"]));
        let error = parse("[banner]\nvendors = [\"ga5\"]").unwrap_err();
        assert!(error.contains("`ga5`, which no vendor is called; write \"ga4\""), "{error}");
    }

    #[test]
    fn managers_that_are_named_ask_themselves() {
        for (text, names) in [
            ("", false),
            ("[consent]\ncmp = []", false),
            ("[consent]\ncmp = [\"onetrust\"]", true),
            (
                "[consent]\nrule = [{ cookie = \"a\", path = \"\", equals = \"1\", purpose = \"analytics\" }]",
                true,
            ),
        ] {
            assert_eq!(parse(text).unwrap().default.consent.names_a_manager(), names, "{text}");
        }
    }
}
