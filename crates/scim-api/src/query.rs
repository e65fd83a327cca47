//! Query parameters (RFC 7644 §3.4.2, §3.9). Unknown ones are passed over, such as Entra's `aadOptscim062020`.

use domain::store::{ListQuery, Sort};
use percent_encoding::percent_decode;
use scim_protocol::attribute::Returned;
use scim_protocol::discovery::Capabilities;
use scim_protocol::path::AttrPath;
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::{Fault, dialect};

/// The parameters a request gave, decoded. An empty one counts as not given, but for a filter: who sends one does not
/// want everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryParameters {
    pub filter: Option<String>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
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
            *slot = Some(value).filter(|value| !value.is_empty() || name == "filter");
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
            _ => None,
        }
    }

    /// # Errors
    /// As [`Projection::new`].
    pub fn projection(&self, resource_type: &ResourceType) -> Result<Projection, Fault> {
        let attributes = self.attributes.as_deref().unwrap_or_default();
        Projection::new(resource_type, attributes, self.excluded_attributes.as_deref().unwrap_or_default())
    }

    /// The list that is asked for. `startIndex` below 1 means 1, `count` below 0 means 0 (RFC 7644 §3.4.2.4).
    ///
    /// # Errors
    /// 400 `invalidFilter`, or `invalidValue` for a number or order that is none, `invalidPath` for `sortBy`.
    pub fn list(&self, resource_type: &ResourceType, capabilities: Capabilities) -> Result<ListQuery, Fault> {
        let condition =
            self.filter.as_deref().map(|filter| dialect::query_filter(resource_type, filter)).transpose()?;
        let start_index = number("startIndex", self.start_index.as_deref())?.unwrap_or(1);
        let count = number("count", self.count.as_deref())?.unwrap_or(i64::from(capabilities.default_page_size));
        Ok(ListQuery {
            condition,
            sort: self.sort(resource_type)?,
            offset: u64::try_from(start_index - 1).unwrap_or(0),
            limit: u64::try_from(count).unwrap_or(0).min(u64::from(capabilities.max_page_size)),
            groups: false,
        })
    }

    fn sort(&self, resource_type: &ResourceType) -> Result<Option<Sort>, Fault> {
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
            return Ok(None);
        };
        let unknown =
            || Fault::invalid_path(format!("\"sortBy\": {} cannot be sorted by \"{sort_by}\"", resource_type.name));
        let mut path = AttrPath::parse(sort_by)?;
        let located = resource_type.locate(&path).ok_or_else(unknown)?;
        if located.leaf().is_complex() {
            path.sub = Some("value".to_owned());
        }
        let located = resource_type.locate(&path).ok_or_else(unknown)?;
        if located.leaf().returned == Returned::Never {
            return Err(unknown());
        }
        Ok(Some(Sort { field: located.field(), descending }))
    }
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
    use super::*;

    const CAPABILITIES: Capabilities = Capabilities { default_page_size: 100, max_page_size: 1000 };

    fn list(query: &str) -> Result<ListQuery, Fault> {
        QueryParameters::read(query)?.list(&ResourceType::user(), CAPABILITIES)
    }

    #[test]
    fn windows_are_clamped_as_the_rfc_says() {
        let window = |query: &str| list(query).map(|query| (query.offset, query.limit)).unwrap();
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
            assert_eq!(list(query).unwrap_err().status, 400, "{query}");
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
        let sort = list("sortBy=emails&sortOrder=DESCENDING").unwrap().sort.unwrap();
        assert_eq!((sort.field.path().as_str(), sort.descending), ("emails.value", true));
    }
}
