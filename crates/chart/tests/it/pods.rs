//! Pods: their rights, their probes, how they end.

use serde_json::json;

use crate::support::{chart, list, name, profile, profiles};

#[test]
fn no_pod_may_more_than_the_restricted_profile_allows() {
    for profile in profiles() {
        for pod in profile.pods() {
            let shown = format!("{} of {}", name(pod.owner), profile.name);
            let rights = &pod.spec["securityContext"];
            assert_eq!(rights["runAsNonRoot"], true, "{shown}");
            assert!(rights["runAsUser"].as_i64().unwrap() > 0, "{shown}");
            assert_eq!(rights["seccompProfile"]["type"], "RuntimeDefault", "{shown}");
            assert_eq!(pod.spec["automountServiceAccountToken"], false, "{shown}");
            assert_eq!(pod.spec["enableServiceLinks"], false, "{shown}");
            for key in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
                assert!(pod.spec[key].is_null(), "{shown} has {key}");
            }
            for container in pod.containers() {
                let rights = &container["securityContext"];
                assert_eq!(rights["allowPrivilegeEscalation"], false, "{shown}");
                assert_eq!(rights["readOnlyRootFilesystem"], true, "{shown}");
                assert_eq!(list(&rights["capabilities"]["drop"]), ["ALL"], "{shown}");
                assert!(rights["capabilities"]["add"].is_null() && rights["privileged"].is_null(), "{shown}");
            }
        }
    }
}

#[test]
fn every_container_says_what_it_asks_for_and_how_much_memory_it_may_take() {
    for profile in profiles() {
        for pod in profile.pods() {
            for container in pod.containers() {
                for place in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
                    let said = container["resources"].pointer(place);
                    assert!(said.is_some(), "{place} of {} of {}", name(pod.owner), profile.name);
                }
            }
        }
    }
}

#[test]
fn the_process_is_probed_for_its_life_and_the_database_for_its_readiness() {
    for profile in profiles() {
        for pod in profile.serving() {
            let container = pod.container();
            for (probe, path) in
                [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
            {
                let asked = &container[probe]["httpGet"];
                assert_eq!(
                    (&asked["path"], &asked["port"]),
                    (&path.into(), &"http".into()),
                    "{probe} of {}",
                    profile.name
                );
            }
            let ports: Vec<_> = list(&container["ports"]).iter().map(|port| &port["name"]).collect();
            assert_eq!(ports[0], "http");
            assert_eq!(ports.contains(&&"metrics".into()), profile.all_values()["metrics"]["enabled"] == true);
        }
    }
}

#[test]
fn a_pod_has_the_time_that_its_requests_may_take() {
    for profile in profiles() {
        let values = profile.all_values();
        let drains = values["drainSeconds"].as_i64().unwrap();
        let finishes = values["settings"]["http"]["shutdown_grace_seconds"].as_i64().unwrap_or(30);
        let settings =
            &profile.of_kind("ConfigMap").find(|it| !it["data"]["ROLLCALL__HTTP__PORT"].is_null()).unwrap()["data"];
        assert_eq!(settings["ROLLCALL__HTTP__DRAIN_SECONDS"], drains.to_string(), "{}", profile.name);
        for pod in profile.serving() {
            // One that waits before it is told to stop goes on saying that it is ready.
            assert!(pod.container()["lifecycle"].is_null(), "{}", profile.name);
            // Workers have 3 s to end, the last uses of tokens 5 s to be written down, traces 3 s to be sent.
            let time = pod.spec["terminationGracePeriodSeconds"].as_i64().unwrap();
            assert!(time >= drains + finishes + 3 + 5 + 3, "{}: {time}", profile.name);
        }
    }
}

#[test]
fn nothing_but_the_chart_says_how_long_a_pod_drains() {
    let validator = jsonschema::validator_for(&chart().schema).unwrap();
    let with = |values| validator.is_valid(&chart::values::overlay(&chart().values, &values));
    assert!(with(json!({"publicUrl": "https://a.example.com", "drainSeconds": 60})));
    assert!(!with(json!({"publicUrl": "https://a.example.com", "settings": {"http": {"drain_seconds": 60}}})));
}

#[test]
fn an_update_takes_no_pod_away_before_another_is_ready() {
    for profile in profiles() {
        for deployment in profile.of_kind("Deployment") {
            assert_eq!(deployment["spec"]["strategy"]["type"], "RollingUpdate");
            let update = &deployment["spec"]["strategy"]["rollingUpdate"];
            assert_eq!(update["maxUnavailable"], 0, "{}", profile.name);
            assert!(update["maxSurge"] != 0, "{}", profile.name);
        }
    }
}

#[test]
fn a_change_of_the_settings_starts_pods_anew() {
    let sum = |name: &str| {
        let serving = profile(name).serving();
        serving[0].owner["spec"]["template"]["metadata"]["annotations"]["checksum/config"].as_str().unwrap().to_owned()
    };
    assert_eq!(sum("production").len(), 64);
    assert_ne!(sum("production"), sum("minimal"));
}

#[test]
fn no_image_is_whatever_is_latest() {
    for profile in profiles() {
        for pod in profile.pods() {
            for container in pod.containers() {
                let image = container["image"].as_str().unwrap();
                let (_, version) = image.rsplit_once([':', '@']).unwrap();
                assert!(version != "latest" && !version.contains('/'), "{image}");
            }
        }
    }
    let served = |name: &str| profile(name).serving()[0].container()["image"].as_str().unwrap().to_owned();
    assert_eq!(served("minimal"), format!("rollcall:{}", env!("CARGO_PKG_VERSION")));
    assert!(served("production").starts_with("registry.example.com/rollcall@sha256:"));
}

#[test]
fn the_faces_are_split_by_a_flag_of_the_one_program() {
    let args = |name: &str| -> Vec<Vec<_>> {
        profile(name).serving().iter().map(|pod| list(&pod.container()["args"]).to_vec()).collect()
    };
    assert_eq!(args("minimal"), [["serve"]]);
    assert_eq!(args("split"), ["admin", "scim", "worker"].map(|role| ["serve", "--roles", role]));
}

#[test]
fn pods_are_spread_over_zones_and_nodes_with_their_own_kind() {
    for profile in profiles().iter().filter(|profile| profile.name != "everything-off") {
        for pod in profile.serving() {
            let keys: Vec<_> = list(&pod.spec["topologySpreadConstraints"])
                .iter()
                .map(|constraint| {
                    assert!(pod.fits(&constraint["labelSelector"]), "{}", profile.name);
                    constraint["topologyKey"].as_str().unwrap()
                })
                .collect();
            assert_eq!(keys, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
        }
    }
}
