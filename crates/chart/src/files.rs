//! Reading and writing files, with their name in what goes wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{ChartError, yaml};

/// A chart as it lies on disk.
#[derive(Debug, Clone)]
pub struct Chart {
    /// `Chart.yaml`.
    pub about: Value,
    /// `values.yaml`.
    pub values: Value,
    /// `values.schema.json`.
    pub schema: Value,
    /// Everything in `templates`, by path within it.
    pub templates: BTreeMap<String, String>,
    /// Every other file that templates can read, by path.
    pub files: BTreeMap<String, String>,
}

impl Chart {
    /// Reads the chart in a folder.
    pub fn read(folder: &Path) -> Result<Self, ChartError> {
        let mut files = BTreeMap::new();
        for path in below(&folder.join("files"))? {
            files.insert(relative(folder, &path), read(&path)?);
        }
        let mut templates = BTreeMap::new();
        let home = folder.join("templates");
        for path in below(&home)? {
            templates.insert(relative(&home, &path), read(&path)?);
        }
        let schema = folder.join("values.schema.json");
        Ok(Self {
            about: read_yaml(&folder.join("Chart.yaml"))?,
            values: read_yaml(&folder.join("values.yaml"))?,
            schema: read_json(&schema)?,
            templates,
            files,
        })
    }
}

/// A file's text.
pub fn read(path: &Path) -> Result<String, ChartError> {
    fs::read_to_string(path).map_err(|source| ChartError::File { path: path.to_owned(), source })
}

/// Replaces a file's text, and makes its folder where there is none.
pub fn write(path: &Path, text: &str) -> Result<(), ChartError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, text)).map_err(|source| ChartError::File { path: path.to_owned(), source })
}

/// A file with one YAML document.
pub fn read_yaml(path: &Path) -> Result<Value, ChartError> {
    yaml::read(&path.display().to_string(), &read(path)?)
}

/// A file with JSON.
pub fn read_json(path: &Path) -> Result<Value, ChartError> {
    serde_json::from_str(&read(path)?)
        .map_err(|error| ChartError::Yaml { what: path.display().to_string(), reason: error.to_string() })
}

/// Every file below a folder, in order.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>, ChartError> {
    let trouble = |source| ChartError::File { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        match path.is_dir() {
            true => found.extend(below(&path)?),
            false => found.push(path),
        }
    }
    found.sort();
    Ok(found)
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}
