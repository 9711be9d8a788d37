//! Turns Zaraz's `cf_consent` into what it says.
//!
//! 1. The value is JSON, purpose id to truth value; it is written on a choice only.
//! 2. Ids are the site's own; without a map conventional names count.

use super::klaro;
use crate::consent::source::{Said, Source};

pub(super) fn read(source: &Source<'_>) -> Option<Said> {
    klaro::read(source)
}
