//! The three layers, laid over each other by the crate `config`, with the origin of every value.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use config::{Config, ConfigError, Map, Source, Value, ValueKind};

use super::error::{Origin, SettingsError};
use super::given::Given;
use super::table::{self, Fallback, Key};
use super::{Settings, derived, environment, file, suggest};

/// How the value of a secret key is shown.
const HIDDEN: &str = "***";

/// All layers laid over each other: what holds for each key, and since which layer.
pub struct Layers {
    values: Value,
    origins: Vec<(&'static str, Origin)>,
}

/// One key as `rollcall config check` shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// The dotted name.
    pub name: &'static str,
    /// The value, or `***` for a secret that somebody gave.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Layers {
    /// Reads the layers from the process: `file` or the usual file, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        let file = file::choose(file, Path::new(""));
        Self::load_from(file.as_deref(), std::env::vars_os())
    }

    /// Reads the layers from `file` (if any) and `environment`, and from nothing else.
    pub fn load_from<Text: Into<OsString>>(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (Text, Text)>,
    ) -> Result<Self, SettingsError> {
        let file = file.map(file::read).transpose()?.unwrap_or_default();
        let layers = [Layer::defaults()?, file, environment::read(environment)?];
        let given = layers.iter().fold(Config::builder(), |all, layer| all.add_source(layer.clone())).build();
        let given = given.map_err(|error| unassembled(&error))?;
        let whole = Config::builder().add_source(derived::layer(&given)?).add_source(given);
        let whole = whole.build().map_err(|error| unassembled(&error))?;
        Ok(Self { values: whole.cache, origins: layers.into_iter().flat_map(Layer::origins).collect() })
    }

    /// The settings that hold, after the checks that look at more than one key.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let settings: Settings = self.values.clone().try_deserialize().map_err(|error| unassembled(&error))?;
        settings.database.check(self)?;
        settings.scim.check(self)?;
        settings.keys.check(self)?;
        settings.mail.check(self)?;
        settings.redis.check(self)?;
        Ok(settings)
    }

    /// Every key with its value, in the order of the documentation.
    pub fn shown(&self) -> Vec<Shown> {
        table::all_keys().map(|key| self.show(key)).collect()
    }

    /// The layer that decided a key.
    pub fn origin(&self, name: &str) -> Origin {
        let last = self.origins.iter().rev().find(|(key, _)| *key == name);
        last.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The error that `name` does not fit other keys.
    pub(super) fn misfit(&self, name: &'static str, expected: String) -> SettingsError {
        let given = table::find(name).map(|key| self.show(key).value).unwrap_or_default();
        SettingsError::Invalid { key: name, origin: self.origin(name), given, expected }
    }

    fn show(&self, key: &'static Key) -> Shown {
        let origin = self.origin(key.name);
        let value = match at(&self.values, key.name) {
            None => "(not set)".to_owned(),
            // a default is no secret: it is in the documentation
            Some(_) if key.secret && origin != Origin::Default => HIDDEN.to_owned(),
            Some(ValueKind::String(text)) => format!("{text:?}"),
            Some(other) => other.to_string(),
        };
        Shown { name: key.name, value, origin }
    }
}

/// What one layer gives, checked key by key.
#[derive(Clone, Default)]
pub(super) struct Layer(Vec<(&'static str, ValueKind, Origin)>);

impl Layer {
    /// Takes a value for the key called `name`, if there is such a key and it takes this value.
    pub(super) fn add(&mut self, name: &str, given: &Given, origin: Origin) -> Result<(), SettingsError> {
        let Some(key) = table::find(name).filter(|key| spelt(key, &origin)) else {
            let hint = suggest::hint(name, &origin);
            return Err(SettingsError::Unknown { key: name.to_owned(), origin, hint });
        };
        let Some(value) = key.kind.read(given) else {
            // that nothing was given is no secret, and a likely slip
            let hidden = key.secret && given.text() != Some("");
            let given = if hidden { HIDDEN.to_owned() } else { given.to_string() };
            return Err(SettingsError::Invalid { key: key.name, origin, given, expected: key.kind.expected() });
        };
        self.0.push((key.name, value, origin));
        Ok(())
    }

    /// The built-in defaults, out of the reference table.
    pub(super) fn defaults() -> Result<Self, SettingsError> {
        let mut layer = Self::default();
        for key in table::all_keys() {
            if let Fallback::Value(text) = key.fallback {
                layer.add(key.name, &Given::Loose(text.to_owned()), Origin::Default)?;
            }
        }
        Ok(layer)
    }

    fn origins(self) -> impl Iterator<Item = (&'static str, Origin)> {
        self.0.into_iter().map(|(name, _, origin)| (name, origin))
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.iter().map(|(name, value, _)| ((*name).to_owned(), Value::new(None, value.clone()))).collect())
    }
}

/// `config` asks for it; the values stay out of it, some are secret.
impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _, origin)| (name, origin))).finish()
    }
}

/// The value at a dotted name.
pub(super) fn at<'a>(values: &'a Value, name: &str) -> Option<&'a ValueKind> {
    name.split('.').try_fold(&values.kind, |kind, part| match kind {
        ValueKind::Table(table) => table.get(part).map(|value| &value.kind),
        _ => None,
    })
}

/// Whether a variable is spelt as its key wants it: in capitals.
fn spelt(key: &Key, origin: &Origin) -> bool {
    match origin {
        Origin::Environment(variable) => *variable == key.env(),
        _ => true,
    }
}

/// Only numbers, flags and words can get here; a secret is text, and any text can be read as one.
fn unassembled(error: &ConfigError) -> SettingsError {
    SettingsError::Unassembled(error.to_string())
}
