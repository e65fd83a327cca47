//! Rendering: templates and values in, objects out.

use std::sync::{Arc, OnceLock};

use gotmpl::{Template, TemplateError, Value};
use serde_json::Value as Json;

use crate::files::Chart;
use crate::values::{from_json, map, overlay, text};
use crate::{ChartError, functions, yaml};

/// The release that is rendered, here and in `.ci/helm`.
pub const RELEASE: &str = "rollcall";
/// Its namespace.
pub const NAMESPACE: &str = "directory";
/// The one template that makes no objects.
const NOTES: &str = "NOTES.txt";

/// What a chart becomes with some values.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The objects, hooks and tests too, by the order of the files.
    pub objects: Vec<Json>,
    /// What Helm prints at the end.
    pub notes: String,
}

/// Renders a chart with values laid over its own, as `helm template` does. Values are not held against the schema.
pub fn render(chart: &Chart, values: &Json) -> Result<Rendered, ChartError> {
    let templates = Templates::of(chart)?;
    let data = data(chart, &overlay(&chart.values, values));
    let mut rendered = Rendered { objects: Vec::new(), notes: String::new() };
    for name in chart.templates.keys().filter(|name| !is_helper(name)) {
        let made = templates.make(name, &data)?;
        match name == NOTES {
            true => rendered.notes = made,
            false => rendered.objects.extend(yaml::read_all(name, &made)?),
        }
    }
    Ok(rendered)
}

/// All templates in one, each by its name.
struct Templates(Arc<OnceLock<Template>>);

impl Templates {
    fn of(chart: &Chart) -> Result<Self, ChartError> {
        let all: Arc<OnceLock<Template>> = Arc::default();
        // Weak, because the templates own this function.
        let seen = Arc::downgrade(&all);
        let include = move |given: &[Value]| {
            let [Value::String(name), data] = given else {
                return Err(TemplateError::Exec("include takes a name and a value".to_owned()));
            };
            let all = seen.upgrade();
            let templates = all.as_ref().and_then(|all| all.get());
            let templates = templates.ok_or_else(|| TemplateError::Exec("there are no templates yet".to_owned()))?;
            templates.execute_template_to_string(name, data).map(|made| text(&made))
        };
        let mut templates = Template::new("chart").funcs(functions::all()).func("include", include);
        for (name, source) in &chart.templates {
            // What a file makes goes by the file's name.
            let whole = match is_helper(name) {
                true => source.clone(),
                false => format!("{{{{define {name:?}}}}}{source}{{{{end}}}}"),
            };
            templates = templates.parse(&whole).map_err(|source| trouble(name, source))?;
        }
        all.get_or_init(|| templates);
        Ok(Self(all))
    }

    fn make(&self, name: &str, data: &Value) -> Result<String, ChartError> {
        let made = self.0.get().map(|templates| templates.execute_template_to_string(name, data));
        made.unwrap_or_else(|| Ok(String::new())).map_err(|source| trouble(name, source))
    }
}

fn trouble(template: &str, source: TemplateError) -> ChartError {
    ChartError::Template { template: template.to_owned(), source: source.into() }
}

fn is_helper(name: &str) -> bool {
    name.starts_with('_')
}

/// What templates see.
fn data(chart: &Chart, values: &Json) -> Value {
    let about = |key: &str| from_json(chart.about.get(key).unwrap_or(&Json::Null));
    let files = chart.files.iter().map(|(path, content)| (Arc::from(path.as_str()), text(content)));
    map([
        ("Values", from_json(values)),
        ("Chart", map([("Name", about("name")), ("Version", about("version")), ("AppVersion", about("appVersion"))])),
        ("Release", map([("Name", text(RELEASE)), ("Namespace", text(NAMESPACE)), ("Service", text("Helm"))])),
        ("Files", Value::Map(Arc::new(files.collect()))),
    ])
}
