//! The steps that a trace of a request shows of the database. They hold nothing of what is asked: texts of statements are
//! ours, but values are people's.

use tracing::Span;

/// A step, such as a statement, of what is being done; of what nobody traces there are no steps.
pub fn step(name: &'static str) -> Span {
    let around = Span::current();
    if around.is_disabled() {
        return around;
    }
    tracing::debug_span!(parent: &around, "database", db.operation = name)
}
