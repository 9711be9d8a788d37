//! Vendors on the site's own paths.

mod answers;
mod decision;
mod evidence;
mod faults;
mod leaves;
mod scripts;
mod shop;
