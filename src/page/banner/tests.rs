use super::*;
use crate::purpose::{Purpose, PurposeSet};

fn data() -> Data {
    let texts = ENGLISH.lines().filter(|line| !line.starts_with('#'));
    let texts = texts.filter_map(|line| line.split_once(" = "));
    let texts = texts.map(|(key, text)| (key.to_owned(), text.trim_matches('"').to_owned()));
    let vendor = Vendor {
        id: "ga4".into(),
        name: "Google <Analytics>".into(),
        company: "Google Ireland Ltd".into(),
        policy: "https://policies.google.com/privacy?a=1&b=\"".into(),
        ..Vendor::default()
    };
    let shown = |id: Purpose, vendors| Shown {
        id,
        name: id.name().to_uppercase(),
        description: "what it is".into(),
        vendors,
    };
    Data {
        lang: "en".into(),
        texts: texts.collect(),
        purposes: vec![shown(Purpose::Analytics, vec![vendor]), shown(Purpose::Marketing, vec![])],
        links: vec![Link { text: "Privacy".into(), href: "/privacy".into() }],
        ..Data::default()
    }
}

fn page(standing: &Standing) -> String {
    String::from_utf8(form(&data(), standing).body.to_vec()).unwrap()
}

fn boxes(page: &str) -> Vec<&str> {
    page.split("<input type=\"checkbox\"").skip(1).filter_map(|b| b.split('>').next()).collect()
}

#[test]
fn the_keys_are_those_of_the_english_file() {
    let keys: Vec<_> = text_keys().collect();
    assert!(keys.contains(&"accept_all") && keys.contains(&"link_imprint"), "{keys:?}");
    assert!(keys.len() >= 30 && keys.iter().all(|key| !key.contains([' ', '#', '"'])), "{keys:?}");
}

/// Every text that the code names is there, and every text is named by something.
#[test]
fn no_text_is_missing_and_none_is_idle() {
    let code = [PARTS.concat(), include_str!("form.rs").to_owned(), include_str!("data.rs").into()];
    let code = code.concat();
    let named = code.split("texts.").skip(1).filter_map(|rest| {
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '_')
            .next()
            .filter(|key| !key.is_empty())
    });
    let rust_only = ["get", "iter", "filter"];
    for key in named.filter(|key| !rust_only.contains(key)) {
        assert!(text_keys().any(|known| known == key), "{key} is in no file of texts");
    }
    // Those of held frames are the guard's.
    let by_purpose = ["functional_", "analytics_", "marketing_", "link_", "embed_"];
    for key in text_keys().filter(|key| !by_purpose.iter().any(|part| key.starts_with(part))) {
        let is_named = [format!("texts.{key}"), format!("\"{key}\""), format!("'{key}'")];
        assert!(is_named.iter().any(|name| code.contains(name)), "{key} is shown nowhere");
    }
}

#[test]
fn what_is_served_has_no_comments_and_one_name() {
    let (data, mut other) = (data(), data());
    let file = script(&data);
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(!text.contains("\n//") && !text.contains("/*"), "{text}");
    assert!(text.contains("Google <Analytics>") && !text.contains("form_intro"));
    assert_eq!(file.hash, script(&data).hash);
    assert_eq!(file.hash.len(), 20);
    other.options.wp_consent = true;
    assert_ne!(file.hash, script(&other).hash);
    assert_eq!(data.shown_hash(), other.shown_hash());
    other.texts.insert("title".into(), "Other".into());
    assert_ne!(data.shown_hash(), other.shown_hash());
}

#[test]
fn the_page_ticks_nothing_by_itself() {
    let fresh = page(&Standing { back: "/a?b=\"c\"".into(), ..Standing::default() });
    assert_eq!(boxes(&fresh).len(), 2);
    assert!(boxes(&fresh).iter().all(|one| !one.contains("checked") && !one.contains("disabled")));
    assert!(
        fresh.contains("value=\"/a?b=&quot;c&quot;\"")
            && fresh.contains("Google &lt;Analytics&gt;")
    );
    assert!(fresh.contains("Nothing is ticked for you") && !fresh.contains("You have"));
    let granted = PurposeSet::EMPTY.with(Purpose::Analytics);
    let again = page(&Standing { is_chosen: true, granted, ..Standing::default() });
    let [analytics, marketing] = boxes(&again)[..] else { panic!("{again}") };
    assert!(analytics.ends_with(" checked") && !marketing.contains("checked"));
    assert!(again.contains("You have allowed: ANALYTICS."));
}

#[test]
fn the_page_says_what_is_granted_without_a_choice() {
    let granted = Purpose::OPTIONAL.into_iter().collect();
    let given = page(&Standing { granted, ..Standing::default() });
    assert!(boxes(&given).iter().all(|one| one.ends_with(" checked")), "{given}");
    assert!(given.contains("Allowed at present: ANALYTICS, MARKETING."), "{given}");
    assert!(!given.contains("Nothing is ticked") && !given.contains("None of this happens"));
    let changed = page(&Standing { has_changed: true, ..Standing::default() });
    assert_eq!(changed.matches("have changed since your last choice").count(), 1);
    assert!(!page(&Standing::default()).contains("have changed"));
    let refused = page(&Standing { is_chosen: true, ..Standing::default() });
    assert!(refused.contains("You have refused everything"), "{refused}");
}

#[test]
fn accepting_everything_leaves_out_what_the_browser_refuses() {
    let said = page(&Standing { signal: Some(Told::Gpc), ..Standing::default() });
    let accept = said.split("id=\"accept\"").nth(1).and_then(|rest| rest.split("</form>").next());
    let accept = accept.unwrap();
    assert!(accept.contains("value=\"analytics\"") && !accept.contains("value=\"marketing\""));
    assert!(boxes(&said)[1].ends_with(" disabled"));
    assert!(said.contains("Global Privacy Control. We respect it as your refusal of: MARKETING."));
    let refuse = said.split("id=\"refuse\"").nth(1).and_then(|rest| rest.split("</form>").next());
    assert!(!refuse.unwrap().contains("name=\"purpose\""));
}

#[test]
fn the_page_allows_its_own_style_only() {
    let file = form(&data(), &Standing::default());
    let policy = file.policy.unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe")
    );
    let page = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(!page.contains("<script") && !page.contains(" style=") && !page.contains("onclick"));
}

#[test]
fn the_link_for_noscript_is_ascii() {
    let mut data = data();
    data.texts.insert("reopen".into(), "Datenschutz für <dich>".into());
    let link = noscript(&data, "/_consentry/consent");
    assert!(link.is_ascii() && link.contains("Datenschutz f&#252;r &lt;dich&gt;"), "{link}");
}
