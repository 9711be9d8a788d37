//! Turns the `[[vendor.endpoint]]` tables of one vendor into what of it is served on the site's own paths.
//!
//! 1. A path that the vendor serves already is changed by a table that matches it: `kind`, `methods`, `ip`, `account` and `consent` replace
//!    what is there, and the table's fields are looked at before those that are there.
//! 2. A path on `*` is on each of the vendor's hosts, the operator's own with them.
//! 3. Any other path is a new endpoint, of which nothing leaves but what the table lists.
//! 4. A path lies within the vendor's own `hosts`, or consent for one vendor would open another's; it is more than a host, and
//!    not on a host under which anybody can have a name (Public Suffix List).

use super::{
    host::place,
    meaning::{Wrong, one_of, shown, some_text, whole},
    names::{CONSENT_DIALECTS, KINDS, VERBS},
    reader::{Reader, Table},
    schema::ENDPOINT,
};
use crate::{
    catalog::{Action, Dialect, Endpoint, Field, Kind, Prefix, Verb},
    site::{Site, ends_at_label},
};
use std::collections::BTreeMap;
use toml::de::DeValue;
use url::Url;

/// What a path on each of the vendor's hosts begins with.
const ANY_HOST: &str = "*/";

/// The lists of fields, in the order in which their actions are looked at, around `truncate`.
const BEFORE: [(&str, Action); 2] = [("drop", Action::Drop), ("hash", Action::Hash)];
const AFTER: [(&str, Action); 2] = [("url", Action::Url), ("keep", Action::Keep)];

/// What one table says.
struct Written {
    kind: Option<Kind>,
    methods: Option<Vec<Verb>>,
    fields: Vec<Field>,
    marketing: Vec<String>,
    ip: Option<String>,
    account: Vec<String>,
    dialect: Option<Dialect>,
}

/// `known` with what the `[[vendor.endpoint]]` tables of `vendor`, whose hosts are `hosts`, say.
pub(super) fn endpoints<'t>(
    reader: &mut Reader<'t>,
    vendor: &Table<'t>,
    hosts: &[String],
    known: Vec<Endpoint>,
) -> Vec<Endpoint> {
    let mut endpoints = known;
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for table in reader.tables(vendor, "endpoint", &ENDPOINT).unwrap_or_default() {
        let paths = paths(reader, &table, hosts, &mut lines);
        let written = written(reader, &table);
        endpoints = written.over(endpoints, paths);
    }
    endpoints
}

/// The paths that `table` matches and that no other table of the vendor in the file does.
fn paths<'t>(
    reader: &mut Reader<'t>,
    table: &Table<'t>,
    hosts: &[String],
    lines: &mut BTreeMap<String, usize>,
) -> Vec<String> {
    if table.get("match").is_none() {
        let what = "`match` is missing in [[vendor.endpoint]]".to_owned();
        reader.missing(table.start(), what, "write `match = [\"tracker.example/collect\"]`");
    }
    let mut paths = Vec::new();
    for (path, at) in reader.list(table, "match", served_path).into_iter().flatten() {
        if !path.starts_with(ANY_HOST) && !hosts.iter().any(|rule| covers(rule, &path)) {
            let host = path.split('/').next().unwrap_or_default();
            let what = format!("{} is on no host of this vendor", shown(&path));
            reader.report(at, what, format!("add \"{host}\" to the vendor's `hosts`"));
        } else if let Some(line) = lines.insert(path.clone(), reader.line(at)) {
            let what = format!("{} is already matched on line {line}", shown(&path));
            reader.report(at, what, "take it out of one of the two");
        } else {
            paths.push(path);
        }
    }
    paths
}

fn written<'t>(reader: &mut Reader<'t>, table: &Table<'t>) -> Written {
    let mut fields = Fields::default();
    BEFORE.into_iter().for_each(|(key, action)| fields.list(reader, table, key, action));
    fields.truncated(reader, table);
    AFTER.into_iter().for_each(|(key, action)| fields.list(reader, table, key, action));
    let entries = |list: Vec<(String, usize)>| list.into_iter().map(|(entry, _)| entry).collect();
    Written {
        kind: reader.value(table, "kind", one_of(KINDS)),
        methods: reader
            .list(table, "methods", one_of(VERBS))
            .map(|list| list.into_iter().map(|(verb, _)| verb).collect()),
        fields: fields.fields,
        marketing: reader.list(table, "marketing", field_path).map_or_else(Vec::new, entries),
        ip: reader.value(table, "ip", some_text),
        account: reader.list(table, "account", account).map_or_else(Vec::new, entries),
        dialect: reader.value(table, "consent", one_of(CONSENT_DIALECTS)),
    }
}

impl Written {
    /// `known` with this for `paths`: over what is there for a path, or anew.
    fn over(&self, known: Vec<Endpoint>, mut paths: Vec<String>) -> Vec<Endpoint> {
        let mut all = Vec::new();
        for mut old in known {
            let changed: Vec<String> =
                old.paths.extract_if(.., |path| paths.contains(path)).collect();
            paths.retain(|path| !changed.contains(path));
            let new = (!changed.is_empty()).then(|| self.endpoint(&old, changed));
            let alike =
                paths.extract_if(.., |path| old.paths.contains(&on_any_host(path))).collect();
            let more = Some(alike).filter(|paths: &Vec<_>| !paths.is_empty());
            let more = more.map(|paths| self.endpoint(&old, paths));
            all.extend((!old.paths.is_empty()).then_some(old).into_iter().chain(new).chain(more));
        }
        let base = Endpoint { methods: self.usual_methods(), ..Endpoint::default() };
        all.extend((!paths.is_empty()).then(|| self.endpoint(&base, paths)));
        all
    }

    /// This over `base`.
    fn endpoint(&self, base: &Endpoint, paths: Vec<String>) -> Endpoint {
        let Self { kind, methods, fields, marketing, ip, account, dialect } = self;
        Endpoint {
            paths,
            kind: kind.unwrap_or(base.kind),
            methods: methods.clone().unwrap_or_else(|| base.methods.clone()),
            fields: fields.iter().chain(&base.fields).cloned().collect(),
            marketing: marketing.iter().chain(&base.marketing).cloned().collect(),
            ip: ip.clone().or_else(|| base.ip.clone()),
            account: if account.is_empty() { base.account.clone() } else { account.clone() },
            dialect: dialect.unwrap_or(base.dialect),
        }
    }

    /// The methods of a new endpoint that names none: what browsers use for its kind.
    fn usual_methods(&self) -> Vec<Verb> {
        match self.kind.unwrap_or_default() {
            Kind::Beacon => vec![Verb::Get, Verb::Post],
            Kind::Script | Kind::Image | Kind::Frame => vec![Verb::Get],
        }
    }
}

/// The fields of one table.
#[derive(Default)]
struct Fields {
    fields: Vec<Field>,
    /// Under which key each is.
    keys: BTreeMap<String, &'static str>,
}

impl Fields {
    /// Reads the fields that `key` lists.
    fn list<'t>(
        &mut self,
        reader: &mut Reader<'t>,
        table: &Table<'t>,
        key: &'static str,
        action: Action,
    ) {
        let meaning = if key == "keep" { kept_field } else { field_path };
        for (path, at) in reader.list(table, key, meaning).into_iter().flatten() {
            self.add(reader, at, key, Field { path, action });
        }
    }

    /// Reads the fields that `truncate` lists, each with how many characters of it leave.
    fn truncated<'t>(&mut self, reader: &mut Reader<'t>, table: &Table<'t>) {
        let Some(value) = table.get("truncate") else { return };
        for entry in reader.names(value, "truncate") {
            match field_path(&DeValue::String(entry.name.into())) {
                Err(wrong) => {
                    reader.report(
                        entry.at,
                        format!("a name in `truncate` {}", wrong.what),
                        wrong.instead,
                    );
                }
                Ok(path) => {
                    let length = reader.entry(&entry, whole(1..=10_000u16));
                    let action = Action::Truncate(length.unwrap_or(1));
                    self.add(reader, entry.at, "truncate", Field { path, action });
                }
            }
        }
    }

    fn add(&mut self, reader: &mut Reader<'_>, at: usize, key: &'static str, field: Field) {
        match self.keys.insert(field.path.clone(), key) {
            Some(other) => {
                let what = format!("{} is in `{key}` and in `{other}`", shown(&field.path));
                let what = if other == key {
                    format!("{} is twice in `{key}`", shown(&field.path))
                } else {
                    what
                };
                reader.report(at, what, "keep it in one place");
            }
            None => self.fields.push(field),
        }
    }
}

/// Where an account is named: a field, or a segment of the URL's path as `/2`.
fn account(value: &DeValue<'_>) -> Result<String, Wrong> {
    let place = some_text(value)?;
    let Some(segment) = place.strip_prefix('/') else { return field_path(value) };
    if segment.parse::<u8>().is_ok_and(|at| at > 0) {
        return Ok(place);
    }
    let instead = "write the name of a field, or \"/2\" for the second segment of the path";
    Err(Wrong::text(&place, "", instead))
}

/// The path of fields: names parted by `/`, with `*` within a name and `**` for everything below.
fn field_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let path = some_text(value)?;
    let names: Vec<&str> = path.split('/').collect();
    let example = "write names parted by `/`, as \"data/properties/$ip\"";
    if names.iter().any(|name| name.is_empty()) {
        return Err(Wrong::text(&path, ", in which a name is empty", example));
    }
    let is_deep = |name: &&str| name.contains("**");
    if names.iter().filter(|name| is_deep(name)).count() > usize::from(names.last() == Some(&"**"))
    {
        let why = ", in which `**` is not the last name";
        return Err(Wrong::text(&path, why, "write \"names/**\" for everything below `names`"));
    }
    Ok(path)
}

/// The path of fields that leave: not of all there are.
fn kept_field(value: &DeValue<'_>) -> Result<String, Wrong> {
    let path = field_path(value)?;
    if path.split('/').all(|name| name.chars().all(|c| c == '*')) {
        return Err(Wrong::text(
            &path,
            ", which is every field",
            "list the fields that the vendor needs",
        ));
    }
    Ok(path)
}

/// A `host/path` that can be served: a name with a path on it, in which `*` may only stand at the end.
fn served_path(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = some_text(value)?;
    let rule = match text.strip_prefix(ANY_HOST) {
        Some(path) => on_any_host(&place(&DeValue::String(format!("any.invalid/{path}").into()))?),
        None => place(value)?,
    };
    let (host, path) = rule.split_once('/').unwrap_or((&rule, ""));
    if path.trim_end_matches('*').is_empty() {
        let instead = format!("write the path too, as \"{host}/collect\"");
        return Err(Wrong::text(&rule, ", which is all of the host", instead));
    }
    let host = if rule.starts_with(ANY_HOST) { "any.invalid" } else { host };
    let below = format!("x.{host}");
    if Site::of_host(&below).as_str() == below {
        let why = ", under which anybody can have a name";
        return Err(Wrong::text(&rule, why, "write the vendor's own name under it"));
    }
    let path = path.strip_suffix('*').unwrap_or(path);
    let url = Url::parse(&format!("https://{host}/{path}")).ok();
    let stands = url.and_then(|url| Prefix::default().path_of(&url));
    if path.contains('*')
        || !stands.is_some_and(|stands| stands.ends_with(&format!("/{host}/{path}")))
    {
        let instead = "write a host's name and a plain path, as \"tracker.example/collect\"; `*` may only end it";
        return Err(Wrong::text(&rule, ", which cannot be served", instead));
    }
    Ok(rule)
}

/// The rule that has the path of `rule` on each of the vendor's hosts.
fn on_any_host(rule: &str) -> String {
    format!("{ANY_HOST}{}", rule.split_once('/').map_or("", |(_, path)| path))
}

/// Whether `rule`, one of a vendor's `hosts`, covers all of `path`, a `host/path`.
fn covers(rule: &str, path: &str) -> bool {
    let (host, below) = rule.split_once('/').unwrap_or((rule, ""));
    let (own, rest) = path.split_once('/').unwrap_or((path, ""));
    let host = host.strip_prefix("*.").unwrap_or(host);
    let rest = rest.strip_suffix('*').unwrap_or(rest);
    let within = match below.strip_suffix('*') {
        Some(start) => rest.starts_with(start),
        None => {
            let below = below.trim_end_matches('/');
            below.is_empty()
                || rest.strip_prefix(below).is_some_and(|more| {
                    more.is_empty() && !path.ends_with('*') || more.starts_with('/')
                })
        }
    };
    ends_at_label(own, host) && within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, String> {
        let parsed = Config::parse(text, "c.toml", Path::new(""), &Overrides::default());
        parsed.map_err(|problems| problems.to_string())
    }

    fn endpoints_of(text: &str, id: &str) -> Vec<Endpoint> {
        let config = parse(text).unwrap_or_else(|problems| panic!("{problems}"));
        config.vendors.into_iter().find(|vendor| vendor.id == id).unwrap().endpoints
    }

    const ACME: &str = "[[vendor]]\nid = \"acme\"\npurpose = \"analytics\"\nhosts = [\"acme.test\", \"cdn.test/acme\"]\n";

    #[test]
    fn a_new_endpoint_is_what_its_table_says() {
        let table = "[[vendor.endpoint]]\nmatch = [\"t.acme.test/c\", \"cdn.test/acme/*\"]\nkind = \"image\"\nkeep = [\"v\", \"ep.*\"]\n\
                     drop = [\"ep.mail\"]\nhash = [\"uid\"]\ntruncate = { ul = 2 }\nurl = [\"dl\"]\nmarketing = [\"gclid\"]\nip = \"uip\"\naccount = [\"tid\"]\n\
                     consent = \"google\"\n[[vendor.endpoint]]\nmatch = [\"acme.test/b\"]\n";
        let [first, second] = &endpoints_of(&format!("{ACME}{table}"), "acme")[..] else {
            panic!("two endpoints")
        };
        let field = |path: &str, action| Field { path: path.to_owned(), action };
        let expected = Endpoint {
            paths: vec!["t.acme.test/c".to_owned(), "cdn.test/acme/*".to_owned()],
            kind: Kind::Image,
            methods: vec![Verb::Get],
            fields: vec![
                field("ep.mail", Action::Drop),
                field("uid", Action::Hash),
                field("ul", Action::Truncate(2)),
                field("dl", Action::Url),
                field("v", Action::Keep),
                field("ep.*", Action::Keep),
            ],
            marketing: vec!["gclid".to_owned()],
            ip: Some("uip".to_owned()),
            account: vec!["tid".to_owned()],
            dialect: Dialect::Google,
        };
        assert_eq!(first, &expected);
        assert_eq!(second.methods, [Verb::Get, Verb::Post]);
        assert!(second.fields.is_empty() && second.kind == Kind::Beacon);
    }

    #[test]
    fn a_known_endpoint_is_changed_where_it_is_matched() {
        let text = "vendors = \"\"\n[[vendor]]\nid = \"ga4\"\n[[vendor.endpoint]]\n\
                    match = [\"google-analytics.com/g/collect\"]\nmethods = [\"POST\"]\nkeep = [\"up.plan\"]\n";
        let path = "google-analytics.com/g/collect".to_owned();
        let of = |endpoints: Vec<Endpoint>| {
            let mut with = endpoints.into_iter().filter(|e| e.paths.contains(&path));
            let only = with.next().unwrap();
            assert!(with.next().is_none(), "one endpoint has the path");
            only
        };
        let (old, new) = (of(endpoints_of("", "ga4")), of(endpoints_of(text, "ga4")));
        assert_eq!((new.paths, new.methods), (vec![path.clone()], vec![Verb::Post]));
        assert_eq!((new.kind, new.dialect), (old.kind, old.dialect));
        let [first, rest @ ..] = &new.fields[..] else { panic!("fields") };
        assert_eq!(first, &Field { path: "up.plan".to_owned(), action: Action::Keep });
        assert_eq!(rest, old.fields);
        // The other paths of the endpoint that was changed stay as they are.
        let others = |text| {
            let all = endpoints_of(text, "ga4").into_iter().flat_map(|e| e.paths);
            all.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(others(""), others(text));
    }

    #[test]
    fn ones_own_host_is_served_as_the_vendors() {
        let own = "[[vendor]]\nid = \"matomo\"\nhosts = [\"stats.shop.test\"]\n";
        let engine = |text: &str| parse(text).unwrap().engine(&[]).unwrap().catalog;
        let catalog = engine(own);
        let (vendor, endpoint) = catalog.endpoint("stats.shop.test", "/matomo.php").unwrap();
        assert_eq!((&*vendor.id, endpoint.kind), ("matomo", Kind::Beacon));
        assert!(catalog.endpoint("stats.shop.test", "/index.php").is_none());
        assert!(engine("").endpoint("stats.shop.test", "/matomo.php").is_none());
        // A change of one of these paths keeps what the others are.
        let change = "[[vendor.endpoint]]\nmatch = [\"stats.shop.test/matomo.php\"]\nkeep = [\"dimension1\"]\n";
        let catalog = engine(&format!("{own}{change}"));
        let fields = |host: &str| catalog.endpoint(host, "/matomo.php").unwrap().1.fields.len();
        assert_eq!(fields("stats.shop.test"), fields("x.matomo.cloud") + 1);
    }

    #[test]
    fn a_vendor_is_served_or_gated_only() {
        let of = |text: &str, id: &str| {
            let config = parse(text).unwrap();
            let vendor = config.vendors.into_iter().find(|v| v.id == id).unwrap();
            (vendor.gated_only, vendor.endpoints.len())
        };
        assert_eq!(
            of("[[vendor]]\nid = \"ga4\"\ngated_only = \"so\"\n", "ga4"),
            ("so".to_owned(), 0)
        );
        let served =
            "[[vendor]]\nid = \"hotjar\"\n[[vendor.endpoint]]\nmatch = [\"script.hotjar.com/m\"]\n";
        assert_eq!(of(served, "hotjar"), (String::new(), 1));
        assert!(!of("", "hotjar").0.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let text = format!(
            "{ACME}gated_only = \"x\"\nsetup = \"a</SCRIPT>\"\n[[vendor.endpoint]]\n\
             match = [\"acme.test\", \"other.test/c\", \"acme.test/a*b\", \"cdn.test/acmes\", \"acme.test/c\", \"https://acme.test/c\", \"acme.test/../x\"]\n\
             kind = \"pixel\"\nmethods = [\"PUT\"]\nkeep = [\"a\", \"*\", \"b//c\", \"**/d\"]\nhash = [\"a\", \"a\"]\ntruncate = {{ ul = \"2\", \"\" = 1 }}\nconsent = \"googel\"\nkep = []\n\
             [[vendor.endpoint]]\nmatch = [\"acme.test/c\"]\n[[vendor.endpoint]]\n"
        );
        let expected = [
            "c.toml:5:1: the vendor is `gated_only` and has endpoints too; keep one of the two",
            "c.toml:6:9: `setup` has `</script` in it; take `</script` out: it would end the script's element, or not let it end",
            "c.toml:8:10: an entry of `match` is `acme.test`, which is all of the host; write the path too, as \"acme.test/collect\"",
            "c.toml:8:23: `other.test/c` is on no host of this vendor; add \"other.test\" to the vendor's `hosts`",
            "c.toml:8:39: an entry of `match` is `acme.test/a*b`, which cannot be served; write a host's name and a plain path, as \"tracker.example/collect\"; `*` may only end it",
            "c.toml:8:56: `cdn.test/acmes` is on no host of this vendor; add \"cdn.test\" to the vendor's `hosts`",
            "c.toml:8:89: an entry of `match` is `https://acme.test/c`, which is not only a host; write \"acme.test\"",
            "c.toml:8:112: an entry of `match` is `acme.test/../x`, which cannot be served; write a host's name and a plain path, as \"tracker.example/collect\"; `*` may only end it",
            "c.toml:9:8: `kind` is `pixel`; write one of \"script\", \"beacon\", \"image\", \"frame\"",
            "c.toml:10:12: an entry of `methods` is `PUT`; write one of \"GET\", \"POST\"",
            "c.toml:11:9: `a` is in `keep` and in `hash`; keep it in one place",
            "c.toml:11:14: an entry of `keep` is `*`, which is every field; list the fields that the vendor needs",
            "c.toml:11:19: an entry of `keep` is `b//c`, in which a name is empty; write names parted by `/`, as \"data/properties/$ip\"",
            "c.toml:11:27: an entry of `keep` is `**/d`, in which `**` is not the last name; write \"names/**\" for everything below `names`",
            "c.toml:12:14: `a` is twice in `hash`; keep it in one place",
            "c.toml:13:19: `ul` is a string; write a whole number from 1 to 10000",
            "c.toml:13:24: a name in `truncate` is empty; write some text",
            "c.toml:14:11: `consent` is `googel`; write \"google\"",
            "c.toml:15:1: unknown key `kep` in [[vendor.endpoint]]; write `keep`",
            "c.toml:17:10: `acme.test/c` is already matched on line 8; take it out of one of the two",
            "c.toml:18:1: `match` is missing in [[vendor.endpoint]]; write `match = [\"tracker.example/collect\"]`",
        ];
        let problems = parse(&text).unwrap_err();
        assert_eq!(problems.lines().collect::<Vec<_>>(), expected, "{problems}");
    }

    #[test]
    fn nothing_is_served_where_anybody_can_have_a_name() {
        let hosts = "[[vendor]]\nid = \"acme\"\npurpose = \"analytics\"\nhosts = [\"github.io\", \"d1.cloudfront.net\"]\n";
        let with = |path: &str| format!("{hosts}[[vendor.endpoint]]\nmatch = [\"{path}\"]\n");
        assert!(parse(&with("github.io/a.js")).unwrap_err().contains("anybody"));
        assert!(parse(&with("d1.cloudfront.net/a.js")).is_ok());
    }
}
