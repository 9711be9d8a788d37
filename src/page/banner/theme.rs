//! Turns the operator's colours into the style sheet's variables, and into what is wrong with them.
//!
//! 1. Three colours say everything: what is behind, text, and accent (buttons, links, switches). All others are mixed from them.
//! 2. Text has a contrast of 4.5 to 1 with what is behind it (WCAG 2.2, 1.4.3), the edges of controls have 3 to 1 (1.4.11).
//! 3. What is mixed keeps these by itself; [`Theme::faint`] names what the operator chose too faint.

use serde::Serialize;
use std::{fmt, str::FromStr};

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// The colours for a light or for a dark page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub background: Colour,
    /// Text.
    pub text: Colour,
    /// Buttons, links and switches that are on.
    pub accent: Colour,
}

/// Which palette is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// What the visitor's system prefers.
    #[default]
    Auto,
    /// Always the light one.
    Light,
    /// Always the dark one.
    Dark,
}

/// How the banner looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Which palette is used; default [`Scheme::Auto`].
    pub scheme: Scheme,
    /// For light pages.
    pub light: Palette,
    /// For dark pages.
    pub dark: Palette,
    /// The radius of buttons; CSS pixels, default 10.
    pub corners: u8,
}

/// Two colours that are too close to each other.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{what} has a contrast of {contrast:.1} to 1 ({front} on {back}), which is below 4.5 to 1 (WCAG 2.2, 1.4.3)"
)]
pub struct Faint {
    /// Which pair, as `accent on background, dark`.
    pub what: String,
    /// Whether it is of the palette for dark pages.
    pub is_dark: bool,
    /// The colour in front.
    pub front: Colour,
    /// The colour behind.
    pub back: Colour,
    /// From 1 to 21.
    pub contrast: f64,
}

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no colour; write it as \"#rrggbb\"")]
pub struct NoColour(pub String);

const WHITE: Colour = Colour(0xff, 0xff, 0xff);
const INK: Colour = Colour(0x0e, 0x12, 0x19);
/// What text must have (WCAG 2.2, 1.4.3), and the edges of controls (1.4.11), with a little over for rounding.
const TEXT: f64 = 4.5;
const MIXED_TEXT: f64 = 4.8;
const EDGE: f64 = 3.1;

// === impl Colour ===

impl Colour {
    /// The contrast with another colour, from 1 to 21 (WCAG 2.2, "contrast ratio").
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// `percent` of this colour, the rest of `other`.
    fn over(self, other: Self, percent: u16) -> Self {
        let mix = |front: u8, back: u8| {
            let sum = u16::from(front) * percent + u16::from(back) * (100 - percent.min(100));
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// As little of this colour over `back` as has that contrast with all of `behind`, and at least `least` percent.
    fn softened(self, back: Self, behind: &[Self], contrast: f64, least: u16) -> Self {
        let enough = |colour: &Self| behind.iter().all(|b| colour.contrast(*b) >= contrast);
        (least..100).map(|percent| self.over(back, percent)).find(enough).unwrap_or(self)
    }
}

impl FromStr for Colour {
    type Err = NoColour;

    /// `#rgb` or `#rrggbb`.
    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits: Option<Vec<u8>> = text.strip_prefix('#').and_then(|digits| {
            digits.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect()
        });
        match digits.as_deref() {
            Some([r, g, b]) => Ok(Self(r * 17, g * 17, b * 17)),
            Some([r, s, g, h, b, c]) => Ok(Self(r * 16 + s, g * 16 + h, b * 16 + c)),
            Some(_) | None => Err(NoColour(text.to_owned())),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

// === impl Palette ===

impl Palette {
    /// Text on the accent: white or ink, what is easier to read.
    fn on_accent(self) -> Colour {
        if self.accent.contrast(WHITE) >= self.accent.contrast(INK) { WHITE } else { INK }
    }

    /// Behind what is set apart.
    fn raised(self) -> Colour {
        self.text.over(self.background, 5)
    }

    /// Text of less weight.
    fn muted(self) -> Colour {
        let behind = [self.background, self.raised()];
        self.text.softened(self.background, &behind, MIXED_TEXT, 66)
    }

    /// Declarations of the style sheet's variables.
    fn css(self) -> String {
        let Self { background: back, text, accent } = self;
        let raised = self.raised();
        let (soft, line) = (text.over(back, 86), text.over(back, 13));
        let muted = self.muted();
        let control = text.softened(back, &[back, raised], EDGE, 45);
        // Away from the words on it, so that these stay as easy to read.
        let hover = accent.over(if self.on_accent() == WHITE { INK } else { WHITE }, 86);
        let dark = back.luminance() < 0.2;
        let edge = if dark { text.over(back, 16) } else { text.over(back, 9) };
        let bad = if dark { "#ff9d94" } else { "#b3261e" };
        let deep = if dark { ".5" } else { ".16" };
        format!(
            "--c-back:{back};--c-text:{text};--c-soft:{soft};--c-muted:{muted};--c-line:{line};--c-control:{control};\
             --c-raised:{raised};--c-edge:{edge};--c-accent:{accent};--c-accent-hover:{hover};--c-on-accent:{};--c-bad:{bad};\
             --c-shadow:0 1px 2px rgb(0 0 0/.06),0 12px 40px rgb(0 0 0/{deep});",
            self.on_accent()
        )
    }

    fn faint(self, which: &str) -> Vec<Faint> {
        let is_dark = which == "dark";
        let pairs = [
            ("text on background", self.text, self.raised()),
            ("accent on background", self.accent, self.raised()),
            ("the text of buttons on accent", self.on_accent(), self.accent),
        ];
        let checked = pairs.into_iter().map(|(what, front, back)| Faint {
            what: format!("{what}, {which}"),
            is_dark,
            front,
            back,
            contrast: front.contrast(back),
        });
        checked.filter(|pair| pair.contrast < TEXT).collect()
    }
}

// === impl Theme ===

impl Theme {
    /// The variables for `selector`, with the rule for dark pages.
    pub(super) fn css(&self, selector: &str) -> String {
        let rule = |palette: Palette, scheme: &str| {
            let corners = self.corners;
            format!("{selector}{{color-scheme:{scheme};--c-corner:{corners}px;{}}}", palette.css())
        };
        let (light, dark) = (rule(self.light, "light"), rule(self.dark, "dark"));
        match self.scheme {
            Scheme::Light => light,
            Scheme::Dark => dark,
            Scheme::Auto => format!("{light}@media (prefers-color-scheme:dark){{{dark}}}"),
        }
    }

    /// What cannot be read well enough, of the palettes that are used.
    #[must_use]
    pub fn faint(&self) -> Vec<Faint> {
        let light = || self.light.faint("light");
        let dark = || self.dark.faint("dark");
        match self.scheme {
            Scheme::Light => light(),
            Scheme::Dark => dark(),
            Scheme::Auto => [light(), dark()].concat(),
        }
    }
}

impl Default for Theme {
    fn default() -> Self {
        let light = Palette {
            background: WHITE,
            text: Colour(0x17, 0x1a, 0x21),
            accent: Colour(0x1f, 0x4e, 0x79),
        };
        let dark = Palette {
            background: Colour(0x1c, 0x1f, 0x26),
            text: Colour(0xee, 0xf0, 0xf4),
            accent: Colour(0x9c, 0xc7, 0xf5),
        };
        Self { scheme: Scheme::Auto, light, dark, corners: 10 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert!((colour("#000").contrast(colour("#fff")) - 21.0).abs() < 1e-9);
        // The values that W3C's own examples give.
        assert!((colour("#767676").contrast(WHITE) - 4.54).abs() < 0.01);
        assert!((colour("#949494").contrast(WHITE) - 3.03).abs() < 0.01);
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(colour("#1aF"), Colour(0x11, 0xaa, 0xff));
        assert_eq!(colour("#01a2fe").to_string(), "#01a2fe");
        for wrong in ["", "#", "red", "#12", "#1234", "#12345g", "123456", "#１２３"] {
            assert_eq!(wrong.parse::<Colour>(), Err(NoColour(wrong.into())), "{wrong}");
        }
    }

    #[test]
    fn the_defaults_can_be_read() {
        assert_eq!(Theme::default().faint(), []);
    }

    #[test]
    fn what_is_too_faint_is_named() {
        let mut theme = Theme::default();
        theme.light.accent = colour("#9bb");
        let found = theme.faint();
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with("accent on background, light has a contrast of "));
        theme.scheme = Scheme::Dark;
        assert_eq!(theme.faint(), []);
    }

    proptest! {
        /// Rule 3: what is not named can be read, also what was mixed.
        #[test]
        fn what_is_mixed_can_be_read_when_nothing_is_named(light in [150..=255u8, 150..=255u8, 150..=255u8], dark in [0..=110u8, 0..=110u8, 0..=110u8], is_dark: bool) {
            let (light, dark) = (Colour(light[0], light[1], light[2]), Colour(dark[0], dark[1], dark[2]));
            let (background, text) = if is_dark { (dark, light) } else { (light, dark) };
            let palette = Palette { background, text, accent: text };
            let named = palette.faint("light");
            let muted = palette.muted();
            let least = muted.contrast(background).min(muted.contrast(palette.raised()));
            prop_assert!(least >= TEXT || !named.is_empty(), "{palette:?}");
        }
    }
}
