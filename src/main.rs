//! The `consentry` program.

fn main() {}
