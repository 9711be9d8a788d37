//! Turns tags into what tree construction makes of them, as far as it changes how the bytes behind them are read.
//!
//! 1. What counts is whether a tag is foreign, in SVG or MathML: there no content is raw text, and CDATA sections are
//!    (HTML Standard, 13.2.6 and 13.2.6.5). Everything else is kept only because it closes foreign elements, or opens them not.
//! 2. Insertion modes are those of 13.2.6.4, with these put together: what is before `head` ([`Mode::Before`]), and what is in
//!    or behind the body. A `select` takes what the body takes, as the standard says since 2025; how parsers before that read
//!    it is the business of whoever decides on what a `select` holds.
//! 3. Foster parenting puts nodes elsewhere, but not on the stack, and is left out. Formatting elements are not reconstructed:
//!    one that would be again open could only close foreign elements, and what is taken for foreign for too long is read in
//!    both ways anyway.
//! 4. The adoption agency (13.2.6.4.7) is what it does to the stack: the element goes, and all above the last special one.

mod body;
mod foreign;
mod stack;
mod table;

use super::name::{Key, Name};
use crate::rewrite::engine::TokenKind;
use stack::{Open, Space, Stack};

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'t> {
    pub(super) name: Name,
    pub(super) key: Key,
    pub(super) is_self_closing: bool,
    /// The whole tag.
    pub(super) raw: &'t [u8],
}

/// What tree construction is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Before,
    Head,
    AfterHead,
    Body,
    Table,
    Caption,
    Colgroup,
    TableBody,
    Row,
    Cell,
    Template,
    Frameset,
    AfterFrameset,
}

/// Whether a token was taken, or is to be read again in the mode that it changed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    Again,
}

/// How often one token may change the mode; none does nearly as often.
const STEPS: usize = 16;

/// What of the tree is kept.
#[derive(Debug)]
pub(super) struct Tree {
    stack: Stack,
    mode: Mode,
    /// The stack of template insertion modes.
    templates: Vec<Mode>,
    had_head: bool,
    /// The form element pointer is set.
    has_form: bool,
    frameset_ok: bool,
    had_doctype: bool,
    /// The last start tag was ignored where its content is then markup.
    ignored: bool,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self {
            stack: Stack::new(),
            mode: Mode::Before,
            templates: Vec::new(),
            had_head: false,
            has_form: false,
            frameset_ok: true,
            had_doctype: false,
            ignored: false,
        }
    }

    /// Whether the adjusted current node is foreign.
    pub(super) fn is_foreign(&self) -> bool {
        self.stack.top().space != Space::Html
    }

    pub(super) const fn is_too_deep(&self) -> bool {
        self.stack.is_too_deep()
    }

    /// Whether text would change anything.
    pub(super) const fn asks_for_text(&self) -> bool {
        self.frameset_ok
    }

    /// Takes text that is not white space.
    pub(super) fn text(&mut self) {
        if matches!(self.mode, Mode::Before | Mode::Head | Mode::AfterHead) {
            self.begin_body();
        }
        self.frameset_ok = false;
    }

    /// Takes a document type: a page with one is not read in quirks mode.
    pub(super) const fn doctype(&mut self) {
        self.had_doctype = true;
    }

    /// Takes a start tag.
    pub(super) fn start(&mut self, tag: &Start<'_>) -> TokenKind {
        let is_foreign = self.is_foreign_start(tag);
        if is_foreign && self.foreign_start(tag) {
            return TokenKind::StartForeign;
        }
        self.html_start(tag);
        match tag.name {
            _ if is_foreign => TokenKind::StartBreakout,
            _ if std::mem::take(&mut self.ignored) => TokenKind::StartForeign,
            Name::Svg | Name::Math => TokenKind::StartForeign,
            _ => TokenKind::Start,
        }
    }

    fn html_start(&mut self, tag: &Start<'_>) {
        for _ in 0..STEPS {
            let step = match self.mode {
                Mode::Before => self.before_start(tag),
                Mode::Head => self.head_start(tag),
                Mode::AfterHead => self.after_head_start(tag),
                Mode::Body => self.body_start(tag),
                Mode::Table => self.table_start(tag),
                Mode::Caption => self.caption_start(tag),
                Mode::Colgroup => self.colgroup_start(tag),
                Mode::TableBody => self.table_body_start(tag),
                Mode::Row => self.row_start(tag),
                Mode::Cell => self.cell_start(tag),
                Mode::Template => self.template_start(tag),
                Mode::Frameset => self.frameset_start(tag),
                Mode::AfterFrameset => self.ignore(tag),
            };
            if step == Step::Done {
                return;
            }
        }
    }

    /// Takes an end tag.
    pub(super) fn end(&mut self, name: Name, key: Key) {
        if !self.foreign_end(name, key) {
            self.html_end(name, key);
        }
    }

    /// The first foreign element that was closed since the last call, of those whose end tag is reported.
    pub(super) const fn take_closed_text(&mut self) -> Option<Key> {
        self.stack.closed_text.take()
    }

    /// Whether a `select` is open.
    pub(super) fn is_in_select(&self) -> bool {
        self.stack.last(Name::Select) != 0
    }

    fn html_end(&mut self, name: Name, key: Key) {
        for _ in 0..STEPS {
            let step = match self.mode {
                Mode::Before | Mode::Head | Mode::AfterHead => self.head_end(name),
                Mode::Body => self.body_end(name, key),
                Mode::Table => self.table_end(name, key),
                Mode::Caption => self.caption_end(name, key),
                Mode::Colgroup => self.colgroup_end(name),
                Mode::TableBody => self.table_body_end(name, key),
                Mode::Row => self.row_end(name, key),
                Mode::Cell => self.cell_end(name, key),
                Mode::Template => self.template_end(name),
                Mode::Frameset => self.frameset_end(name),
                Mode::AfterFrameset => Step::Done,
            };
            if step == Step::Done {
                return;
            }
        }
    }

    fn push(&mut self, tag: &Start<'_>) {
        self.stack.push(Open::html(tag.name, tag.key));
    }

    /// Pushes an element whose tag was left out.
    fn imply(&mut self, name: Name, text: &[u8]) {
        self.stack.push(Open::html(name, super::name::key(text)));
    }

    // === Before, in and behind the head (13.2.6.4.1 to 13.2.6.4.6) ===

    fn before_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Html => Step::Done,
            Name::Head => {
                self.push(tag);
                self.enter_head()
            }
            _ => {
                self.imply(Name::Head, b"head");
                self.enter_head();
                Step::Again
            }
        }
    }

    const fn enter_head(&mut self) -> Step {
        self.had_head = true;
        self.mode = Mode::Head;
        Step::Done
    }

    fn head_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Html | Name::Head => Step::Done,
            name if is_metadata(name) => self.metadata(tag),
            _ => {
                self.stack.truncate(1);
                self.mode = Mode::AfterHead;
                Step::Again
            }
        }
    }

    fn after_head_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Html | Name::Head => Step::Done,
            Name::Frameset => {
                self.push(tag);
                self.mode = Mode::Frameset;
                Step::Done
            }
            Name::Body => {
                self.begin_body();
                self.frameset_ok = false;
                Step::Done
            }
            name if is_metadata(name) && name != Name::Noscript => self.metadata(tag),
            _ => {
                self.begin_body();
                Step::Again
            }
        }
    }

    fn begin_body(&mut self) {
        self.had_head = true;
        self.stack.truncate(1);
        self.imply(Name::Body, b"body");
        self.mode = Mode::Body;
    }

    /// Of these only a template stays open.
    fn metadata(&mut self, tag: &Start<'_>) -> Step {
        if tag.name == Name::Template {
            self.push(tag);
            self.frameset_ok = false;
            self.mode = Mode::Template;
            self.templates.push(Mode::Template);
        }
        Step::Done
    }

    fn head_end(&mut self, name: Name) -> Step {
        match (self.mode, name) {
            (_, Name::Template) => self.close_template(),
            (Mode::Head, Name::Head) => {
                self.stack.truncate(1);
                self.mode = Mode::AfterHead;
                Step::Done
            }
            (Mode::Before, Name::Head) => {
                self.had_head = true;
                self.mode = Mode::AfterHead;
                Step::Done
            }
            (_, Name::Body | Name::Html | Name::Br) => {
                self.begin_body();
                Step::Again
            }
            (_, _) => Step::Done,
        }
    }

    // === Templates (13.2.6.4.22) ===

    fn template_start(&mut self, tag: &Start<'_>) -> Step {
        let mode = match tag.name {
            name if is_metadata(name) && name != Name::Noscript => return self.metadata(tag),
            Name::Caption | Name::Colgroup | Name::Tbody | Name::Tfoot | Name::Thead => Mode::Table,
            Name::Col => Mode::Colgroup,
            Name::Tr => Mode::TableBody,
            Name::Td | Name::Th => Mode::Row,
            _ => Mode::Body,
        };
        if let Some(last) = self.templates.last_mut() {
            *last = mode;
        }
        self.mode = mode;
        Step::Again
    }

    fn template_end(&mut self, name: Name) -> Step {
        if name == Name::Template { self.close_template() } else { Step::Done }
    }

    fn close_template(&mut self) -> Step {
        let template = self.stack.last(Name::Template);
        if template != 0 {
            self.stack.close(template);
            self.templates.pop();
            self.reset_mode();
        }
        Step::Done
    }

    /// Resets the insertion mode appropriately (13.2.4.1).
    fn reset_mode(&mut self) {
        let [cell, body, own] = [
            &[Name::Td, Name::Th][..],
            &[Name::Tbody, Name::Tfoot, Name::Thead],
            &[
                Name::Caption,
                Name::Colgroup,
                Name::Table,
                Name::Template,
                Name::Head,
                Name::Body,
                Name::Frameset,
                Name::Tr,
            ],
        ]
        .map(|names| self.stack.uppermost(names));
        let last = cell.max(body).max(own);
        self.mode = match self.stack.name_at(last) {
            Name::Td | Name::Th => Mode::Cell,
            Name::Tr => Mode::Row,
            Name::Tbody | Name::Tfoot | Name::Thead => Mode::TableBody,
            Name::Caption => Mode::Caption,
            Name::Colgroup => Mode::Colgroup,
            Name::Table => Mode::Table,
            Name::Template => self.templates.last().copied().unwrap_or(Mode::Template),
            Name::Head => Mode::Head,
            Name::Body => Mode::Body,
            Name::Frameset => Mode::Frameset,
            _ if self.had_head => Mode::AfterHead,
            _ => Mode::Before,
        };
    }

    // === Framesets (13.2.6.4.20, 13.2.6.4.21) ===

    fn frameset_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Frameset => self.push(tag),
            Name::Frame => {}
            _ => return self.ignore(tag),
        }
        Step::Done
    }

    /// In and behind a frameset only these are not ignored.
    fn ignore(&mut self, tag: &Start<'_>) -> Step {
        self.ignored = !matches!(tag.name, Name::Noframes | Name::Html);
        Step::Done
    }

    fn frameset_end(&mut self, name: Name) -> Step {
        if name == Name::Frameset {
            self.stack.close(self.stack.last(Name::Frameset).max(1));
            if self.stack.last(Name::Frameset) == 0 {
                self.mode = Mode::AfterFrameset;
            }
        }
        Step::Done
    }
}

/// What the head takes, wherever it is.
const fn is_metadata(name: Name) -> bool {
    matches!(
        name,
        Name::Meta
            | Name::Metadata
            | Name::Noframes
            | Name::Noscript
            | Name::Script
            | Name::Style
            | Name::Template
            | Name::Title
    )
}
