//! Everything that was sent and acknowledged, to be compared with what there is.

use std::collections::BTreeSet;

use super::person::{Person, Word};
use super::picture::Picture;
use super::search;
use crate::caller::{Caller, group};

/// How many write at once.
pub const CLIENTS: usize = 16;

/// Few, so that many clients change the same one.
const GROUPS: usize = 4;

pub struct Ledger {
    /// Their ids.
    pub groups: Vec<String>,
    /// Of each client.
    pub shares: Vec<Share>,
}

/// What belongs to one client.
pub struct Share {
    pub people: Vec<Person>,
    /// Where it is in what it does.
    pub step: usize,
}

impl Ledger {
    /// Makes the groups; nobody is there yet.
    pub async fn open(caller: &Caller) -> Self {
        let mut groups = Vec::with_capacity(GROUPS);
        for number in 0..GROUPS {
            groups.push(caller.post("/Groups", &group(&format!("Group {number}"), &[])).await.expect(201).id());
        }
        // Not all at the same place at the same time.
        let shares = (0..CLIENTS).map(|step| Share { people: Vec::new(), step }).collect();
        Self { groups, shares }
    }

    pub fn everybody(&self) -> impl Iterator<Item = &Person> {
        self.shares.iter().flat_map(|share| &share.people)
    }

    fn everybody_mut(&mut self) -> impl Iterator<Item = &mut Person> {
        self.shares.iter_mut().flat_map(|share| &mut share.people)
    }

    /// Compares everything with the lists, and everybody who was touched with all ways of asking. What was in doubt is
    /// certain from then on.
    pub async fn audit(&mut self, caller: &Caller) {
        let picture = Picture::take(caller, &self.groups).await;
        for person in self.everybody_mut() {
            settle(person, &picture);
        }
        self.compare(&picture);
        let touched = self.everybody().filter(|person| person.is_touched);
        search::expect_found_by_all(caller, touched.cloned().collect()).await;
        for person in self.everybody_mut() {
            person.is_touched = false;
        }
    }

    /// Everybody there has ever been, whether touched or not.
    pub async fn audit_everybody(&self, caller: &Caller) {
        search::expect_found(caller, self.everybody().cloned().collect()).await;
        self.compare(&Picture::take(caller, &self.groups).await);
    }

    /// Kills that hit nothing would prove nothing.
    pub fn expect_much(&self) {
        let gone = self.everybody().filter(|person| person.id.is_some() && !person.is_here()).count();
        let here = self.everybody().filter(|person| person.is_here() && !person.joined.is_empty()).count();
        let patches: usize = self.everybody().map(|person| person.patches).sum();
        assert!(gone > 20 && here > 40 && patches > 100, "{gone} gone, {here} here in groups, {patches} patches");
    }

    /// There are those who have to be there and nobody else, in their groups and in no other.
    fn compare(&self, picture: &Picture) {
        let here: BTreeSet<&String> =
            self.everybody().filter(|person| person.is_here()).flat_map(|it| &it.id).collect();
        assert!(picture.users.keys().eq(here), "the users that there are");
        for person in self.everybody().filter(|person| person.is_here()) {
            let id = person.id.as_ref().unwrap();
            let shown = picture.groups_of(id);
            assert!(person.joined.keys().eq(&shown), "{person:?} shows {shown:?}");
        }
        for group in &self.groups {
            let joined = |person: &&Person| person.is_here() && person.joined.contains_key(group);
            let members: BTreeSet<&String> = self.everybody().filter(joined).flat_map(|it| &it.id).collect();
            assert!(picture.members[group].iter().eq(members), "the members of {group}");
        }
    }
}

/// Holds a person to every word that was given, and turns every doubt into what there is.
fn settle(person: &mut Person, picture: &Picture) {
    if person.id.is_none() {
        person.id = picture.id_of(&person.name);
        // Never made, and nobody can do anything with it any more.
        person.deleted = person.id.is_none().then_some(Word::Acknowledged);
    }
    let shown = person.id.as_ref().and_then(|id| picture.users.get(id));
    let Some(shown) = shown else {
        assert!(person.deleted.is_some(), "{person:?} is missing");
        person.deleted = Some(Word::Acknowledged);
        return;
    };
    assert_ne!(person.deleted, Some(Word::Acknowledged), "{person:?} is there: {shown}");
    person.deleted = None;
    let revision = person.revision_of(shown);
    assert!((person.least..=person.most).contains(&revision), "{person:?} is {shown}");
    (person.least, person.most) = (revision, revision);
    let groups = picture.groups_of(person.id.as_ref().unwrap());
    for (group, word) in std::mem::take(&mut person.joined) {
        let is_there = groups.contains(&group);
        assert!(is_there || word == Word::Sent, "{person:?} is not in {group}: {shown}");
        person.joined.extend(is_there.then_some((group, Word::Acknowledged)));
    }
}
