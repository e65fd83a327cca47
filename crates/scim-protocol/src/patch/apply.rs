//! A plan carried out on one resource. Either every step succeeds or the resource stays as it was.

use serde_json::{Map, Value};

use super::plan::{Action, Plan, Selection, Step};
use crate::Fault;
use crate::element::{first_equals, is_primary};
use crate::resource::Resource;
use crate::resource_type::ResourceType;
use crate::validate;

/// How many values the operations of one PATCH may look at together: each operation on a multi-valued attribute looks at
/// all its values, so that their product is what one client could keep a server busy with.
const WORK_LIMIT: usize = 1_000_000;

fn too_much_work() -> Fault {
    Fault::invalid_value(format!(
        "the operations up to here look at more than {WORK_LIMIT} values together; send them in several requests"
    ))
}

impl Plan {
    /// The resource after the patch; equal to the one before when nothing changes.
    ///
    /// # Errors
    /// 400 `noTarget` when a filter selects nothing and names no values to create, 400 `invalidValue` when a required
    /// attribute would be left empty or the operations are too much work, 400 `mutability` when an immutable one would lose its
    /// value.
    pub fn apply(&self, resource_type: &ResourceType, before: &Resource) -> Result<Resource, Fault> {
        let mut attributes = before.attributes().clone();
        let mut work = 0;
        for step in &self.steps {
            work += step.work(&attributes);
            let applied = if work > WORK_LIMIT { Err(too_much_work()) } else { step.apply(&mut attributes) };
            applied.map_err(|fault| fault.at(&format!("Operations[{}]", step.index)))?;
        }
        validate::require(resource_type, &attributes).map_err(|fault| self.blamed(fault))?;
        validate::keep_immutable(resource_type, before.attributes(), &attributes)?;
        Ok(Resource::trusted(attributes))
    }

    /// RFC 7644 §3.5.2.2: what is required and was removed is a matter of mutability, also when a filter emptied it.
    fn blamed(&self, fault: Fault) -> Fault {
        match self.steps.iter().any(|step| step.action == Action::Remove) {
            true => Fault { reason: fault.reason, ..Fault::mutability(fault.detail) },
            false => fault,
        }
    }

    /// Whether only the collection is touched.
    pub fn leaves_document_alone(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Step {
    /// How many values the step looks at.
    fn work(&self, attributes: &Map<String, Value>) -> usize {
        let home = match &self.extension {
            None => Some(attributes),
            Some(urn) => attributes.get(urn).and_then(Value::as_object),
        };
        let there = home.and_then(|home| home.get(&self.name)).and_then(Value::as_array).map_or(0, Vec::len);
        let given = self.action.value().and_then(Value::as_array).map_or(0, Vec::len);
        1 + there + given
    }

    fn apply(&self, attributes: &mut Map<String, Value>) -> Result<(), Fault> {
        let Some(urn) = &self.extension else {
            return self.apply_in(attributes);
        };
        let mut members = take_object(attributes, urn);
        self.apply_in(&mut members)?;
        store(attributes, urn, (!members.is_empty()).then_some(Value::Object(members)));
        Ok(())
    }

    fn apply_in(&self, home: &mut Map<String, Value>) -> Result<(), Fault> {
        match (self.multi_valued, &self.sub) {
            (false, None) => store(home, &self.name, self.action.value().cloned()),
            (false, Some(sub)) => {
                let mut node = take_object(home, &self.name);
                store(&mut node, sub, self.action.value().cloned());
                store(home, &self.name, (!node.is_empty()).then_some(Value::Object(node)));
            }
            (true, _) => {
                let mut elements = take_array(home, &self.name);
                self.apply_to_elements(&mut elements)?;
                store(home, &self.name, (!elements.is_empty()).then_some(Value::Array(elements)));
            }
        }
        Ok(())
    }

    fn apply_to_elements(&self, elements: &mut Vec<Value>) -> Result<(), Fault> {
        let touched = match (&self.elements, &self.sub) {
            (None, None) => self.whole_attribute(elements),
            (Some(selection), None) => self.selected(elements, selection)?,
            (selection, Some(sub)) => self.sub_of_selected(elements, sub, selection.as_ref())?,
        };
        let is_marked = |index: &usize| elements.get(*index).is_some_and(is_primary);
        let marked: Vec<usize> = touched.into_iter().filter(is_marked).collect();
        let marked = merge_equals(elements, &marked);
        if let Some(winner) = marked.into_iter().min() {
            make_primary(elements, winner);
        }
        Ok(())
    }

    /// Gives the places of the elements that were written.
    fn whole_attribute(&self, elements: &mut Vec<Value>) -> Vec<usize> {
        if !matches!(self.action, Action::Add(_)) {
            elements.clear();
        }
        let before = elements.len();
        elements.extend(self.action.value().and_then(Value::as_array).into_iter().flatten().cloned());
        (before..elements.len()).collect()
    }

    fn selected(&self, elements: &mut Vec<Value>, selection: &Selection) -> Result<Vec<usize>, Fault> {
        let Some(Value::Object(given)) = self.action.value() else {
            elements.retain(|element| !selection.selects(element));
            return Ok(Vec::new());
        };
        let found = selection.find(elements);
        if found.is_empty() {
            elements.push(selection.create(given.clone())?);
            return Ok(vec![elements.len() - 1]);
        }
        for index in &found {
            let Some(Value::Object(element)) = elements.get_mut(*index) else {
                continue;
            };
            if matches!(self.action, Action::Replace(_)) {
                element.clear();
                element.extend(selection.seed.clone().unwrap_or_default());
            }
            element.extend(given.clone());
        }
        Ok(found)
    }

    /// Gives the places of the elements that were written and are still there.
    fn sub_of_selected(
        &self,
        elements: &mut Vec<Value>,
        sub: &str,
        selection: Option<&Selection>,
    ) -> Result<Vec<usize>, Fault> {
        let found = match selection {
            Some(selection) => selection.find(elements),
            None => (0..elements.len()).collect(),
        };
        if let Some(value) = self.action.value().filter(|_| found.is_empty()) {
            let given = Map::from_iter([(sub.to_owned(), value.clone())]);
            elements.push(match selection {
                Some(selection) => selection.create(given)?,
                None => Value::Object(given),
            });
            return Ok(vec![elements.len() - 1]);
        }
        for index in &found {
            let Some(element) = elements.get_mut(*index) else {
                continue;
            };
            if let Value::Object(members) = element {
                store(members, sub, self.action.value().cloned());
            }
            if self.action == Action::Remove && !says_something(element) {
                *element = Value::Null;
            }
        }
        if self.action == Action::Remove {
            elements.retain(|element| !element.is_null());
            return Ok(Vec::new());
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

    /// The element made when none is selected. It has to be one the filter selects, or the same request would make
    /// another one each time it is sent.
    fn create(&self, given: Map<String, Value>) -> Result<Value, Fault> {
        let created = self.seed.clone().map(|mut seed| {
            seed.extend(given);
            Value::Object(seed)
        });
        let created = created.filter(|created| self.selects(created));
        created.ok_or_else(|| Fault::no_target("the filter of the path matches no value"))
    }
}

fn store(home: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(home.insert(name.to_owned(), value)),
        None => drop(home.shift_remove(name)),
    }
}

/// What is kept under a name, taken out to be changed; its place is held until it is stored again.
fn take_object(home: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    home.get_mut(name).and_then(Value::as_object_mut).map(std::mem::take).unwrap_or_default()
}

fn take_array(home: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    home.get_mut(name).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
}

/// Makes one of elements that are the same, the later one's members winning (RFC 7644 §3.5.2.1 adds no value twice).
/// Gives where the marked elements are now.
fn merge_equals(elements: &mut Vec<Value>, marked: &[usize]) -> Vec<usize> {
    let first = first_equals(elements);
    if first.iter().enumerate().all(|(index, first)| index == *first) {
        return marked.to_vec();
    }
    let mut merged: Vec<Value> = Vec::with_capacity(elements.len());
    let mut places = Vec::with_capacity(elements.len());
    for (index, element) in std::mem::take(elements).into_iter().enumerate() {
        let known = first.get(index).filter(|first| **first < index).and_then(|first| places.get(*first).copied());
        places.push(known.unwrap_or(merged.len()));
        match (known.and_then(|place| merged.get_mut(place)), element) {
            (None, element) => merged.push(element),
            (Some(Value::Object(known)), Value::Object(element)) => known.extend(element),
            (Some(_), _) => {}
        }
    }
    *elements = merged;
    marked.iter().filter_map(|index| places.get(*index).copied()).collect()
}

/// A new primary value takes the mark from the others (RFC 7644 §3.5.2). Of several marked in one step the first wins.
fn make_primary(elements: &mut [Value], winner: usize) {
    for (index, element) in elements.iter_mut().enumerate() {
        if let Value::Object(members) = element
            && (index == winner || members.get("primary") == Some(&Value::Bool(true)))
        {
            members.insert("primary".to_owned(), Value::Bool(index == winner));
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
