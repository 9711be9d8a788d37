//! Every key that a file may hold, table by table: the one list that the reader, its hints and the reference file's test go by.

/// One table and its keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// The table's path, as `consent.rule`; empty for the top of the file.
    pub table: &'static str,
    /// Its keys.
    pub keys: &'static [&'static str],
}

/// Every table of the configuration file.
pub static TABLES: [&Schema; 27] = [
    &TOP,
    &LISTEN,
    &LISTENER,
    &CERTIFICATE,
    &ORIGIN,
    &SERVER,
    &ORIGIN_TLS,
    &HEALTH,
    &EJECT,
    &REGION,
    &CONSENT,
    &RULE,
    &GATE,
    &PATH,
    &FIRST_PARTY,
    &LIST,
    &BANNER,
    &BANNER_COLORS,
    &COLLECT,
    &COLLECT_LIMITS,
    &COLLECT_LEDGER,
    &RECORDS,
    &LIMITS,
    &SHUTDOWN,
    &VENDOR,
    &ENDPOINT,
    &SITE,
];

pub(super) static TOP: Schema = Schema {
    table: "",
    keys: &[
        "mode",
        "on_unreadable",
        "on_overload",
        "paths",
        "regime",
        "header",
        "vendors",
        "listen",
        "listener",
        "origin",
        "region",
        "consent",
        "gate",
        "banner",
        "collect",
        "records",
        "limits",
        "shutdown",
        "vendor",
        "site",
    ],
};

pub(super) static LISTEN: Schema = Schema {
    table: "listen",
    keys: &[
        "address",
        "admin",
        "trusted",
        "forwarding",
        "hsts",
        "backlog",
        "reuse_port",
        "tcp_keepalive",
        "certificate_refresh",
        "handover",
    ],
};

pub(super) static LISTENER: Schema = Schema {
    table: "listener",
    keys: &["address", "socket_mode", "proxy_protocol", "redirect", "tls_min", "certificate"],
};

pub(super) static CERTIFICATE: Schema =
    Schema { table: "listener.certificate", keys: &["chain", "key"] };

pub(super) static ORIGIN: Schema = Schema {
    table: "origin",
    keys: &[
        "url",
        "urls",
        "server",
        "balance",
        "hash",
        "discovery",
        "resolve",
        "connect_timeout",
        "read_timeout",
        "write_timeout",
        "idle_timeout",
        "retries",
        "http",
        "host",
        "tls",
        "health",
        "eject",
    ],
};

pub(super) static SERVER: Schema = Schema { table: "origin.server", keys: &["url", "weight"] };

pub(super) static ORIGIN_TLS: Schema =
    Schema { table: "origin.tls", keys: &["verify", "name", "ca", "certificate", "key"] };

pub(super) static HEALTH: Schema = Schema {
    table: "origin.health",
    keys: &["kind", "path", "host", "status", "interval", "timeout", "up", "down"],
};

pub(super) static EJECT: Schema =
    Schema { table: "origin.eject", keys: &["failures", "pause", "longest"] };

pub(super) static REGION: Schema =
    Schema { table: "region", keys: &["header", "database", "opt_in", "opt_out", "none"] };

pub(super) static CONSENT: Schema = Schema {
    table: "consent",
    keys: &[
        "cookie",
        "cookie_domain",
        "policy",
        "max_age_days",
        "cmp",
        "mirror",
        "iab",
        "tcf",
        "tcf_purposes",
        "gpc",
        "dnt",
        "gpc_json",
        "allow_implied",
        "map",
        "cookies",
        "revisions",
        "rule",
    ],
};

pub(super) static RULE: Schema = Schema {
    table: "consent.rule",
    keys: &["cookie", "path", "regex", "list", "pairs", "key", "equals", "purpose"],
};

pub(super) static GATE: Schema = Schema {
    table: "gate",
    keys: &[
        "guard",
        "gated",
        "keep_queues",
        "surrogates",
        "rewrite_assets",
        "heuristics",
        "third_party",
        "allow",
        "deny",
        "csp",
        "csp_hosts",
        "first_party",
        "lists",
        "cname",
        "dns",
        "list_cache",
    ],
};

pub(super) static PATH: Schema = Schema { table: "paths", keys: &["path", "mode"] };

pub(super) static FIRST_PARTY: Schema =
    Schema { table: "gate.first_party", keys: &["path", "vendor"] };

pub(super) static LIST: Schema =
    Schema { table: "gate.lists", keys: &["path", "url", "purpose", "refresh"] };

/// The same in a site.
pub(super) static BANNER: Schema = Schema {
    table: "banner",
    keys: &[
        "enabled",
        "after",
        "wp_consent",
        "data_layer",
        "vendors",
        "position",
        "button",
        "scheme",
        "colors",
        "dark_colors",
        "corners",
        "logo",
        "links",
        "language",
        "texts",
    ],
};

/// `dark_colors` has the same keys.
pub(super) static BANNER_COLORS: Schema =
    Schema { table: "banner.colors", keys: &["background", "text", "accent"] };

pub(super) static COLLECT: Schema = Schema {
    table: "collect",
    keys: &[
        "enabled",
        "prefix",
        "vendors",
        "accounts",
        "share",
        "sensitive",
        "unlisted",
        "url_query",
        "url_paths",
        "patterns",
        "user_agent",
        "client_hints",
        "client_ip",
        "rotate",
        "secret",
        "targets",
        "limits",
        "ledger",
    ],
};

pub(super) static COLLECT_LIMITS: Schema = Schema {
    table: "collect.limits",
    keys: &["max_body", "timeout", "concurrency", "per_client", "script_cache"],
};

pub(super) static COLLECT_LEDGER: Schema =
    Schema { table: "collect.ledger", keys: &["path", "max_size", "keep"] };

pub(super) static RECORDS: Schema = Schema {
    table: "records",
    keys: &["store", "spool", "timeout", "queue", "keep", "refusals", "secret"],
};

pub(super) static LIMITS: Schema = Schema {
    table: "limits",
    keys: &[
        "max_tag",
        "max_inline",
        "max_decoded",
        "max_burst",
        "rewrites",
        "rewrite_memory",
        "connections",
        "connections_per_client",
        "requests_per_client",
        "max_head",
        "handshake_timeout",
        "head_timeout",
        "body_timeout",
        "send_timeout",
        "idle_timeout",
        "streams",
        "resets",
    ],
};

pub(super) static SHUTDOWN: Schema = Schema { table: "shutdown", keys: &["wait", "drain"] };

pub(super) static VENDOR: Schema = Schema {
    table: "vendor",
    keys: &[
        "id",
        "name",
        "purpose",
        "gvl",
        "atp",
        "company",
        "country",
        "receives",
        "keeps",
        "policy_url",
        "hosts",
        "literals",
        "inline",
        "hides",
        "cookies",
        "workers",
        "surrogate",
        "setup",
        "gated_only",
        "endpoint",
    ],
};

pub(super) static ENDPOINT: Schema = Schema {
    table: "vendor.endpoint",
    keys: &[
        "match",
        "kind",
        "methods",
        "keep",
        "drop",
        "hash",
        "truncate",
        "url",
        "marketing",
        "ip",
        "account",
        "consent",
    ],
};

pub(super) static SITE: Schema = Schema {
    table: "site",
    keys: &[
        "hosts",
        "mode",
        "on_unreadable",
        "on_overload",
        "paths",
        "regime",
        "header",
        "origin",
        "consent",
        "gate",
        "banner",
        "banner",
        "collect",
    ],
};

/// A site's `gate`: one cache of lists serves all sites.
pub(super) static SITE_GATE: Schema = Schema {
    table: "site.gate",
    keys: &[
        "guard",
        "gated",
        "keep_queues",
        "surrogates",
        "rewrite_assets",
        "heuristics",
        "third_party",
        "allow",
        "deny",
        "csp",
        "csp_hosts",
        "first_party",
        "cname",
        "lists",
    ],
};

/// A site's `collect`: one way to the vendors serves all sites.
pub(super) static SITE_COLLECT: Schema = Schema {
    table: "site.collect",
    keys: &[
        "enabled",
        "prefix",
        "vendors",
        "accounts",
        "share",
        "sensitive",
        "unlisted",
        "url_query",
        "url_paths",
        "patterns",
        "user_agent",
        "client_hints",
        "client_ip",
        "rotate",
        "secret",
    ],
};

/// The catalogue file.
pub(super) static CATALOG: Schema = Schema { table: "", keys: &["vendor"] };

impl Schema {
    /// The table as it is written in a heading or in a sentence.
    pub(super) fn place(&self) -> String {
        match self.table {
            "" => "before the first table".to_owned(),
            table @ ("site"
            | "vendor"
            | "vendor.endpoint"
            | "listener"
            | "listener.certificate"
            | "origin.server") => format!("in [[{table}]]"),
            table => format!("in [{table}]"),
        }
    }
}
