//! What several clients do to one directory at the same time.

use std::sync::{Mutex, PoisonError};

use domain::Error;
use domain::context::OpContext;
use domain::directory::{Kind, View};
use domain::ids::ResourceId;
use domain::ops::{Provisioning, Show};
use domain::store::StoreError;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use scim_protocol::validate;
use serde_json::{Value, json};
use testkit::World;
use testkit::world::{elements, patch_request, target};

use crate::people::attributes;

/// One request. Whom it is about is chosen among those there were so far.
#[derive(Clone, Debug)]
pub enum Step {
    CreateUser(Value),
    ReplaceUser(Index, Value),
    PatchUser(Index, Value),
    DeleteUser(Index),
    CreateGroup(String, Vec<Index>),
    ReplaceGroup(Index, String, Vec<Index>),
    /// Members join or leave, and the name may change in the same request.
    Join(Index, Vec<Index>, Option<String>),
    Leave(Index, Vec<Index>),
    Empty(Index),
    DeleteGroup(Index),
}

pub fn step() -> impl Strategy<Value = Step> {
    let name = || select(vec!["a", "B", "Straße", "c"]).prop_map(str::to_owned);
    let members = || vec(any::<Index>(), 0..4);
    prop_oneof![
        4 => attributes().prop_map(Step::CreateUser),
        2 => (any::<Index>(), attributes()).prop_map(|(user, new)| Step::ReplaceUser(user, new)),
        3 => (any::<Index>(), patch()).prop_map(|(user, operations)| Step::PatchUser(user, operations)),
        2 => any::<Index>().prop_map(Step::DeleteUser),
        2 => (name(), members()).prop_map(|(name, members)| Step::CreateGroup(name, members)),
        1 => (any::<Index>(), name(), members()).prop_map(|(group, name, members)| Step::ReplaceGroup(group, name, members)),
        3 => (any::<Index>(), members(), proptest::option::weighted(0.2, name()))
            .prop_map(|(group, members, name)| Step::Join(group, members, name)),
        2 => (any::<Index>(), members()).prop_map(|(group, members)| Step::Leave(group, members)),
        1 => any::<Index>().prop_map(Step::Empty),
        1 => any::<Index>().prop_map(Step::DeleteGroup),
    ]
}

fn patch() -> impl Strategy<Value = Value> {
    select(vec![
        json!([{"op": "replace", "path": "title", "value": "Chief"}]),
        json!([{"op": "remove", "path": "title"}]),
        json!([{"op": "add", "path": "emails", "value": [{"value": "new@x", "type": "other"}]}]),
        json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]),
        json!([{"op": "replace", "path": "name.familyName", "value": "Ångström"}, {"op": "replace", "path": "active", "value": false}]),
        json!([{"op": "add", "path": "shoeSize", "value": 43}]),
        json!([{"op": "add", "path": "shoeSize", "value": 43}, {"op": "add", "path": "nickName", "value": "n"}]),
        json!([{"op": "remove", "path": "name"}, {"op": "add", "path": "name", "value": {"givenName": "G", "familyName": "F"}}]),
    ])
}

/// Who there was at any time, those that are gone too.
#[derive(Default)]
pub struct Seen {
    users: Mutex<Vec<View>>,
    groups: Mutex<Vec<View>>,
}

impl Seen {
    fn add(&self, view: &View) {
        let all = if view.stored.kind == Kind::USER { &self.users } else { &self.groups };
        all.lock().unwrap_or_else(PoisonError::into_inner).push(view.clone());
    }

    fn pick(all: &Mutex<Vec<View>>, index: Index) -> Option<View> {
        let all = all.lock().unwrap_or_else(PoisonError::into_inner);
        (!all.is_empty()).then(|| index.get(&all).clone())
    }

    /// Users, and groups that are older than this one, so that there is no circle.
    fn members(&self, indexes: &[Index], group: Option<ResourceId>) -> Value {
        let mut all: Vec<ResourceId> = Vec::new();
        for seen in [&self.users, &self.groups] {
            all.extend(seen.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|view| view.stored.id));
        }
        let groups: Vec<_> =
            self.groups.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|view| view.stored.id).collect();
        all.retain(|id| !groups.contains(id) || group.is_none_or(|group| *id < group));
        if all.is_empty() {
            return json!([]);
        }
        let mut ids: Vec<ResourceId> = indexes.iter().map(|index| *index.get(&all)).collect();
        ids.sort();
        ids.dedup();
        elements(&ids)
    }
}

/// A process that serves clients.
pub struct Replica<'r> {
    pub world: &'r World,
    pub provisioning: &'r Provisioning,
    pub seen: &'r Seen,
}

impl Replica<'_> {
    /// Carries out a request; what the rules or others refuse is passed over.
    pub async fn take(&self, cx: &OpContext, step: Step) {
        match self.carry_out(cx, step).await {
            Ok(Some(view)) => self.seen.add(&view),
            Ok(None)
            | Err(
                Error::NotFound(_)
                | Error::Invalid(_)
                | Error::Store(StoreError::Taken { .. } | StoreError::Contention | StoreError::MemberGone),
            ) => {}
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn carry_out(&self, cx: &OpContext, step: Step) -> Result<Option<View>, Error> {
        let (users, groups) = (&self.seen.users, &self.seen.groups);
        match step {
            Step::CreateUser(new) => self.create(cx, &Kind::USER, new).await.map(Some),
            Step::CreateGroup(name, members) => {
                let new = json!({"displayName": name, "members": self.seen.members(&members, None)});
                self.create(cx, &Kind::GROUP, new).await.map(Some)
            }
            Step::ReplaceUser(user, new) => self.replace(cx, Seen::pick(users, user), |_| new).await,
            Step::ReplaceGroup(group, name, members) => {
                let new = |group| json!({"displayName": name, "members": self.seen.members(&members, Some(group))});
                self.replace(cx, Seen::pick(groups, group), new).await
            }
            Step::PatchUser(user, operations) => self.patch(cx, Seen::pick(users, user), |_| operations).await,
            Step::Join(group, members, name) => {
                let operations = |group| {
                    let add =
                        json!({"op": "add", "path": "members", "value": self.seen.members(&members, Some(group))});
                    let rename = name.map(|name| json!({"op": "replace", "path": "displayName", "value": name}));
                    [Some(add), rename].into_iter().flatten().collect()
                };
                self.patch(cx, Seen::pick(groups, group), operations).await
            }
            Step::Leave(group, members) => {
                let operations = |group| {
                    let leaving = self.seen.members(&members, Some(group));
                    json!([{"op": "remove", "path": "members", "value": leaving}])
                };
                self.patch(cx, Seen::pick(groups, group), operations).await
            }
            Step::Empty(group) => {
                self.patch(cx, Seen::pick(groups, group), |_| json!([{"op": "remove", "path": "members"}])).await
            }
            Step::DeleteUser(user) => self.delete(cx, Seen::pick(users, user)).await,
            Step::DeleteGroup(group) => self.delete(cx, Seen::pick(groups, group)).await,
        }
    }

    async fn create(&self, cx: &OpContext, kind: &Kind, new: Value) -> Result<View, Error> {
        let id = self.provisioning.new_id(cx);
        self.provisioning.create(cx, kind, id, self.validated(kind, new)?, Show::Related).await
    }

    async fn replace(
        &self,
        cx: &OpContext,
        view: Option<View>,
        new: impl FnOnce(ResourceId) -> Value,
    ) -> Result<Option<View>, Error> {
        let Some(view) = view else { return Ok(None) };
        let new = self.validated(&view.stored.kind, new(view.stored.id))?;
        self.provisioning.replace(cx, &target(&view), new, None, Show::Document).await.map(|_| None)
    }

    async fn patch(
        &self,
        cx: &OpContext,
        view: Option<View>,
        operations: impl FnOnce(ResourceId) -> Value,
    ) -> Result<Option<View>, Error> {
        let Some(view) = view else { return Ok(None) };
        let request = patch_request(operations(view.stored.id))?;
        self.provisioning.patch(cx, &target(&view), request, None, Show::Version).await.map(|_| None)
    }

    async fn delete(&self, cx: &OpContext, view: Option<View>) -> Result<Option<View>, Error> {
        let Some(view) = view else { return Ok(None) };
        self.provisioning.delete(cx, &target(&view), None).await.map(|()| None)
    }

    fn validated(&self, kind: &Kind, mut new: Value) -> Result<validate::Validated, Error> {
        let resource_type = self.world.types.get(kind)?;
        let extensions = resource_type.extensions.iter().map(|extension| &extension.schema.id);
        let used: Vec<_> =
            extensions.filter(|urn| new.get(urn.as_str()).is_some()).chain([&resource_type.schema.id]).collect();
        new["schemas"] = json!(used);
        Ok(validate::document(resource_type, new)?)
    }
}
