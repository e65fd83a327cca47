//! The tenant that is provisioned, and what was made there.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use crate::bench::error::BenchError;
use crate::bench::question;
use crate::replay::client::ScimClient;
use crate::replay::random::sixteen_bytes;
use crate::replay::response::Response;
use crate::replay::scenario::Request;

use super::plan::Plan;

/// Somebody who was made.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Empty until the server has given it.
    pub id: String,
    /// What was written last and answered well.
    pub display_name: Option<String>,
    pub is_inactive: bool,
}

/// What is read of a person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReadPerson {
    id: String,
    user_name: String,
    pub display_name: Option<String>,
    pub active: Option<bool>,
}

/// What is read of a search.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ReadSearch {
    #[serde(rename = "totalResults")]
    total: Option<u64>,
    #[serde(rename = "Resources")]
    found: Vec<Found>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Found {
    id: String,
}

/// The tenant.
pub struct Provisioned {
    client: ScimClient,
    /// What all names of this run begin with.
    prefix: String,
    people: Vec<Mutex<Person>>,
    groups: Vec<Mutex<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Every change of it is one step, so that it is whole whoever broke while holding it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Provisioned {
    /// Takes the plan; nothing is sent yet.
    ///
    /// # Errors
    /// [`BenchError::Tenant`] when its base URL or token cannot be used.
    pub fn new(plan: &Plan) -> Result<Self, BenchError> {
        Ok(Self {
            client: plan.tenant.client("given")?,
            prefix: format!("cycle-{}", hex::encode(sixteen_bytes())),
            people: (0..plan.users).map(|_| Mutex::default()).collect(),
            groups: (0..plan.groups).map(|_| Mutex::default()).collect(),
        })
    }

    /// The name of a person.
    pub fn user_name(&self, number: usize) -> String {
        format!("{}-{number}@bench.example", self.prefix)
    }

    /// The name of a group.
    pub fn group_name(&self, number: usize) -> String {
        format!("{}-group-{number}", self.prefix)
    }

    /// A person as they were written.
    pub fn person(&self, number: usize) -> Person {
        self.people.get(number).map(|person| locked(person).clone()).unwrap_or_default()
    }

    /// The id of a group; empty if it was not made.
    pub fn group(&self, number: usize) -> String {
        self.groups.get(number).map(|id| locked(id).clone()).unwrap_or_default()
    }

    /// The people of a group, by number: neighbours, and no two groups the same.
    pub fn members_of(&self, group: usize, members: usize) -> impl Iterator<Item = usize> + use<> {
        let people = self.people.len().max(1);
        (0..members).map(move |place| (group * members + place) % people)
    }

    /// # Errors
    /// What was wrong with the answer.
    pub async fn create(&self, number: usize) -> Result<(), String> {
        let id = self.made(&question::create(&self.user_name(number))).await?;
        if let Some(person) = self.people.get(number) {
            locked(person).id = id;
        }
        Ok(())
    }

    /// # Errors
    /// What was wrong with the answer.
    pub async fn create_group(&self, number: usize) -> Result<(), String> {
        let id = self.made(&question::create_group(&self.group_name(number))).await?;
        if let Some(group) = self.groups.get(number) {
            *locked(group) = id;
        }
        Ok(())
    }

    /// # Errors
    /// What was wrong with the answer.
    pub async fn add_member(&self, group: usize, person: usize) -> Result<(), String> {
        self.ask(&question::add_member(&self.group(group), &self.person(person).id), &[200, 204]).await.map(drop)
    }

    /// Changes a person: three of four get another display name, the fourth is switched off or on. `round` makes each name
    /// another one.
    ///
    /// # Errors
    /// What was wrong with the answer.
    pub async fn change(&self, number: usize, round: usize) -> Result<(), String> {
        let Some(person) = self.people.get(number) else { return Ok(()) };
        let known = locked(person).clone();
        if number % 4 == 3 {
            let is_inactive = !known.is_inactive;
            self.ask(&question::set_active(&known.id, !is_inactive), &[200, 204]).await?;
            locked(person).is_inactive = is_inactive;
        } else {
            let name = format!("Ada {number} of round {round}");
            self.ask(&question::rename(&known.id, &name), &[200, 204]).await?;
            locked(person).display_name = Some(name);
        }
        Ok(())
    }

    /// Looks for a person by name, who is there or is not.
    ///
    /// # Errors
    /// What was wrong with the answer.
    pub async fn look_for(&self, number: usize, is_there: bool) -> Result<(), String> {
        let answer = self.ask(&question::find(&self.user_name(number)), &[200]).await?;
        let person = self.person(number);
        one_or_none(&answer, is_there.then_some(person.id.as_str()))
    }

    /// # Errors
    /// What was wrong with the answer.
    pub async fn look_for_group(&self, number: usize) -> Result<(), String> {
        let answer = self.ask(&question::find_group(&self.group_name(number)), &[200]).await?;
        one_or_none(&answer, None)
    }

    /// Reads a person.
    ///
    /// # Errors
    /// What was wrong with the answer.
    pub async fn read(&self, number: usize) -> Result<ReadPerson, String> {
        let person = self.person(number);
        let answer = self.ask(&question::get(&person.id), &[200]).await?;
        let read: ReadPerson = serde_json::from_str(answer.body()).unwrap_or_default();
        let is_right = read.id == person.id && read.user_name == self.user_name(number);
        if is_right { Ok(read) } else { Err("GET /Users/… answered with somebody else".to_owned()) }
    }

    /// Reads who is in a group.
    ///
    /// # Errors
    /// What was wrong with the answer.
    pub async fn read_members(&self, number: usize) -> Result<Vec<String>, String> {
        let answer = self.ask(&question::get_group(&self.group(number)), &[200]).await?;
        let members = answer.json().and_then(|group| group.get("members")?.as_array().cloned()).unwrap_or_default();
        Ok(members.iter().filter_map(|member| member.get("value")?.as_str().map(str::to_owned)).collect())
    }

    /// Deletes a person or a group that was made; true when nothing of it is left.
    pub async fn delete(&self, what: Made) -> bool {
        let request = match what {
            Made::Person(number) => {
                Some(self.person(number).id).filter(|id| !id.is_empty()).map(|id| question::delete(&id))
            }
            Made::Group(number) => {
                Some(self.group(number)).filter(|id| !id.is_empty()).map(|id| question::delete_group(&id))
            }
        };
        match request {
            None => true,
            Some(request) => self.ask(&request, &[204, 404]).await.is_ok(),
        }
    }

    async fn made(&self, request: &Request) -> Result<String, String> {
        let answer = self.ask(request, &[201]).await?;
        let id = answer.json().and_then(|body| Some(body.get("id")?.as_str()?.to_owned()));
        id.ok_or_else(|| format!("POST {} answered without id", request.path))
    }

    async fn ask(&self, request: &Request, statuses: &[u16]) -> Result<Response, String> {
        let asked = || {
            let part = request.path.split('/').nth(1).unwrap_or_default();
            format!("{} /{part}", request.method)
        };
        let answer = self.client.send(request).await.map_err(|error| format!("{}: {error}", asked()))?;
        if statuses.contains(&answer.status) {
            return Ok(answer);
        }
        Err(format!("{} answered {}: {}", asked(), answer.status, self.client.shown(answer.body())))
    }
}

/// What is to be deleted.
#[derive(Debug, Clone, Copy)]
pub enum Made {
    Person(usize),
    Group(usize),
}

/// Whether a search found whom it should.
fn one_or_none(answer: &Response, id: Option<&str>) -> Result<(), String> {
    let ReadSearch { total, found } = serde_json::from_str(answer.body()).unwrap_or_default();
    let is_right = found.first().map(|one| one.id.as_str()) == id;
    match total {
        Some(total) if is_right && total == u64::from(id.is_some()) => Ok(()),
        Some(total) => {
            Err(format!("a search found {total}, or somebody else, in place of {}", u64::from(id.is_some())))
        }
        None => Err("a search answered without totalResults".to_owned()),
    }
}
