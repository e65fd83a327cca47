//! How many pods run, and how many have to.

use serde_json::Value;

use crate::support::{Profile, name, profile, profiles};

/// The fewest pods of a Deployment that run.
fn fewest(profile: &Profile, deployment: &Value) -> i64 {
    let scaler = profile.of_kind("HorizontalPodAutoscaler").find(|scaler| name(scaler) == name(deployment));
    let replicas = &deployment["spec"]["replicas"];
    match scaler {
        Some(scaler) => {
            assert!(replicas.is_null(), "{} would be set back at each upgrade", name(deployment));
            scaler["spec"]["minReplicas"].as_i64().unwrap()
        }
        None => replicas.as_i64().unwrap(),
    }
}

#[test]
fn drains_leave_pods_running_wherever_more_than_one_does() {
    let mut budgets = 0;
    for profile in profiles() {
        for deployment in profile.of_kind("Deployment") {
            let budget = profile.of_kind("PodDisruptionBudget").find(|budget| name(budget) == name(deployment));
            let is_wanted = fewest(profile, deployment) > 1 && profile.name != "everything-off";
            assert_eq!(budget.is_some(), is_wanted, "{} of {}", name(deployment), profile.name);
            let Some(spec) = budget.map(|budget| &budget["spec"]) else { continue };
            assert_ne!(spec["minAvailable"].is_null(), spec["maxUnavailable"].is_null(), "{spec}");
            budgets += 1;
        }
    }
    assert!(budgets > 8);
}

#[test]
fn autoscalers_scale_a_deployment_by_something() {
    let mut scalers = 0;
    for profile in profiles() {
        for scaler in profile.of_kind("HorizontalPodAutoscaler") {
            let target = &scaler["spec"]["scaleTargetRef"];
            assert_eq!((&target["apiVersion"], &target["kind"]), (&"apps/v1".into(), &"Deployment".into()));
            assert!(profile.of_kind("Deployment").any(|deployment| target["name"] == name(deployment)));
            assert!(!scaler["spec"]["metrics"].as_array().unwrap().is_empty());
            scalers += 1;
        }
    }
    assert!(scalers >= 3);
}

#[test]
fn a_component_takes_what_is_said_of_it_and_the_rest_from_all() {
    let split = profile("split");
    let deployment = |component: &str| {
        let of = |deployment: &&Value| name(deployment) == format!("rollcall-{component}");
        split.of_kind("Deployment").find(of).unwrap()
    };
    let resources = |component| deployment(component)["spec"]["template"]["spec"]["containers"][0]["resources"].clone();
    assert_eq!(resources("scim")["requests"]["cpu"], "2");
    assert_eq!(resources("scim")["requests"]["memory"], "256Mi");
    assert_eq!(resources("admin")["requests"]["cpu"], "500m");
    assert_eq!((fewest(split, deployment("scim")), fewest(split, deployment("admin"))), (4, 2));
    assert_eq!(fewest(split, deployment("worker")), 1);
    // Processor time says little about background work.
    assert_eq!(profile("everything-on").all_values()["workload"]["autoscaling"]["enabled"], true);
    assert!(
        !profile("everything-on").of_kind("HorizontalPodAutoscaler").any(|scaler| name(scaler).ends_with("-worker"))
    );
    // What is false or empty is said too.
    let on = profile("everything-on");
    assert!(!on.of_kind("HorizontalPodAutoscaler").any(|scaler| name(scaler).ends_with("-admin")));
    let admin = on.of_kind("PodDisruptionBudget").find(|budget| name(budget).ends_with("-admin")).unwrap();
    assert_eq!(admin["spec"]["maxUnavailable"], 1);
    let worker = on.serving().into_iter().find(|pod| name(pod.owner).ends_with("-worker")).unwrap();
    assert_eq!(worker.spec["nodeSelector"].as_object().unwrap().len(), 2);
    assert!(!worker.container()["env"].as_array().unwrap().iter().any(|variable| variable["name"] == "TZ"));
}
