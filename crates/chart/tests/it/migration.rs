//! The job that migrates.

use chart::render::render;
use chart::values::overlay;
use serde_json::{Value, json};

use crate::support::{chart, list, profile, profiles};

fn job(name: &str) -> &'static Value {
    profile(name).of_kind("Job").next().unwrap()
}

fn pod(job: &Value) -> &Value {
    &job["spec"]["template"]["spec"]
}

#[test]
fn it_migrates_and_then_splits_what_is_to_be_split() {
    assert_eq!(pod(job("production"))["containers"][0]["args"], json!(["migrate"]));
    for profile in profiles().iter().filter(|profile| profile.all_values()["migrations"]["partitions"] == 0) {
        assert!(profile.of_kind("Job").all(|job| pod(job)["initContainers"].is_null()), "{}", profile.name);
    }
    let on = pod(job("everything-on"));
    let ([first], [then]) = (list(&on["initContainers"]), list(&on["containers"])) else { panic!("{on}") };
    assert_eq!(first["args"], json!(["migrate"]));
    assert_eq!(then["args"], json!(["migrate", "partition", "--parts", "16"]));
    // Both are the owner of the tables, in all else alike.
    for key in ["image", "env", "volumeMounts", "securityContext", "resources"] {
        assert_eq!(first[key], then[key], "{key}");
    }
    assert!(list(&then["env"]).iter().any(|variable| variable["name"] == "ROLLCALL__DATABASE__OWNER_URL"));
}

#[test]
fn what_is_said_of_the_pods_that_serve_is_not_said_of_the_job() {
    let job = job("everything-on");
    assert_eq!(job["spec"]["template"]["metadata"]["labels"]["example.com/tier"], "job");
    let env = list(&pod(job)["containers"][0]["env"]);
    let zones: Vec<_> = env.iter().filter(|variable| variable["name"] == "TZ").collect();
    assert_eq!(zones, [&json!({"name": "TZ", "value": "Europe/London"})]);
    for mounts in [&pod(job)["containers"][0]["volumeMounts"], &pod(job)["initContainers"][0]["volumeMounts"]] {
        for mount in list(mounts) {
            let is_there = list(&pod(job)["volumes"]).iter().any(|volume| volume["name"] == mount["name"]);
            assert!(is_there, "nothing is mounted at {mount}");
        }
        assert!(list(mounts).iter().any(|mount| mount["name"] == "logo"));
    }
    let extra = json!({"workload": {"extraVolumes": [{"name": "a", "emptyDir": {}}], "extraEnv": [{"name": "A", "value": "a"}]}});
    let with = render(chart(), &overlay(&profile("production").values, &extra)).unwrap().objects;
    let with = with.into_iter().find(|object| object["kind"] == "Job").unwrap();
    assert_eq!(with, *self::job("production"));
}

#[test]
fn images_come_from_the_registry_of_all_charts_unless_they_name_one() {
    let images = |values: Value| {
        let values = overlay(&profile("minimal").values, &values);
        let objects = render(chart(), &values).unwrap().objects;
        let pods = objects.iter().filter_map(|object| match object["kind"].as_str().unwrap() {
            "Deployment" | "Job" => Some(pod(object)),
            "Pod" => Some(&object["spec"]),
            _ => None,
        });
        let told = |pod: &Value| {
            let image = pod["containers"][0]["image"].as_str().unwrap().to_owned();
            (image, pod["imagePullSecrets"].clone())
        };
        let mut images: Vec<_> = pods.map(told).collect();
        images.dedup();
        images
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(images(json!({}))[0], (format!("rollcall:{version}"), Value::Null));
    let global =
        json!({"global": {"imageRegistry": "mirror.example.com:5000", "imagePullSecrets": ["a", {"name": "b"}]}});
    let (image, secrets) = images(global.clone()).remove(0);
    assert_eq!(image, format!("mirror.example.com:5000/rollcall:{version}"));
    assert_eq!(secrets, json!([{"name": "a"}, {"name": "b"}]));
    for (image, secrets) in images(global.clone()) {
        assert!(image.starts_with("mirror.example.com:5000/"), "{image}");
        assert_eq!(list(&secrets).len(), 2, "{image}");
    }
    let whole = json!({"image": {"repository": "registry.example.com/rollcall", "pullSecrets": [{"name": "own"}]}});
    let (image, secrets) = images(overlay(&global, &whole)).remove(0);
    assert_eq!(image, format!("registry.example.com/rollcall:{version}"));
    assert_eq!(secrets, json!([{"name": "own"}, {"name": "a"}, {"name": "b"}]));
    let team = images(overlay(&global, &json!({"image": {"repository": "team/rollcall"}}))).remove(0).0;
    assert_eq!(team, format!("mirror.example.com:5000/team/rollcall:{version}"));
}
