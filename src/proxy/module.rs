//! Turns the head and the body of each response into what its [`View`] says, as a Pingora HTTP module.
//!
//! 1. A module runs after a host's cache and on its hits, so the cache never holds a page that consent shaped.
//! 2. `101` and what follows it passes as it is; other informational heads lose their links to gated vendors.
//! 3. Heads without a body (HEAD, 204, 304) get the edits that the page's own head gets (RFC 9110 9.3.2, 15.4.5).
//! 4. A page that cannot be read is answered with 502 while its head has not left; after that the connection ends
//!    before the message does, so nobody takes a half for a whole.
//!    So does one on which the engine itself fails.
//! 5. HTTP/1.0 knows no chunks: such a client gets a body that ends with the connection (RFC 9112 7.1). What an origin answers in
//!    that version leaves in ours: browsers take no chunks under its name (RFC 9110 6.2).
//! 6. What there is no room to read is shed or passes as the site says, before its head leaves; also what the engine failed on, not
//!    long ago. What follows the head of such a page is not looked at.

use super::{
    Shared,
    body::{Failure, Pipeline},
    edit::{clear, coded, edit_request, edit_response, unmeasured},
    load::{Permit, Stage as At, Strain, weight},
    record::{Record, count},
    reply,
    sniffer::{Sniffed, Sniffer},
};
use crate::engine::{
    Body, Cause, Client, Engine, OnOverload, OnUnreadable, Own, Plan, Reply, Treatment, View,
};
use crate::policy::{Finding, Mode};
use crate::{collect::Call, consent::Cmp};
use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderMap, Method, StatusCode, Version,
    header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, RETRY_AFTER, TRANSFER_ENCODING},
};
use pingora_core::{
    Error, ErrorType, Result,
    modules::http::{HttpModule, HttpModuleBuilder, Module},
};
use pingora_http::{RequestHeader, ResponseHeader};
use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// How much of a blocked page is read to its end, so that the connection to the origin can be used again.
const MAX_DISCARDED: usize = 1 << 20;

/// Builds one [`PageFilter`] a request.
pub(super) struct Builder(pub(super) Arc<Shared>);

impl HttpModuleBuilder for Builder {
    /// After the host's own modules, which may add to pages; before its compression, which then finds pages coded.
    fn order(&self) -> i16 {
        i16::MIN / 4
    }

    fn init(&self) -> Module {
        Box::new(PageFilter::new(self.0.clone()))
    }
}

/// One request and its response.
pub(super) struct PageFilter {
    shared: Arc<Shared>,
    engine: Arc<Engine>,
    started: Instant,
    reply: Option<Reply>,
    own: Option<Own>,
    call: Option<Box<Call>>,
    view: Option<Box<View>>,
    /// The request's `Cookie` headers, until it is known whether the response is a page.
    cookies: HeaderMap,
    chunks: bool,
    // Modules are asked to be `Sync`, parsers are not; only `get_mut` is used, which locks nothing.
    stage: Mutex<Stage>,
    /// The room of the page that is read.
    permit: Option<Permit>,
    record: Option<Record>,
}

/// What becomes of the body's next bytes.
enum Stage {
    Pass,
    Rewrite(Box<Pipeline>),
    Sniff(Box<Sniffer>),
    Report(Box<Pipeline>),
    Replace { page: Bytes, discarded: usize },
    Ended,
}

impl PageFilter {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            engine: shared.engine.load_full(),
            shared,
            started: Instant::now(),
            reply: None,
            own: None,
            call: None,
            view: None,
            cookies: HeaderMap::new(),
            chunks: true,
            stage: Mutex::new(Stage::Pass),
            permit: None,
            record: None,
        }
    }

    /// The engine of this request.
    pub(super) const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Tells who sent the request.
    pub(super) fn identify(&mut self, client: Client) {
        if let Some(view) = &mut self.view {
            view.identify(&self.engine, client);
        }
        if let Some(call) = &mut self.call {
            call.identify(client.secure);
        }
    }

    /// The request to a vendor, if it is one.
    pub(super) const fn take_call(&mut self) -> Option<Box<Call>> {
        self.call.take()
    }

    /// Tells that the visitor got another response than the one that was seen here.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.note(|record| record.answered(status));
    }

    /// The answer of our own, if the request gets one.
    pub(super) const fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take()
    }

    /// What of ours is asked for, if it is.
    pub(super) const fn take_own(&mut self) -> Option<Own> {
        self.own.take()
    }

    fn request(&mut self, request: &mut RequestHeader) -> Result<()> {
        self.chunks = request.version >= Version::HTTP_11;
        match self.engine.plan(request.as_ref(), Client::default()) {
            Plan::Respond(reply) => self.reply = Some(reply),
            Plan::Own(own) => self.own = Some(own),
            Plan::Collect(call) => self.call = Some(call),
            Plan::Proxy(view) => {
                let cookies = request.headers.get_all(COOKIE).iter();
                self.cookies = cookies.map(|cookie| (COOKIE, cookie.clone())).collect();
                edit_request(view.request(), request)?;
                self.view = Some(view);
            }
        }
        Ok(())
    }

    fn head(&mut self, response: &mut ResponseHeader, end: bool) -> Result<()> {
        if self.chunks && response.version < Version::HTTP_11 {
            response.set_version(Version::HTTP_11);
        }
        if response.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        // A host that forgot `handle` gets the answer here.
        if let Some(reply) = self.take_reply() {
            return self.replace(response, &reply);
        }
        if self.take_call().is_some() || self.take_own().is_some() {
            return self.replace(response, &Reply::new(StatusCode::NOT_FOUND, "not found\n"));
        }
        let Some(view) = &self.view else { return Ok(()) };
        if response.status.is_informational() {
            let (edits, findings) = view.hints(response);
            count(&self.shared.metrics, &findings);
            return edit_response(edits, response);
        }
        let treatment = view.body(response);
        let bare = end
            || view.method() == Method::HEAD
            || matches!(response.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if let Some(strain) = self.admit(&treatment, bare) {
            return self.strained(strain, response, &treatment);
        }
        let Some(view) = &self.view else { return Ok(()) };
        if view.mode() != Mode::Off {
            let (edits, findings) = view.head(response, &treatment);
            self.shared.reports.fitted(view, response, &treatment);
            self.open(response.status, &treatment, bare, findings);
            edit_response(edits, response)?;
        }
        self.treat(response, treatment, bare)?;
        if !self.chunks {
            response.remove_header(&TRANSFER_ENCODING);
        }
        Ok(())
    }

    /// Takes the room that reading the body needs; why there is none, where there is none.
    fn admit(&mut self, treatment: &Treatment, bare: bool) -> Option<Strain> {
        let (comes, leaves) = match treatment {
            Treatment::Rewrite(body) | Treatment::Perhaps(body) => (body.coding, body.leaves),
            Treatment::File(file) => (file.coding, file.coding),
            Treatment::Other
            | Treatment::Bypass
            | Treatment::Unreadable(_)
            | Treatment::Passing(_) => return None,
        };
        let view = self.view.as_ref().filter(|_| !bare)?;
        let (capacity, url) = (self.engine.capacity(), view.page().url());
        let room = self.shared.load.admit(capacity, weight(comes, leaves), url);
        room.map(|permit| self.permit = Some(permit)).err()
    }

    /// Does with a response that there is no room to read what the site says.
    fn strained(
        &mut self,
        strain: Strain,
        response: &mut ResponseHeader,
        treatment: &Treatment,
    ) -> Result<()> {
        let Some(view) = &self.view else { return Ok(()) };
        let enforces = view.mode() == Mode::Enforce;
        let passes = view.on_overload() == OnOverload::Pass;
        let action = if !enforces {
            "unread"
        } else if passes {
            "pass"
        } else {
            "shed"
        };
        self.shared.load.refused(strain, action);
        let (edits, findings) =
            if enforces { view.head_of_unread(response) } else { view.head(response, treatment) };
        self.open(response.status, treatment, false, findings);
        self.note(Record::overloaded);
        if enforces && !passes {
            return self.replace(response, &Reply::new(StatusCode::SERVICE_UNAVAILABLE, ""));
        }
        edit_response(edits, response)?;
        if !self.chunks {
            response.remove_header(&TRANSFER_ENCODING);
        }
        Ok(())
    }

    /// Opens the record of a page; what has no body, or is no page, is only counted.
    fn open(
        &mut self,
        status: StatusCode,
        treatment: &Treatment,
        bare: bool,
        findings: Vec<Finding>,
    ) {
        let Some(view) = &self.view else { return };
        let Shared { metrics, options, .. } = &*self.shared;
        let page = matches!(
            treatment,
            Treatment::Bypass | Treatment::Rewrite(_) | Treatment::Unreadable(_)
        );
        if bare || !page {
            return count(metrics, &findings);
        }
        let mut record = Record::new(metrics.clone(), self.started, view, options.log_paths);
        record.answered(status);
        record.found(&findings);
        record.seen(&Cmp::seen(&self.cookies));
        self.record = Some(record);
    }

    fn treat(
        &mut self,
        response: &mut ResponseHeader,
        treatment: Treatment,
        bare: bool,
    ) -> Result<()> {
        let Some(view) = &self.view else { return Ok(()) };
        let (mode, on_unreadable) = (view.mode(), view.on_unreadable());
        match treatment {
            Treatment::Other => Ok(()),
            Treatment::Bypass => {
                self.note(Record::bypassed);
                Ok(())
            }
            Treatment::Unreadable(cause) => {
                self.note(|record| record.unreadable(cause));
                match (mode, on_unreadable) {
                    (Mode::Enforce, OnUnreadable::Block) => {
                        self.replace(response, &Reply::new(StatusCode::BAD_GATEWAY, ""))
                    }
                    (Mode::Enforce, OnUnreadable::Pass) | (Mode::Report | Mode::Off, _) => Ok(()),
                }
            }
            Treatment::Rewrite(body) if mode == Mode::Enforce => {
                self.rewrite(response, *body, on_unreadable, bare)
            }
            Treatment::Perhaps(body) if mode == Mode::Enforce => {
                if bare {
                    return Ok(());
                }
                unmeasured(response)?;
                let keeps = on_unreadable == OnUnreadable::Pass;
                let sniffer = Sniffer::new(*body, &self.shared.options.levels, keeps);
                self.stage = Mutex::new(Stage::Sniff(Box::new(sniffer)));
                Ok(())
            }
            Treatment::Perhaps(_) => Ok(()),
            Treatment::Passing(_) => {
                self.shared.metrics.files.with_label_values(&["unreadable"]).inc();
                Ok(())
            }
            Treatment::File(file) => {
                self.shared.metrics.files.with_label_values(&["rewritten"]).inc();
                if bare {
                    return Ok(());
                }
                unmeasured(response)?;
                let pipeline = Pipeline::of_file(*file, &self.shared.options.levels);
                self.stage = Mutex::new(Stage::Rewrite(Box::new(pipeline)));
                Ok(())
            }
            Treatment::Rewrite(body) => {
                let pipeline = Pipeline::new(*body, &self.shared.options.levels, false);
                if !bare {
                    self.stage = Mutex::new(Stage::Report(Box::new(pipeline)));
                }
                Ok(())
            }
        }
    }

    fn rewrite(
        &mut self,
        response: &mut ResponseHeader,
        body: Body,
        on_unreadable: OnUnreadable,
        bare: bool,
    ) -> Result<()> {
        if body.coding != body.leaves {
            coded(response, body.leaves)?;
        }
        if bare {
            let empty = response.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
            if !empty {
                response.remove_header(&CONTENT_LENGTH);
            }
            return Ok(());
        }
        unmeasured(response)?;
        let keeps = on_unreadable == OnUnreadable::Pass;
        let pipeline = Pipeline::new(body, &self.shared.options.levels, keeps);
        self.stage = Mutex::new(Stage::Rewrite(Box::new(pipeline)));
        Ok(())
    }

    /// Puts a page of our own in the place of the response.
    fn replace(&mut self, response: &mut ResponseHeader, reply: &Reply) -> Result<()> {
        let (status, (content_type, page)) = (reply.status, reply::body(reply));
        clear(response);
        response.set_status(status)?;
        response.set_reason_phrase(None)?;
        for (name, value) in reply::HEADERS {
            response.insert_header(name, value)?;
        }
        response.insert_header(CONTENT_TYPE, content_type)?;
        response.insert_header(CONTENT_LENGTH, page.len())?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header(RETRY_AFTER, "5")?;
        }
        self.note(|record| record.answered(status));
        self.stage = Mutex::new(Stage::Replace { page, discarded: 0 });
        Ok(())
    }

    fn note(&mut self, what: impl FnOnce(&mut Record)) {
        if let Some(record) = &mut self.record {
            what(record);
        }
    }

    /// The next bytes of the body; `Done` and trailers come as an end without bytes.
    fn body(&mut self, body: Option<Bytes>, end: bool) -> Result<Option<Bytes>> {
        let read = body.as_ref().map_or(0, Bytes::len);
        let Self { stage, record, .. } = self;
        let stage = stage.get_mut().unwrap_or_else(PoisonError::into_inner);
        let load = &self.shared.load;
        let result =
            load.attempt(At::Body, || stage.step(body, end, record)).unwrap_or_else(|| {
                self.view.iter().for_each(|view| load.failed_on(view.page().url()));
                Err(failed("the engine failed"))
            });
        let leaves = result.as_ref().ok().and_then(Option::as_ref).map_or(0, Bytes::len);
        if let Some(permit) = &mut self.permit {
            permit.holds(leaves);
        }
        if let Some(record) = record {
            record.moved(read, leaves);
        }
        if result.is_err() {
            *stage = Stage::Ended;
            self.permit = None;
        } else if end {
            *stage = Stage::Ended;
            self.permit = None;
            if let Some(record) = record.take() {
                record.end();
            }
        }
        result
    }
}

impl Stage {
    fn step(
        &mut self,
        body: Option<Bytes>,
        end: bool,
        record: &mut Option<Record>,
    ) -> Result<Option<Bytes>> {
        match self {
            Self::Pass => Ok(body),
            Self::Ended => Ok(None),
            Self::Replace { page, discarded } => {
                *discarded += body.map_or(0, |body| body.len());
                if *discarded > MAX_DISCARDED {
                    return Err(failed("a blocked page is too long to be read to its end"));
                }
                Ok(Some(std::mem::take(page)).filter(|page| !page.is_empty()))
            }
            Self::Report(pipeline) => {
                let result = run(pipeline, body.as_deref(), end, &mut Vec::new(), record);
                if let Err(Failure::Unreadable(cause)) = result {
                    note(record, cause);
                }
                if result.is_err() {
                    *self = Self::Pass;
                }
                Ok(body)
            }
            Self::Sniff(sniffer) => match sniffer.feed(body.as_deref(), end) {
                Ok(Sniffed::Unknown) => Ok(None),
                Ok(Sniffed::Other(back)) => {
                    *self = Self::Pass;
                    Ok(Some(back.into()))
                }
                Ok(Sniffed::Page(pipeline, start)) => {
                    *self = Self::Rewrite(pipeline);
                    self.step(Some(start.into()), end, record)
                }
                Err(cause) => Err(failed(cause.name())),
            },
            Self::Rewrite(pipeline) => {
                let mut out = Vec::new();
                match run(pipeline, body.as_deref(), end, &mut out, record) {
                    Ok(()) => Ok(Some(out.into()).filter(|out: &Bytes| !out.is_empty())),
                    Err(Failure::Encoder) => Err(failed("a page could not be encoded")),
                    Err(Failure::Unreadable(cause)) => {
                        note(record, cause);
                        let back = pipeline.give_back().ok_or_else(|| failed(cause.name()))?;
                        *self = Self::Pass;
                        Ok(Some(back.into()))
                    }
                }
            }
        }
    }
}

fn run(
    pipeline: &mut Pipeline,
    body: Option<&[u8]>,
    end: bool,
    out: &mut Vec<u8>,
    record: &mut Option<Record>,
) -> Result<(), Failure> {
    let mut result = body.map_or(Ok(()), |body| pipeline.feed(body, out));
    if end && result.is_ok() {
        result = pipeline.finish(out);
    }
    if let Some(record) = record {
        record.found(&pipeline.take_findings());
        record.spent(pipeline.spent());
    }
    result
}

fn note(record: &mut Option<Record>, cause: Cause) {
    if let Some(record) = record {
        record.unreadable(cause);
    }
}

fn broken() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "the engine failed")
}

/// While nothing was written a host's default answers such an error with 502.
fn failed(why: &'static str) -> Box<Error> {
    Error::explain(ErrorType::HTTPStatus(502), why)
}

#[async_trait]
impl HttpModule for PageFilter {
    async fn request_header_filter(&mut self, request: &mut RequestHeader) -> Result<()> {
        let load = self.shared.load.clone();
        load.attempt(At::Request, || self.request(request)).unwrap_or_else(|| Err(broken()))
    }

    async fn response_header_filter(
        &mut self,
        response: &mut ResponseHeader,
        end: bool,
    ) -> Result<()> {
        let load = self.shared.load.clone();
        let done = load.attempt(At::Head, || self.head(response, end));
        done.unwrap_or_else(|| {
            self.view.iter().for_each(|view| load.failed_on(view.page().url()));
            Err(broken())
        })
    }

    fn response_body_filter(&mut self, body: &mut Option<Bytes>, end: bool) -> Result<()> {
        *body = self.body(body.take(), end)?;
        Ok(())
    }

    fn response_trailer_filter(&mut self, _: &mut Option<Box<HeaderMap>>) -> Result<Option<Bytes>> {
        self.body(None, true)
    }

    fn response_done_filter(&mut self) -> Result<Option<Bytes>> {
        self.body(None, true)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
