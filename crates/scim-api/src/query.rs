//! What a list is asked for: the query parameters of RFC 7644 §3.4.2 and §3.9, RFC 9865 §2, or the same in a message.
//! Unknown ones are passed over, such as Entra's `aadOptscim062020`.

use domain::directory::Kind;
use domain::ops::{Part, Show};
use domain::store::{ListQuery, Sort};
use percent_encoding::percent_decode;
use scim_protocol::attribute::Returned;
use scim_protocol::discovery::Capabilities;
use scim_protocol::path::AttrPath;
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{Fault, dialect, filter, urn};
use serde_json::{Map, Value};

use crate::cursor::Question;

/// The parameters a request gave, decoded. An empty one counts as not given, but for a filter, because who sends one does
/// not want everything, and a cursor, which asks for the first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParameters {
    pub filter: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    pub cursor: Option<String>,
}

/// A page that is asked for.
#[derive(Debug)]
pub struct Wanted {
    pub parts: Vec<Part>,
    /// How many to pass over; without meaning where there is a cursor.
    pub offset: u64,
    pub limit: u64,
    /// What a cursor has to have been made for.
    pub question: Question,
}

impl QueryParameters {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 `invalidValue` when a parameter of ours is not UTF-8 or is given twice.
    pub fn read(query: &str) -> Result<Self, Fault> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Ok(name) = decode(name) else { continue };
            let Some(slot) = parameters.slot(&name) else { continue };
            let value =
                decode(value).map_err(|()| Fault::invalid_value(format!("the parameter \"{name}\" is not UTF-8")))?;
            if slot.is_some() {
                return Err(Fault::invalid_value(format!("the parameter \"{name}\" is given twice")));
            }
            *slot = Some(value).filter(|value| !value.is_empty() || name == "filter" || name == "cursor");
        }
        Ok(parameters)
    }

    /// Reads a `SearchRequest` (RFC 7644 §3.4.3), its member names in any case.
    ///
    /// # Errors
    /// 400 `invalidSyntax` when it is none, `invalidValue` when a member is not of its type.
    pub fn read_message(message: Value) -> Result<Self, Fault> {
        let Value::Object(members) = message else {
            return Err(Fault::invalid_syntax("a search request is a JSON object"));
        };
        require_schema(&members)?;
        let mut parameters = Self::default();
        for (name, value) in members {
            let Some(known) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(&name)) else { continue };
            let Some(slot) = parameters.slot(known) else { continue };
            if slot.is_some() {
                return Err(Fault::invalid_syntax(format!("\"{known}\" is given twice")));
            }
            *slot = text_of(known, value)?;
        }
        Ok(parameters)
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "filter" => Some(&mut self.filter),
            "attributes" => Some(&mut self.attributes),
            "excludedAttributes" => Some(&mut self.excluded_attributes),
            "sortBy" => Some(&mut self.sort_by),
            "sortOrder" => Some(&mut self.sort_order),
            "startIndex" => Some(&mut self.start_index),
            "count" => Some(&mut self.count),
            "cursor" => Some(&mut self.cursor),
            _ => None,
        }
    }

    /// # Errors
    /// As [`Projection::new`].
    pub fn projection(&self, resource_type: &ResourceType) -> Result<Projection, Fault> {
        let attributes = self.attributes.as_deref().unwrap_or_default();
        Projection::new(resource_type, attributes, self.excluded_attributes.as_deref().unwrap_or_default())
    }

    /// Refuses a filter that would put a secret into an address (RFC 7644 §7.5.2).
    ///
    /// # Errors
    /// 403 `sensitive`; 400 `invalidFilter` for what is no filter.
    pub fn refuse_secrets(&self, types: &[&ResourceType]) -> Result<(), Fault> {
        let Some(text) = &self.filter else { return Ok(()) };
        let parsed = filter::parse(text)?;
        match types.iter().any(|resource_type| parsed.asks_for_secret(resource_type)) {
            true => Err(Fault::sensitive("a secret does not belong into an address, and cannot be searched for")),
            false => Ok(()),
        }
    }

    /// The page that is asked for, of one type or of several. `startIndex` below 1 means 1, `count` below 0 means 0 (RFC
    /// 7644 §3.4.2.4).
    ///
    /// # Errors
    /// 400 `invalidFilter`, or `invalidValue` for a number or order that is none, `invalidCount` where there is a cursor,
    /// `invalidPath` for `sortBy`.
    pub fn wanted(&self, types: &[&ResourceType], base_url: &str, capabilities: Capabilities) -> Result<Wanted, Fault> {
        let filters = |filter| dialect::query_filters(types, base_url, filter);
        let conditions = self.filter.as_deref().map(filters).transpose()?;
        let mut conditions = conditions.unwrap_or_default().into_iter();
        let sorts = self.sorts(types)?;
        let start_index = number("startIndex", self.start_index.as_deref())?.unwrap_or(1);
        let count = number("count", self.count.as_deref());
        let count = match &self.cursor {
            None => count?,
            Some(_) => count.map_err(|fault| Fault::invalid_count(fault.detail))?,
        };
        let count = count.unwrap_or(i64::from(capabilities.default_page_size));
        let mut parts = Vec::with_capacity(types.len());
        for (resource_type, sort) in types.iter().zip(sorts) {
            let show = shown(resource_type, &self.projection(resource_type)?);
            let groups = show == Show::Related;
            let query = ListQuery { condition: conditions.next(), sort, groups, ..ListQuery::default() };
            parts.push(Part { kind: Kind::named(&resource_type.name), query, show });
        }
        Ok(Wanted {
            question: self.question(types),
            parts,
            offset: u64::try_from(start_index - 1).unwrap_or(0),
            limit: u64::try_from(count).unwrap_or(0).min(u64::from(capabilities.max_page_size)),
        })
    }

    fn question(&self, types: &[&ResourceType]) -> Question {
        let order = self.sort_order.as_deref().unwrap_or_default().to_ascii_lowercase();
        let given = [self.filter.as_deref(), self.sort_by.as_deref(), Some(order.as_str())];
        let given = given.map(Option::unwrap_or_default);
        let names: Vec<&str> = types.iter().map(|resource_type| resource_type.name.as_str()).chain(given).collect();
        Question::of(&names)
    }

    /// The order of each type; what it lacks it is not sorted by.
    fn sorts(&self, types: &[&ResourceType]) -> Result<Vec<Option<Sort>>, Fault> {
        let descending = match self.sort_order.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(other) => {
                return Err(Fault::invalid_value(format!(
                    "\"sortOrder\" is \"ascending\" or \"descending\", not \"{other}\""
                )));
            }
        };
        let Some(sort_by) = self.sort_by.as_deref() else {
            return Ok(vec![None; types.len()]);
        };
        let path = AttrPath::parse(sort_by)?;
        let sorts: Vec<_> = types.iter().map(|resource_type| sort(resource_type, &path, descending)).collect();
        if sorts.iter().all(Option::is_none) {
            let names: Vec<&str> = types.iter().map(|resource_type| resource_type.name.as_str()).collect();
            let names = names.join(", ");
            return Err(Fault::invalid_path(format!("\"sortBy\": {names} cannot be sorted by \"{sort_by}\"")));
        }
        Ok(sorts)
    }
}

const NAMES: [&str; 8] =
    ["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count", "cursor"];

fn require_schema(members: &Map<String, Value>) -> Result<(), Fault> {
    let schemas = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let urns = schemas.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match urns.into_iter().any(|it| it.eq_ignore_ascii_case(urn::SEARCH_REQUEST)) {
        true => Ok(()),
        false => Err(Fault::invalid_syntax(format!("\"schemas\" must name \"{}\"", urn::SEARCH_REQUEST))),
    }
}

/// A member of a message as it would stand in a query string.
fn text_of(name: &str, value: Value) -> Result<Option<String>, Fault> {
    let wrong = |what: &str| Fault::invalid_value(format!("\"{name}\" takes {what}"));
    match (name, value) {
        (_, Value::Null) => Ok(None),
        ("attributes" | "excludedAttributes", Value::Array(names)) => {
            let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
            let names = names.ok_or_else(|| wrong("a list of strings"))?.join(",");
            Ok(Some(names).filter(|names| !names.is_empty()))
        }
        ("attributes" | "excludedAttributes", Value::String(names)) => {
            Ok(Some(names).filter(|names| !names.is_empty()))
        }
        ("startIndex" | "count", Value::Number(number)) => Ok(Some(number.to_string())),
        ("attributes" | "excludedAttributes", _) => Err(wrong("a list of strings")),
        ("startIndex" | "count", _) => Err(wrong("a whole number")),
        ("filter" | "cursor", Value::String(text)) => Ok(Some(text)),
        (_, Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        _ => Err(wrong("a string")),
    }
}

/// None when the type cannot be sorted by it. A complex attribute is sorted by its value.
fn sort(resource_type: &ResourceType, path: &AttrPath, descending: bool) -> Option<Sort> {
    let mut path = path.clone();
    if resource_type.locate(&path)?.leaf().is_complex() {
        path.sub = Some("value".to_owned());
    }
    let located = resource_type.locate(&path)?;
    let is_secret = located.leaf().returned == Returned::Never || located.attribute.returned == Returned::Never;
    (!is_secret).then(|| Sort { field: located.field(), descending })
}

/// Memberships are loaded only when they will be in the answer.
pub fn shown(resource_type: &ResourceType, projection: &Projection) -> Show {
    let related = resource_type.collection.as_deref().unwrap_or("groups");
    if projection.wants(related) { Show::Related } else { Show::Document }
}

fn decode(text: &str) -> Result<String, ()> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| ())
}

fn number(name: &str, text: Option<&str>) -> Result<Option<i64>, Fault> {
    let parse = |text: &str| text.trim().parse::<i64>().ok().filter(|number| *number > i64::MIN);
    text.map(|text| {
        parse(text).ok_or_else(|| Fault::invalid_value(format!("\"{name}\" is a whole number, not \"{text}\"")))
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use scim_protocol::discovery::BulkLimits;
    use serde_json::json;

    use super::*;

    const CAPABILITIES: Capabilities = Capabilities {
        default_page_size: 100,
        max_page_size: 1000,
        cursor_timeout: 60,
        bulk: BulkLimits { max_operations: 10, max_payload_size: 1000 },
    };

    fn wanted(query: &str) -> Result<Wanted, Fault> {
        QueryParameters::read(query)?.wanted(&[&ResourceType::user()], "https://x", CAPABILITIES)
    }

    #[test]
    fn windows_are_clamped_as_the_rfc_says() {
        let window = |query: &str| wanted(query).map(|wanted| (wanted.offset, wanted.limit)).unwrap();
        assert_eq!(window(""), (0, 100));
        assert_eq!(window("startIndex=0&count=-5"), (0, 0));
        assert_eq!(window("startIndex=11&count=5&aadOptscim062020"), (10, 5));
        assert_eq!(window("count=100000"), (0, 1000));
        assert_eq!(window("startIndex=&count="), (0, 100));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for query in [
            "count=many",
            "startIndex=1.5",
            "count=99999999999999999999",
            "sortBy=nope",
            "sortBy=name",
            "sortBy=password",
            "filter=",
            "sortBy=userName&sortOrder=up",
            "filter=%ff",
            "filter=a&filter=b",
            "filter=userName+eq+%22%00%22",
        ] {
            assert_eq!(wanted(query).unwrap_err().status, 400, "{query}");
        }
    }

    #[test]
    fn plus_and_percent_twenty_are_spaces() {
        let plus = QueryParameters::read("filter=userName+eq+%22a%2Bb%22").unwrap();
        assert_eq!(plus.filter.as_deref(), Some("userName eq \"a+b\""));
        assert_eq!(QueryParameters::read("filter=userName%20eq%20%22a%2Bb%22").unwrap(), plus);
    }

    #[test]
    fn complex_attributes_are_sorted_by_their_value() {
        let mut wanted = wanted("sortBy=emails&sortOrder=DESCENDING").unwrap();
        let sort = wanted.parts.remove(0).query.sort.unwrap();
        assert_eq!((sort.field.path().as_str(), sort.descending), ("emails.value", true));
    }

    #[test]
    fn a_message_asks_the_same_as_a_query_string() {
        let message = json!({
            "schemas": [urn::SEARCH_REQUEST], "Attributes": ["userName", "emails.value"], "filter": "title pr",
            "sortBy": "userName", "sortOrder": "descending", "startIndex": 3, "count": 7, "unknown": {},
        });
        let query = "attributes=userName,emails.value&filter=title+pr&sortBy=userName&sortOrder=descending\
                     &startIndex=3&count=7";
        assert_eq!(QueryParameters::read_message(message).unwrap(), QueryParameters::read(query).unwrap());
        for bad in [
            json!([]),
            json!({"filter": "title pr"}),
            json!({"schemas": [urn::SEARCH_REQUEST], "count": "7"}),
            json!({"schemas": [urn::SEARCH_REQUEST], "filter": 7}),
            json!({"schemas": [urn::SEARCH_REQUEST], "attributes": [7]}),
            json!({"schemas": [urn::SEARCH_REQUEST], "filter": "a", "FILTER": "b"}),
        ] {
            assert_eq!(QueryParameters::read_message(bad).unwrap_err().status, 400);
        }
    }

    #[test]
    fn what_no_type_of_several_has_is_refused_and_what_one_lacks_is_not() {
        let (user, group) = (ResourceType::user(), ResourceType::group());
        let ask =
            |query: &str| QueryParameters::read(query).unwrap().wanted(&[&user, &group], "https://x", CAPABILITIES);
        assert!(ask("filter=userName+eq+%22a%22&sortBy=userName").is_ok());
        assert!(ask("filter=nope+eq+%22a%22").is_err());
        assert!(ask("sortBy=nope").is_err());
    }
}
