//! Turns why a choice was not taken into a status and a sentence.

use crate::purpose::UnknownPurpose;
use http::StatusCode;

/// Why a choice was not taken. Nothing was changed then: neither a cookie nor a record was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It comes from another site, or nothing says where it comes from.
    #[error("a choice is made on a page of the site itself: {0}")]
    CrossSite(&'static str),
    /// The body is of a type that is not read.
    #[error(
        "the body is of a type that is not read here; send application/json or application/x-www-form-urlencoded in UTF-8"
    )]
    Type,
    /// The body is longer than any choice.
    #[error("the body is too long; a choice has at most 8192 bytes")]
    TooLarge,
    /// The body did not come in time.
    #[error("the body came too slowly")]
    TooSlow,
    /// The visitor chose too often.
    #[error("there were too many requests from this address; try again in a while")]
    TooOften,
    /// The body is no UTF-8.
    #[error("the body is no UTF-8")]
    Charset,
    /// The body is not of its type.
    #[error("the body is not {0}")]
    Syntax(&'static str),
    /// A field that no choice has.
    #[error("there is a field that no choice has; write {0}")]
    Field(&'static str),
    /// A field is there twice.
    #[error("`{0}` is there twice")]
    Twice(&'static str),
    /// A field that a choice must have is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field has a value that it cannot have.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// No purpose has this name.
    #[error("unknown purpose; write functional, analytics, marketing")]
    Purpose,
    /// The list of vendors that was shown is not known here, so it cannot be said what was allowed.
    #[error(
        "the list of companies has changed since the page was loaded; load the page again and choose once more"
    )]
    Outdated {
        /// The path that the form goes back to.
        back: String,
    },
    /// The path to go back to is none of this site.
    #[error("`back` must be a path of this site, as /page")]
    Back,
}

impl Refused {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::CrossSite(_) => StatusCode::FORBIDDEN,
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Outdated { .. } => StatusCode::CONFLICT,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Charset
            | Self::Syntax(_)
            | Self::Field(_)
            | Self::Twice(_)
            | Self::Missing(_)
            | Self::Value(..)
            | Self::Purpose
            | Self::Back => StatusCode::BAD_REQUEST,
        }
    }

    /// The label in the metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CrossSite(_) => "cross_site",
            Self::Type => "type",
            Self::TooLarge => "too_large",
            Self::Outdated { .. } => "outdated",
            Self::TooSlow => "too_slow",
            Self::TooOften => "too_often",
            Self::Charset
            | Self::Syntax(_)
            | Self::Field(_)
            | Self::Twice(_)
            | Self::Missing(_)
            | Self::Value(..)
            | Self::Purpose
            | Self::Back => "malformed",
        }
    }
}

impl From<UnknownPurpose> for Refused {
    fn from(_: UnknownPurpose) -> Self {
        Self::Purpose
    }
}
