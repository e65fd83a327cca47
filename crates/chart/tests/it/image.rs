//! The Dockerfile and `compose.yaml`, as far as they can be read. `.ci/image` starts what they describe.

use chart::files::{read, read_yaml};
use chart::{repository, settings};
use serde_json::Value;

fn compose() -> Value {
    // Merge keys are filled in by what reads the file.
    read_yaml(&repository().join("deploy/compose.yaml")).unwrap()
}

/// Every value of a key, wherever it stands.
fn all<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value {
        Value::Object(map) => {
            let own = map.get(key).into_iter();
            own.chain(map.values().flat_map(|inner| all(inner, key))).collect()
        }
        Value::Array(items) => items.iter().flat_map(|inner| all(inner, key)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_image_is_built_by_the_compiler_that_the_code_asks_for() {
    let dockerfile = read(&repository().join("Dockerfile")).unwrap();
    let rust = env!("CARGO_PKG_RUST_VERSION");
    assert!(dockerfile.contains(&format!("\nARG RUST={rust}\n")), "the Dockerfile does not build with Rust {rust}");
    let (_, last) = dockerfile.rsplit_once("\nFROM ").unwrap();
    assert!(last.contains("\nUSER 65532:65532\n"));
    // A port that only the container itself can reach is none.
    let exposed = last.lines().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap();
    assert_eq!(exposed, "8080 9464");
    for variable in ["ROLLCALL__HTTP__HOST=0.0.0.0", "ROLLCALL__METRICS__HOST=0.0.0.0"] {
        assert!(last.contains(variable), "{variable}");
    }
    assert!(!last.contains("\nRUN "), "the image has no shell to run anything with");
}

#[test]
fn images_of_the_compose_file_have_a_version_and_ours_is_this_one() {
    let compose = compose();
    let images: Vec<_> = all(&compose, "image").into_iter().map(|image| image.as_str().unwrap()).collect();
    assert!(images.contains(&concat!("rollcall:", env!("CARGO_PKG_VERSION"))));
    for image in images {
        let (_, version) = image.split_once(':').unwrap_or_else(|| panic!("{image} has no version"));
        assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{image}");
    }
}

#[test]
fn no_secret_stands_in_the_compose_file() {
    let settings = settings::all().unwrap();
    let compose = compose();
    let mut secrets = 0;
    for variables in all(&compose, "environment") {
        for (name, text) in variables.as_object().unwrap() {
            let text = text.as_str().unwrap();
            let is_secret = match name.starts_with("ROLLCALL__") {
                true => {
                    settings
                        .iter()
                        .find(|setting| setting.variable == *name)
                        .unwrap_or_else(|| panic!("{name}"))
                        .is_secret
                }
                false => name.ends_with("PASSWORD"),
            };
            assert!(!is_secret || text.contains(":?run deploy/make-env first}"), "{name}");
            secrets += usize::from(is_secret);
        }
    }
    assert!(secrets >= 9, "{secrets}");
    assert!(read(&repository().join(".gitignore")).unwrap().contains("deploy/.env\n"));
}

#[test]
fn every_service_that_stays_has_a_health_check() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["healthcheck"].is_object(), name != "migrate", "{name}");
        assert_eq!(service["restart"].is_string(), name != "migrate", "{name}");
    }
    let waits = &compose["services"]["rollcall"]["depends_on"];
    assert_eq!(waits["migrate"]["condition"], "service_completed_successfully");
    let ports = all(&compose, "ports");
    assert_eq!(ports.len(), 1);
    assert!(ports[0][0].as_str().unwrap().starts_with("127.0.0.1:"), "it is for this machine alone");
}
