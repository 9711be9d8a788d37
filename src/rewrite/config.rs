//! How pages are edited, as plain data.

/// What becomes of a gated element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gated {
    /// It is taken out.
    #[default]
    Remove,
    /// It stays, unloadable, marked with its vendor and purpose.
    Inert,
}

/// How pages are edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What becomes of a gated element.
    pub gated: Gated,
    /// Whether stubs are inserted for globals whose snippets were gated; default true.
    pub surrogates: bool,
    /// Whether the site's own scripts and style sheets are rewritten too, so that their bytes are not those that `integrity`
    /// names; default false.
    pub assets: bool,
    /// The longest tag that is read; bytes, default 2 MiB.
    pub max_tag: usize,
    /// How much of an inline script or style is held before it is decided; bytes, default 256 KiB.
    pub max_inline: usize,
    /// Whether what another consent tool has made inert is read as if it had not: to look at pages, never for those that
    /// leave; default false.
    pub through_tools: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gated: Gated::Remove,
            surrogates: true,
            assets: false,
            max_tag: 2 << 20,
            max_inline: 256 << 10,
            through_tools: false,
        }
    }
}
