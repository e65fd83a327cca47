//! A plan carried out on one resource. Either every step succeeds or the resource stays as it was.

use serde_json::{Map, Value};

use super::plan::{Action, Plan, Selection, Step};
use crate::Fault;
use crate::resource::Resource;
use crate::resource_type::ResourceType;
use crate::validate::{self, identity, is_primary};

impl Plan {
    /// The resource after the patch; equal to the one before when nothing changes.
    ///
    /// # Errors
    /// 400 `noTarget` when a filter selects nothing and names no values to create, 400 `invalidValue` when a required
    /// attribute would be left empty.
    pub fn apply(&self, resource_type: &ResourceType, before: &Resource) -> Result<Resource, Fault> {
        let mut attributes = before.attributes().clone();
        for step in &self.steps {
            step.apply(&mut attributes).map_err(|fault| fault.at(&format!("Operations[{}]", step.index)))?;
        }
        validate::require(resource_type, &attributes)?;
        Ok(Resource::trusted(attributes))
    }

    /// Whether only the collection is touched.
    pub fn leaves_document_alone(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Step {
    fn apply(&self, attributes: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(urn) = &self.extension else {
            return self.apply_in(attributes);
        };
        let mut members = match attributes.get(urn) {
            Some(Value::Object(members)) => members.clone(),
            _ => Map::new(),
        };
        self.apply_in(&mut members)?;
        store(attributes, urn, (!members.is_empty()).then_some(Value::Object(members)));
        Ok(())
    }

    fn apply_in(&self, home: &mut Map<String, Value>) -> Result<(), Fault> {
        match (self.multi_valued, &self.sub) {
            (false, None) => store(home, &self.name, self.action.value().cloned()),
            (false, Some(sub)) => {
                let mut node = home.get(&self.name).and_then(Value::as_object).cloned().unwrap_or_default();
                store(&mut node, sub, self.action.value().cloned());
                store(home, &self.name, (!node.is_empty()).then_some(Value::Object(node)));
            }
            (true, _) => {
                let mut elements = home.get(&self.name).and_then(Value::as_array).cloned().unwrap_or_default();
                self.apply_to_elements(&mut elements)?;
                store(home, &self.name, (!elements.is_empty()).then_some(Value::Array(elements)));
            }
        }
        Ok(())
    }

    fn apply_to_elements(&self, elements: &mut Vec<Value>) -> Result<(), Fault> {
        let touched = match (&self.elements, &self.sub) {
            (None, None) => self.whole_attribute(elements),
            (None, Some(sub)) => Some(self.sub_of_selected(elements, sub, None)?),
            (Some(selection), Some(sub)) => Some(self.sub_of_selected(elements, sub, Some(selection))?),
            (Some(selection), None) => self.selected(elements, selection)?,
        };
        if let Some(touched) = touched {
            keep_one_primary(elements, &touched);
        }
        if self.action == Action::Remove {
            elements.retain(says_something);
        }
        Ok(())
    }

    /// The identities of the elements that were written, or none when elements only went away.
    fn whole_attribute(&self, elements: &mut Vec<Value>) -> Option<Vec<usize>> {
        let Some(Value::Array(given)) = self.action.value() else {
            elements.clear();
            return None;
        };
        if matches!(self.action, Action::Replace(_)) {
            elements.clear();
        }
        Some(given.iter().map(|element| append(elements, element)).collect())
    }

    fn selected(&self, elements: &mut Vec<Value>, selection: &Selection) -> Result<Option<Vec<usize>>, Fault> {
        let Some(Value::Object(given)) = self.action.value() else {
            elements.retain(|element| !selection.selects(element));
            return Ok(None);
        };
        let found = selection.find(elements);
        if found.is_empty() {
            let mut created = selection.seed()?;
            created.extend(given.clone());
            elements.push(Value::Object(created));
            return Ok(Some(vec![elements.len() - 1]));
        }
        for index in &found {
            let Some(Value::Object(element)) = elements.get_mut(*index) else { continue };
            if matches!(self.action, Action::Replace(_)) {
                element.clear();
                element.extend(selection.seed.clone().unwrap_or_default());
            }
            element.extend(given.clone());
        }
        Ok(Some(found))
    }

    fn sub_of_selected(&self, elements: &mut Vec<Value>, sub: &str, selection: Option<&Selection>) -> Result<Vec<usize>, Fault> {
        let mut found = match selection {
            Some(selection) => selection.find(elements),
            None => (0..elements.len()).collect(),
        };
        if found.is_empty() && self.action != Action::Remove {
            let created = selection.map_or_else(|| Ok(Map::new()), Selection::seed)?;
            elements.push(Value::Object(created));
            found.push(elements.len() - 1);
        }
        for index in &found {
            if let Some(Value::Object(element)) = elements.get_mut(*index) {
                store(element, sub, self.action.value().cloned());
            }
        }
        Ok(found)
    }
}

impl Action {
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Add(value) | Self::Replace(value) => Some(value),
            Self::Remove => None,
        }
    }
}

impl Selection {
    fn selects(&self, element: &Value) -> bool {
        element.as_object().is_some_and(|element| self.condition.matches(element))
    }

    fn find(&self, elements: &[Value]) -> Vec<usize> {
        elements.iter().enumerate().filter(|(_, element)| self.selects(element)).map(|(index, _)| index).collect()
    }

    fn seed(&self) -> Result<Map<String, Value>, Fault> {
        self.seed.clone().ok_or_else(|| Fault::no_target("the filter of the path matches no value"))
    }
}

fn store(home: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(home.insert(name.to_owned(), value)),
        None => drop(home.shift_remove(name)),
    }
}

/// Adds an element, or updates the one that has its type and value (RFC 7644 §3.5.2.1); gives its place.
fn append(elements: &mut Vec<Value>, element: &Value) -> usize {
    let wanted = identity(element);
    let known = elements.iter().position(|known| identity(known) == wanted);
    match known.and_then(|index| elements.get_mut(index)) {
        Some(Value::Object(known)) => {
            known.extend(element.as_object().cloned().unwrap_or_default());
        }
        Some(_) => {}
        None => elements.push(element.clone()),
    }
    known.unwrap_or(elements.len() - 1)
}

/// A new primary value takes the mark from the others (RFC 7644 §3.5.2). Of several marked in one step the last wins.
fn keep_one_primary(elements: &mut [Value], touched: &[usize]) {
    let Some(winner) = touched.iter().rev().copied().find(|index| elements.get(*index).is_some_and(is_primary)) else {
        return;
    };
    for (index, element) in elements.iter_mut().enumerate() {
        if let Value::Object(element) = element
            && index != winner
            && element.get("primary") == Some(&Value::Bool(true))
        {
            element.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// An element left with nothing but its label is a value that was taken away.
fn says_something(element: &Value) -> bool {
    match element {
        Value::Object(members) => members.keys().any(|name| !matches!(name.as_str(), "type" | "primary")),
        _ => true,
    }
}
