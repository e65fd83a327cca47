//! A name that several want has one holder.

use serde_json::json;
use testkit::on_both_databases;

use super::at_once::{Request, at_once};
use super::company::{Company, user_path};
use crate::caller::{Answer, Caller, user};
use crate::served::Served;

on_both_databases! { Served:
    of_twenty_who_create_one_name_at_once_one_gets_it,
    a_name_that_is_taken_by_rename_and_by_creation_at_once_has_one_holder,
}

async fn of_twenty_who_create_one_name_at_once_one_gets_it(served: &Served) {
    let company = Company::of(served).await;
    for name in ["grace@acme.example", "straße@acme.example"] {
        let post = |number| Request::post(&company.caller, "/Users", user(&in_letter_case(name, number)));
        let winner = only_winner(at_once((0..20).map(post).collect()).await, 201);
        assert_eq!(holder(&company.caller, name).await, winner.id());
    }
}

async fn a_name_that_is_taken_by_rename_and_by_creation_at_once_has_one_holder(served: &Served) {
    let company = Company::of(served).await;
    let caller = &company.caller;
    for round in 0..40 {
        let before = format!("before-{round}");
        let id = caller.create_user(&before).await.expect(201).id();
        let wanted = format!("wanted-{round}");
        let rename = json!([{"op": "replace", "path": "userName", "value": wanted}]);
        let requests = vec![
            Request::patch(caller, &user_path(&id), rename),
            Request::post(caller, "/Users", user(&wanted.to_uppercase())),
        ];
        let answers = at_once(requests).await;
        let renamed = answers[0].status == 200;
        let winner = only_winner(answers, if renamed { 200 } else { 201 });
        assert_eq!(holder(caller, &wanted).await, winner.id());
        assert_eq!(winner.id() == id, renamed);
        // Whoever was not renamed has kept the old name, and nobody else.
        let kept = caller.search("/Users", &format!("userName eq \"{before}\"")).await.expect(200).json();
        assert_eq!(kept["totalResults"], u8::from(!renamed), "{kept}");
    }
}

/// The one answer with this status; all others are told that the name is taken.
fn only_winner(answers: Vec<Answer>, status: u16) -> Answer {
    let (mut winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == status);
    assert_eq!(winners.len(), 1, "{winners:?} {losers:?}");
    for loser in losers {
        assert_eq!(loser.expect_error(409).json()["scimType"], "uniqueness");
    }
    winners.remove(0)
}

/// The id of the only user of this name.
async fn holder(caller: &Caller, name: &str) -> String {
    let found = caller.search("/Users", &format!("userName eq \"{name}\"")).await.expect(200).json();
    assert_eq!(found["totalResults"], 1, "{found}");
    found["Resources"][0]["id"].as_str().unwrap().to_owned()
}

/// The name with some of its letters in upper case, others for each number.
fn in_letter_case(name: &str, number: usize) -> String {
    let upper = |(index, letter): (usize, char)| match number >> index.min(8) & 1 {
        1 => letter.to_ascii_uppercase(),
        _ => letter,
    };
    name.chars().enumerate().map(upper).collect()
}
