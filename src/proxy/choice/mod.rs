//! Turns a request about the visitor's choice into the answer: the state, or a choice that is made, recorded and kept in the cookie.
//!
//! 1. A body has 8 KiB and 10 s at most, an address 5 choices a second over a while.
//! 2. The choice is the visitor's whatever becomes of its record: that it was not recorded is told, counted and logged.
//! 3. Nothing is stored by anybody on the way, and no other site's page reads it.

mod answer;
mod key;
mod memory;

pub use self::{
    key::{KeyError, kept_key, key_in},
    memory::Memory,
};
use super::{Consentry, intake, listen::Visitors};
use crate::{
    choice::{Asked, Format, Key, Keys, LONGEST, Made, Refused, Wanted},
    engine::Client,
    record::{Outcome, Refusals},
};
use http::Method;
use pingora_core::Result;
use pingora_proxy::Session;
use std::{
    path::PathBuf,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long a visitor may take for a body.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many choices an address makes a second over a while, ten times that at once: offices share one. As many pages that ask it
/// gets beside them.
const RATE: u32 = 5;

/// How choices are signed and kept.
#[derive(Clone, Debug)]
pub struct Signing {
    /// What they are signed with.
    pub with: Secret,
    /// What is kept of refusals.
    pub kept: Refusals,
}

/// Where the key of choices is.
#[derive(Clone, Debug)]
pub enum Secret {
    /// It is this one.
    Key(Key),
    /// In this folder, where it is made with the first choice ([`key_in`]).
    Folder(PathBuf),
}

/// What all choices share.
#[derive(Debug, Default)]
pub(super) struct Desk {
    visitors: Visitors,
    readers: Visitors,
    signing: OnceLock<Signing>,
    key: OnceLock<Key>,
    warned: Mutex<Option<Instant>>,
}

impl Desk {
    pub(super) fn sign_with(&self, signing: Signing) {
        if self.signing.set(signing).is_err() {
            log::error!("choices are signed with another key already");
        }
    }

    /// Whether the address may have one more page that asks.
    pub(super) fn may_read(&self, client: Client) -> bool {
        client.ip.is_none_or(|ip| self.readers.may_ask(ip, RATE, Instant::now()))
    }

    /// Answers one request.
    pub(super) async fn serve(
        &self,
        session: &mut Session,
        asked: &Asked,
        client: Client,
        consentry: &Consentry,
    ) -> Result<()> {
        let key = self.key();
        let kept = self.signing.get().map(|signing| signing.kept).unwrap_or_default();
        if session.req_header().method != Method::POST {
            return answer::state(session, &asked.state(key), None).await;
        }
        let format = Format::of(&session.req_header().headers);
        let made = match self.wanted(session, asked, client, &format).await? {
            Ok(wanted) => asked.make(&wanted, key, kept),
            Err(why) => {
                let refused = &consentry.metrics().choices_refused;
                refused.with_label_values(&[why.name()]).inc();
                intake::drain(session, LONGEST, PATIENCE).await;
                let format = format.unwrap_or(Format::Json);
                return answer::refusal(session, &why, format, asked.has_page).await;
            }
        };
        consentry.metrics().choices.with_label_values(&[made.method.name()]).inc();
        let recorded = self.record(&made, consentry).await;
        match format {
            Ok(Format::Form) => answer::redirect(session, &made).await,
            Ok(Format::Json) | Err(_) => {
                answer::state(session, &made.state(recorded), Some(&made)).await
            }
        }
    }

    /// What the visitor wants; the outer error is his connection.
    async fn wanted(
        &self,
        session: &mut Session,
        asked: &Asked,
        client: Client,
        format: &Result<Format, Refused>,
    ) -> Result<Result<Wanted, Refused>> {
        let may = |ip| self.visitors.may_ask(ip, RATE, Instant::now());
        if !client.ip.is_none_or(may) {
            return Ok(Err(Refused::TooOften));
        }
        let format = match format {
            Ok(format) => *format,
            Err(why) => return Ok(Err(why.clone())),
        };
        if intake::is_too_long(session, LONGEST) {
            return Ok(Err(Refused::TooLarge));
        }
        let body = match timeout(PATIENCE, intake::read(session, LONGEST)).await {
            Ok(body) => body.map_err(|error| error.into_down())?,
            Err(_) => return Ok(Err(Refused::TooSlow)),
        };
        Ok(body.ok_or(Refused::TooLarge).and_then(|body| asked.read(format, &body)))
    }

    /// Rule 2; says whether the proof is on the disk.
    async fn record(&self, made: &Made, consentry: &Consentry) -> bool {
        let why = match consentry.record(&made.entries).await {
            Some(Outcome::Recorded) => return true,
            Some(outcome) => outcome.name(),
            None => return false,
        };
        if self.may_warn() {
            log::warn!("a choice was made whose record is not on the disk: {why}");
        }
        false
    }

    /// Whether a minute has passed since the last warning.
    fn may_warn(&self) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let due = warned.is_none_or(|at| at.elapsed() > Duration::from_secs(60));
        if due {
            *warned = Some(Instant::now());
        }
        due
    }
}

impl Keys for Desk {
    /// The key, which is made when it is needed first.
    fn key(&self) -> &Key {
        self.key.get_or_init(|| match self.signing.get().map(|signing| &signing.with) {
            Some(Secret::Key(key)) => key.clone(),
            Some(Secret::Folder(folder)) => key_in(folder).unwrap_or_else(|error| {
                log::error!("{error}; choices are signed with a key of this process");
                Key::random()
            }),
            None => Key::random(),
        })
    }
}

/// Tells a person that his address asks too often.
pub(super) async fn too_often(session: &mut Session) -> Result<()> {
    answer::refusal(session, &Refused::TooOften, Format::Form, false).await
}
