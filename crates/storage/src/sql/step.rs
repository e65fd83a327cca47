//! The steps that a trace of a request shows of the database. They hold nothing of what is asked: texts of statements are
//! ours, but values are people's.

use tracing::Span;

/// A step, such as a statement.
pub fn step(name: &'static str) -> Span {
    tracing::debug_span!("database", db.operation = name)
}
