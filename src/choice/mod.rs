//! Turns what a visitor sends from the banner into a choice: the cookie that keeps it, and the record that proves it.
//!
//! 1. A choice is made by a `POST` from a page of the site itself ([`Poster`]); nothing else sets the cookie.
//! 2. What cannot be read whole is refused, with a sentence that says why ([`Refused`]); nothing is guessed.
//! 3. What was chosen is known from what was allowed before and is allowed now, whatever the browser calls it ([`method`]).
//! 4. A choice is about the vendors of the site ([`Offer`]): what it allows counts for as long as these are among those that it was
//!    about ([`SiteTerms`]), and where our own banner asks for as long as it has our signature ([`Signed`]).
//! 5. A refusal leaves no identifier anywhere; what was allowed has a random receipt, signed with a key of the operator's.
//! 6. A request that is sent twice says the same twice: it sets the same purposes, for no longer, and needs no token against that.

mod asked;
mod back;
mod body;
mod method;
mod offer;
mod poster;
mod proof;
mod refused;
mod signature;
mod state;
mod terms;

use self::proof::Proof;
pub use self::{
    asked::{Asked, CHANGED, Made, law_asks},
    back::back,
    body::{Format, LONGEST, Wanted},
    method::method,
    offer::{BadOffer, Offer},
    poster::Poster,
    proof::{Shown, Texts},
    refused::Refused,
    signature::{Key, Keys},
    state::State,
    terms::{Missing, Signed, SiteTerms},
};
