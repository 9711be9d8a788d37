//! Turns languages and the texts' files into the words that visitors read.
//!
//! 1. Every country that a vendor can be said to sit in has a name in every language.

mod countries;

pub use self::countries::has_country;
