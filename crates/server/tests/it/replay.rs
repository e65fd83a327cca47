//! Every client conversation of the corpus against a real server.

use secrecy::SecretString;
use server::replay::client::ScimClient;
use server::replay::report::{Outcome, Summary};
use server::replay::run::play;
use server::replay::{corpus, run};
use testkit::on_both_databases;
use tokio::task::JoinSet;
use url::Url;

use crate::served::Served;

on_both_databases! { Served:
    all_443_steps_of_the_39_conversations_pass,
    conversations_at_the_same_time_do_not_disturb_each_other,
}

async fn all_443_steps_of_the_39_conversations_pass(served: &Served) {
    let (url, token) = ready(served, "acme").await;
    let summary = run(&url, &token, None, &mut ()).await.unwrap();
    assert_eq!(summary.scenarios.len(), 39);
    assert_eq!(summary.counts.total, 443);
    assert!(summary.all_passed(), "{}", report(&summary));
}

/// In a tenant for each client, since conversations may look at all there is in theirs; several in each, as replicas of an
/// identity provider's job would.
async fn conversations_at_the_same_time_do_not_disturb_each_other(served: &Served) {
    let mut players = JoinSet::new();
    for (number, scenario) in corpus::scenarios().unwrap().into_iter().enumerate() {
        let (url, token) = ready(served, &format!("tenant-{number}")).await;
        players.spawn(async move {
            let client = ScimClient::new(&url, &token).unwrap();
            play(&client, &[scenario], &mut ()).await.unwrap()
        });
    }
    let summaries = players.join_all().await;
    assert_eq!(summaries.iter().map(|summary| summary.counts.passed).sum::<usize>(), 443, "{}", {
        let reports: Vec<String> = summaries.iter().map(report).collect();
        reports.concat()
    });
}

/// Where a new tenant is and its token.
async fn ready(served: &Served, slug: &str) -> (Url, SecretString) {
    let (_, token) = served.open_tenant(slug).await;
    (served.base(slug).parse().unwrap(), token.into())
}

/// What did not pass and how it differed.
fn report(summary: &Summary) -> String {
    let failed = summary.scenarios.iter().flat_map(|scenario| {
        let steps = scenario.steps.iter().filter(|step| step.outcome != Outcome::Passed);
        steps.map(|step| {
            let place = format!("{} {}: {}", scenario.file, step.step, step.name);
            let asked = format!("[{} {} {:?}]", step.method, step.path, step.status);
            format!("\n{place} {asked}\n    {}", step.differences.join("\n    "))
        })
    });
    failed.collect()
}
