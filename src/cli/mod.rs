//! Turns the command line into the program's actions.

pub mod demo;
