//! Turns tags in tables into open and closed elements (HTML Standard, 13.2.6.4.9 to 13.2.6.4.15).
//!
//! 1. Tags of a table close what is open in it, foreign elements included, up to the part of the table that takes them.
//! 2. What is no table's own is read as in the body.

use super::{
    super::name::{Key, Name, Names},
    Mode, Start, Step, Tree, is_metadata,
};

/// What begins a part of a table.
const PARTS: Names = Names::of(&[
    Name::Caption,
    Name::Col,
    Name::Colgroup,
    Name::Tbody,
    Name::Td,
    Name::Tfoot,
    Name::Th,
    Name::Thead,
    Name::Tr,
]);
const GROUPS: &[Name] = &[Name::Tbody, Name::Tfoot, Name::Thead];
const CELLS: &[Name] = &[Name::Td, Name::Th];
/// Whose end tags do nothing in any part of a table that they do not end.
const IGNORED: Names =
    Names::of(&[Name::Body, Name::Caption, Name::Col, Name::Colgroup, Name::Html]);

impl Tree {
    /// Closes what is open in the table, up to one of `context`.
    fn clear_back_to(&mut self, context: &[Name]) {
        let bound = self.stack.uppermost(context).max(self.stack.last(Name::Template));
        self.stack.truncate(bound + 1);
    }

    fn enter(&mut self, tag: &Start<'_>, mode: Mode) -> Step {
        self.push(tag);
        self.mode = mode;
        Step::Done
    }

    fn enter_implied(&mut self, name: Name, text: &[u8], mode: Mode) -> Step {
        self.imply(name, text);
        self.mode = mode;
        Step::Again
    }

    /// Ends the element that is the current node by now.
    fn end_part(&mut self, mode: Mode, step: Step) -> Step {
        self.stack.pop();
        self.mode = mode;
        step
    }

    pub(super) fn table_start(&mut self, tag: &Start<'_>) -> Step {
        if PARTS.has(tag.name) {
            self.clear_back_to(&[Name::Table]);
        }
        match tag.name {
            Name::Caption => self.enter(tag, Mode::Caption),
            Name::Colgroup => self.enter(tag, Mode::Colgroup),
            Name::Col => self.enter_implied(Name::Colgroup, b"colgroup", Mode::Colgroup),
            Name::Tbody | Name::Tfoot | Name::Thead => self.enter(tag, Mode::TableBody),
            Name::Td | Name::Th | Name::Tr => {
                self.enter_implied(Name::Tbody, b"tbody", Mode::TableBody)
            }
            Name::Table if self.close_table() => Step::Again,
            Name::Table => Step::Done,
            Name::Form => {
                // It is closed at once.
                self.has_form |= self.stack.last(Name::Template) == 0;
                Step::Done
            }
            _ => self.body_start(tag),
        }
    }

    /// Whether there was a table to close.
    fn close_table(&mut self) -> bool {
        let is_open = self.stack.is_in_table_scope(Name::Table);
        if is_open {
            self.stack.close(self.stack.last(Name::Table));
            self.reset_mode();
        }
        is_open
    }

    pub(super) fn table_end(&mut self, name: Name, key: Key) -> Step {
        if name == Name::Table {
            self.close_table();
            return Step::Done;
        }
        if IGNORED.has(name) || PARTS.has(name) { Step::Done } else { self.body_end(name, key) }
    }

    /// Closes the caption, if there is one.
    fn close_caption(&mut self, step: Step) -> Step {
        if !self.stack.is_in_table_scope(Name::Caption) {
            return Step::Done;
        }
        self.stack.close(self.stack.last(Name::Caption));
        self.mode = Mode::Table;
        step
    }

    pub(super) fn caption_start(&mut self, tag: &Start<'_>) -> Step {
        if PARTS.has(tag.name) { self.close_caption(Step::Again) } else { self.body_start(tag) }
    }

    pub(super) fn caption_end(&mut self, name: Name, key: Key) -> Step {
        match name {
            Name::Caption => self.close_caption(Step::Done),
            Name::Table => self.close_caption(Step::Again),
            name if IGNORED.has(name) || PARTS.has(name) => Step::Done,
            _ => self.body_end(name, key),
        }
    }

    pub(super) fn colgroup_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Col | Name::Html => Step::Done,
            Name::Template => self.metadata(tag),
            _ => {
                // Without a colgroup this is a template's content.
                self.ignored = self.stack.top().name != Name::Colgroup;
                self.close_colgroup(Step::Again)
            }
        }
    }

    fn close_colgroup(&mut self, step: Step) -> Step {
        if self.stack.top().name != Name::Colgroup {
            return Step::Done;
        }
        self.end_part(Mode::Table, step)
    }

    pub(super) fn colgroup_end(&mut self, name: Name) -> Step {
        match name {
            Name::Colgroup => self.close_colgroup(Step::Done),
            Name::Col => Step::Done,
            Name::Template => self.close_template(),
            _ => self.close_colgroup(Step::Again),
        }
    }

    pub(super) fn table_body_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Tr => {
                self.clear_back_to(GROUPS);
                self.enter(tag, Mode::Row)
            }
            Name::Td | Name::Th => {
                self.clear_back_to(GROUPS);
                self.enter_implied(Name::Tr, b"tr", Mode::Row)
            }
            name if PARTS.has(name) => self.close_group(Step::Again),
            _ => self.table_start(tag),
        }
    }

    /// Closes a `tbody`, `tfoot` or `thead`, if there is one.
    fn close_group(&mut self, step: Step) -> Step {
        if !GROUPS.iter().any(|group| self.stack.is_in_table_scope(*group)) {
            return Step::Done;
        }
        self.clear_back_to(GROUPS);
        self.end_part(Mode::Table, step)
    }

    pub(super) fn table_body_end(&mut self, name: Name, key: Key) -> Step {
        match name {
            Name::Tbody | Name::Tfoot | Name::Thead if self.stack.is_in_table_scope(name) => {
                self.close_group(Step::Done)
            }
            Name::Table => self.close_group(Step::Again),
            _ => self.table_end(name, key),
        }
    }

    pub(super) fn row_start(&mut self, tag: &Start<'_>) -> Step {
        match tag.name {
            Name::Td | Name::Th => {
                self.clear_back_to(&[Name::Tr]);
                self.enter(tag, Mode::Cell)
            }
            name if PARTS.has(name) => self.close_row(Step::Again),
            _ => self.table_start(tag),
        }
    }

    fn close_row(&mut self, step: Step) -> Step {
        if !self.stack.is_in_table_scope(Name::Tr) {
            return Step::Done;
        }
        self.clear_back_to(&[Name::Tr]);
        self.end_part(Mode::TableBody, step)
    }

    pub(super) fn row_end(&mut self, name: Name, key: Key) -> Step {
        match name {
            Name::Tr => self.close_row(Step::Done),
            Name::Table => self.close_row(Step::Again),
            Name::Tbody | Name::Tfoot | Name::Thead if self.stack.is_in_table_scope(name) => {
                self.close_row(Step::Again)
            }
            _ => self.table_end(name, key),
        }
    }

    pub(super) fn cell_start(&mut self, tag: &Start<'_>) -> Step {
        if PARTS.has(tag.name) { self.close_cell(Step::Again) } else { self.body_start(tag) }
    }

    fn close_cell(&mut self, step: Step) -> Step {
        if !CELLS.iter().any(|cell| self.stack.is_in_table_scope(*cell)) {
            return Step::Done;
        }
        self.stack.close(self.stack.uppermost(CELLS));
        self.mode = Mode::Row;
        step
    }

    pub(super) fn cell_end(&mut self, name: Name, key: Key) -> Step {
        match name {
            Name::Td | Name::Th if self.stack.is_in_table_scope(name) => {
                self.stack.close(self.stack.last(name));
                self.mode = Mode::Row;
                Step::Done
            }
            Name::Table | Name::Tbody | Name::Tfoot | Name::Thead | Name::Tr
                if self.stack.is_in_table_scope(name) =>
            {
                self.close_cell(Step::Again)
            }
            Name::Table => Step::Done,
            name if IGNORED.has(name) || PARTS.has(name) => Step::Done,
            _ => self.body_end(name, key),
        }
    }

    /// Whether the head's rules hold for a start tag in the body too.
    pub(super) fn is_for_head(tag: &Start<'_>) -> bool {
        is_metadata(tag.name)
    }
}
