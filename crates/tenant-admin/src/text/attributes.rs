//! What attributes and their values are called.

use domain::detail::Detail;
use serde_json::Value;

/// What people call an attribute. What is not known here is spelled out of its name: `shoeSize` is "Shoe size".
pub fn label(path: &str, kind: Option<&str>) -> String {
    let name = path.rsplit_once(':').filter(|(urn, _)| urn.starts_with("urn:")).map_or(path, |(_, name)| name);
    let known = match name {
        "userName" => "User name",
        "displayName" => "Display name",
        "externalId" => "External ID",
        "active" => "Active",
        "title" => "Title",
        "nickName" => "Nickname",
        "name.formatted" => "Full name",
        "name.givenName" => "First name",
        "name.familyName" => "Last name",
        "name.middleName" => "Middle name",
        "name.honorificPrefix" => "Title before the name",
        "name.honorificSuffix" => "Title after the name",
        "preferredLanguage" => "Language",
        "locale" => "Region",
        "timezone" => "Time zone",
        "userType" => "Kind of user",
        "profileUrl" => "Profile page",
        "employeeNumber" => "Employee number",
        "costCenter" => "Cost center",
        "manager.value" => "Manager",
        "notify" => "Notification addresses",
        "fallback" => "Role of everybody else",
        "log_retention_days" => "Days the activity log is kept",
        "manager.displayName" => "Manager’s name",
        "emails" => return of_kind("Email", kind),
        "phoneNumbers" => return of_kind("Phone", kind),
        "ims" => return of_kind("Instant message", kind),
        "photos" => return of_kind("Photo", kind),
        "roles" => return of_kind("Role", kind),
        "entitlements" => return of_kind("Entitlement", kind),
        "addresses.formatted" => return of_kind("Address", kind),
        "addresses.streetAddress" => return of_kind("Street", kind),
        "addresses.locality" => return of_kind("City", kind),
        "addresses.region" => return of_kind("State or region", kind),
        "addresses.postalCode" => return of_kind("Postal code", kind),
        "addresses.country" => return of_kind("Country", kind),
        name => return of_kind(&in_rule(name).unwrap_or_else(|| spelled(name)), kind),
    };
    known.to_owned()
}

/// A part of one of the rules by which people get their roles: `rules.1.group` is "Rule 1, group".
fn in_rule(name: &str) -> Option<String> {
    let (number, part) = name.strip_prefix("rules.")?.split_once('.')?;
    let part = match part {
        "group" => "group",
        "group_id" => "ID of the group",
        "groups_named" => "groups named",
        "role" => "role",
        _ => return None,
    };
    Some(format!("Rule {number}, {part}"))
}

/// "Work email", "Mobile phone", "Email (spare)".
fn of_kind(what: &str, kind: Option<&str>) -> String {
    let lower = || what.chars().take(1).flat_map(char::to_lowercase).chain(what.chars().skip(1)).collect::<String>();
    match kind.map(str::to_lowercase).as_deref() {
        None => what.to_owned(),
        Some("work") => format!("Work {}", lower()),
        Some("home") => format!("Home {}", lower()),
        Some("mobile") => format!("Mobile {}", lower()),
        Some("fax") => "Fax".to_owned(),
        Some("pager") => "Pager".to_owned(),
        Some("other") => format!("Other {}", lower()),
        Some(_) => format!("{what} ({})", kind.unwrap_or_default()),
    }
}

/// The words in a name of a program's: `emails.primary` → "Emails primary".
pub fn spelled(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for each in name.chars() {
        match each {
            '.' | '_' | '-' => words.push(' '),
            each if each.is_uppercase() && was_lower => {
                words.push(' ');
                words.extend(each.to_lowercase());
            }
            each => words.push(each),
        }
        was_lower = each.is_lowercase() || each.is_ascii_digit();
    }
    let first = words.chars().take(1).flat_map(char::to_uppercase);
    first.chain(words.chars().skip(1)).collect()
}

/// A value as people read it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a value is for programs and stands in their typeface.
pub fn is_code(path: &str) -> bool {
    matches!(path, "externalId" | "id") || path.ends_with("manager.value")
}

/// Whether a page of a person leaves it out: marks that say nothing by themselves.
pub fn is_noise(detail: &Detail) -> bool {
    detail.path == "schemas" || detail.path.ends_with(".primary") || detail.path.ends_with(".display")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_called_what_people_call_them() {
        for (path, kind, expected) in [
            ("userName", None, "User name"),
            ("emails", Some("work"), "Work email"),
            ("phoneNumbers", Some("mobile"), "Mobile phone"),
            ("phoneNumbers", Some("fax"), "Fax"),
            ("emails", Some("Spare"), "Email (Spare)"),
            ("addresses.locality", Some("work"), "Work city"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", None, "Employee number"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", None, "Manager"),
            ("urn:x:2.0:Badge:shoeSize", None, "Shoe size"),
            ("urn:x:2.0:Badge:costHTTP2", None, "Cost HTTP2"),
        ] {
            assert_eq!(label(path, kind).to_lowercase(), expected.to_lowercase());
        }
    }
}
