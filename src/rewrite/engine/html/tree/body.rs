//! Turns tags in the body into open and closed elements (HTML Standard, 13.2.6.4.7).
//!
//! 1. Rules that only make nodes, move them or report errors are left out.
//! 2. A `select` in a `select`, and an `input`, close the `select` that is open.

use super::{
    super::name::{Key, Name, Names},
    Mode, Start, Step, Tree,
    stack::Space,
};
use crate::rewrite::tag::Tag;

/// Start tags before which an open `p` ends.
const BLOCKS: Names = Names::of(&[
    Name::Address,
    Name::Article,
    Name::Aside,
    Name::Blockquote,
    Name::Center,
    Name::Details,
    Name::Dialog,
    Name::Dir,
    Name::Div,
    Name::Dl,
    Name::Fieldset,
    Name::Figcaption,
    Name::Figure,
    Name::Footer,
    Name::Header,
    Name::Hgroup,
    Name::Main,
    Name::Menu,
    Name::Nav,
    Name::Ol,
    Name::P,
    Name::Search,
    Name::Section,
    Name::Summary,
    Name::Ul,
]);
const PREFORMATTED: Names = Names::of(&[Name::Pre, Name::Listing]);
/// Elements that hold what scopes end at.
const EMBEDDED: Names = Names::of(&[Name::Applet, Name::Marquee, Name::Object]);
/// Elements whose end tag is taken when they are in scope.
const IN_SCOPE: Names =
    BLOCKS.and(PREFORMATTED).and(EMBEDDED).and(Names::of(&[Name::Button, Name::Select]));
const FORMATTING: Names = Names::of(&[
    Name::A,
    Name::B,
    Name::Big,
    Name::Code,
    Name::Em,
    Name::Font,
    Name::I,
    Name::Nobr,
    Name::S,
    Name::Small,
    Name::Strike,
    Name::Strong,
    Name::Tt,
    Name::U,
]);
/// Elements that have no content, and those whose content is not markup: none stays open.
const NEVER_OPEN: Names = Names::of(&[
    Name::Br,
    Name::Embed,
    Name::Img,
    Name::Input,
    Name::Hr,
    Name::Source,
    Name::Textarea,
    Name::Void,
    Name::Xmp,
    Name::Iframe,
    Name::Noembed,
    Name::Plaintext,
]);
/// Start tags that are ignored.
const IGNORED: Names = Names::of(&[
    Name::Html,
    Name::Caption,
    Name::Col,
    Name::Colgroup,
    Name::Frame,
    Name::Head,
    Name::Tbody,
    Name::Td,
    Name::Tfoot,
    Name::Th,
    Name::Thead,
    Name::Tr,
]);
/// How many special elements the adoption agency can handle.
const ADOPTIONS: usize = 8;
/// How many elements a list item may look past for the one that it ends.
const LOOKS: usize = 128;

impl Tree {
    pub(super) fn body_start(&mut self, tag: &Start<'_>) -> Step {
        let name = tag.name;
        if Self::is_for_head(tag) {
            return self.metadata(tag);
        }
        if IGNORED.has(name) {
            return Step::Done;
        }
        match name {
            Name::Body => self.frameset_ok &= self.stack.last(Name::Template) != 0,
            Name::Frameset => self.begin_frameset(tag),
            name if NEVER_OPEN.has(name) => self.never_open(tag),
            Name::Svg => self.insert_foreign(tag, Space::Svg),
            Name::Math => self.insert_foreign(tag, Space::MathMl),
            Name::Form => self.form_start(tag),
            Name::Select => self.select_start(tag),
            _ => {
                if self.makes_way(name) {
                    self.push(tag);
                }
            }
        }
        Step::Done
    }

    /// Closes what `name` closes; whether it is then opened.
    fn makes_way(&mut self, name: Name) -> bool {
        if BLOCKS.has(name) {
            self.close_p();
        } else if name == Name::Heading {
            self.close_p();
            if self.stack.top().name == Name::Heading {
                self.stack.truncate_by_one();
            }
        } else if PREFORMATTED.has(name) {
            self.frameset_ok = false;
            self.close_p();
        } else if EMBEDDED.has(name) {
            self.frameset_ok = false;
        } else {
            self.makes_way_of_own_kind(name);
        }
        true
    }

    /// Elements that close others of their kind.
    fn makes_way_of_own_kind(&mut self, name: Name) {
        match name {
            Name::Li => self.item(&[Name::Li]),
            Name::Dd | Name::Dt => self.item(&[Name::Dd, Name::Dt]),
            Name::Button => {
                self.frameset_ok = false;
                self.close_in_scope(name);
            }
            Name::A | Name::Nobr => self.adopt(name),
            Name::Table => {
                self.frameset_ok = false;
                if self.had_doctype {
                    self.close_p();
                }
                self.mode = Mode::Table;
            }
            Name::Option | Name::Optgroup if self.stack.is_in_scope(Name::Select) => {
                let kept = if name == Name::Option { Name::Optgroup } else { Name::Other };
                self.stack.imply_ends(kept);
            }
            Name::Option | Name::Optgroup if self.stack.top().name == Name::Option => {
                self.stack.truncate_by_one();
            }
            Name::Rb | Name::Rtc if self.stack.is_in_scope(Name::Ruby) => {
                self.stack.imply_ends(Name::Other);
            }
            Name::Rp | Name::Rt if self.stack.is_in_scope(Name::Ruby) => {
                self.stack.imply_ends(Name::Rtc);
            }
            _ => {}
        }
    }

    fn never_open(&mut self, tag: &Start<'_>) {
        let is_hidden =
            || Tag::new(tag.raw).value("type").is_some_and(|t| t.eq_ignore_ascii_case(b"hidden"));
        match tag.name {
            Name::Input => {
                self.close_in_scope(Name::Select);
                self.frameset_ok &= is_hidden();
            }
            Name::Hr | Name::Xmp | Name::Plaintext => {
                self.close_p();
                if tag.name == Name::Hr && self.stack.is_in_scope(Name::Select) {
                    self.stack.imply_ends(Name::Other);
                }
                self.frameset_ok &= tag.name == Name::Plaintext;
            }
            Name::Noembed | Name::Source => {}
            _ => self.frameset_ok = false,
        }
    }

    /// A frameset takes the place of a body without content.
    fn begin_frameset(&mut self, tag: &Start<'_>) {
        if self.frameset_ok && self.stack.name_at(1) == Name::Body {
            self.stack.truncate(1);
            self.push(tag);
            self.mode = Mode::Frameset;
        }
    }

    fn form_start(&mut self, tag: &Start<'_>) {
        let in_template = self.stack.last(Name::Template) != 0;
        if self.has_form && !in_template {
            return;
        }
        self.close_p();
        self.push(tag);
        self.has_form |= !in_template;
    }

    fn select_start(&mut self, tag: &Start<'_>) {
        if !self.close_in_scope(Name::Select) {
            self.push(tag);
            self.frameset_ok = false;
        }
    }

    fn close_p(&mut self) {
        if self.stack.is_in_button_scope(Name::P) {
            self.stack.close(self.stack.last(Name::P));
        }
    }

    /// Whether there was one to close.
    fn close_in_scope(&mut self, name: Name) -> bool {
        let is_open = self.stack.is_in_scope(name);
        if is_open {
            self.stack.close(self.stack.last(name));
        }
        is_open
    }

    /// A list item closes the one before, unless something special is between.
    fn item(&mut self, kinds: &[Name]) {
        self.frameset_ok = false;
        if self.stack.uppermost(kinds) != 0 {
            let mut special = self.stack.special();
            for _ in 0..LOOKS {
                match self.stack.name_at(special) {
                    name if kinds.contains(&name) => return self.end_item(special),
                    Name::Address | Name::Div | Name::P => {
                        special = self.stack.special_below(special);
                    }
                    _ => break,
                }
            }
        }
        self.close_p();
    }

    fn end_item(&mut self, index: usize) {
        self.stack.close(index);
        self.close_p();
    }

    pub(super) fn body_end(&mut self, name: Name, key: Key) -> Step {
        match name {
            Name::Template => return self.close_template(),
            Name::Body | Name::Html => {}
            // It is read as a start tag.
            Name::Br => self.frameset_ok = false,
            Name::Form => self.form_end(),
            Name::P => self.close_p(),
            Name::Li if self.stack.is_in_list_scope(name) => {
                self.close_in_scope(name);
            }
            Name::Li => {}
            Name::Dd | Name::Dt | Name::Heading => {
                self.close_in_scope(name);
            }
            name if IN_SCOPE.has(name) => {
                self.close_in_scope(name);
            }
            name if FORMATTING.has(name) => self.adopt(name),
            _ => self.any_other_end(name, key),
        }
        Step::Done
    }

    fn form_end(&mut self) {
        let in_template = self.stack.last(Name::Template) != 0;
        let had_form = in_template || std::mem::replace(&mut self.has_form, false);
        if !had_form || !self.stack.is_in_scope(Name::Form) {
            return;
        }
        self.stack.imply_ends(Name::Other);
        if in_template {
            self.stack.close(self.stack.last(Name::Form));
        } else {
            self.stack.take_out(self.stack.last(Name::Form));
        }
    }

    /// The end tag of a formatting element: the adoption agency.
    fn adopt(&mut self, name: Name) {
        if !self.stack.is_in_scope(name) {
            return;
        }
        let element = self.stack.last(name);
        let furthest = self.stack.special();
        if furthest <= element {
            return self.stack.close(element);
        }
        let mut special = furthest;
        let specials = (1..ADOPTIONS).take_while(|_| {
            special = self.stack.special_below(special);
            special > element
        });
        if specials.count() < ADOPTIONS - 1 {
            self.stack.truncate(furthest + 1);
        }
        self.stack.take_out(element);
    }

    fn any_other_end(&mut self, name: Name, key: Key) {
        let open = self.stack.last_html(name, key);
        if open != 0 && open >= self.stack.special() {
            self.stack.close(open);
        }
    }
}
