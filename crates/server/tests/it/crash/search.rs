//! Whether people are found by all that leads to them, and by nothing else.

use std::ops::RangeInclusive;

use tokio::task::JoinSet;

use super::person::Person;
use crate::caller::Caller;

/// How many are looked for at once.
const AT_ONCE: usize = 8;

/// Whoever is here is found by the name, by the present revision and by no other; whoever is gone is not found at all.
pub async fn expect_found_by_all(caller: &Caller, people: Vec<Person>) {
    search(caller, people, |person| 0..=person.last).await;
}

/// The same without a look for what they were before.
pub async fn expect_found(caller: &Caller, people: Vec<Person>) {
    search(caller, people, |person| person.least..=person.least).await;
}

async fn search(caller: &Caller, people: Vec<Person>, revisions: fn(&Person) -> RangeInclusive<usize>) {
    let mut searches = JoinSet::new();
    for people in people.chunks(people.len().div_ceil(AT_ONCE).max(1)) {
        let (caller, people) = (caller.clone(), people.to_vec());
        searches.spawn(async move {
            for person in people {
                look_for(&caller, &person, revisions(&person)).await;
            }
        });
    }
    searches.join_all().await;
}

async fn look_for(caller: &Caller, person: &Person, revisions: RangeInclusive<usize>) {
    if let Some(path) = person.path() {
        let answer = caller.get(&path).await;
        match person.is_here() {
            true => assert_eq!(person.revision_of(&answer.expect(200).json()), person.least),
            false => drop(answer.expect_error(404)),
        }
    }
    expect_search(caller, person, "userName", &person.name, person.is_here()).await;
    for revision in revisions {
        let is_present = person.is_here() && revision == person.least;
        expect_search(caller, person, "externalId", &person.external_id(revision), is_present).await;
        expect_search(caller, person, "emails.value", &person.email(revision), is_present).await;
    }
}

async fn expect_search(caller: &Caller, person: &Person, attribute: &str, value: &str, is_found: bool) {
    let found = caller.search("/Users", &format!("{attribute} eq \"{value}\"")).await.expect(200).json();
    let ids = found["Resources"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap());
    let expected = person.id.as_deref().filter(|_| is_found);
    assert!(ids.eq(expected), "{attribute} eq {value}: {found} {person:?}");
    assert_eq!(found["totalResults"], u8::from(is_found), "{attribute} eq {value}: {found}");
}
