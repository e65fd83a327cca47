//! Of those who change the same version, one wins.

use std::slice::from_ref;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::at_once::{Request, at_once};
use super::company::{Company, adding, group_path, user_path};
use crate::caller::{Answer, Caller, USER, group};
use crate::served::Served;

const CLIENTS: usize = 16;
const ROUNDS: usize = 8;

on_both_databases! { Served:
    of_many_who_change_the_same_version_of_a_user_one_wins,
    of_many_who_change_the_same_version_of_a_group_one_wins,
    of_many_who_delete_or_change_the_same_version_one_wins,
}

async fn of_many_who_change_the_same_version_of_a_user_one_wins(served: &Served) {
    let company = Company::of(served).await;
    let path = user_path(&company.people("ada", 1).await[0]);
    for round in 0..ROUNDS {
        let caller = conditional(&company.caller, &path).await;
        // Another one each time: what changes nothing would not lose.
        let title = |number| format!("title {number} of round {round}");
        let change = |number| match number % 2 {
            0 => Request::patch(&caller, &path, titled(&title(number))),
            _ => Request::put(&caller, &path, json!({"schemas": [USER], "userName": "ada-0", "title": title(number)})),
        };
        let winner = only_winner(&at_once((0..CLIENTS).map(change).collect()).await, 200);
        let shown = company.caller.get(&path).await.expect(200).json();
        assert_eq!(shown["title"], title(winner), "{shown}");
    }
    expect_version(&company.caller, &path, 1 + ROUNDS).await;
}

async fn of_many_who_change_the_same_version_of_a_group_one_wins(served: &Served) {
    let company = Company::of(served).await;
    let people = company.people("person", CLIENTS).await;
    let id = company.group("Staff", &[]).await;
    let path = group_path(&id);
    for _ in 0..ROUNDS {
        let caller = conditional(&company.caller, &path).await;
        // Nobody is in it, so that to add somebody is a change.
        let change = |(number, person): (usize, &String)| match number % 2 {
            0 => Request::patch(&caller, &path, adding(from_ref(person))),
            _ => Request::put(&caller, &path, group("Staff", &[person])),
        };
        let answers = at_once(people.iter().enumerate().map(change).collect()).await;
        let winner = answers.iter().position(|answer| answer.status != 412).unwrap();
        only_winner(&answers, if winner % 2 == 0 { 204 } else { 200 });
        company.expect_members(&id, from_ref(&people[winner])).await;
        company.caller.send(&Method::PUT, &path, Some(&group("Staff", &[]))).await.expect(200);
    }
    expect_version(&company.caller, &path, 1 + 2 * ROUNDS).await;
}

async fn of_many_who_delete_or_change_the_same_version_one_wins(served: &Served) {
    let company = Company::of(served).await;
    for id in company.people("person", ROUNDS).await {
        let path = user_path(&id);
        let caller = conditional(&company.caller, &path).await;
        let change = |number| match number % 2 {
            0 => Request::delete(&caller, &path),
            _ => Request::patch(&caller, &path, titled(&format!("title {number}"))),
        };
        let answers = at_once((0..CLIENTS).map(change).collect()).await;
        let winners: Vec<u16> = statuses(&answers).filter(|status| ![404, 412].contains(status)).collect();
        let is_deleted = winners == [204];
        assert!(is_deleted || winners == [200], "{answers:?}");
        company.caller.get(&path).await.expect(if is_deleted { 404 } else { 200 });
        // What is gone has no version to differ from; what was changed is still there.
        assert!(is_deleted || statuses(&answers).all(|status| status != 404), "{answers:?}");
    }
}

/// The client that insists on the version there is now.
async fn conditional(caller: &Caller, path: &str) -> Caller {
    let shown = caller.get(path).await.expect(200);
    caller.clone().with("if-match", shown.header("etag").unwrap())
}

fn titled(title: &str) -> Value {
    json!([{"op": "replace", "path": "title", "value": title}])
}

/// The place of the one answer with this status; all others are told that the version has changed.
fn only_winner(answers: &[Answer], status: u16) -> usize {
    let winners: Vec<usize> = (0..answers.len()).filter(|place| answers[*place].status == status).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    let lost = statuses(answers).filter(|status| *status == 412).count();
    assert_eq!(lost, answers.len() - 1, "{answers:?}");
    winners[0]
}

fn statuses(answers: &[Answer]) -> impl Iterator<Item = u16> {
    answers.iter().map(|answer| answer.status)
}

async fn expect_version(caller: &Caller, path: &str, version: usize) {
    assert_eq!(caller.get(path).await.expect(200).header("etag"), Some(format!("W/\"{version}\"").as_str()));
}
