//! The `PatchOp` message.

use serde_json::{Map, Value};

use crate::once::Once;
use crate::path::Path;
use crate::{Fault, urn};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    Add,
    Remove,
    Replace,
}

/// One entry of `Operations`, with the place it had there.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub index: usize,
    pub kind: OperationKind,
    pub path: Option<Path>,
    /// None when the member is absent; a JSON null is `Some(Value::Null)`.
    pub value: Option<Value>,
}

/// A `PatchOp` message whose shape is right; whether its paths and values fit is for [`Plan`](super::Plan) to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchRequest {
    pub operations: Vec<Operation>,
}

impl PatchRequest {
    /// Reads the message. Member names and `op` are read in any case (Entra sends `Add`, `Replace`); an empty list of
    /// operations is a change of nothing (Entra's validator has sent one).
    ///
    /// # Errors
    /// 400 `invalidSyntax`, `invalidPath` or `invalidFilter`, naming the operation.
    pub fn read(message: Value) -> Result<Self, Fault> {
        let Value::Object(mut message) = message else {
            return Err(Fault::invalid_syntax("a PATCH request is a JSON object"));
        };
        each_member_once(&message)?;
        let schemas = member(&message, "schemas").and_then(Value::as_array);
        if !schemas
            .is_some_and(|urns| urns.iter().filter_map(Value::as_str).any(|it| it.eq_ignore_ascii_case(urn::PATCH_OP)))
        {
            return Err(Fault::invalid_syntax(format!("\"schemas\" must name \"{}\"", urn::PATCH_OP)));
        }
        let Some(Value::Array(operations)) = take(&mut message, "Operations") else {
            return Err(Fault::invalid_syntax("\"Operations\" must be an array"));
        };
        let operations = operations.into_iter().enumerate().map(|(index, operation)| {
            Operation::read(index, operation).map_err(|fault| fault.at(&format!("Operations[{index}]")))
        });
        Ok(Self { operations: operations.collect::<Result<_, _>>()? })
    }
}

impl PatchRequest {
    /// The attributes that it writes, as the client names them; a filter and what stands behind it left out.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.operations.iter().flat_map(|operation| match (&operation.path, &operation.value) {
            (Some(path), _) => vec![path.attribute.to_string()],
            (None, Some(Value::Object(members))) => members.keys().cloned().collect(),
            (None, _) => Vec::new(),
        })
    }
}

impl Operation {
    fn read(index: usize, operation: Value) -> Result<Self, Fault> {
        let Value::Object(mut members) = operation else {
            return Err(Fault::invalid_syntax("an operation is a JSON object"));
        };
        each_member_once(&members)?;
        let kind = match member(&members, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => OperationKind::Add,
            Some("remove") => OperationKind::Remove,
            Some("replace") => OperationKind::Replace,
            _ => {
                return Err(Fault::invalid_syntax("\"op\" must be \"add\", \"remove\" or \"replace\""));
            }
        };
        let path = match member(&members, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.is_empty() => None,
            Some(Value::String(path)) => Some(Path::parse(path)?),
            Some(_) => return Err(Fault::invalid_syntax("\"path\" must be a string")),
        };
        Ok(Self { index, kind, path, value: take(&mut members, "value") })
    }
}

/// Names are read in any case, so two that differ in case alone are one name given twice.
fn each_member_once(members: &Map<String, Value>) -> Result<(), Fault> {
    let mut once = Once::default();
    members.keys().try_for_each(|name| once.give(&name.to_ascii_lowercase()))
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn take(members: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let value = members.iter_mut().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)?;
    Some(value.take())
}
