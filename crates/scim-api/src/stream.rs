//! A group with very many members, written to the client piece by piece: as a document it would take a hundred times the
//! memory of its ids.

use std::convert::Infallible;

use actix_web::web::Bytes;
use domain::directory::Member;
use futures_util::stream::{self, Stream};
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use serde_json::{Map, Value};

/// Members that are written at once.
const PIECE: usize = 1_000;

/// Groups with more members than this are written piece by piece.
pub const MANY: usize = 2 * PIECE;

/// How each member is shown.
pub struct Members {
    pub collection: &'static str,
    pub all: Vec<Member>,
    pub resource_type: ResourceType,
    pub projection: Projection,
    /// Adds `$ref` to an element.
    pub refer: Box<dyn Fn(&mut Value)>,
}

/// A document whose collection is still to be written; it stands before `meta`, as in other documents.
pub fn document(rest: &Map<String, Value>, members: Members) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let (meta, before): (Vec<_>, Vec<_>) = rest.iter().partition(|(name, _)| *name == "meta");
    let mut head: Vec<String> = before.into_iter().map(|(name, value)| entry(name, value)).collect();
    head.push(format!("{}:[", Value::from(members.collection)));
    let head = format!("{{{}", head.join(","));
    let tail: Vec<String> = meta.into_iter().map(|(name, value)| entry(name, value)).collect();
    let tail = if tail.is_empty() { "]}".to_owned() } else { format!("],{}}}", tail.join(",")) };
    let pieces = members.all.len().div_ceil(PIECE);
    let written = (0..pieces).map(move |piece| members.piece(piece));
    let all = std::iter::once(head).chain(written).chain(std::iter::once(tail));
    stream::iter(all.map(|text| Ok(Bytes::from(text))))
}

fn entry(name: &str, value: &Value) -> String {
    format!("{}:{value}", Value::from(name))
}

impl Members {
    fn piece(&self, piece: usize) -> String {
        let members = self.all.iter().skip(piece * PIECE).take(PIECE);
        let elements = members.map(|member| {
            let mut element = member.element();
            (self.refer)(&mut element);
            element
        });
        let document = Map::from_iter([(self.collection.to_owned(), elements.collect())]);
        let shown = self.projection.apply(&self.resource_type, document);
        let elements = shown.get(self.collection).and_then(Value::as_array).into_iter().flatten();
        let texts: Vec<String> = elements.map(ToString::to_string).collect();
        let comma = if piece == 0 { "" } else { "," };
        format!("{comma}{}", texts.join(","))
    }
}
