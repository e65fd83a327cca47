//! One of those who write: what it sends, and what it notes of the answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::ledger::Share;
use super::load::News;
use super::person::{Person, Word};
use crate::caller::{Answer, Caller, PATCH_OP};

/// What a balancer answers when a connection to a replica was cut: nobody knows what became of the request.
const CUT: u16 = 502;

pub struct Client {
    pub number: usize,
    pub caller: Caller,
    pub news: Arc<News>,
    pub groups: Vec<String>,
    pub share: Share,
}

/// The server is gone.
struct Gone;

impl Client {
    /// Goes on until it is enough or the server is gone.
    pub async fn work(mut self) -> Share {
        while !self.news.enough.load(Ordering::SeqCst) {
            if self.step().await.is_err() {
                break;
            }
        }
        self.share
    }

    /// Of two who come, join and change, one changes again and one goes.
    async fn step(&mut self) -> Result<(), Gone> {
        self.share.step += 1;
        let newest = self.share.people.len().saturating_sub(1);
        match self.share.step % 8 {
            0 | 4 => self.create().await,
            1 | 5 => self.join(newest).await,
            2 | 6 => self.change(newest).await,
            3 => {
                self.change(newest / 2).await?;
                self.look(newest / 2).await
            }
            _ => match self.share.people.iter().position(Person::is_here) {
                Some(oldest) => self.delete(oldest).await,
                None => Ok(()),
            },
        }
    }

    async fn create(&mut self) -> Result<(), Gone> {
        let place = self.share.people.len();
        let person = Person::new(format!("person-{}-{place}", self.number));
        let document = person.document(0);
        self.share.people.push(person);
        if let Some(created) = self.send(Method::POST, "/Users", Some(document), [201, 409]).await? {
            let id = match created.status {
                201 => created.id(),
                _ => self.find(&self.share.people[place].name).await,
            };
            self.share.people[place].id = Some(id);
        }
        Ok(())
    }

    /// The id of somebody who was made by a request of which nobody knew what had become of it.
    async fn find(&self, name: &str) -> String {
        let filter = format!("userName eq \"{name}\"");
        let mut found = self.caller.search("/Users", &filter).await;
        while found.status == 503 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            found = self.caller.search("/Users", &filter).await;
        }
        let found = found.expect(200).json();
        assert_eq!(found["totalResults"], 1, "{found}");
        found["Resources"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn join(&mut self, place: usize) -> Result<(), Gone> {
        let group = self.groups[(self.number + place) % self.groups.len()].clone();
        let Some(person) = self.share.people.get_mut(place).filter(|person| person.is_here()) else { return Ok(()) };
        let Some(id) = person.id.clone() else { return Ok(()) };
        person.joined.insert(group.clone(), Word::Sent);
        person.is_touched = true;
        let add = patch(json!({"op": "add", "path": "members", "value": [{"value": id}]}));
        if self.send(Method::PATCH, &format!("/Groups/{group}"), Some(add), [204, 204]).await?.is_some() {
            self.share.people[place].joined.insert(group, Word::Acknowledged);
        }
        Ok(())
    }

    async fn change(&mut self, place: usize) -> Result<(), Gone> {
        let Some(person) = self.share.people.get_mut(place).filter(|person| person.is_here()) else { return Ok(()) };
        let Some(path) = person.path() else { return Ok(()) };
        let revision = person.last + 1;
        (person.most, person.last, person.is_touched) = (revision, revision, true);
        let replace = patch(json!({"op": "replace", "value": person.changing(revision)}));
        if self.send(Method::PATCH, &path, Some(replace), [200, 200]).await?.is_some() {
            let person = &mut self.share.people[place];
            person.least = revision;
            person.patches += 1;
        }
        Ok(())
    }

    /// What was acknowledged is shown at once, whichever replica is asked.
    async fn look(&mut self, place: usize) -> Result<(), Gone> {
        let Some(person) = self.share.people.get(place).filter(|person| person.is_here()) else { return Ok(()) };
        let Some(path) = person.path() else { return Ok(()) };
        if let Some(answer) = self.send(Method::GET, &path, None, [200, 200]).await? {
            let (shown, person) = (answer.json(), &self.share.people[place]);
            let revision = person.try_revision_of(&shown);
            if revision.is_none_or(|revision| !(person.least..=person.last).contains(&revision)) {
                self.news.wrong(format!("{person:?} is shown as {shown}"));
            }
        }
        Ok(())
    }

    async fn delete(&mut self, place: usize) -> Result<(), Gone> {
        let person = &mut self.share.people[place];
        let Some(path) = person.path() else { return Ok(()) };
        (person.deleted, person.is_touched) = (Some(Word::Sent), true);
        if self.send(Method::DELETE, &path, None, [204, 404]).await?.is_some() {
            self.share.people[place].deleted = Some(Word::Acknowledged);
        }
        Ok(())
    }

    /// The answer when it is an acknowledgement; none when the client was told to come later. A request that was cut is sent
    /// again, as identity providers do, and then has its second kind of answer where it was carried out the first time.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        [first, again]: [u16; 2],
    ) -> Result<Option<Answer>, Gone> {
        let mut was_cut = false;
        loop {
            let sent = self.caller.try_send(&method, path, body.as_ref()).await;
            let Ok(answer) = sent.inspect_err(|error| {
                assert!(self.news.may_break_off.load(Ordering::SeqCst), "{method} {path}: {error:?}");
            }) else {
                return Err(Gone);
            };
            match answer.status {
                CUT => {
                    self.news.cut.fetch_add(1, Ordering::SeqCst);
                    was_cut = true;
                }
                503 => {
                    answer.expect_later();
                    self.news.put_off.fetch_add(1, Ordering::SeqCst);
                    // Not as long as it says, but not without a rest.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    return Ok(None);
                }
                status if status == first || was_cut && status == again => {
                    self.news.beat(self.number);
                    return Ok(Some(answer));
                }
                _ => {
                    self.news.wrong(format!("{method} {path}: {answer:?}"));
                    return Ok(None);
                }
            }
        }
    }
}

fn patch(operation: Value) -> Value {
    json!({"schemas": [PATCH_OP], "Operations": [operation]})
}
