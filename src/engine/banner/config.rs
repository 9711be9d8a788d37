//! What the operator says of the banner of one site, as plain data.

use crate::page::banner::{self, After};
use std::collections::BTreeSet;

/// Whether visitors are asked by our own banner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Enabled {
    /// Where the site has no consent manager of its own, as far as can be known.
    Auto,
    /// Always.
    Always,
    /// Never.
    #[default]
    Never,
}

/// The banner of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// Whether it is shown; default never, for a proxy that embeds the library may have its own way to ask.
    pub enabled: Enabled,
    /// What becomes of what was held back, once it is allowed; default [`After::Revive`].
    pub after: After,
    /// Whether the cookies of the WP Consent API are written; default no.
    pub wp_consent: bool,
    /// Whether `gtag` and the data layer are told; default yes.
    pub data_layer: bool,
    /// Ids of vendors that it names beside those that the gate finds in pages: those that only scripts add.
    pub vendors: BTreeSet<String>,
    /// How it looks.
    pub look: banner::Config,
}

impl Default for Banner {
    fn default() -> Self {
        Self {
            enabled: Enabled::default(),
            after: After::default(),
            wp_consent: false,
            data_layer: true,
            vendors: BTreeSet::new(),
            look: banner::Config::default(),
        }
    }
}
