//! Single sign-on over real HTTP, with identity providers that have nothing of ours.

mod admins;
mod browser;
mod connection_page;
mod enforcement;
mod home;
mod idp_initiated;
mod logout;
mod me;
mod office;
mod oidc;
mod oidc_attacks;
mod outage;
mod peer;
mod people;
mod rollover;
mod saml;
mod saml_attacks;
mod set_up;
mod standing;
mod upkeep;
