//! Values that contradict each other end with one sentence that says what to do.

use std::collections::BTreeSet;

use chart::render::render;
use chart::values::overlay;
use serde_json::{Value, json};

use crate::support::chart;

fn cases() -> Vec<(Value, &'static str)> {
    let routed = json!({"ingress": {"enabled": true}});
    let with = |values: Value| overlay(&routed, &values);
    let scaling = |values: Value| json!({"workload": overlay(&json!({"autoscaling": {"enabled": true}}), &values)});
    vec![
        (json!({"publicUrl": ""}), "publicUrl is empty"),
        (with(json!({"publicUrl": "https://example.com/directory"})), "publicUrl has a path"),
        (json!({"image": {"tag": "latest"}}), "image.tag is latest"),
        (
            json!({"existingSecret": ""}),
            "nothing says which Secret holds database.url: set existingSecret or database.existingSecret",
        ),
        (
            json!({"existingSecret": "", "database": {"existingSecret": "db"}}),
            "nothing says which Secret holds redis.url",
        ),
        (
            json!({"existingSecret": "", "developmentSecret": {"enabled": true}, "externalSecrets": {"enabled": true}}),
            "developmentSecret and externalSecrets are both on",
        ),
        (json!({"developmentSecret": {"enabled": true}}), "existingSecret holds all secret settings"),
        (json!({"externalSecrets": {"enabled": true}}), "existingSecret holds all secret settings"),
        (
            json!({"existingSecret": "", "developmentSecret": {"enabled": true}}),
            "developmentSecret.databaseUrl is empty",
        ),
        (json!({"existingSecret": "", "externalSecrets": {"enabled": true}}), "externalSecrets.store.name is empty"),
        (
            json!({"existingSecret": "", "externalSecrets": {"enabled": true, "store": {"name": "vault"}}}),
            "externalSecrets.data.databaseUrl is missing",
        ),
        (
            json!({"database": {"owner": {"existingSecret": "owner"}}, "migrations": {"mode": "none"}}),
            "database.owner is for the migration job",
        ),
        (json!({"mail": {"enabled": true}}), "mail.enabled needs settings.mail.from"),
        (
            scaling(json!({"autoscaling": {"minReplicas": 11}})),
            "workload.autoscaling.minReplicas is more than maxReplicas",
        ),
        (
            scaling(json!({"autoscaling": {"targetCPUUtilizationPercentage": 0}})),
            "workload.autoscaling has nothing to go by",
        ),
        (scaling(json!({"resources": {"requests": {"cpu": null}}})), "workload.autoscaling goes by processor time"),
        (
            scaling(
                json!({"autoscaling": {"targetMemoryUtilizationPercentage": 80}, "resources": {"requests": {"memory": null}}}),
            ),
            "workload.autoscaling goes by memory",
        ),
        (
            json!({"workload": {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}}),
            "workload.podDisruptionBudget has both",
        ),
        (
            json!({"split": {"enabled": true, "scim": {"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": "10%"}}}}),
            "split.scim.podDisruptionBudget has both",
        ),
        (
            json!({"workload": {"podDisruptionBudget": {"minAvailable": 2}}}),
            "workload.podDisruptionBudget lets no pod go, so that no node could ever be drained: 2 pods run at least",
        ),
        (
            json!({"split": {"enabled": true, "scim": {"podDisruptionBudget": {"minAvailable": "100%"}}}}),
            "split.scim.podDisruptionBudget lets no pod go",
        ),
        (json!({"workload": {"podDisruptionBudget": {"maxUnavailable": 0}}}), "lets no pod go"),
        (json!({"workload": {"podDisruptionBudget": {"maxUnavailable": "0%"}}}), "lets no pod go"),
        (json!({"redis": {"enabled": false}}), "several pods count limits together in Redis"),
        (
            json!({"redis": {"enabled": false}, "workload": {"replicas": 1, "autoscaling": {"enabled": true, "minReplicas": 1}}}),
            "several pods count limits together in Redis",
        ),
        (json!({"gateway": {"enabled": true}}), "gateway.parentRefs is empty"),
        (with(json!({"ingress": {"wildcardTlsSecretName": "tls"}})), "baseDomain is empty"),
        (
            with(json!({"baseDomain": "example.com", "ingress": {"tlsSecretName": "tls"}})),
            "with baseDomain every tenant has a host",
        ),
        (with(json!({"split": {"enabled": true, "scimPathPattern": ""}})), "split needs split.scimPathPattern"),
        (json!({"metrics": {"enabled": false, "serviceMonitor": {"enabled": true}}}), "metrics.enabled is false"),
        (json!({"metrics": {"enabled": false, "prometheusRule": {"enabled": true}}}), "metrics.enabled is false"),
        (json!({"metrics": {"port": 8080}}), "metrics.port is 8080"),
    ]
}

fn refusal(values: &Value) -> Option<String> {
    let good = json!({"publicUrl": "https://directory.example.com", "existingSecret": "rollcall"});
    render(chart(), &overlay(&good, values)).err().map(|error| error.to_string())
}

#[test]
fn each_contradiction_is_told() {
    assert_eq!(refusal(&json!({})), None);
    for (values, sentence) in cases() {
        let said = refusal(&values).unwrap_or_else(|| panic!("{values} was rendered"));
        assert!(said.contains(sentence), "{values} ended with: {said}");
    }
}

#[test]
fn no_refusal_of_the_templates_is_untested() {
    let said: Vec<_> = cases().iter().filter_map(|(values, _)| refusal(values)).collect();
    let mut refusals = BTreeSet::new();
    for source in chart().templates.values() {
        for place in source.split("fail ").skip(1) {
            let Some(sentence) = place.trim_start_matches("(printf ").strip_prefix('"') else { continue };
            let sentence = sentence.split('"').next().unwrap();
            // The longest part that does not depend on values.
            let part = sentence.split("%s").max_by_key(|part| part.len()).unwrap().trim();
            assert!(part.len() > 15, "{sentence}");
            assert!(said.iter().any(|said| said.contains(part)), "no test ends with: {sentence}");
            refusals.insert(part);
        }
    }
    assert!(refusals.len() >= 20, "{}", refusals.len());
}

#[test]
fn a_budget_that_lets_a_pod_go_is_taken_and_one_pod_has_none() {
    let budget =
        |replicas: i64, budget: Value| json!({"workload": {"replicas": replicas, "podDisruptionBudget": budget}});
    assert_eq!(refusal(&budget(3, json!({"minAvailable": 2}))), None);
    assert_eq!(refusal(&budget(3, json!({"minAvailable": "99%"}))), None);
    assert_eq!(refusal(&budget(3, json!({"maxUnavailable": 1}))), None);
    assert_eq!(refusal(&budget(1, json!({"minAvailable": 1}))), None);
    assert_eq!(refusal(&budget(2, json!({"enabled": false, "minAvailable": 2}))), None);
}

#[test]
fn one_pod_needs_no_redis_and_neither_do_several_that_count_nothing() {
    assert_eq!(refusal(&json!({"redis": {"enabled": false}, "workload": {"replicas": 1}})), None);
    assert_eq!(refusal(&json!({"redis": {"enabled": false}, "settings": {"limits": {"enabled": false}}})), None);
    // Background work is counted by nobody.
    let split = json!({"enabled": true, "scim": {"replicas": 1}, "admin": {"replicas": 1}, "worker": {"replicas": 3}});
    assert_eq!(refusal(&json!({"redis": {"enabled": false}, "split": split})), None);
}
