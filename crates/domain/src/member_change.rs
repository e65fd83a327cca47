//! What a request does to a group's members, folded into one change.

use std::collections::BTreeSet;

use scim_protocol::filter::Condition;
use scim_protocol::patch::CollectionEdit;
use scim_protocol::{Fault, Reason};
use serde_json::Value;

use crate::directory::Member;
use crate::ids::ResourceId;

/// How many members the edits of one request may look at together.
const WORK_LIMIT: usize = 1_000_000;

/// The net effect of a list of edits: first everybody leaves if `clear`, then some are removed and others added.
///
/// Ids are kept in order, because two requests that touch the same rows in the same order cannot wait for each other in
/// a circle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberChange {
    pub clear: bool,
    pub remove: BTreeSet<ResourceId>,
    pub add: BTreeSet<ResourceId>,
}

impl MemberChange {
    /// The members become exactly these.
    ///
    /// # Errors
    /// 400 `invalidValue` for an element that names nobody.
    pub fn exactly(elements: &[Value]) -> Result<Self, Fault> {
        let mut change = Self { clear: true, ..Self::default() };
        change.add(elements)?;
        Ok(change)
    }

    /// Folds the edits of a PATCH. `members` are those the group has now; they are looked at only by edits that choose by
    /// something else than `value`.
    ///
    /// # Errors
    /// 400 `invalidValue` for an added element that names nobody, and for more work than one request may cause.
    pub fn fold(edits: &[CollectionEdit], members: &[Member]) -> Result<Self, Fault> {
        let searches = edits.iter().filter(|edit| matches!(edit, CollectionEdit::RemoveWhere(_))).count();
        let given: usize =
            edits.iter().map(|edit| if let CollectionEdit::Add(added) = edit { added.len() } else { 0 }).sum();
        if searches.saturating_mul(members.len() + given) > WORK_LIMIT {
            return Err(Fault::invalid_value(format!(
                "the operations would look at more than {WORK_LIMIT} members together; name members by \"value\""
            )));
        }
        let elements: Vec<(ResourceId, Value)> = members.iter().map(|member| (member.id, member.element())).collect();
        let mut change = Self::default();
        // Those that this very request adds can be chosen by what it says of them.
        let mut added: Vec<(ResourceId, Value)> = Vec::new();
        for edit in edits {
            match edit {
                CollectionEdit::Add(elements) => {
                    change.add(elements)?;
                    if searches > 0 {
                        let id = |element: &Value| element.get("value").and_then(Value::as_str)?.parse().ok();
                        added.extend(elements.iter().filter_map(|element| Some((id(element)?, element.clone()))));
                    }
                }
                CollectionEdit::Remove(value) => change.remove(value.parse().ok()),
                CollectionEdit::RemoveWhere(condition) => {
                    change.remove_where(condition, &elements);
                    change.remove_where(condition, &added);
                }
                CollectionEdit::Clear => change = Self { clear: true, ..Self::default() },
            }
        }
        Ok(change)
    }

    fn remove_where(&mut self, condition: &Condition, elements: &[(ResourceId, Value)]) {
        for (id, element) in elements {
            if element.as_object().is_some_and(|element| condition.matches(element)) {
                self.remove(Some(*id));
            }
        }
    }

    /// Whether what an edit comes to depends on the members there are.
    pub fn needs_members(edits: &[CollectionEdit]) -> bool {
        edits.iter().any(|edit| matches!(edit, CollectionEdit::RemoveWhere(_) | CollectionEdit::Clear))
    }

    pub fn is_empty(&self) -> bool {
        !self.clear && self.remove.is_empty() && self.add.is_empty()
    }

    fn add(&mut self, elements: &[Value]) -> Result<(), Fault> {
        for element in elements {
            let value = element.get("value").and_then(Value::as_str);
            let value =
                value.ok_or_else(|| Fault::invalid_value("a member needs a \"value\": the id of a user or group"))?;
            let id = value.parse().map_err(|_| unknown_member(value))?;
            self.remove.remove(&id);
            self.add.insert(id);
        }
        Ok(())
    }

    fn remove(&mut self, id: Option<ResourceId>) {
        if let Some(id) = id {
            self.add.remove(&id);
            self.remove.insert(id);
        }
    }
}

/// 400 `invalidValue` that names the member.
pub fn unknown_member(value: &str) -> Fault {
    Fault::invalid_value(format!("members: there is no user or group with the id \"{value}\""))
        .because(Reason::UnknownReference)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> ResourceId {
        ResourceId(Uuid::from_u128(number))
    }

    fn element(number: u128) -> Value {
        json!({"value": id(number).to_string()})
    }

    #[test]
    fn later_edits_win_over_earlier_ones() {
        let edits = [
            CollectionEdit::Add(vec![element(1), element(2)]),
            CollectionEdit::Remove(id(1).to_string()),
            CollectionEdit::Remove(id(3).to_string()),
            CollectionEdit::Add(vec![element(3)]),
            CollectionEdit::Remove("nobody".to_owned()),
        ];
        let change = MemberChange::fold(&edits, &[]).unwrap();
        assert_eq!(change.add.into_iter().collect::<Vec<_>>(), [id(2), id(3)]);
        assert_eq!(change.remove.into_iter().collect::<Vec<_>>(), [id(1)]);
        assert!(!change.clear);
    }

    #[test]
    fn what_the_same_request_adds_can_be_chosen() {
        let text = format!("value sw \"{}\"", id(1));
        let members = scim_protocol::resource_type::ResourceType::group();
        let members = members.core_attribute("members").unwrap();
        let condition = scim_protocol::filter::parse(&text).unwrap().check_element(members).unwrap();
        let edits = [CollectionEdit::Add(vec![element(1), element(2)]), CollectionEdit::RemoveWhere(condition)];
        let change = MemberChange::fold(&edits, &[]).unwrap();
        assert_eq!(change.add.into_iter().collect::<Vec<_>>(), [id(2)]);
    }

    #[test]
    fn a_replacement_is_a_clearing_and_an_adding() {
        let edits =
            [CollectionEdit::Add(vec![element(1)]), CollectionEdit::Clear, CollectionEdit::Add(vec![element(2)])];
        assert_eq!(MemberChange::fold(&edits, &[]).unwrap(), MemberChange::exactly(&[element(2)]).unwrap());
    }

    #[test]
    fn members_that_name_nobody_are_refused_by_name() {
        for bad in [json!({"value": "nobody"}), json!({"display": "x"}), json!({"value": 5})] {
            assert!(MemberChange::exactly(&[bad]).is_err());
        }
    }
}
