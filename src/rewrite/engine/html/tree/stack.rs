//! Turns elements that open and close into answers about which are open, each in constant time.
//!
//! 1. The stack of open elements and its scopes (HTML Standard, 13.2.4.2). The first element is `html` and stays.
//! 2. An element remembers the nearest one below it that is special, that bounds a scope, and that has its name: no question
//!    walks down the stack, however deep a page is.
//! 3. An element that is taken out of the middle leaves a gap without a name, which bounds what the element did.

use super::super::name::{Key, Name, Names};
use crate::rewrite::engine::reports_end;
use rustc_hash::FxHashMap;

/// Elements that may be open at once.
const DEPTH: usize = 1 << 18;

/// Special elements (13.2.4.2), without those that never stay open.
const SPECIAL: Names = Names::of(&[
    Name::Address,
    Name::Applet,
    Name::Article,
    Name::Aside,
    Name::Blockquote,
    Name::Body,
    Name::Button,
    Name::Caption,
    Name::Center,
    Name::Colgroup,
    Name::Dd,
    Name::Details,
    Name::Dir,
    Name::Div,
    Name::Dl,
    Name::Dt,
    Name::Fieldset,
    Name::Figcaption,
    Name::Figure,
    Name::Footer,
    Name::Form,
    Name::Frameset,
    Name::Head,
    Name::Heading,
    Name::Header,
    Name::Hgroup,
    Name::Html,
    Name::Li,
    Name::Listing,
    Name::Main,
    Name::Marquee,
    Name::Menu,
    Name::Nav,
    Name::Object,
    Name::Ol,
    Name::P,
    Name::Pre,
    Name::Search,
    Name::Section,
    Name::Select,
    Name::Summary,
    Name::Table,
    Name::Tbody,
    Name::Td,
    Name::Template,
    Name::Tfoot,
    Name::Th,
    Name::Thead,
    Name::Tr,
    Name::Ul,
]);

/// What bounds a scope.
const SCOPE: Names = Names::of(&[
    Name::Applet,
    Name::Caption,
    Name::Html,
    Name::Table,
    Name::Td,
    Name::Th,
    Name::Marquee,
    Name::Object,
    Name::Select,
    Name::Template,
]);

/// Whose end tags are implied (13.2.6.3).
const IMPLIED: Names = Names::of(&[
    Name::Dd,
    Name::Dt,
    Name::Li,
    Name::Optgroup,
    Name::Option,
    Name::P,
    Name::Rb,
    Name::Rp,
    Name::Rt,
    Name::Rtc,
]);

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Html,
    Svg,
    MathMl,
}

/// Where HTML can be in SVG and MathML (13.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    None,
    /// A MathML text integration point.
    MathText,
    Html,
    /// An `annotation-xml` that is none: only an `svg` counts.
    Annotation,
}

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// Only HTML elements have one here.
    pub(super) name: Name,
    pub(super) key: Key,
    pub(super) space: Space,
    pub(super) point: Point,
    special: u32,
    scope: u32,
    /// The nearest HTML element from here down.
    html: u32,
    /// The next below of that name, if that is not 0.
    same: u32,
}

impl Open {
    pub(super) const fn html(name: Name, key: Key) -> Self {
        Self {
            name,
            key,
            space: Space::Html,
            point: Point::None,
            special: 0,
            scope: 0,
            html: 0,
            same: 0,
        }
    }

    pub(super) const fn foreign(key: Key, space: Space, point: Point) -> Self {
        Self { name: Name::Other, key, space, point, special: 0, scope: 0, html: 0, same: 0 }
    }

    const fn is_special(&self) -> bool {
        SPECIAL.has(self.name) || !matches!(self.point, Point::None)
    }

    const fn is_scope(&self) -> bool {
        SCOPE.has(self.name) || !matches!(self.point, Point::None)
    }
}

/// The stack of open elements.
#[derive(Debug)]
pub(super) struct Stack {
    open: Vec<Open>,
    /// The uppermost of each name, if that is not 0.
    last: [u32; Name::COUNT],
    /// The same of names that mean nothing, and of foreign elements.
    others: FxHashMap<(Key, bool), u32>,
    /// The first foreign element that was closed, of those whose end tag is reported.
    pub(super) closed_text: Option<Key>,
}

const ROOT: Open = Open::html(Name::Html, 0);

impl Stack {
    pub(super) fn new() -> Self {
        let others = FxHashMap::default();
        Self { open: vec![ROOT], last: [0; Name::COUNT], others, closed_text: None }
    }

    pub(super) const fn is_too_deep(&self) -> bool {
        self.open.len() > DEPTH
    }

    pub(super) fn top(&self) -> Open {
        self.open.last().copied().unwrap_or(ROOT)
    }

    fn at(&self, index: usize) -> Open {
        self.open.get(index).copied().unwrap_or(ROOT)
    }

    pub(super) fn push(&mut self, mut open: Open) {
        let (below, index) = (self.top(), self.open.len() as u32);
        open.special = if open.is_special() { index } else { below.special };
        open.scope = if open.is_scope() { index } else { below.scope };
        open.html = if open.space == Space::Html { index } else { below.html };
        let last = self.last_mut(&open);
        open.same = std::mem::replace(last, index);
        self.open.push(open);
    }

    pub(super) fn pop(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        let Some(open) = self.open.pop() else { return };
        if open.key != 0 {
            self.set_last(&open);
        }
        if open.space != Space::Html && self.closed_text.is_none() && reports_end_of(open.key) {
            self.closed_text = Some(open.key);
        }
    }

    /// Closes elements until `length` are open, and gaps below these.
    pub(super) fn truncate(&mut self, length: usize) {
        while self.open.len() > length.max(1) {
            self.pop();
        }
        while self.open.len() > 1 && self.top().key == 0 {
            self.open.pop();
        }
    }

    /// Closes the current node.
    pub(super) fn truncate_by_one(&mut self) {
        self.truncate(self.open.len() - 1);
    }

    /// Closes the element at `index` and all above it.
    pub(super) fn close(&mut self, index: usize) {
        self.truncate(index);
    }

    fn last_mut(&mut self, open: &Open) -> &mut u32 {
        if open.name == Name::Other {
            return self.others.entry((open.key, open.space == Space::Html)).or_default();
        }
        // Every name has its place.
        let [first, rest @ ..] = &mut self.last;
        (open.name as usize).checked_sub(1).and_then(|name| rest.get_mut(name)).unwrap_or(first)
    }

    /// The uppermost of the name of `open`, which goes, is the next below from now on.
    fn set_last(&mut self, open: &Open) {
        if open.name == Name::Other && open.same == 0 {
            self.others.remove(&(open.key, open.space == Space::Html));
        } else {
            *self.last_mut(open) = open.same;
        }
    }

    /// Where the uppermost element of that name is; 0 when none is open.
    pub(super) fn last(&self, name: Name) -> usize {
        self.last.get(name as usize).map_or(0, |last| *last as usize)
    }

    pub(super) fn uppermost(&self, names: &[Name]) -> usize {
        names.iter().map(|name| self.last(*name)).max().unwrap_or(0)
    }

    /// Where the uppermost foreign element with that key is, when no HTML element is above it.
    pub(super) fn last_foreign(&self, key: Key) -> Option<usize> {
        let last = self.others.get(&(key, false)).filter(|last| **last > self.top().html)?;
        Some(*last as usize)
    }

    /// Where the uppermost HTML element with that key is.
    pub(super) fn last_html(&self, name: Name, key: Key) -> usize {
        if name != Name::Other {
            return self.last(name);
        }
        self.others.get(&(key, true)).map_or(0, |last| *last as usize)
    }

    /// The nearest special element from the top.
    pub(super) fn special(&self) -> usize {
        self.top().special as usize
    }

    /// The name of the nearest special element below `index`, and where it is.
    pub(super) fn special_below(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |below| self.at(below).special as usize)
    }

    pub(super) fn name_at(&self, index: usize) -> Name {
        self.at(index).name
    }

    pub(super) fn is_in_scope(&self, name: Name) -> bool {
        let last = self.last(name);
        last != 0 && last >= self.top().scope as usize
    }

    pub(super) fn is_in_button_scope(&self, name: Name) -> bool {
        self.is_in_scope(name) && self.last(name) >= self.last(Name::Button)
    }

    pub(super) fn is_in_list_scope(&self, name: Name) -> bool {
        self.is_in_scope(name) && self.last(name) >= self.uppermost(&[Name::Ol, Name::Ul])
    }

    pub(super) fn is_in_table_scope(&self, name: Name) -> bool {
        let last = self.last(name);
        last != 0 && last >= self.uppermost(&[Name::Table, Name::Template])
    }

    /// Generates implied end tags, but for `except`.
    pub(super) fn imply_ends(&mut self, except: Name) {
        while IMPLIED.has(self.top().name) && self.top().name != except {
            self.truncate(self.open.len() - 1);
        }
    }

    /// Takes out the element at `index`, whatever is above it.
    pub(super) fn take_out(&mut self, index: usize) {
        let Some(open) = self.open.get_mut(index) else { return };
        let taken = std::mem::replace(open, Open { name: Name::Other, key: 0, ..*open });
        self.unlink(&taken, index as u32);
        self.truncate(self.open.len());
    }

    /// No element of that name says any more that `index` is the next.
    fn unlink(&mut self, taken: &Open, index: u32) {
        let mut above = *self.last_mut(taken);
        if above == index {
            self.set_last(taken);
            return;
        }
        while let Some(open) = self.open.get_mut(above as usize).filter(|open| open.same < above) {
            if open.same == index {
                open.same = taken.same;
                return;
            }
            above = open.same;
        }
    }
}

/// [`reports_end`] of a key, which is the name.
fn reports_end_of(key: Key) -> bool {
    let bytes = key.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    reports_end(bytes.get(zeros..).unwrap_or_default())
}
