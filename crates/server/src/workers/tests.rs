//! Workers over an embedded home of their own.

use std::time::Instant;

use domain::admin::AdminRole;
use domain::context::Actor;
use domain::ops::{NewAdmin, NewTenant};
use domain::tenant::DirectoryRules;
use domain::timestamp::Timestamp;
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::settings::Settings;

async fn rollcall(folder: &tempfile::TempDir) -> Arc<Rollcall> {
    let data = folder.path().to_str().unwrap();
    let settings = Settings::load_from(None, [("ROLLCALL__DATA_DIR", data)]).unwrap();
    Arc::new(Rollcall::open(&settings, "http://127.0.0.1:8080").await.unwrap())
}

/// When a worker last did something well, as it is shown; 0 for one that has only begun, here.
fn last_success(marks: &Marks, worker: &str) -> Option<f64> {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || marks.measure());
    let start = format!("rollcall_worker_last_success_timestamp_seconds{{worker=\"{worker}\"}} ");
    recorder.handle().render().lines().find_map(|line| line.strip_prefix(&start)?.parse().ok())
}

#[actix_web::test]
async fn a_part_of_a_long_step_is_a_sign_of_life_and_a_look_at_the_turn_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (rollcall, marks) = (rollcall(&folder).await, Arc::new(Marks::default()));
    marks.begun("jobs", Timestamp::from_micros(0));
    let mut shift = Shift::new(rollcall, "jobs", "me", marks.clone());
    assert!(shift.is_on().await.unwrap());
    assert_eq!(last_success(&marks, "jobs"), Some(0.0), "one whose every step fails looks too");
    shift.has_progressed();
    assert!(last_success(&marks, "jobs").unwrap() > 1e9);
    // Nothing to do is not a part that was done.
    marks.begun("jobs", Timestamp::from_micros(0));
    work_on_jobs(&mut shift).await.unwrap();
    assert_eq!(last_success(&marks, "jobs"), Some(0.0));
}

#[actix_web::test]
async fn whoever_sends_many_mails_is_not_stuck() {
    let folder = tempfile::tempdir().unwrap();
    let (rollcall, marks) = (rollcall(&folder).await, Arc::new(Marks::default()));
    let new = NewTenant { slug: "acme".parse().unwrap(), name: "Acme".to_owned(), rules: DirectoryRules::default() };
    let tenant = rollcall.tenants.create(&Actor::Operator, new, rollcall.clock.now()).await.unwrap();
    let admin = NewAdmin { email: "ada@acme.example".parse().unwrap(), name: String::new(), role: AdminRole::Owner };
    let cx = rollcall.operator_context(&tenant);
    rollcall.people.invite(&cx, &tenant, admin, "http://127.0.0.1:8080/t/acme/sign-in").await.unwrap();
    marks.begun(post::MAILS, Timestamp::from_micros(0));
    let mut state = (rollcall, marks.clone());
    post::deliver(&mut state).await.unwrap();
    assert!(last_success(&marks, post::MAILS).unwrap() > 1e9);
    marks.begun(post::MAILS, Timestamp::from_micros(0));
    post::deliver(&mut state).await.unwrap();
    assert_eq!(last_success(&marks, post::MAILS), Some(0.0), "there was none left");
}

#[actix_web::test]
async fn a_worker_that_does_not_end_is_not_waited_for_for_ever() {
    const STUBBORN: Duration = Duration::from_secs(6);
    let folder = tempfile::tempdir().unwrap();
    let stubborn = rt::task::spawn_blocking(|| std::thread::sleep(STUBBORN));
    let workers = Workers {
        name: "me".to_owned(),
        rollcall: rollcall(&folder).await,
        marks: Arc::default(),
        hired: vec![rt::spawn(std::future::pending()), stubborn],
    };
    let start = Instant::now();
    workers.end().await;
    assert!((END..STUBBORN).contains(&start.elapsed()), "{:?}", start.elapsed());
}
