//! Tokens that end, and tokens that replace each other.

use super::*;
use ConnectionState as State;

#[test]
fn a_token_that_ends_is_told_thirty_seven_and_one_days_before() {
    let table = [
        (30 * DAY + 1, State::Healthy, None),
        (30 * DAY, State::TokenExpiring, Some(ExpiryNotice::Days30)),
        (7 * DAY + 1, State::TokenExpiring, Some(ExpiryNotice::Days30)),
        (7 * DAY, State::TokenExpiring, Some(ExpiryNotice::Days7)),
        (DAY + 1, State::TokenExpiring, Some(ExpiryNotice::Days7)),
        (DAY, State::TokenExpiring, Some(ExpiryNotice::Day1)),
        (1, State::TokenExpiring, Some(ExpiryNotice::Day1)),
        (0, State::Refused, None),
    ];
    for (ends_in, state, notice) in table {
        let told = with(&[token(1, 90 * DAY, Some(60), Some(ends_in))], &healthy());
        assert_eq!((told.state, told.expiring.first().map(|expiring| expiring.notice)), (state, notice), "{ends_in}");
    }
}

#[test]
fn each_secret_in_use_that_ends_is_told_the_first_to_end_first() {
    let client = Credential {
        kind: CredentialKind::Client { access_minutes: 60 },
        secrets: vec![secret(9, ago(90 * DAY), Some(ago(-6 * DAY)))],
        ..token(9, 90 * DAY, Some(60), None)
    };
    let told = with(&[client, token(1, 90 * DAY, Some(60), Some(5 * DAY))], &healthy());
    let ends: Vec<_> =
        told.expiring.iter().map(|expiring| (expiring.slot.last_four.as_str(), expiring.notice)).collect();
    assert_eq!(ends, [("0001", ExpiryNotice::Days7), ("0009", ExpiryNotice::Days7)]);
}

#[test]
fn the_last_day_of_a_token_comes_before_failures_and_silence() {
    let window = failing(50, 100);
    let silent = Some(ago(5 * HOUR));
    for (ends_in, failing, quiet) in
        [(DAY, State::TokenExpiring, State::TokenExpiring), (2 * DAY, State::Degraded, State::Quiet)]
    {
        let token = [token(1, 90 * DAY, Some(60), Some(ends_in))];
        assert_eq!(with(&token, &Pulse { window: window.clone(), ..healthy() }).state, failing);
        assert_eq!(with(&token, &Pulse { last_call: silent, ..healthy() }).state, quiet);
    }
}

#[test]
fn a_rotation_tells_which_token_was_used_last() {
    let table = [
        (None, None, None),
        (Some(6 * MINUTE), None, Some(Side::Old)),
        (None, Some(6 * MINUTE), Some(Side::New)),
        (Some(46 * MINUTE), Some(6 * MINUTE), Some(Side::New)),
        (Some(6 * MINUTE), Some(46 * MINUTE), Some(Side::Old)),
        (Some(60), Some(60), Some(Side::Old)),
    ];
    for (old, new, used_last) in table {
        let told = with(&[token(1, 90 * DAY, old, None), token(2, HOUR, new, None)], &healthy());
        let rotation = told.rotation.unwrap();
        assert_eq!(told.state, State::Rotating);
        assert_eq!((rotation.old.last_four.as_str(), rotation.new.last_four.as_str()), ("0001", "0002"));
        assert_eq!((rotation.old.last_used, rotation.new.last_used), (old.map(ago), new.map(ago)));
        assert_eq!((rotation.used_last, rotation.is_over()), (used_last, used_last == Some(Side::New)));
        assert_eq!(told.since, Some(ago(HOUR)));
    }
}

#[test]
fn what_the_log_saw_is_later_than_the_note_at_the_token() {
    let seen = CredentialSeen {
        credential: CredentialId(Uuid::from_u128(2)),
        secret: None,
        at: ago(60),
        provider: Provider::Entra,
    };
    let pulse = Pulse { credentials: vec![seen], ..healthy() };
    let told = with(&[token(1, 90 * DAY, Some(6 * MINUTE), None), token(2, HOUR, None, None)], &pulse);
    assert!(told.rotation.unwrap().is_over());
}

#[test]
fn a_token_that_was_replaced_may_end_unnoticed_and_one_in_use_may_not() {
    let table = [
        // The new one is in use.
        (Some(46 * MINUTE), Some(6 * MINUTE), State::Rotating, None),
        // The new one is not: the end of the old one is what counts, on its last day above all.
        (Some(6 * MINUTE), None, State::Rotating, Some(ExpiryNotice::Days7)),
    ];
    for (old, new, state, notice) in table {
        let tokens = [token(1, 90 * DAY, old, Some(4 * DAY)), token(2, HOUR, new, Some(365 * DAY))];
        let told = with(&tokens, &healthy());
        assert_eq!((told.state, told.expiring.first().map(|expiring| expiring.notice)), (state, notice));
    }
    let tokens = [token(1, 90 * DAY, Some(60), Some(HOUR)), token(2, HOUR, None, None)];
    assert_eq!(with(&tokens, &healthy()).state, State::TokenExpiring);
}

#[test]
fn the_secrets_of_a_client_replace_each_other_and_no_token() {
    let client = |secrets: Vec<StoredSecret>| Credential {
        kind: CredentialKind::Client { access_minutes: 60 },
        secrets,
        ..token(9, 90 * DAY, Some(60), None)
    };
    let one = client(vec![secret(3, ago(90 * DAY), None)]);
    assert_eq!(with(&[one, token(1, HOUR, None, None)], &healthy()).rotation, None);

    let two = client(vec![secret(3, ago(90 * DAY), None), secret(4, ago(HOUR), None)]);
    let id = CredentialId(Uuid::from_u128(9));
    let seen = |secret, seconds| CredentialSeen {
        credential: id,
        secret: Some(SecretId(Uuid::from_u128(secret))),
        at: ago(seconds),
        provider: Provider::Entra,
    };
    // That the client was used says nothing of which secret was.
    assert_eq!(with(std::slice::from_ref(&two), &healthy()).rotation.unwrap().used_last, None);
    let pulse = Pulse { credentials: vec![seen(3, 3_000), seen(4, 60)], ..healthy() };
    assert_eq!(with(&[two], &pulse).rotation.unwrap().used_last, Some(Side::New));
}
