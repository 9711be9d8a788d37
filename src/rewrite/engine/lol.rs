//! Turns HTML into tags with `lol_html`, which is asked for nothing but places.
//!
//! 1. One handler on every element; no text handler, which would decode and re-encode the page.
//! 2. Not strict: what a strict parser refuses (`select` and `frameset` of old pages) is read as far as it goes.
//! 3. Memory is bounded: one tag by the caller's limit, open elements by [`STACK`].

use super::{HtmlEngine, Token, TokenKind, reports_end};
use crate::rewrite::Unreadable;
use lol_html::{
    ElementContentHandlers, MemorySettings, OutputSink, Selector, Settings,
    errors::RewritingError,
    html_content::EndTag,
    send::{Element, HtmlRewriter, SendHandlerTypes},
};
use std::{
    borrow::Cow,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Bytes for the open elements of a page; about 100,000 of them.
const STACK: usize = 24 << 20;

static EVERY_ELEMENT: LazyLock<Option<Selector>> = LazyLock::new(|| "*".parse().ok());

/// What the handlers found since the last call.
type Found = Arc<Mutex<Vec<Token>>>;

/// A page as `lol_html` reads it.
pub(in crate::rewrite) struct Lol {
    rewriter: Option<HtmlRewriter<'static, Settled>>,
    found: Found,
    settled: Arc<Mutex<u64>>,
}

/// Counts what the parser is done with; as nothing is changed, that is an offset in the page.
struct Settled(Arc<Mutex<u64>>);

impl OutputSink for Settled {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        *locked(&self.0) += chunk.len() as u64;
    }
}

impl Lol {
    /// A parser that gives up on a tag longer than `max_tag` bytes.
    pub(in crate::rewrite) fn new(max_tag: usize) -> Self {
        let (found, settled) = (Found::default(), Arc::new(Mutex::new(0)));
        let rewriter = EVERY_ELEMENT.as_ref().map(|every| {
            let memory = MemorySettings::new()
                .with_max_allowed_memory_usage(max_tag.saturating_mul(2).saturating_add(STACK));
            let settings = Settings::new_send()
                .with_memory_settings(memory)
                .with_strict(false)
                .append_element_content_handler((Cow::Borrowed(every), report(found.clone())));
            HtmlRewriter::new(settings, Settled(settled.clone()))
        });
        Self { rewriter, found, settled }
    }

    fn drain(&self, tokens: &mut Vec<Token>) -> u64 {
        tokens.append(&mut locked(&self.found));
        *locked(&self.settled)
    }
}

impl HtmlEngine for Lol {
    fn feed(&mut self, input: &[u8], tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        let Some(rewriter) = self.rewriter.as_mut() else { return Err(Unreadable::Markup) };
        if let Err(error) = rewriter.write(input) {
            // The rewriter must not be used after an error.
            self.rewriter = None;
            return Err(unreadable(&error));
        }
        Ok(self.drain(tokens))
    }

    fn finish(&mut self, tokens: &mut Vec<Token>) -> Result<u64, Unreadable> {
        let Some(rewriter) = self.rewriter.take() else { return Err(Unreadable::Markup) };
        let before = *locked(&self.settled);
        rewriter.end().map_err(|error| unreadable(&error))?;
        let end = self.drain(tokens);
        Ok(tokens.last().map_or(before, |t| t.range.end.max(before)).min(end))
    }
}

fn report(found: Found) -> ElementContentHandlers<'static, SendHandlerTypes> {
    ElementContentHandlers::default().element(move |element: &mut Element<'_, '_>| {
        let kind = if element.namespace_uri() == "http://www.w3.org/1999/xhtml" {
            TokenKind::Start
        } else {
            TokenKind::StartForeign
        };
        push(&found, kind, element.source_location().bytes());
        if reports_end(element.tag_name_preserve_case().as_bytes())
            && let Some(handlers) = element.end_tag_handlers()
        {
            let found = found.clone();
            handlers.push(Box::new(move |end: &mut EndTag<'_>| {
                push(&found, TokenKind::End, end.source_location().bytes());
                Ok(())
            }));
        }
        Ok(())
    })
}

fn push(found: &Found, kind: TokenKind, range: std::ops::Range<usize>) {
    locked(found).push(Token { kind, range: range.start as u64..range.end as u64 });
}

fn locked<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn unreadable(error: &RewritingError) -> Unreadable {
    if matches!(error, RewritingError::MemoryLimitExceeded(_)) {
        Unreadable::Tag
    } else {
        Unreadable::Markup
    }
}
