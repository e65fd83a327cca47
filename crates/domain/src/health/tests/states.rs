//! One row a state, and one each side of every border.

use ConnectionState as State;

use super::*;
use crate::choices::Choices;
use crate::who::{Mark, Who};

#[test]
fn a_switch_comes_before_everything_that_was_seen() {
    let token = [token(1, DAY, None, None)];
    let suspended = Tenant { status: TenantStatus::Suspended, ..tenant(ProvisioningState::On) };
    let used = healthy();
    let unused = Pulse::default();
    let table: [(Tenant, &[Credential], Option<&Pulse>, State); 8] = [
        (tenant(ProvisioningState::Off), &[], Some(&unused), State::OffNever),
        (tenant(ProvisioningState::Off), &[], None, State::OffNever),
        (tenant(ProvisioningState::Off), &token, Some(&unused), State::Off),
        (tenant(ProvisioningState::Off), &[], Some(&used), State::Off),
        (tenant(ProvisioningState::Paused), &token, Some(&used), State::Paused),
        (tenant(ProvisioningState::Paused), &token, None, State::Paused),
        (suspended.clone(), &token, Some(&used), State::Suspended),
        (Tenant { provisioning: ProvisioningState::Off, ..suspended }, &[], None, State::Suspended),
    ];
    for (tenant, credentials, pulse, state) in table {
        assert_eq!(health(&tenant, credentials, pulse, NOW).state, state, "{:?}", tenant.provisioning);
    }
}

#[test]
fn without_the_log_the_state_is_unknown_and_the_tokens_are_still_told() {
    let credentials = [token(1, DAY, None, Some(4 * DAY))];
    let told = health(&tenant(ProvisioningState::On), &credentials, None, NOW);
    assert_eq!(told.state, State::Unknown);
    assert_eq!(told.expiring[0].notice, ExpiryNotice::Days7);
}

#[test]
fn a_connection_waits_is_tested_and_syncs_before_it_is_healthy() {
    let base = Pulse { provider: Provider::Entra, ..Pulse::default() };
    let called = Pulse { first_call: Some(ago(HOUR)), last_call: Some(ago(HOUR)), ..base.clone() };
    let probed = Pulse { last_probe: Some(ago(HOUR)), ..called.clone() };
    let syncing = |to: i64| Pulse {
        first_write: Some(ago(18 * MINUTE)),
        last_call: Some(ago(to)),
        last_cycle: Some(cycle(19 * MINUTE, to)),
        cycle_starts: vec![ago(19 * MINUTE), ago(HOUR)],
        ..probed.clone()
    };
    let table = [
        (base.clone(), State::Waiting, Some(ago(90 * DAY))),
        // What is refused is no call; the page shows why.
        (Pulse { refused: Some(refused(60, 30, Cause::TokenQuoted)), ..base }, State::Waiting, Some(ago(90 * DAY))),
        (called, State::Tested, Some(ago(HOUR))),
        (probed.clone(), State::Tested, Some(ago(HOUR))),
        (syncing(2), State::FirstSync, Some(ago(19 * MINUTE))),
        (syncing(CYCLE_GAP_SECONDS), State::FirstSync, Some(ago(19 * MINUTE))),
        (syncing(CYCLE_GAP_SECONDS + 1), State::Healthy, None),
        (healthy(), State::Healthy, None),
    ];
    for (pulse, state, since) in table {
        let told = of(&pulse);
        assert_eq!((told.state, told.since), (state, since), "{pulse:?}");
    }
}

#[test]
fn failures_that_are_few_are_healthy_and_many_degrade() {
    let table = [
        (0, 0, State::Healthy, 0),
        (0, 151, State::Healthy, 0),
        (2, 41, State::Healthy, 4),
        (49, 1_000, State::Healthy, 4),
        (50, 1_000, State::Degraded, 5),
        (18, 151, State::Degraded, 11),
        (40, 100, State::Degraded, 40),
        // Entra does not judge before 5,000.
        (41, 100, State::Degraded, 41),
        (1, 1, State::Degraded, 100),
    ];
    for (failures, attempts, state, percent) in table {
        let told = of(&Pulse { window: failing(failures, attempts), ..healthy() });
        assert_eq!((told.state, told.percent), (state, percent), "{failures} of {attempts}");
    }
}

#[test]
fn what_was_solved_does_not_degrade() {
    let solved = Window { failing: 0, causes: Vec::new(), ..failing(18, 151) };
    assert_eq!(of(&Pulse { window: solved, ..healthy() }).state, State::Healthy);
}

#[test]
fn an_error_that_repeats_itself_degrades_however_rare_it_is() {
    for (tries, state) in [(2, State::Healthy), (3, State::Degraded)] {
        let mut window = failing(1, 1_000);
        window.causes[0].tries = tries;
        assert_eq!(of(&Pulse { window, ..healthy() }).state, state, "{tries}");
    }
}

#[test]
fn the_three_most_common_causes_are_told_and_everybody_who_is_affected() {
    let mut window = failing(20, 100);
    let first = window.causes[0].clone();
    let more = [Cause::RequiredMissing, Cause::MemberUnknown, Cause::BadPath];
    window.causes.extend(more.map(|cause| CauseCount { cause, people: 2, since: ago(21 * HOUR), ..first.clone() }));
    let told = of(&Pulse { window, ..healthy() });
    let causes: Vec<_> = told.causes.iter().map(|cause| cause.cause).collect();
    assert_eq!(causes, [Cause::UserNameTaken, Cause::RequiredMissing, Cause::MemberUnknown]);
    assert_eq!((told.affected, told.since), (26, Some(ago(21 * HOUR))));
}

#[test]
fn silence_of_more_than_two_intervals_is_quiet() {
    for (silence, state) in [(80 * MINUTE, State::Healthy), (80 * MINUTE + 1, State::Quiet)] {
        let starts = (0..12).map(|each| ago(silence + 4 + each * 40 * MINUTE)).collect();
        let last_cycle = Some(cycle(silence + 4, silence));
        let told = of(&Pulse { last_call: Some(ago(silence)), last_cycle, cycle_starts: starts, ..healthy() });
        assert_eq!(told.state, state, "{silence}");
        assert_eq!(told.since, (state == State::Quiet).then(|| ago(silence)));
        assert_eq!(told.next_expected.is_none(), state == State::Quiet);
    }
}

#[test]
fn silence_says_more_than_old_failures() {
    let pulse = Pulse { last_call: Some(ago(5 * HOUR)), window: failing(50, 100), ..healthy() };
    assert_eq!(of(&pulse).state, State::Quiet);
}

#[test]
fn a_token_that_is_refused_is_told_apart_from_strangers() {
    let late = Pulse { last_call: Some(ago(70 * MINUTE)), ..healthy() };
    let table = [
        // The tenant's own secret, after the last call.
        (healthy(), refused(5 * MINUTE, 60, Cause::TokenRevoked), State::QuarantineLikely),
        (healthy(), refused(5 * MINUTE, 60, Cause::ClientSecretExpired), State::QuarantineLikely),
        // Before it: Entra has the new one.
        (healthy(), refused(HOUR, 7 * MINUTE, Cause::TokenRevoked), State::Healthy),
        // Somebody who tries something, while Entra is on time.
        (healthy(), refused(5 * MINUTE, 60, Cause::TokenUnknown), State::Healthy),
        (healthy(), refused(5 * MINUTE, 60, Cause::NoToken), State::Healthy),
        // The same while Entra is missed.
        (late.clone(), refused(5 * MINUTE, 60, Cause::TokenUnknown), State::QuarantineLikely),
        (late.clone(), refused(5 * MINUTE, 60, Cause::EntraOwnToken), State::QuarantineLikely),
        (late, refused(5 * MINUTE, 60, Cause::NoToken), State::Healthy),
    ];
    for (pulse, refused, state) in table {
        let told = of(&Pulse { refused: Some(refused), ..pulse });
        assert_eq!(told.state, state, "{:?}", refused.cause);
        let of_the_provider = (state != State::Healthy).then_some(refused);
        assert_eq!(told.refused, of_the_provider, "nothing is said of strangers");
    }
}

#[test]
fn refusals_of_the_day_before_yesterday_are_forgotten() {
    for (last, state) in [(26 * HOUR, State::QuarantineLikely), (27 * HOUR, State::Quiet)] {
        let refused = Some(refused(40 * HOUR, last, Cause::TokenRevoked));
        let pulse = Pulse { refused, last_call: Some(ago(50 * HOUR)), ..healthy() };
        assert_eq!(of(&pulse).state, state, "{last}");
    }
}

#[test]
fn another_provider_has_no_quarantine_and_is_degraded_when_it_is_refused() {
    let refused = Some(refused(5 * MINUTE, 60, Cause::TokenRevoked));
    let told = of(&Pulse { provider: Provider::Okta, refused, ..healthy() });
    assert_eq!((told.state, told.forecast), (State::Degraded, None));
}

#[test]
fn without_a_good_token_everything_is_refused() {
    let expired = token(1, 90 * DAY, Some(HOUR), Some(0));
    let revoked = Credential { revoked: Some(ago(HOUR)), ..token(2, DAY, None, None) };
    let refused = Some(refused(50 * MINUTE, 60, Cause::TokenExpired));
    let pulse = Pulse { refused, ..healthy() };
    let told = with(&[expired, revoked.clone()], &pulse);
    assert_eq!((told.state, told.since), (State::Refused, Some(ago(50 * MINUTE))));
    assert_eq!(told.refused.map(|refused| refused.count), Some(84));
    let told = with(&[revoked], &Pulse::default());
    assert_eq!((told.state, told.since), (State::Refused, None));
}

#[test]
fn what_was_off_is_not_missed_from_before_it_was_on_again() {
    let pulse = Pulse { last_call: Some(ago(20 * DAY)), ..healthy() };
    let switched = |provisioning, seconds| {
        let mark = Mark { at: ago(seconds), by: Who { kind: "admin".to_owned(), name: None } };
        let choices = Choices { switched: Some(mark), ..Choices::default() };
        health(&Tenant { choices, ..tenant(provisioning) }, &[token(1, DAY, None, None)], Some(&pulse), NOW)
    };
    for (seconds, state) in [(80 * MINUTE, State::Healthy), (80 * MINUTE + 1, State::Quiet)] {
        assert_eq!(switched(ProvisioningState::On, seconds).state, state, "{seconds}");
    }
    let paused = switched(ProvisioningState::Paused, HOUR);
    assert_eq!((paused.state, paused.since), (State::Paused, Some(ago(HOUR))));
}
