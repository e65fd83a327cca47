//! Whatever was counted, health is told.

use proptest::option;
use proptest::prelude::*;

use super::*;

fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => (-40 * DAY..400 * DAY).prop_map(ago),
        1 => any::<i64>().prop_map(Timestamp::from_micros),
    ]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..10, 4 => 0_u64..100_000, 1 => any::<u64>()]
}

fn cause() -> impl Strategy<Value = Cause> {
    proptest::sample::select(Cause::ALL)
}

prop_compose! {
    fn causes()(counts in prop::collection::vec((cause(), count(), count(), moment(), count()), 0..5)) -> Vec<CauseCount> {
        let count = |(cause, failures, people, since, tries)| CauseCount { cause, failures, people, since, tries };
        counts.into_iter().map(count).collect()
    }
}

prop_compose! {
    fn window()(numbers in prop::array::uniform9(count()), causes in causes()) -> Window {
        let [attempts, failures, targets, failing, failing_references, cycles, new_targets, new_failing, more] = numbers;
        Window {
            attempts, failures, changes: attempts.saturating_sub(failures), cycles, targets, failing, failing_references, causes,
            recent: Recent { new_targets, new_failing, new_failing_references: more },
        }
    }
}

prop_compose! {
    fn cycles()(from in moment(), to in moment(), numbers in prop::array::uniform5(count())) -> Cycle {
        let [changes, failures, people, groups, memberships] = numbers;
        Cycle { from, to, changes, failures, people, groups, memberships }
    }
}

prop_compose! {
    fn refusals()(since in moment(), last in moment(), count in count(), cause in cause()) -> Refusals {
        Refusals { since, last, count, cause, credential: None }
    }
}

prop_compose! {
    fn pulses()(
        provider in proptest::sample::select(vec![Provider::Entra, Provider::Okta, Provider::Other]),
        moments in prop::array::uniform4(option::of(moment())),
        last_cycle in option::of(cycles()),
        cycle_starts in prop::collection::vec(moment(), 0..CYCLE_STARTS),
        window in window(),
        refused in option::of(refusals()),
        seen in prop::collection::vec((0_u128..4, moment()), 0..3),
    ) -> Pulse {
        let [first_call, last_call, last_probe, first_write] = moments;
        let used = |(id, at)| CredentialSeen { credential: CredentialId(Uuid::from_u128(id)), secret: None, at, provider };
        let credentials = seen.into_iter().map(used).collect();
        Pulse {
            provider, first_call, last_call, last_probe, first_write, last_cycle, cycle_starts, window, refused,
            credentials,
        }
    }
}

prop_compose! {
    fn tokens()(
        tokens in prop::collection::vec((moment(), option::of(moment()), option::of(moment()), any::<bool>()), 0..4),
    ) -> Vec<Credential> {
        let token = |(id, (created, expires, used, revoked)): (u128, (Timestamp, Option<Timestamp>, Option<Timestamp>, bool))| {
            let last_used = used.map(|at| CredentialUse { at, client: None });
            let secrets = vec![secret(id, created, expires)];
            Credential { secrets, revoked: revoked.then_some(NOW), last_used, ..token(id, 0, None, None) }
        };
        (0..).zip(tokens).map(token).collect()
    }
}

fn switches() -> impl Strategy<Value = Tenant> {
    let states = vec![ProvisioningState::On, ProvisioningState::On, ProvisioningState::Off, ProvisioningState::Paused];
    proptest::sample::select(states).prop_map(tenant)
}

proptest! {
    #[test]
    fn health_is_always_told_within_its_bounds(
        tenant in switches(), tokens in tokens(), pulse in option::of(pulses()), now in moment(),
    ) {
        let told = health(&tenant, &tokens, pulse.as_ref(), now);
        prop_assert!(told.percent <= 100 && told.causes.len() <= 3 && told.attempts >= told.failures);
        prop_assert!(told.next_expected.is_none_or(|next| next >= now));
        prop_assert!(told.since.is_none_or(|since| since <= now));
        prop_assert!(told.interval_seconds.is_none_or(|interval| interval >= 0));
        prop_assert!(told.expiring.iter().all(|expiring| expiring.at > now));
        if let Some(forecast) = told.forecast {
            prop_assert!(forecast.disabled >= now);
            match forecast.quarantine {
                Quarantine::Expected(at) => prop_assert!(at >= now),
                Quarantine::Since(since) => prop_assert!(since <= now),
            }
            if let QuarantineReason::Share { percent } = forecast.reason {
                prop_assert!((40..=100).contains(&percent));
            }
        }
        prop_assert_eq!(told.state == ConnectionState::Unknown, tenant.closure().is_none() && pulse.is_none());
    }
}
