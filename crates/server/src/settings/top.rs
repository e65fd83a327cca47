//! The keys outside any section, and [`Settings`], which holds all sections.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use url::Url;

use super::table::{Fallback, Key, Kind, Section};
use super::{
    BrandingSettings, DatabaseSettings, DatabaseTarget, DnsSettings, HttpSettings, KeySettings, Layers, LimitSettings,
    MailSettings, MetricsSettings, RedisSettings, RetentionSettings, RoleSettings, ScimSettings, SettingsError,
    SsoSettings, TelemetrySettings, TenancySettings,
};

/// Everything an operator decided, checked; each part of the program gets only the section it needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(deserialize_with = "read_public_url")]
    public_url: Url,
    /// Where the embedded home keeps its files; relative to the working directory unless absolute.
    pub data_dir: PathBuf,
    /// The listener.
    pub http: HttpSettings,
    /// Where directories are kept.
    pub database: DatabaseSettings,
    /// The Redis server that replicas share.
    #[serde(default)]
    pub redis: RedisSettings,
    /// Rate limits.
    pub limits: LimitSettings,
    /// How tenants appear in addresses.
    #[serde(default)]
    pub tenancy: TenancySettings,
    /// Whose product the settings UI looks like.
    pub branding: BrandingSettings,
    /// The roles of the vendor's product.
    pub roles: RoleSettings,
    /// The SCIM service.
    pub scim: ScimSettings,
    /// The key ring.
    #[serde(default)]
    pub keys: KeySettings,
    /// How much is kept, and for how long.
    pub retention: RetentionSettings,
    /// How people are written to.
    #[serde(default)]
    pub mail: MailSettings,
    /// What single sign-on asks of other servers.
    #[serde(default)]
    pub sso: SsoSettings,
    /// Who is asked about domains.
    #[serde(default)]
    pub dns: DnsSettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
    /// Measurements.
    pub metrics: MetricsSettings,
}

impl Settings {
    /// Reads all layers; without `file`, `rollcall.toml` in the working directory is read when it exists.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Layers::load(file)?.settings()
    }

    /// As [`Settings::load`], but with nothing taken from the process: only `file` (if any) and `environment`.
    pub fn load_from<Text: Into<OsString>>(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (Text, Text)>,
    ) -> Result<Self, SettingsError> {
        Layers::load_from(file, environment)?.settings()
    }

    /// The address that people and identity providers use, whatever the `Host` header says.
    ///
    /// A [`Url`] without a path still ends in a slash; use [`Settings::public_base`] to append a path to it.
    pub fn public_url(&self) -> Url {
        self.public_url.clone()
    }

    /// Whether directories are kept where they are when nothing is said: in a file of the data folder.
    pub fn is_default_home(&self) -> bool {
        matches!(self.database.target(), DatabaseTarget::Sqlite { path } if path == self.data_dir.join("rollcall.sqlite"))
    }

    /// As [`Settings::public_url`], for a server that asked for any free port (`http.port = 0`) and got `bound`.
    pub fn public_url_at(&self, bound: u16) -> Url {
        let mut url = self.public_url();
        if url.port() == Some(0) && url.set_port(Some(bound)).is_err() {
            return self.public_url();
        }
        url
    }

    /// The public address without a slash at its end, ready for a path to be appended.
    pub fn public_base(&self) -> String {
        self.public_url.as_str().trim_end_matches('/').to_owned()
    }
}

pub(super) const SECTION: Section = Section {
    name: "",
    meaning: "These two stand at the top of the file, before the first `[section]`.",
    keys: &[
        Key {
            name: "public_url",
            kind: Kind::Text {
                expected: "an http or https URL without user name, query or fragment, such as https://directory.example.com",
                accepts: |text| public_url(text).is_some(),
            },
            fallback: Fallback::Derived("`http://{http.host}:{http.port}`"),
            meaning: "The address that people and identity providers use. Every URL that Rollcall shows or returns starts with it, \
                      whatever the `Host` header says. A slash at its end is dropped.",
            secret: false,
        },
        Key {
            name: "data_dir",
            kind: Kind::Text {
                expected: "a folder, without ? in its name",
                accepts: |text| !text.is_empty() && !text.contains('?'),
            },
            fallback: Fallback::Value("rollcall-data"),
            meaning: "Where the embedded home keeps its files. Relative to the working directory unless absolute.",
            secret: false,
        },
    ],
};

/// Reads a public URL and drops the slash at its end; `None` when it is not one.
fn public_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    if !(matches!(url.scheme(), "http" | "https") && url.has_host() && plain && nobody) {
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url)
}

fn read_public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    public_url(&text).ok_or_else(|| D::Error::custom("not a public URL"))
}
