//! Changes that could wait for each other in a circle.

use std::slice::from_ref;

use serde_json::json;
use testkit::on_both_databases;

use super::at_once::{Request, at_once_with_patience};
use super::company::{Company, expect_done, group_path, user_path};
use crate::caller::group as document;
use crate::served::Served;

const ROUNDS: usize = 8;

on_both_databases! { Served:
    two_people_who_share_many_groups_can_go_at_once,
    members_that_are_named_in_opposite_orders_all_come_and_all_go,
    people_who_go_while_groups_name_them_all_are_in_none,
    a_list_that_is_put_while_members_come_and_go_is_whole,
}

async fn two_people_who_share_many_groups_can_go_at_once(served: &Served) {
    let company = Company::of(served).await;
    let stays = company.people("stays", 1).await;
    let groups = company.groups("Group", 20, &stays).await;
    for round in 0..ROUNDS {
        let pair = company.people(&format!("pair-{round}"), 2).await;
        let joining = groups.iter().map(|group| company.add(group, &pair)).collect();
        expect_done(at_once_with_patience(joining).await);
        let leaving = pair.iter().map(|person| Request::delete(&company.caller, &user_path(person))).collect();
        for answer in at_once_with_patience(leaving).await {
            answer.expect(204);
        }
    }
    for group in &groups {
        company.expect_members(group, &stays).await;
    }
}

async fn members_that_are_named_in_opposite_orders_all_come_and_all_go(served: &Served) {
    let company = Company::of(served).await;
    let people = company.people("person", 20).await;
    let backwards: Vec<String> = people.iter().rev().cloned().collect();
    let groups = company.groups("Group", 2, &[]).await;
    let orders = [&people, &backwards];
    for round in 0..ROUNDS {
        // The people change as well, whose rows members refer to.
        let title = json!([{"op": "replace", "path": "title", "value": round.to_string()}]);
        let mut requests: Vec<_> = groups.iter().flat_map(|group| orders.map(|who| company.add(group, who))).collect();
        requests.extend(people.iter().map(|id| Request::patch(&company.caller, &user_path(id), title.clone())));
        expect_done(at_once_with_patience(requests).await);
        for group in &groups {
            company.expect_members(group, &people).await;
        }
        let requests = groups.iter().flat_map(|group| orders.map(|who| company.remove(group, who)));
        expect_done(at_once_with_patience(requests.collect()).await);
        for group in &groups {
            company.expect_members(group, &[]).await;
        }
    }
    for id in &people {
        let shown = company.caller.get(&user_path(id)).await.expect(200).json();
        assert_eq!(shown["title"], (ROUNDS - 1).to_string(), "{shown}");
    }
}

async fn people_who_go_while_groups_name_them_all_are_in_none(served: &Served) {
    let company = Company::of(served).await;
    let stays = company.people("stays", 1).await;
    let groups = company.groups("Group", 4, &stays).await;
    for round in 0..ROUNDS {
        let people = company.people(&format!("person-{round}"), 6).await;
        let backwards: Vec<String> = people.iter().rev().cloned().collect();
        let mut requests: Vec<_> = groups.iter().map(|group| company.add(group, &backwards)).collect();
        requests.extend(people.iter().map(|person| Request::delete(&company.caller, &user_path(person))));
        for answer in at_once_with_patience(requests).await {
            // An addition fails as a whole for somebody who is gone.
            assert!([204, 400].contains(&answer.status), "{answer:?}");
        }
    }
    for group in &groups {
        company.expect_members(group, &stays).await;
    }
}

/// Few: every circle costs PostgreSQL a second to see.
const LISTS: usize = 2;

async fn a_list_that_is_put_while_members_come_and_go_is_whole(served: &Served) {
    let company = Company::of(served).await;
    let people = company.people("person", 6).await;
    for round in 0..LISTS {
        let leavers = company.people(&format!("leaver-{round}"), 4).await;
        let joiners = company.people(&format!("joiner-{round}"), 4).await;
        let group = company.group("Staff", &leavers).await;
        let list: Vec<&str> = people.iter().map(String::as_str).collect();
        let named = |number| document(&format!("Staff {number}"), &list);
        let puts = (0..4).map(|number| Request::put(&company.caller, &group_path(&group), named(number)));
        let comings = joiners.iter().map(|joiner| company.add(&group, from_ref(joiner)));
        let goings = leavers.iter().map(|leaver| company.remove(&group, from_ref(leaver)));
        expect_done(at_once_with_patience(puts.chain(comings).chain(goings).collect()).await);
        // Whoever came before the last list is not in it; whoever came later is there too.
        let members = company.members(&group).await;
        let came = joiners.into_iter().filter(|joiner| members.contains(joiner)).collect();
        company.expect_members(&group, &[people.clone(), came].concat()).await;
    }
}
