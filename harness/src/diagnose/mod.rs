//! `chaos diagnose`: a battery of short probes, each one kind of trouble, and the grades that
//! follow from what a target did in each.
//!
//! [`battery`] runs the probes, several at a time; [`seen`] is what they showed; each of
//! [`criteria`] is one file that looks at all of it and fills one row of the card. [`weight`] is
//! for the time left.

pub mod battery;
pub mod criteria;
pub mod seen;
pub mod weight;
