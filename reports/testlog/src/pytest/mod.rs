//! pytest's text, versions 6 to 9.

// The lines of a session, and where it begins and ends.
mod boundaries;
mod syntax;

// What was read of a session.
mod budget;
mod facts;
mod footer;
mod results;
mod running;
mod session;

// From lines to a session, and from a session to a run.
mod pytest_sugar;
mod reader;
mod reconcile;

pub(crate) use boundaries::{CONFTEST, announces_counts, begins, begins_inside, resumes};
pub(crate) use reader::PytestReader;
pub(crate) use syntax::body::{exception, explain, is_own};

#[cfg(test)]
mod tests;
