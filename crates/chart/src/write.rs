//! What is written from something else: the chart's README, the schema's part about settings, and the golden files.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::files::{self, Chart, read, read_json};
use crate::render::render;
use crate::{ChartError, chart_folder, readme, repository, schema, settings, yaml};

/// The profiles whose objects are kept as golden files, for people to see what a change of the chart does.
pub const GOLDEN: [&str; 3] = ["minimal", "production", "split"];

/// The files of values that the chart is rendered with, by name.
pub fn profiles() -> Result<Vec<(String, Json)>, ChartError> {
    let mut profiles = Vec::new();
    for path in files::below(&chart_folder().join("ci"))? {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        profiles.push((name, files::read_yaml(&path)?));
    }
    Ok(profiles)
}

/// Each file that is written, with the text it should have.
pub fn everything() -> Result<Vec<(PathBuf, String)>, ChartError> {
    let home = chart_folder();
    let source = read(&home.join("values.yaml"))?;
    let path = home.join("values.schema.json");
    let whole = schema::with_settings(&read_json(&path)?, &settings::all()?)?;
    let mut written = vec![(path, pretty(&whole)), (home.join("README.md"), readme::text(&source, &values(&home)?)?)];
    let chart = Chart::read(&home)?;
    for (name, values) in profiles()?.iter().filter(|(name, _)| GOLDEN.contains(&name.as_str())) {
        let path = repository().join("crates/chart/tests/golden").join(format!("{name}.yaml"));
        written.push((path, golden(&render(&chart, values)?.objects)));
    }
    Ok(written)
}

fn values(home: &Path) -> Result<Json, ChartError> {
    files::read_yaml(&home.join("values.yaml"))
}

fn pretty(json: &Json) -> String {
    format!("{json:#}\n")
}

/// Objects as a golden file has them: all but those whose content is in `files`, where it can be read.
pub fn golden(objects: &[Json]) -> String {
    let shown = objects.iter().filter(|object| !is_from_files(object));
    let texts: Vec<_> = shown.map(|object| format!("---\n{}\n", yaml::text(object))).collect();
    texts.concat()
}

fn is_from_files(object: &Json) -> bool {
    let is_dashboard =
        object.pointer("/metadata/name").and_then(Json::as_str).is_some_and(|it| it.contains("-dashboard-"));
    is_dashboard || object.get("kind").and_then(Json::as_str) == Some("PrometheusRule")
}

/// What a release leaves behind for upgrades to be tested from: the values and the objects of each golden profile.
pub fn release() -> Result<Vec<(PathBuf, String)>, ChartError> {
    let home = chart_folder();
    let version = files::read_yaml(&home.join("Chart.yaml"))?;
    let version = version.get("version").and_then(Json::as_str).unwrap_or_default().to_owned();
    let folder = repository().join("crates/chart/tests/releases").join(version);
    let mut left = Vec::new();
    for name in GOLDEN {
        left.push((folder.join(format!("{name}.values.yaml")), read(&home.join("ci").join(format!("{name}.yaml")))?));
        let golden = repository().join("crates/chart/tests/golden").join(format!("{name}.yaml"));
        left.push((folder.join(format!("{name}.objects.yaml")), read(&golden)?));
    }
    Ok(left)
}

/// The objects of every profile, by its name: what `.ci/helm` holds against real Helm's.
pub fn objects() -> Result<Json, ChartError> {
    let chart = Chart::read(&chart_folder())?;
    let mut all = Map::new();
    for (name, values) in profiles()? {
        all.insert(name, Json::Array(render(&chart, &values)?.objects));
    }
    Ok(Json::Object(all))
}
