//! What is deleted while others use it is nowhere afterwards.

use std::slice::from_ref;

use testkit::on_both_databases;

use super::at_once::{Request, at_once};
use super::company::{Company, group_path, user_path};
use crate::caller::Answer;
use crate::served::Served;

/// How many are deleted one after another.
const ROUNDS: usize = 40;

on_both_databases! { Served:
    a_user_who_is_deleted_while_being_added_is_in_no_group,
    a_group_that_is_deleted_while_members_come_and_go_is_in_no_user,
}

async fn a_user_who_is_deleted_while_being_added_is_in_no_group(served: &Served) {
    let company = Company::of(served).await;
    let stays = company.people("stays", 2).await;
    let groups = company.groups("Group", 3, &stays).await;
    for (round, person) in company.people("person", ROUNDS).await.iter().enumerate() {
        let additions = [&groups[0], &groups[1]].map(|group| company.add(group, from_ref(person)));
        let among_others = company.add(&groups[2], &[stays.clone(), vec![person.clone()]].concat());
        let mut requests: Vec<Request> = additions.into_iter().chain([among_others]).collect();
        let place = round % 4;
        requests.insert(place, Request::delete(&company.caller, &user_path(person)));
        let mut answers = at_once(requests).await;
        answers.remove(place).expect(204);
        answers.into_iter().for_each(expect_added_or_refused);
        company.caller.get(&user_path(person)).await.expect_error(404);
    }
    for group in &groups {
        company.expect_members(group, &stays).await;
    }
}

#[track_caller]
fn expect_added_or_refused(answer: Answer) {
    match answer.status {
        200 | 204 => {}
        404 => drop(answer.expect_error(404)),
        _ => assert_eq!(answer.expect_error(400).json()["scimType"], "invalidValue"),
    }
}

/// Several at once, so that nobody waits for long when two of them stand in each other's way.
const GROUPS: usize = 8;

async fn a_group_that_is_deleted_while_members_come_and_go_is_in_no_user(served: &Served) {
    let company = Company::of(served).await;
    let (people, newcomers) = (company.people("person", 2).await, company.people("newcomer", 2).await);
    let kept = company.group("Kept", &people).await;
    for round in 0..ROUNDS / GROUPS {
        let groups = company.groups(&format!("Group-{round}"), GROUPS, &people).await;
        let deletions = groups.iter().map(|group| Request::delete(&company.caller, &group_path(group)));
        let changes = groups.iter().flat_map(|group| comings_and_goings(&company, group, &people, &newcomers));
        let mut answers = at_once(deletions.chain(changes).collect()).await;
        for answer in answers.drain(GROUPS..) {
            assert!([200, 204].contains(&answer.status) || answer.expect_error(404).status == 404);
        }
        for deleted in answers {
            deleted.expect(204);
        }
        for group in &groups {
            expect_gone(&company, group).await;
        }
    }
    for person in people.iter().chain(&newcomers) {
        let groups = company.groups_of(person).await;
        assert!(groups.iter().eq(people.contains(person).then_some(&kept)), "{person}: {groups:?}");
        // A membership that was left behind would be in the way.
        company.caller.delete(&user_path(person)).await.expect(204);
    }
    company.expect_members(&kept, &[]).await;
}

fn comings_and_goings(company: &Company, group: &str, people: &[String], newcomers: &[String]) -> [Request; 3] {
    [company.add(group, newcomers), company.add(group, &newcomers[..1]), company.remove(group, &people[..1])]
}

async fn expect_gone(company: &Company, group: &str) {
    company.caller.get(&group_path(group)).await.expect_error(404);
    let found = company.caller.search("/Users", &format!("groups.value eq \"{group}\"")).await.expect(200).json();
    assert_eq!(found["totalResults"], 0, "{found}");
}
