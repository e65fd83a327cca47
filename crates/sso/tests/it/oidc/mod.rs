//! OpenID Connect.

mod attacks;
mod discovery;
mod honest;
mod keys;
mod mutations;
mod sign_in;
mod support;
