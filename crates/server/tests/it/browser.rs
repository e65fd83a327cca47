//! Journeys of an IT admin, with the real binary and a real browser: one JavaScript file each, in `tests/browser`.
//!
//! Each leaves pictures of the pages it comes by in `target/screenshots`, and fails when a page complains (scripts, the
//! content security policy), has grave findings of axe-core, or does not fit a window.

mod stage;

use stage::Stage;

#[test]
fn signing_in_is_refused_or_works() {
    Stage::empty().play("sign-in");
}

#[test]
fn admins_are_invited_and_keep_their_own_accounts() {
    Stage::empty().play("people");
}

#[test]
fn a_directory_is_looked_through_as_it_is_and_was() {
    Stage::empty().play("directory");
}

#[test]
fn domains_are_shown_to_be_ones_own() {
    Stage::empty().play("domains");
}

#[test]
fn a_connection_is_set_up_and_its_first_sync_is_watched() {
    Stage::empty().play("first-sync");
}

#[test]
fn a_token_gives_way_to_another_and_to_a_client() {
    Stage::empty().play("rotation");
}

#[test]
fn provisioning_is_paused_switched_off_and_on_again() {
    Stage::empty().play("switch-off");
}

#[test]
fn logs_tell_what_happened_and_why() {
    Stage::empty().play("logs");
}

#[test]
fn a_sync_that_fails_is_explained_and_heals() {
    Stage::empty().play("trouble");
}

#[test]
fn okta_and_others_have_guides_of_their_own() {
    Stage::empty().play("okta");
}

#[test]
fn groups_give_roles_by_rules_that_are_previewed() {
    Stage::empty().play("groups-and-roles");
}

#[test]
fn people_sign_in_with_their_company_and_are_out_when_they_leave() {
    Stage::fleet().play("single-sign-on");
}

#[test]
fn everybody_sees_and_does_what_their_role_says() {
    Stage::empty().play("roles");
}

#[test]
fn a_set_up_takes_no_mouse() {
    Stage::empty().play("keyboard");
}

#[test]
fn everything_but_copying_works_without_script() {
    Stage::empty().play("without-script");
}
