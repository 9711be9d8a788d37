//! The visitor's choice, over a proxy that listens: who may make it, what it leaves, and what becomes of pages.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod cookie;
mod form;
#[expect(dead_code, reason = "other tests do more with it")]
#[path = "../http/origin.rs"]
mod origin;
mod pages;
mod posts;
mod proof;
mod shop;
mod state;
#[expect(dead_code, reason = "other tests do more with it")]
#[path = "../http/visitor.rs"]
mod visitor;
