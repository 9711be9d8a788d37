//! Turns the first bytes of a body without a type into "a page" or "something else", holding them meanwhile.

use super::body::Pipeline;
use crate::{
    coding::{Decoder, Levels},
    engine::{Body, Cause},
    rewrite::sniff::{BOUND, is_html},
};

/// The most that is held of a body whose first decoded bytes do not come; then it is no page.
const MAX_HELD: usize = 64 << 10;

/// A body that may be a page.
pub(super) struct Sniffer {
    decoder: Decoder,
    start: Vec<u8>,
    held: Vec<u8>,
    pipeline: Option<Box<Pipeline>>,
}

/// What a body is.
pub(super) enum Sniffed {
    /// Not known yet.
    Unknown,
    /// A page; its first bytes are to be fed to the pipeline.
    Page(Box<Pipeline>, Vec<u8>),
    /// No page; its first bytes as they came.
    Other(Vec<u8>),
}

impl Sniffer {
    pub(super) fn new(body: Body, levels: &Levels, keeps: bool) -> Self {
        Self {
            decoder: Decoder::new(body.coding, &body.limits),
            start: Vec::new(),
            held: Vec::new(),
            pipeline: Some(Box::new(Pipeline::new(body, levels, keeps))),
        }
    }

    pub(super) fn feed(&mut self, input: Option<&[u8]>, end: bool) -> Result<Sniffed, Cause> {
        let input = input.unwrap_or_default();
        self.held.extend_from_slice(input);
        self.decode(input)?;
        let verdict = is_html(&self.start).or((end || self.held.len() > MAX_HELD).then_some(false));
        match (verdict, self.pipeline.take()) {
            (None, pipeline) => {
                self.pipeline = pipeline;
                Ok(Sniffed::Unknown)
            }
            (Some(true), Some(pipeline)) => {
                Ok(Sniffed::Page(pipeline, std::mem::take(&mut self.held)))
            }
            (Some(_), _) => Ok(Sniffed::Other(std::mem::take(&mut self.held))),
        }
    }

    fn decode(&mut self, input: &[u8]) -> Result<(), Cause> {
        let Self { decoder, start, .. } = self;
        let mut emit = |plain: &[u8]| -> Result<(), std::convert::Infallible> {
            let room = BOUND.saturating_sub(start.len());
            start.extend(plain.iter().take(room));
            Ok(())
        };
        decoder.feed(input, &mut emit).map_err(|why| match why {
            crate::coding::Error::Unreadable(why) => Cause::from(why),
            crate::coding::Error::Emit(never) => match never {},
        })
    }
}
