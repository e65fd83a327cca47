//! One group that many change at once, on one server and on two.

use std::slice::from_ref;

use testkit::db::TestDatabase;
use testkit::on_both_databases;

use super::at_once::{Request, at_once};
use super::company::{Company, adding, expect_done, group_path, removing};
use crate::served::{Served, url};

/// How many change the group at once.
const MANY: usize = 50;

mod on_one_server {
    use super::*;

    on_both_databases! { Served:
        additions_and_removals_of_many_at_once_are_all_kept,
    }

    async fn additions_and_removals_of_many_at_once_are_all_kept(served: &Served) {
        let company = Company::of(served).await;
        let people = company.people("person", MANY).await;
        let stays = company.people("stays", 1).await;
        let group = company.group("Staff", &stays).await;

        let additions = people.iter().map(|person| company.add(&group, from_ref(person)));
        expect_done(at_once(additions.collect()).await);
        company.expect_members(&group, &[people.clone(), stays.clone()].concat()).await;

        let removals = people.iter().map(|person| company.remove(&group, from_ref(person)));
        expect_done(at_once(removals.collect()).await);
        company.expect_members(&group, &stays).await;
        for person in &people {
            assert!(company.groups_of(person).await.is_empty(), "{person}");
        }
    }
}

/// Two servers on one database.
struct Replicas {
    first: Served,
    second: Served,
    // Last, so that the connections go before the database.
    _database: TestDatabase,
}

impl Replicas {
    async fn postgres() -> Self {
        Self::on(TestDatabase::postgres().await).await
    }

    async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    async fn on(database: TestDatabase) -> Self {
        let url = url(database.target());
        Self { first: Served::at(&url).await, second: Served::at(&url).await, _database: database }
    }
}

on_both_databases! { Replicas:
    additions_and_removals_through_two_replicas_at_once_are_all_kept,
}

async fn additions_and_removals_through_two_replicas_at_once_are_all_kept(replicas: &Replicas) {
    let company = Company::of(&replicas.first).await;
    let (leavers, joiners) = (company.people("leaver", MANY).await, company.people("joiner", MANY).await);
    let group = company.group("Staff", &leavers).await;
    let other = replicas.second.caller("acme", &company.token);

    let mut requests = Vec::new();
    for (index, (leaver, joiner)) in leavers.iter().zip(&joiners).enumerate() {
        let (one, another) = if index % 2 == 0 { (&company.caller, &other) } else { (&other, &company.caller) };
        requests.push(Request::patch(one, &group_path(&group), adding(from_ref(joiner))));
        requests.push(Request::patch(another, &group_path(&group), removing(from_ref(leaver))));
    }
    expect_done(at_once(requests).await);
    company.expect_members(&group, &joiners).await;
    for leaver in &leavers {
        assert!(company.groups_of(leaver).await.is_empty(), "{leaver}");
    }
}
