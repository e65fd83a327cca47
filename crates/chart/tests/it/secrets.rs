//! Secrets and settings: each where it belongs.

use std::collections::{BTreeMap, BTreeSet};

use chart::settings;
use serde_json::Value;

use crate::support::{Pod, Profile, hook, list, name, profile, profiles, texts};

/// What the pods of a profile read from Secrets: the Secret's name and the key.
fn read<'a>(pod: &Pod<'a>) -> Vec<(&'a str, &'a str)> {
    let text = |value: &'a Value| value.as_str().unwrap();
    let of_variable = |variable: &'a Value| variable.pointer("/valueFrom/secretKeyRef");
    let variables = list(&pod.container()["env"]).iter().filter_map(of_variable);
    let mut read: Vec<_> = variables.map(|from| (text(&from["name"]), text(&from["key"]))).collect();
    for secret in list(&pod.spec["volumes"]).iter().filter_map(|volume| volume.get("secret")) {
        read.extend(list(&secret["items"]).iter().map(|item| (text(&secret["secretName"]), text(&item["key"]))));
    }
    read
}

/// The Secrets that a profile makes, with their keys, and whether by a hook.
fn made(profile: &Profile) -> BTreeMap<&str, (BTreeSet<&str>, bool)> {
    let mut made = BTreeMap::new();
    for secret in profile.of_kind("Secret") {
        let keys = secret["stringData"].as_object().unwrap().keys().map(String::as_str).collect();
        made.insert(name(secret), (keys, hook(secret).is_some()));
    }
    for secret in profile.of_kind("ExternalSecret") {
        let keys = list(&secret["spec"]["data"]).iter().map(|each| each["secretKey"].as_str().unwrap()).collect();
        made.insert(secret["spec"]["target"]["name"].as_str().unwrap(), (keys, hook(secret).is_some()));
    }
    made
}

#[test]
fn every_secret_that_is_read_is_made_or_named_in_the_values() {
    for profile in profiles() {
        let made = made(profile);
        let values = profile.all_values();
        let named: BTreeSet<_> = [
            "/existingSecret",
            "/database/existingSecret",
            "/database/owner/existingSecret",
            "/redis/existingSecret",
            "/keys/existingSecret",
            "/mail/existingSecret",
        ]
        .iter()
        .filter_map(|place| values.pointer(place)?.as_str())
        .filter(|name| !name.is_empty())
        .collect();
        let mut used = BTreeSet::new();
        for pod in profile.pods() {
            for (secret, key) in read(&pod) {
                used.insert(secret);
                match made.get(secret) {
                    Some((keys, _)) => assert!(keys.contains(key), "{}: {secret} has no {key}", profile.name),
                    None => assert!(named.contains(secret), "{}: nothing makes {secret}", profile.name),
                }
            }
        }
        for secret in made.keys() {
            assert!(used.contains(secret), "{}: nobody reads {secret}", profile.name);
        }
    }
}

#[test]
fn the_migration_job_needs_nothing_that_is_not_there_before_it() {
    let mut jobs = 0;
    for profile in profiles() {
        let late: BTreeSet<_> = profile.objects().iter().filter(|object| hook(object).is_none()).map(name).collect();
        for job in profile.of_kind("Job") {
            jobs += 1;
            let annotations = &job["metadata"]["annotations"];
            assert_eq!(hook(job), Some("pre-install,pre-upgrade"));
            assert_eq!(annotations["helm.sh/hook-delete-policy"], "before-hook-creation");
            let pods = profile.pods();
            let pod = pods.iter().find(|pod| pod.owner == job).unwrap();
            let account = pod.spec["serviceAccountName"].as_str().unwrap();
            assert!(!late.contains(account), "{}: {account}", profile.name);
            assert!(pod.container()["envFrom"].is_null(), "{}", profile.name);
            let made = made(profile);
            for (secret, _) in read(pod) {
                assert!(made.get(secret).is_none_or(|(_, by_hook)| *by_hook), "{}: {secret} comes later", profile.name);
            }
            let before = |object: &&Value| hook(object) == Some("pre-install,pre-upgrade") && object["kind"] != "Job";
            for companion in profile.objects().iter().filter(before) {
                let annotations = &companion["metadata"]["annotations"];
                assert_eq!(annotations["helm.sh/hook-weight"], "-10");
                assert_eq!(annotations["helm.sh/hook-delete-policy"], "before-hook-creation,hook-succeeded");
            }
            assert!(job["spec"]["activeDeadlineSeconds"].is_u64() && job["spec"]["backoffLimit"].is_u64());
        }
        assert_eq!(profile.of_kind("Job").count() == 0, profile.name == "everything-off");
    }
    assert!(jobs >= 8);
}

#[test]
fn only_the_migration_job_knows_the_owner_of_the_tables() {
    let owner = |pod: &Pod<'_>| texts(pod.spec).contains(&"ROLLCALL__DATABASE__OWNER_URL");
    for name in ["production", "external-secrets", "everything-on"] {
        let profile = profile(name);
        for pod in profile.pods() {
            assert_eq!(owner(&pod), pod.owner["kind"] == "Job", "{name}");
        }
        for pod in profile.serving() {
            let keys: Vec<_> = read(&pod).iter().map(|(_, key)| *key).collect();
            assert!(!keys.contains(&"database-owner-url"));
        }
        for secret in profile.of_kind("ExternalSecret").filter(|secret| hook(secret).is_none()) {
            assert!(!texts(secret).contains(&"database-owner-url"), "{name}");
        }
    }
}

#[test]
fn what_is_secret_stands_in_secrets_alone() {
    let development = profile("development");
    let word = "secret-word";
    assert!(development.of_kind("Secret").any(|secret| texts(secret).iter().any(|text| text.contains(word))));
    for object in development.objects().iter().filter(|object| object["kind"] != "Secret") {
        assert!(!texts(object).iter().any(|text| text.contains(word)), "{} {}", object["kind"], name(object));
    }
    assert!(!development.rendered.notes.contains(word));
    for profile in profiles().iter().filter(|profile| profile.name != "development") {
        assert_eq!(profile.of_kind("Secret").count(), 0, "{}", profile.name);
    }
}

#[test]
fn settings_are_keys_of_the_product_and_the_secret_ones_come_from_secrets() {
    let settings = settings::all().unwrap();
    let find = |variable: &str| settings.iter().find(|setting| setting.variable == variable);
    for profile in profiles() {
        for config in profile
            .of_kind("ConfigMap")
            .filter(|config| texts(&config["data"]).iter().any(|text| text.starts_with("ROLLCALL_")))
        {
            for variable in config["data"].as_object().unwrap().keys() {
                let setting = find(variable).unwrap_or_else(|| panic!("{}: no setting {variable}", profile.name));
                assert!(!setting.is_secret, "{variable}");
            }
        }
        for pod in profile.pods() {
            let variables = list(&pod.container()["env"]);
            let names: Vec<_> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}: {names:?}", profile.name);
            for (variable, name) in variables.iter().zip(&names).filter(|(_, name)| name.starts_with("ROLLCALL_")) {
                let setting = find(name).unwrap_or_else(|| panic!("{}: no setting {name}", profile.name));
                assert_eq!(setting.is_secret, variable["value"].is_null(), "{}: {name}", profile.name);
            }
        }
    }
}

#[test]
fn every_secret_setting_has_its_place() {
    let secret: BTreeSet<_> =
        settings::all().unwrap().into_iter().filter(|setting| setting.is_secret).map(|it| it.variable).collect();
    let pods = profile("everything-on").pods();
    let set: BTreeSet<_> = pods
        .iter()
        .flat_map(|pod| list(&pod.container()["env"]))
        .filter(|variable| variable["value"].is_null())
        .map(|variable| variable["name"].as_str().unwrap().to_owned())
        .collect();
    // The ring is a file, so that a rotation needs no restart.
    let rest: Vec<_> = secret.difference(&set).collect();
    assert_eq!(rest, ["ROLLCALL__KEYS__RING"]);
    for pod in profile("everything-on").serving() {
        assert!(read(&pod).contains(&("a-name-of-more-than-forty-characters-tha", "key-ring")));
        let mounts = list(&pod.container()["volumeMounts"]);
        assert!(mounts.iter().any(|mount| mount["mountPath"] == "/etc/rollcall/keys" && mount["readOnly"] == true));
    }
}

#[test]
fn without_a_ring_of_its_own_a_trial_keeps_it_in_the_database() {
    let development = profile("development");
    assert!(development.objects().iter().all(|object| !texts(object).contains(&"ROLLCALL__KEYS__RING_FILE")));
    assert!(development.rendered.notes.contains("The key ring is in the database"));
}

#[test]
fn settings_arrive_as_the_product_reads_them() {
    let config =
        profile("everything-on").of_kind("ConfigMap").find(|config| config["data"]["ROLLCALL__PUBLIC_URL"].is_string());
    let data = &config.unwrap()["data"];
    for (variable, text) in [
        ("ROLLCALL__HTTP__GROUP_BODY_LIMIT_BYTES", "16777216"),
        ("ROLLCALL__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8"),
        ("ROLLCALL__HTTP__HOST", "::"),
        ("ROLLCALL__METRICS__HOST", "::"),
        ("ROLLCALL__TELEMETRY__TRACE_RATIO", "0.25"),
        ("ROLLCALL__MAIL__FROM_NAME", "The \"Directory\" & co"),
        ("ROLLCALL__DATABASE__MIGRATE_ON_START", "false"),
        ("ROLLCALL__TENANCY__BASE_DOMAIN", "example.com"),
    ] {
        assert_eq!(data[variable], text);
    }
}
