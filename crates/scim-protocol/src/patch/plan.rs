//! What a PATCH asks for, checked against the schema before any resource is read.

use serde_json::{Map, Value};

use super::request::{Operation, OperationKind, PatchRequest};
use crate::attribute::Attribute;
use crate::filter::{Condition, Filter, Literal, Operator};
use crate::once::Once;
use crate::path::{AttrPath, Path};
use crate::reader::{Reader, names_its_elements};
use crate::resource_type::{Located, ResourceType};
use crate::schema::Schema;
use crate::secret::Secret;
use crate::validate::each_once;
use crate::value::is_unassigned;
use crate::{Fault, Reason};

/// The steps of a PATCH in order, and what of it had no place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    /// Changes to the type's [collection](ResourceType::collection), in order.
    pub collection: Vec<CollectionEdit>,
    /// Attributes that no schema knows, as the client spelled them (decisions.md 13).
    pub ignored: Vec<String>,
    /// What becomes of the write-only value; none when it stays.
    pub password: Option<PasswordEdit>,
}

/// How a PATCH is understood where common clients and RFC 7644 disagree (scim-checklist.md, decisions.md 13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// A filter of `eq` clauses that selects nothing makes what it describes; a path that no schema knows is passed over.
    #[default]
    Lenient,
    /// The former is `noTarget` (RFC 7644 §3.5.2.3), the latter `invalidPath` (§3.12).
    Strict,
}

/// A change to the write-only value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordEdit {
    Set(Secret),
    Clear,
}

/// A change to elements that are kept one by one, such as a group's members.
#[derive(Clone, Debug, PartialEq)]
pub enum CollectionEdit {
    /// Add these; those already there stay as they are.
    Add(Vec<Value>),
    /// Remove the element with this `value`, if it is there.
    Remove(String),
    /// Remove every element that matches.
    RemoveWhere(Condition),
    Clear,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub index: usize,
    pub extension: Option<String>,
    pub name: String,
    pub multi_valued: bool,
    pub elements: Option<Selection>,
    pub sub: Option<String>,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Add(Value),
    Replace(Value),
    Remove,
}

/// Which elements of a multi-valued attribute a step means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    pub condition: Condition,
    /// The element to create when none matches: the values of a filter made of `eq` joined by `and`. RFC 7644
    /// §3.5.2.3 asks for 400 `noTarget` instead, but Entra and Okta need the value created (scim-checklist.md).
    pub seed: Option<Map<String, Value>>,
}

impl Plan {
    /// Plans a PATCH for a resource type.
    ///
    /// # Errors
    /// 400 with `noTarget`, `mutability`, `invalidPath`, `invalidFilter` or `invalidValue`, naming the operation.
    pub fn new(resource_type: &ResourceType, request: PatchRequest, reading: Reading) -> Result<Self, Fault> {
        let mut planner = Planner { resource_type, reading, plan: Self::default(), reader: Reader::default() };
        for operation in request.operations {
            let index = operation.index;
            planner.operation(operation).map_err(|fault| fault.at(&format!("Operations[{index}]")))?;
        }
        planner.plan.ignored.append(&mut planner.reader.ignored);
        planner.plan.ignored = each_once(planner.plan.ignored);
        Ok(planner.plan)
    }
}

struct Planner<'t> {
    resource_type: &'t ResourceType,
    reading: Reading,
    plan: Plan,
    reader: Reader,
}

impl<'t> Planner<'t> {
    fn operation(&mut self, operation: Operation) -> Result<(), Fault> {
        let Operation { index, kind, path, value } = operation;
        let change = match (kind, value) {
            (OperationKind::Remove, value) => {
                self.removes_what_it_names(path.as_ref(), value.as_ref())?;
                Change { index, kind, value: Value::Null }
            }
            (_, None) => return Err(Fault::invalid_value("\"value\" is missing")),
            (_, Some(value)) => Change { index, kind, value },
        };
        match path {
            None if kind == OperationKind::Remove => Err(Fault::no_target("\"remove\" needs a path")),
            None => self.whole_resource(change),
            Some(path) => self.path(&path, change),
        }
    }

    /// `remove` has no value in RFC 7644 §3.5.2.2. One that names elements to remove and was not understood by the
    /// [dialects](crate::dialect) is refused, because without it everything would be removed.
    fn removes_what_it_names(&self, path: Option<&Path>, value: Option<&Value>) -> Result<(), Fault> {
        let Some(path) = path.filter(|path| path.filter.is_none()) else {
            return Ok(());
        };
        let located = self.resource_type.locate(&path.attribute);
        if located.is_some_and(|it| it.leaf().multi_valued) && value.is_some_and(|value| !is_unassigned(value)) {
            let example = format!("{path}[value eq \"…\"]");
            return Err(Fault::invalid_value(format!(
                "\"remove\" takes no value; name what to remove in the path, as in {example}"
            )));
        }
        Ok(())
    }

    /// A value without a path holds the attributes to change; read-only ones among them are passed over, because
    /// clients send back what they read (Okta puts `id` into every rename).
    fn whole_resource(&mut self, change: Change) -> Result<(), Fault> {
        let Value::Object(members) = change.value else {
            return Err(Fault::invalid_value("without a path, \"value\" must be an object of attributes"));
        };
        let mut once = Once::default();
        for (name, value) in members {
            let change = Change { value, ..change };
            if let Some(schema) = self.resource_type.extension(&name) {
                once.give(&schema.id)?;
                self.extension(schema, change)?;
            } else if let Some(attribute) = self.resource_type.core_attribute(&name) {
                once.give(&attribute.name)?;
                let located = Located { extension: None, attribute, sub: None };
                self.unless_read_only(located, change)?;
            } else {
                self.plan.ignored.push(name);
            }
        }
        Ok(())
    }

    fn extension(&mut self, schema: &'t Schema, change: Change) -> Result<(), Fault> {
        let members = match change.value {
            Value::Object(members) => members,
            Value::Null if change.kind == OperationKind::Add => return Ok(()),
            Value::Null => schema.attributes.iter().map(|attribute| (attribute.name.clone(), Value::Null)).collect(),
            _ => {
                return Err(Fault::invalid_value(format!("\"{}\" is an extension and takes an object", schema.id)));
            }
        };
        let mut once = Once::default();
        for (name, value) in members {
            let Some(attribute) = schema.attribute(&name) else {
                self.plan.ignored.push(format!("{}:{name}", schema.id));
                continue;
            };
            once.give(&attribute.name)?;
            let located = Located { extension: Some(schema), attribute, sub: None };
            self.unless_read_only(located, Change { value, ..change })?;
        }
        Ok(())
    }

    fn unless_read_only(&mut self, located: Located<'t>, change: Change) -> Result<(), Fault> {
        if located.is_read_only() {
            return Ok(());
        }
        self.attribute(located, None, change)
    }

    fn path(&mut self, path: &Path, change: Change) -> Result<(), Fault> {
        if path.filter.is_none() {
            let whole = path.attribute.to_string();
            if let Some(schema) = self.resource_type.extension(&whole) {
                return self.extension(schema, change);
            }
            if self.resource_type.schema.is(&whole) {
                return match change.kind {
                    OperationKind::Remove => Err(Fault::no_target("a whole resource is not removed by PATCH")),
                    _ => self.whole_resource(change),
                };
            }
        }
        let full = match &path.sub {
            None => path.attribute.clone(),
            Some(sub) => AttrPath { sub: Some(sub.clone()), ..path.attribute.clone() },
        };
        let Some(located) = self.resource_type.locate(&full) else {
            if self.reading == Reading::Strict {
                return Err(Fault::invalid_path(format!("{} has no attribute \"{full}\"", self.resource_type.name)));
            }
            self.plan.ignored.push(path.to_string());
            return Ok(());
        };
        if located.is_read_only() {
            return Err(Fault::mutability(format!("\"{full}\" is read-only")));
        }
        let selection = match &path.filter {
            None => None,
            Some(filter) => Some(selection(located.attribute, filter, self.reading)?),
        };
        self.attribute(located, selection, change)
    }

    fn attribute(&mut self, located: Located<'t>, elements: Option<Selection>, change: Change) -> Result<(), Fault> {
        if located.extension.is_none() && self.resource_type.collection.as_ref() == Some(&located.attribute.name) {
            return self.collection(located, elements, change);
        }
        if located.is_write_only() {
            self.reader.value(located.leaf(), change.value, &located.field().path())?;
            let given = self.reader.password.take().map(PasswordEdit::Set);
            let cleared = (change.kind != OperationKind::Add).then_some(PasswordEdit::Clear);
            self.plan.password = given.or(cleared).or(self.plan.password.take());
            return Ok(());
        }
        let is_node = located.sub.is_none() && located.attribute.is_complex() && !located.attribute.multi_valued;
        match change.value {
            Value::Object(members) if is_node => self.node(located, members, change.kind, change.index),
            value => self.value(located, elements, Change { value, ..change }),
        }
    }

    /// A complex value changes the sub-attributes it names and leaves the others (RFC 7644 §3.5.2.1, §3.5.2.3).
    fn node(
        &mut self,
        at: Located<'t>,
        members: Map<String, Value>,
        kind: OperationKind,
        index: usize,
    ) -> Result<(), Fault> {
        let mut once = Once::default();
        for (name, value) in members {
            let Some(sub) = at.attribute.sub(&name) else {
                self.plan.ignored.push(format!("{}.{name}", at.field().path()));
                continue;
            };
            once.give(&sub.name)?;
            if sub.name != "$ref" {
                self.unless_read_only(Located { sub: Some(sub), ..at }, Change { index, kind, value })?;
            }
        }
        Ok(())
    }

    fn value(&mut self, located: Located<'t>, elements: Option<Selection>, change: Change) -> Result<(), Fault> {
        let place = located.field().path();
        let is_whole = located.sub.is_some() || elements.is_none();
        let read = match is_whole {
            true => self.reader.value(located.leaf(), change.value, &place)?,
            false if change.value.is_null() => None,
            false => self.reader.single(located.attribute, change.value, &place)?,
        };
        let action = match (change.kind, read) {
            (OperationKind::Add, Some(value)) => Action::Add(value),
            (OperationKind::Replace, Some(value)) => Action::Replace(value),
            (OperationKind::Add, None) => return Ok(()),
            (OperationKind::Remove | OperationKind::Replace, None) | (OperationKind::Remove, Some(_)) => Action::Remove,
        };
        if located.leaf().required {
            keeps_required(&action, is_whole, &place)?;
        }
        self.plan.steps.push(Step {
            index: change.index,
            extension: located.extension.map(|schema| schema.id.clone()),
            name: located.attribute.name.clone(),
            multi_valued: located.attribute.multi_valued,
            elements,
            sub: located.sub.map(|sub| sub.name.clone()),
            action,
        });
        Ok(())
    }

    fn collection(&mut self, at: Located<'t>, elements: Option<Selection>, change: Change) -> Result<(), Fault> {
        let name = &at.attribute.name;
        if at.sub.is_some() || (elements.is_some() && change.kind != OperationKind::Remove) {
            return Err(Fault::mutability(format!("elements of \"{name}\" cannot be changed; remove and add them")));
        }
        names_its_elements(at.attribute, &change.value)?;
        let edits = &mut self.plan.collection;
        match elements {
            Some(Selection { condition, .. }) => edits.extend(removals(condition)),
            None if change.kind == OperationKind::Add => {}
            None => edits.push(CollectionEdit::Clear),
        }
        if let Some(Value::Array(added)) = self.reader.value(at.attribute, change.value, name)? {
            self.plan.collection.push(CollectionEdit::Add(added));
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Change {
    index: usize,
    kind: OperationKind,
    value: Value,
}

/// RFC 7644 §3.5.2.2: what is required is not removed. Elements may go as long as one stays, which only
/// [`Plan::apply`] can see.
fn keeps_required(action: &Action, is_whole: bool, place: &str) -> Result<(), Fault> {
    match action {
        Action::Remove if is_whole => {
            let fault = Fault::mutability(format!("\"{place}\" is required and cannot be removed"));
            Err(fault.because(Reason::Required))
        }
        Action::Add(Value::String(text)) | Action::Replace(Value::String(text)) if text.trim().is_empty() => {
            let fault = Fault::invalid_value(format!("\"{place}\" is required and must not be empty"));
            Err(fault.because(Reason::Required))
        }
        _ => Ok(()),
    }
}

fn selection(attribute: &Attribute, filter: &Filter, reading: Reading) -> Result<Selection, Fault> {
    if !(attribute.multi_valued && attribute.is_complex()) {
        return Err(Fault::invalid_path(format!("\"{}\" has no elements to select", attribute.name)));
    }
    let seed = if reading == Reading::Strict { None } else { seed(attribute, filter) };
    Ok(Selection { condition: filter.check_element(attribute)?, seed })
}

fn seed(attribute: &Attribute, filter: &Filter) -> Option<Map<String, Value>> {
    match filter {
        Filter::And(terms) => terms.iter().try_fold(Map::new(), |mut all, term| {
            all.extend(seed(attribute, term)?);
            Some(all)
        }),
        Filter::Compare { path, operator: Operator::Eq, value } => {
            let name = attribute.sub(&path.name)?.name.clone();
            let value = match value {
                Literal::Text(text) => Value::from(text.as_str()),
                Literal::Bool(flag) => Value::from(*flag),
                Literal::Number(number) => Value::Number(number.clone()),
                Literal::Null => return Some(Map::new()),
            };
            Some(Map::from_iter([(name, value)]))
        }
        _ => None,
    }
}

/// Removals by `value` are told apart from others, because they need no look at the elements there are.
fn removals(condition: Condition) -> Vec<CollectionEdit> {
    use crate::filter::Operand;
    match condition {
        Condition::Compare { field, operator: Operator::Eq, value: Operand::Text(value) } if field.name == "value" => {
            vec![CollectionEdit::Remove(value)]
        }
        Condition::Or(terms) => terms.into_iter().flat_map(removals).collect(),
        other => vec![CollectionEdit::RemoveWhere(other)],
    }
}
