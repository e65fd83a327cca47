//! Single sign-on over real HTTP, with identity providers that have nothing of ours.

mod browser;
mod office;
mod peer;
mod saml;
