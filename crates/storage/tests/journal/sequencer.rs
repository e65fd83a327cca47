//! Numbers without gaps, in the order of what happened, whatever writers and sequencers do to each other. Only PostgreSQL
//! has a sequencer.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::json;
use testkit::world::elements;
use tokio::runtime::Handle;

use crate::cases;
use crate::theatre::{Plan, Point, Step, Theatre, number, take_lease};

/// All orders in which the programs can be carried out, each in its own order.
fn interleavings(programs: &[&[Step]]) -> Vec<Vec<Step>> {
    let mut all = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let Some((first, rest)) = program.split_first() else { continue };
        let mut others = programs.to_vec();
        others[index] = rest;
        all.extend(interleavings(&others).into_iter().map(|tail| [&[*first], &tail[..]].concat()));
    }
    if all.is_empty() { vec![Vec::new()] } else { all }
}

/// Writes of the same row and of different ones, and with nothing but a fact.
fn pairs() -> Vec<[Plan; 2]> {
    let plan = |group, commits| Plan { tenant: 0, group, commits };
    vec![
        [plan(Some(0), true), plan(Some(0), true)],
        [plan(Some(0), false), plan(Some(0), true)],
        [plan(Some(0), true), plan(Some(1), true)],
        [plan(None, true), plan(None, true)],
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_two_writers_and_a_sequencer_take_turns_the_order_is_right() {
    use Step::{Draw, End, Number};
    let theatre = Theatre::open().await;
    let (lease, now) = theatre.lease(0);
    assert!(take_lease(&theatre.world.store, &lease, now).await);
    let orders = interleavings(&[&[Draw(0), End(0)], &[Draw(1), End(1)], &[Number(0, 1), Number(0, 9)]]);
    assert_eq!(orders.len(), 90);
    for (plans, steps) in pairs().iter().flat_map(|plans| orders.iter().map(move |steps| (plans, steps))) {
        theatre.play(plans, steps).await;
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let group = prop_oneof![3 => (0..2_usize).prop_map(Some), 1 => Just(None)];
    // Mostly in one tenant, and mostly to the end.
    (prop_oneof![3 => Just(0_usize), 1 => Just(1)], group, prop_oneof![3 => Just(true), 1 => Just(false)])
        .prop_map(|(tenant, group, commits)| Plan { tenant, group, commits })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize).prop_map(Step::Draw),
        6 => (0..4_usize).prop_map(Step::End),
        2 => (0..2_usize).prop_map(Step::Lease),
        4 => (0..2_usize, 1..4_u64).prop_map(|(holder, limit)| Step::Number(holder, limit)),
        2 => select(vec![Point::Lease, Point::Between, Point::Middle]).prop_map(Step::Stop),
        1 => Just(Step::LetGo),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_commits_rollbacks_and_sequencers_that_lose_their_lease_leave_no_gap() {
    let theatre = Theatre::open().await;
    let pieces = (vec(plan(), 4), vec(step(), 10..40), any::<bool>());
    let play = |(plans, mut steps, by_turns): (Vec<Plan>, Vec<Step>, bool)| {
        if by_turns {
            // Two that take the lease from each other whenever they number.
            steps = steps
                .into_iter()
                .flat_map(|step| match step {
                    Step::Number(holder, _) => vec![Step::Lease(holder), step],
                    step => vec![step],
                })
                .collect();
        }
        tokio::task::block_in_place(|| Handle::current().block_on(theatre.play(&plans, &steps)));
        Ok(())
    };
    TestRunner::new(cases(60)).run(&pieces, play).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequencer_cannot_number_when_its_lease_was_taken_over() {
    let theatre = Theatre::open().await;
    let store = &theatre.world.store;
    let (lost, then) = theatre.lease(0);
    assert!(take_lease(store, &lost, then).await);
    let (lease, now) = theatre.lease(1);
    assert!(!take_lease(store, &lease, then).await, "as long as it is held");
    assert!(take_lease(store, &lease, now).await);

    let (tenant, groups) = &theatre.tenants[0];
    let cx = theatre.world.cx(tenant);
    let user = theatre.world.user(&cx, "ada").await.stored.id;
    let join = json!([{"op": "add", "path": "members", "value": elements(&[user])}]);
    theatre.world.patch(&cx, &groups[0], join).await.unwrap();
    assert_eq!(theatre.waiting().await, 2);
    assert_eq!(number(store, &lost, 9).await, 0);
    assert_eq!(theatre.waiting().await, 2);
    assert_eq!(number(store, &lease, 9).await, 2);
}

/// The takeover is under way when the other looks at the lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequencer_that_waits_for_a_takeover_finds_the_lease_gone() {
    let theatre = Theatre::open().await;
    let (lost, then) = theatre.lease(0);
    assert!(take_lease(&theatre.world.store, &lost, then).await);
    theatre.world.user(&theatre.world.cx(&theatre.tenants[0].0), "ada").await;
    let takeover = theatre.stage.hold("UPDATE worker_lease SET holder = 'B'").await;
    let store = theatre.world.store.clone();
    let numbering = tokio::spawn(async move { number(&store, &lost, 9).await });
    theatre.stage.settle(|| usize::from(!numbering.is_finished())).await;
    assert!(!numbering.is_finished(), "it waits");
    takeover.commit().await.unwrap();
    assert_eq!(numbering.await.unwrap(), 0);
    assert_eq!(theatre.waiting().await, 1);
}
