//! Turns tags in SVG and MathML into open and closed elements (HTML Standard, 13.2.6.5).
//!
//! 1. A start tag is HTML where the current node is, or is an integration point for it (13.2.6, the dispatcher).
//! 2. Certain start tags, and the end tags `p` and `br`, close what is foreign up to such a point.
//! 3. An end tag closes the nearest foreign element of its name; when an HTML element comes first, it is read as HTML.

use super::{
    super::name::{Key, Name, Names},
    Start, Tree,
    stack::{Open, Point, Space},
};
use crate::rewrite::{markup, tag::Tag};

/// Start tags that are never foreign.
const BREAKS_OUT: Names = Names::of(&[
    Name::B,
    Name::Big,
    Name::Blockquote,
    Name::Body,
    Name::Br,
    Name::Center,
    Name::Code,
    Name::Dd,
    Name::Div,
    Name::Dl,
    Name::Dt,
    Name::Em,
    Name::Embed,
    Name::Head,
    Name::Heading,
    Name::Hr,
    Name::I,
    Name::Img,
    Name::Li,
    Name::Listing,
    Name::Menu,
    Name::Meta,
    Name::Nobr,
    Name::Ol,
    Name::P,
    Name::Pre,
    Name::Ruby,
    Name::S,
    Name::Small,
    Name::Span,
    Name::Strong,
    Name::Strike,
    Name::Sub,
    Name::Sup,
    Name::Table,
    Name::Tt,
    Name::U,
    Name::Ul,
    Name::Var,
]);

impl Tree {
    /// Whether the rules for foreign content are the ones for this start tag.
    pub(super) fn is_foreign_start(&self, tag: &Start<'_>) -> bool {
        let top = self.stack.top();
        match top.point {
            Point::None => top.space != Space::Html,
            Point::MathText => matches!(tag.name, Name::Mglyph | Name::MalignMark),
            Point::Html => false,
            Point::Annotation => tag.name != Name::Svg,
        }
    }

    /// Opens a foreign element; `false` when the tag breaks out and is to be read as HTML.
    pub(super) fn foreign_start(&mut self, tag: &Start<'_>) -> bool {
        if BREAKS_OUT.has(tag.name) || tag.name == Name::Font && is_styled(tag.raw) {
            self.break_out();
            return false;
        }
        self.insert_foreign(tag, self.stack.top().space);
        true
    }

    pub(super) fn insert_foreign(&mut self, tag: &Start<'_>, space: Space) {
        if !tag.is_self_closing {
            self.stack.push(Open::foreign(tag.key, space, point(tag, space)));
        }
    }

    fn break_out(&mut self) {
        while self.stack.top().space != Space::Html
            && matches!(self.stack.top().point, Point::None | Point::Annotation)
        {
            self.stack.pop();
        }
    }

    /// Takes an end tag; `false` when it is to be read as HTML.
    pub(super) fn foreign_end(&mut self, name: Name, key: Key) -> bool {
        if !self.is_foreign() {
            return false;
        }
        if matches!(name, Name::P | Name::Br) {
            self.break_out();
            return false;
        }
        let Some(open) = self.stack.last_foreign(key) else { return false };
        self.stack.close(open);
        true
    }
}

fn point(tag: &Start<'_>, space: Space) -> Point {
    match (space, tag.name) {
        (Space::Svg, Name::ForeignObject | Name::Desc | Name::Title) => Point::Html,
        (Space::MathMl, Name::Mi | Name::Mo | Name::Mn | Name::Ms | Name::Mtext) => Point::MathText,
        (Space::MathMl, Name::AnnotationXml) if holds_html(tag.raw) => Point::Html,
        (Space::MathMl, Name::AnnotationXml) => Point::Annotation,
        (Space::Html | Space::Svg | Space::MathMl, _) => Point::None,
    }
}

fn is_styled(raw: &[u8]) -> bool {
    let tag = Tag::new(raw);
    ["color", "face", "size"].iter().any(|name| tag.attribute(name).is_some())
}

fn holds_html(raw: &[u8]) -> bool {
    let encoding = Tag::new(raw).value("encoding").unwrap_or_default();
    let encoding = markup::decode(String::from_utf8_lossy(encoding));
    ["text/html", "application/xhtml+xml"].iter().any(|e| encoding.eq_ignore_ascii_case(e))
}
