//! The outbox: each mail is sent once, sooner or later, and what it said is gone then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ids::MailId;
use domain::keys::KeyId;
use domain::mail::{Mail, MailError};
use domain::ops::Mailroom;
use domain::ports::{Clock as _, Mailer};
use domain::store::{MailEnd, Store, TakenMail};
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    a_mail_stands_or_falls_with_its_transaction,
    a_mail_is_sent_once_and_what_it_said_is_gone,
    two_who_empty_the_outbox_send_each_mail_once,
    a_mail_that_cannot_be_sent_is_tried_again_and_given_up_after_three_days,
    what_is_never_taken_is_given_up_at_once,
    a_mail_whose_time_is_over_is_not_sent,
    a_mail_that_was_taken_by_a_process_that_died_is_taken_again,
    whoever_took_a_mail_too_long_ago_settles_nothing,
    a_mail_that_waits_keeps_its_key_in_the_ring,
    mails_are_forgotten_after_a_week,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Keeps what it is to send, and may say no.
#[derive(Default)]
pub struct Postbox {
    sent: Mutex<Vec<(MailId, String)>>,
    refusal: Mutex<Option<MailError>>,
    is_slow: AtomicBool,
}

impl Postbox {
    pub fn texts(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }

    fn refuses(&self, refusal: Option<MailError>) {
        *self.refusal.lock().unwrap() = refusal;
    }
}

#[async_trait::async_trait]
impl Mailer for Postbox {
    async fn send(&self, id: MailId, mail: &Mail) -> Result<(), MailError> {
        if self.is_slow.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.sent.lock().unwrap().push((id, mail.text().to_owned()));
        Ok(())
    }
}

/// A mailroom on a store of its own, as another process has one.
pub async fn mailroom(world: &World) -> (Arc<Postbox>, Arc<Mailroom>) {
    let postbox = Arc::<Postbox>::default();
    let store: Arc<dyn Store> = world.another_store().await;
    let mailroom = Mailroom::new(store, world.ids.clone(), world.keys.clone(), postbox.clone());
    (postbox, Arc::new(mailroom))
}

/// Queues a mail that says this.
pub async fn queue(world: &World, mailroom: &Mailroom, tenant: &Tenant, text: &str) {
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    let mail = Mail::new("ana@acme.example".parse().unwrap(), "Invitation", text);
    mailroom.queue(&mut *tx, &mail, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many mails there are in each state: waiting, sent and given up.
async fn states(world: &World) -> [i64; 3] {
    let raw = Raw::of(world).await;
    let count = |filter: &str| format!("SELECT count(*) FROM mail WHERE {filter}");
    let waiting = raw.number(&count("due_us IS NOT NULL AND sealed IS NOT NULL AND key_id IS NOT NULL")).await;
    let ended = |how: &str| {
        count(&format!(
            "due_us IS NULL AND sealed IS NULL AND key_id IS NULL AND ended_us IS NOT NULL AND how = '{how}'"
        ))
    };
    [waiting, raw.number(&ended("sent")).await, raw.number(&ended("given_up")).await]
}

async fn a_mail_stands_or_falls_with_its_transaction(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    let mail = Mail::new("ana@acme.example".parse().unwrap(), "Invitation", "hello");
    mailroom.queue(&mut *tx, &mail, world.clock.now()).await.unwrap();
    drop(tx);
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(0));
    assert_eq!((postbox.texts(), states(world).await), (Vec::new(), [0, 0, 0]));
}

async fn a_mail_is_sent_once_and_what_it_said_is_gone(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "https://rollcall.example/very-secret").await;
    let dump = format!("{:?}", Raw::of(world).await.dump(&tenant).await);
    assert!(!dump.contains("very-secret") && !dump.contains("ana@acme"), "sealed: {dump}");
    for taken in [1, 0, 0] {
        assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(taken));
    }
    assert_eq!(postbox.texts(), ["https://rollcall.example/very-secret"]);
    assert_eq!(states(world).await, [0, 1, 0]);
}

async fn two_who_empty_the_outbox_send_each_mail_once(world: &World) {
    let tenants = [world.tenant("acme").await, world.tenant("globex").await];
    let (first, one) = mailroom(world).await;
    let (second, other) = mailroom(world).await;
    first.is_slow.store(true, Ordering::Relaxed);
    second.is_slow.store(true, Ordering::Relaxed);
    for number in 0..60 {
        queue(world, &one, &tenants[number % 2], &number.to_string()).await;
    }
    let empty = async |mailroom: &Mailroom| while mailroom.deliver(world.clock.now()).await.unwrap() > 0 {};
    tokio::join!(empty(&one), empty(&other));
    let mut sent: Vec<usize> =
        [first, second].iter().flat_map(|box_| box_.texts()).map(|text| text.parse().unwrap()).collect();
    sent.sort_unstable();
    assert_eq!(sent, (0..60).collect::<Vec<_>>());
    assert_eq!(states(world).await, [0, 60, 0]);
}

async fn a_mail_that_cannot_be_sent_is_tried_again_and_given_up_after_three_days(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "first").await;
    postbox.refuses(Some(MailError::Later("the mail server is away".to_owned())));
    let start = world.clock.now();
    for pause in [0, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 4 * HOUR] {
        if pause > 0 {
            world.clock.advance_seconds(pause - 1);
            assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(0), "{pause}");
            world.clock.advance_seconds(1);
        }
        assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(1), "{pause}");
        assert_eq!(states(world).await, [1, 0, 0]);
    }
    postbox.refuses(None);
    world.clock.advance_seconds(4 * HOUR);
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(1));
    assert_eq!((postbox.texts(), states(world).await), (vec!["first".to_owned()], [0, 1, 0]));

    queue(world, &mailroom, &tenant, "second").await;
    let queued = world.clock.now();
    postbox.refuses(Some(MailError::Later("the mail server is away".to_owned())));
    while states(world).await[0] == 1 {
        mailroom.deliver(world.clock.now()).await.unwrap();
        world.clock.advance_seconds(HOUR);
    }
    let lasted = (world.clock.now().as_micros() - queued.as_micros()) / 1_000_000;
    assert!((3 * DAY..3 * DAY + 5 * HOUR).contains(&lasted), "{lasted} since {start}");
    assert_eq!((postbox.texts().len(), states(world).await), (1, [0, 1, 1]));
}

async fn what_is_never_taken_is_given_up_at_once(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "hello").await;
    postbox.refuses(Some(MailError::Never("nobody of that name".to_owned())));
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(1));
    assert_eq!(states(world).await, [0, 0, 1]);
}

async fn a_mail_whose_time_is_over_is_not_sent(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    let end = world.clock.now().plus_seconds(HOUR);
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    for text in ["first", "second"] {
        let mail = Mail::new("ana@acme.example".parse().unwrap(), "A new password", text).until(end);
        mailroom.queue(&mut *tx, &mail, world.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    postbox.refuses(Some(MailError::Later("the mail server is away".to_owned())));
    mailroom.deliver(world.clock.now()).await.unwrap();
    assert_eq!(states(world).await, [2, 0, 0]);
    postbox.refuses(None);
    world.clock.advance_seconds(HOUR);
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(2));
    assert_eq!((postbox.texts(), states(world).await), (Vec::new(), [0, 0, 2]));
}

async fn take(world: &World, until: Timestamp) -> Vec<TakenMail> {
    world.store.work().take_mails(world.clock.now(), until, 10).await.unwrap()
}

async fn a_mail_that_was_taken_by_a_process_that_died_is_taken_again(world: &World) {
    let tenant = world.tenant("acme").await;
    let (postbox, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "hello").await;
    assert_eq!(take(world, world.clock.now().plus_seconds(HOUR)).await.len(), 1);
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(0));
    world.clock.advance_seconds(HOUR);
    assert_eq!(mailroom.deliver(world.clock.now()).await, Ok(1));
    assert_eq!(postbox.texts(), ["hello"]);
}

async fn whoever_took_a_mail_too_long_ago_settles_nothing(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "hello").await;
    let now = world.clock.now();
    let slow = take(world, now.plus_seconds(-1)).await;
    let quick = take(world, now.plus_seconds(HOUR)).await;
    assert_eq!((slow[0].attempts, quick[0].attempts), (1, 2));
    let outbox = world.store.work();
    outbox.end_mail(&slow[0], MailEnd::GivenUp, now).await.unwrap();
    outbox.put_back(&slow[0], now).await.unwrap();
    assert_eq!(states(world).await, [1, 0, 0]);
    assert_eq!(take(world, now).await, []);
    outbox.end_mail(&quick[0], MailEnd::Sent, now).await.unwrap();
    outbox.put_back(&quick[0], now).await.unwrap();
    assert_eq!(states(world).await, [0, 1, 0], "what has ended is not put back");
}

async fn a_mail_that_waits_keeps_its_key_in_the_ring(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, mailroom) = mailroom(world).await;
    let key: KeyId = world.keys.ring().current().clone();
    let uses = async || {
        let uses = world.store.work().key_uses(world.clock.now()).await.unwrap();
        uses.sealed.get(&key).copied().unwrap_or_default()
    };
    let before = uses().await;
    queue(world, &mailroom, &tenant, "hello").await;
    assert_eq!(uses().await, before + 1);
    mailroom.deliver(world.clock.now()).await.unwrap();
    assert_eq!(uses().await, before);
}

async fn mails_are_forgotten_after_a_week(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, mailroom) = mailroom(world).await;
    queue(world, &mailroom, &tenant, "hello").await;
    mailroom.deliver(world.clock.now()).await.unwrap();
    world.clock.advance_seconds(7 * DAY);
    mailroom.deliver(world.clock.now()).await.unwrap();
    assert_eq!(states(world).await, [0, 1, 0]);
    world.clock.advance_seconds(1);
    mailroom.deliver(world.clock.now()).await.unwrap();
    assert_eq!(states(world).await, [0, 0, 0]);
}
