//! Who reaches whom.

use chart::render::render;
use chart::values::overlay;
use serde_json::{Value, json};

use crate::support::{Profile, chart, list, name, profile, profiles, texts};

fn policy<'a>(profile: &'a Profile, ends: &str) -> &'a Value {
    let mut found = profile.of_kind("NetworkPolicy").filter(|policy| name(policy).ends_with(ends));
    found.next().unwrap_or_else(|| panic!("{} has no policy {ends}", profile.name))
}

/// The ports that a policy's pods may reach.
fn ports(policy: &Value) -> Vec<i64> {
    let rules = list(&policy["spec"]["egress"]).iter();
    let mut ports: Vec<_> =
        rules.flat_map(|rule| list(&rule["ports"])).filter_map(|port| port["port"].as_i64()).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

#[test]
fn every_pod_is_denied_everything_that_is_not_named() {
    for profile in profiles().iter().filter(|profile| profile.name != "everything-off") {
        let deny = policy(profile, "-deny");
        assert_eq!(list(&deny["spec"]["policyTypes"]), ["Ingress", "Egress"]);
        assert!(deny["spec"]["ingress"].is_null() && deny["spec"]["egress"].is_null(), "{}", profile.name);
        for pod in profile.pods() {
            assert!(pod.fits(&deny["spec"]["podSelector"]), "{} of {}", name(pod.owner), profile.name);
            // And one policy says what it may.
            let policies = profile.of_kind("NetworkPolicy").filter(|policy| *policy != deny);
            let own: Vec<_> = policies.filter(|policy| pod.fits(&policy["spec"]["podSelector"])).collect();
            let [own] = own.as_slice() else { panic!("{} of {}", name(pod.owner), profile.name) };
            for rule in list(&own["spec"]["egress"]) {
                assert!(!list(&rule["ports"]).is_empty(), "{} of {}", name(own), profile.name);
            }
        }
    }
    assert_eq!(profile("everything-off").of_kind("NetworkPolicy").count(), 0);
}

#[test]
fn ways_out_are_those_that_the_values_use() {
    let served = |name: &str| {
        ports(policy(profile(name), if name == "everything-on" { "forty-characters-tha" } else { "rollcall" }))
    };
    assert_eq!(served("minimal"), [53, 443, 5432]);
    assert_eq!(served("gateway"), [53, 443, 5432, 6379]);
    assert_eq!(served("production"), [53, 443, 465, 587, 5432, 6379]);
    assert_eq!(served("everything-on"), [53, 443, 465, 587, 4318, 5432, 6379, 6380]);
    assert_eq!(ports(policy(profile("production"), "-migrate")), [53, 5432]);
    assert_eq!(ports(policy(profile("production"), "-test")), [53, 8080]);
}

#[test]
fn identity_providers_are_on_the_internet_and_nothing_inside_is() {
    let policy = policy(profile("minimal"), "rollcall");
    let https = list(&policy["spec"]["egress"]).iter().find(|rule| rule["ports"][0]["port"] == 443).unwrap();
    let blocks: Vec<_> = list(&https["to"]).iter().map(|peer| &peer["ipBlock"]).collect();
    assert_eq!(blocks.len(), 2);
    for inside in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7"] {
        assert!(blocks.iter().any(|block| texts(&block["except"]).contains(&inside)), "{inside}");
    }
}

#[test]
fn pages_are_for_the_ingress_controller_and_metrics_for_prometheus() {
    let policy = policy(profile("production"), "rollcall");
    let [http, metrics] = list(&policy["spec"]["ingress"]) else { panic!("{policy}") };
    assert_eq!(http["ports"], json!([{"port": "http", "protocol": "TCP"}]));
    let controller = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}});
    assert_eq!(http["from"][0], controller);
    // `helm test` comes in where only the controller may.
    let pods = profile("production").pods();
    let test = pods.iter().find(|pod| pod.owner["kind"] == "Pod").unwrap();
    assert!(test.fits(&http["from"][1]["podSelector"]));
    assert_eq!(
        texts(&metrics["from"]),
        ["namespaceSelector", "matchLabels", "kubernetes.io/metadata.name", "monitoring"]
    );
    for profile in profiles().iter().filter(|profile| profile.name != "everything-off") {
        for pod in profile.serving() {
            let named: Vec<_> = list(&pod.container()["ports"]).iter().map(|port| &port["name"]).collect();
            assert_eq!(named, ["http", "metrics"]);
        }
    }
}

/// Host, path and Service of each path of the Ingresses.
fn paths(profile: &Profile) -> Vec<(&str, &str, &str)> {
    let mut paths = Vec::new();
    for rule in profile.of_kind("Ingress").flat_map(|ingress| list(&ingress["spec"]["rules"])) {
        for path in list(&rule["http"]["paths"]) {
            let service = &path["backend"]["service"];
            assert_eq!(service["port"]["name"], "http");
            let words = [&rule["host"], &path["path"], &service["name"]].map(|word| word.as_str().unwrap());
            paths.push((words[0], words[1], words[2]));
        }
    }
    paths
}

#[test]
fn an_ingress_leads_the_public_host_and_those_of_tenants_here() {
    assert_eq!(paths(profile("production")), [("directory.example.com", "/", "rollcall")]);
    let subdomain = [("directory.example.com", "/", "rollcall"), ("*.example.com", "/", "rollcall")];
    assert_eq!(paths(profile("subdomain")), subdomain);
    let ingress = profile("subdomain").of_kind("Ingress").next().unwrap();
    let tls = json!([
        {"hosts": ["directory.example.com"], "secretName": "directory-tls"},
        {"hosts": ["*.example.com"], "secretName": "wildcard-tls"},
    ]);
    assert_eq!(ingress["spec"]["tls"], tls);
}

/// What ingress-nginx lets through.
fn body_size(ingress: &Value) -> &Value {
    &ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
}

#[test]
fn what_the_limits_allow_comes_through() {
    for (profile, size) in [("subdomain", "8388608"), ("production", "8388608"), ("everything-on", "16777216")] {
        for ingress in self::profile(profile).of_kind("Ingress") {
            assert_eq!(body_size(ingress), size, "{profile}");
            let timeout = &ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"];
            assert_eq!(timeout, "60", "{profile}");
        }
    }
    let with = |values: Value| {
        let rendered = render(chart(), &overlay(&profile("production").values, &values)).unwrap();
        let ingress = rendered.objects.into_iter().find(|object| object["kind"] == "Ingress").unwrap();
        body_size(&ingress).clone()
    };
    assert_eq!(with(json!({"settings": {"http": {"body_limit_bytes": 20_000_000}}})), "20000000");
    assert_eq!(with(json!({"settings": {"scim": {"bulk_max_payload_bytes": 30_000_000}}})), "30000000");
    // Smaller than what another limit allows.
    assert_eq!(with(json!({"settings": {"http": {"group_body_limit_bytes": 1000}}})), "8388608");
    let own = json!({"ingress": {"annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "0"}}});
    assert_eq!(with(own), "0");
}

#[test]
fn scim_has_paths_of_its_own_where_it_has_pods_of_its_own() {
    let split = [
        ("directory.example.com", "/", "rollcall-admin"),
        ("*.example.com", "/scim", "rollcall-scim"),
        ("*.example.com", "/oauth", "rollcall-scim"),
        ("*.example.com", "/", "rollcall-admin"),
        ("directory.example.com", "/t/[^/]+/(scim|oauth)/.*", "rollcall-scim"),
        ("*.example.com", "/t/[^/]+/(scim|oauth)/.*", "rollcall-scim"),
    ];
    assert_eq!(paths(profile("split")), split);
    let by_pattern = profile("split").of_kind("Ingress").find(|ingress| name(ingress) == "rollcall-scim").unwrap();
    let annotations = &by_pattern["metadata"]["annotations"];
    assert_eq!(annotations["nginx.ingress.kubernetes.io/use-regex"], "true");
    assert_eq!(body_size(by_pattern), "8388608");
}

#[test]
fn a_route_of_the_gateway_api_does_the_same() {
    let route = profile("gateway").of_kind("HTTPRoute").next().unwrap();
    assert_eq!(route["spec"]["hostnames"], json!(["directory.example.com", "*.example.com"]));
    let rule = json!({"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [{"name": "rollcall", "port": 80}]});
    assert_eq!(route["spec"]["rules"], json!([rule]));
    let on = profile("everything-on").of_kind("HTTPRoute").next().unwrap();
    let [scim, rest] = list(&on["spec"]["rules"]) else { panic!("{on}") };
    assert_eq!(list(&scim["matches"]).len(), 3);
    assert!(scim["backendRefs"][0]["name"].as_str().unwrap().ends_with("-scim"));
    assert!(rest["backendRefs"][0]["name"].as_str().unwrap().ends_with("-admin"));
}

#[test]
fn every_backend_is_a_service_with_that_port() {
    for profile in profiles() {
        let services: Vec<_> = profile.of_kind("Service").collect();
        for (_, _, backend) in paths(profile) {
            assert!(services.iter().any(|service| name(service) == backend), "{backend} of {}", profile.name);
        }
        for rule in profile.of_kind("HTTPRoute").flat_map(|route| list(&route["spec"]["rules"])) {
            let backend = &rule["backendRefs"][0];
            let service = services.iter().find(|service| backend["name"] == name(service)).unwrap();
            assert_eq!(service["spec"]["ports"][0]["port"], backend["port"], "{}", profile.name);
        }
        for monitor in profile.of_kind("ServiceMonitor") {
            let wanted = monitor["spec"]["selector"]["matchLabels"].as_object().unwrap();
            let port = &monitor["spec"]["endpoints"][0]["port"];
            let found = services.iter().filter(|service| {
                let has_port = list(&service["spec"]["ports"]).iter().any(|each| each["name"] == *port);
                has_port && wanted.iter().all(|(key, value)| service["metadata"]["labels"][key] == *value)
            });
            let (found, serving) = (found.collect::<Vec<_>>(), profile.serving());
            assert_eq!(found.len(), serving.len(), "{}", profile.name);
            for pod in serving {
                let asked = |service: &&&&Value| pod.fits(&json!({"matchLabels": service["spec"]["selector"]}));
                assert_eq!(found.iter().filter(asked).count(), 1, "{} of {}", name(pod.owner), profile.name);
            }
        }
    }
}

#[test]
fn metrics_are_never_published_with_the_pages() {
    let mut published = 0;
    for profile in profiles() {
        for service in profile.of_kind("Service") {
            let ports: Vec<_> = list(&service["spec"]["ports"]).iter().map(|port| &port["name"]).collect();
            assert_eq!(ports.len(), 1, "{} of {}", name(service), profile.name);
            if service["spec"]["type"] != "ClusterIP" {
                assert_eq!(ports, ["http"], "{} of {}", name(service), profile.name);
                published += 1;
            }
        }
    }
    assert!(published >= 2, "no profile publishes a Service");
}

#[test]
fn alerts_find_the_pods_whatever_the_release_is_called() {
    let mut monitors = 0;
    for profile in profiles() {
        for monitor in profile.of_kind("ServiceMonitor") {
            let job = json!([{"targetLabel": "job", "replacement": "rollcall"}]);
            assert_eq!(monitor["spec"]["endpoints"][0]["relabelings"], job, "{}", profile.name);
            monitors += 1;
        }
    }
    assert!(monitors >= 2);
    let down = chart().files["files/alerts.yaml"].split("- alert: ").find(|rule| rule.starts_with("RollcallDown\n"));
    assert!(down.unwrap().contains(r#"absent(up{job=~".*rollcall.*"})"#), "no target at all is nobody's alert");
}
