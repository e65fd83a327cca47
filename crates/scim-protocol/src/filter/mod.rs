//! The filter language of RFC 7644 §3.4.2.2: text → [`Filter`] (syntax) → [`Condition`] (checked against a resource
//! type) → evaluated here or translated to SQL.

mod ast;
mod condition;
mod eval;
mod lex;
mod parse;
mod print;

pub use ast::{Filter, Literal, Operator};
pub use condition::{Condition, Operand};
pub use parse::{MAX_DEPTH, MAX_LENGTH, MAX_TERMS, parse};
