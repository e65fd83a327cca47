//! Which role of the vendor's product people have, and the rules that say so.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::directory::Counted;
use crate::Error;
use crate::context::OpContext;
use crate::directory::{GroupRef, Kind, Membership, Related};
use crate::ids::{FactId, ResourceId, RuleId};
use crate::journal::Fact;
use crate::ports::IdGen;
use crate::role::{
    AppRoles, Assignment, Comparison, GroupChoice, Groups, LARGE, NamedGroup, RoleName, RoleRule, RoleRules,
    RoleVerdict, Shift, StoredRules, Warning, warnings,
};
use crate::store::{Among, EntryQuery, ReadGroups, ReadResources, Store, StoreError, TenantRead};
use crate::tenant::TenantScope;
use crate::who::Mark;

/// How many of those who change are named in a preview.
const NAMED: u64 = 20;

/// What other rules would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// From which role to which, the largest group of people first.
    pub shifts: Vec<Shift>,
    /// How many people change.
    pub people: u64,
    /// How many people there are.
    pub total: u64,
    /// The first of those who change, by name.
    pub first: Vec<Moved>,
}

/// Somebody whose role changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub id: ResourceId,
    pub name: String,
    pub before: RoleVerdict,
    pub after: RoleVerdict,
}

/// A rule with what the directory has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleView {
    pub rule: RoleRule,
    /// The groups it stands for now; none where its group was deleted, or its name is still to come.
    pub groups: Vec<NamedGroup>,
    /// How many members these have, those in several of them more than once.
    pub members: Counted,
    /// What a group that was deleted was called at the end, as far as the journal still tells.
    pub last_name: Option<String>,
    pub warnings: Vec<Warning>,
}

/// A rule that is about a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupUse {
    /// The rule's place in the order, from 1.
    pub number: usize,
    pub role: RoleName,
    /// The rule's own group, where this one is in that.
    pub through: Option<NamedGroup>,
}

pub struct Roles {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    names: AppRoles,
}

impl Roles {
    /// `names`: the roles of the vendor's product.
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, names: AppRoles) -> Self {
        Self { store, ids, names }
    }

    /// The roles of the vendor's product.
    pub fn names(&self) -> &AppRoles {
        &self.names
    }

    /// A rule to be put among others; nothing is saved.
    pub fn new_rule(&self, cx: &OpContext, group: GroupChoice, role: RoleName) -> RoleRule {
        RoleRule { id: RuleId(self.ids.next(cx.now)), group, role }
    }

    /// The tenant's rules.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rules(&self, scope: &TenantScope) -> Result<StoredRules, Error> {
        Ok(self.store.read(scope).await?.role_rules().await?)
    }

    /// What the directory has of each of these rules, saved or not, and what is odd about it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn look(&self, scope: &TenantScope, rules: &RoleRules) -> Result<Vec<RuleView>, Error> {
        let mut read = self.store.read(scope).await?;
        let groups = groups_of(read.as_mut(), &[rules]).await?;
        let chosen: Vec<Vec<ResourceId>> = rules.rules.iter().map(|rule| groups.chosen(&rule.group)).collect();
        let all: BTreeSet<ResourceId> = chosen.iter().flatten().copied().collect();
        let all: Vec<ResourceId> = all.into_iter().collect();
        let sizes = if all.is_empty() { HashMap::new() } else { read.sizes(&all, LARGE + 1).await? };
        let warnings = warnings(&rules.rules, &self.names, &groups, &sizes);
        let mut views = Vec::with_capacity(rules.rules.len());
        for ((rule, chosen), warnings) in rules.rules.iter().zip(chosen).zip(warnings) {
            let members = chosen.iter().filter_map(|group| sizes.get(group)).sum();
            views.push(RuleView {
                last_name: match rule.group {
                    GroupChoice::Seen(id) if chosen.is_empty() => last_name(read.as_mut(), id).await?,
                    _ => None,
                },
                rule: rule.clone(),
                groups: chosen.into_iter().map(|group| groups.named(group)).collect(),
                members: Counted::up_to(LARGE, members),
                warnings,
            });
        }
        Ok(views)
    }

    /// Whom these rules would give another role than the saved ones do. The directory is read group by group and not
    /// person by person: the memberships of the rules' groups, and groups in them, once.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when these cannot be rules at all.
    pub async fn preview(&self, scope: &TenantScope, proposed: &RoleRules) -> Result<Preview, Error> {
        proposed.check().map_err(Error::NotAllowed)?;
        let mut read = self.store.read(scope).await?;
        let saved = read.role_rules().await?.rules;
        let groups = groups_of(read.as_mut(), &[&saved, proposed]).await?;
        let people = people_of(read.as_mut(), &groups).await?;
        let total = read.total(&Kind::USER).await?;
        let before = Assignment::of(&saved, &self.names, &groups, &people);
        let after = Assignment::of(proposed, &self.names, &groups, &people);
        let comparison = Comparison::of(&before, &after, total);
        let among = match comparison.others_move {
            true => Among::Without(&comparison.stayed),
            false => Among::These(&comparison.moved),
        };
        let first = read.first_by_name(&Kind::USER, among, NAMED).await?;
        let moved =
            |(id, name)| Moved { id, name, before: before.verdict(id, &groups), after: after.verdict(id, &groups) };
        Ok(Preview {
            people: comparison.people(),
            shifts: comparison.shifts,
            total,
            first: first.into_iter().map(moved).collect(),
        })
    }

    /// Puts these rules in the place of the saved ones; gives them as they are saved. Roles get the spelling that the
    /// vendor gives them now.
    ///
    /// # Errors
    /// [`Error::Outdated`] when the rules are not those of the version `seen` any more, [`Error::NotAllowed`] when a rule
    /// that is new has a group that is not in the directory or a role that the product does not have, or when there are
    /// too many, [`Error::NotFound`] when the tenant is gone.
    pub async fn save(&self, cx: &OpContext, seen: i64, proposed: &RoleRules) -> Result<StoredRules, Error> {
        proposed.check().map_err(Error::NotAllowed)?;
        let mut tx = self.store.write(&cx.scope).await?;
        // Whoever else saves waits here.
        let tenant = tx.lock_tenant().await?;
        tenant.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))?;
        let before = tx.role_rules().await?;
        if before.version != seen {
            return Err(Error::Outdated(before.changed));
        }
        let groups = groups_of(tx.as_mut(), &[&before.rules, proposed]).await?;
        let rules = self.settle(&before.rules, proposed, &groups).map_err(Error::NotAllowed)?;
        if rules == before.rules {
            return Ok(before);
        }
        let fact = Fact::role_rules_changed(&before.rules, &rules, &groups);
        let after = StoredRules { version: before.version + 1, rules, changed: Some(Mark::of(cx)) };
        tx.set_role_rules(&after).await?;
        tx.record(cx, FactId(self.ids.next(cx.now)), &fact).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// The rules in the vendor's spelling. What was saved before may stay, also when its group or role is gone meanwhile.
    fn settle(&self, saved: &RoleRules, proposed: &RoleRules, groups: &Groups) -> Result<RoleRules, String> {
        let spelled = |role: &RoleName, was_saved: bool| match self.names.find(role) {
            Some(known) => Ok(known.clone()),
            None if was_saved => Ok(role.clone()),
            None => Err(format!("there is no role \"{role}\"; choose another one")),
        };
        let rule = |(place, rule): (usize, &RoleRule)| {
            let same = saved.rules.iter().find(|known| known.id == rule.id);
            let is_gone = matches!(rule.group, GroupChoice::Seen(_)) && groups.chosen(&rule.group).is_empty();
            if is_gone && same.is_none_or(|known| known.group != rule.group) {
                return Err(format!("the group of rule {place} is not in the directory any more; remove the rule"));
            }
            let was_saved = same.is_some_and(|known| known.role.is_same(&rule.role));
            Ok(RoleRule { role: spelled(&rule.role, was_saved)?, ..rule.clone() })
        };
        let fallback = proposed
            .fallback
            .as_ref()
            .map(|fallback| spelled(fallback, saved.fallback.as_ref().is_some_and(|known| known.is_same(fallback))));
        Ok(RoleRules {
            rules: (1..).zip(&proposed.rules).map(rule).collect::<Result<_, _>>()?,
            fallback: fallback.transpose()?,
        })
    }

    /// Which role somebody has now, and why; none when there is no such person. It is read anew each time, so what was
    /// saved a moment ago counts on every replica.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of_person(&self, scope: &TenantScope, person: ResourceId) -> Result<Option<RoleVerdict>, Error> {
        let mut read = self.store.read(scope).await?;
        let Some(view) = read.find(&Kind::USER, person, true).await? else { return Ok(None) };
        let Related::Groups(own) = view.related else { return Ok(None) };
        let rules = read.role_rules().await?.rules;
        let is_nested = own.iter().any(|group| group.membership == Membership::Indirect);
        let above = match is_nested && !rules.rules.is_empty() {
            true => read.groups_of(&own.iter().map(|group| group.id).collect::<Vec<_>>()).await?,
            false => HashMap::new(),
        };
        let groups = around(&own, &above);
        let direct = own.iter().filter(|group| group.membership == Membership::Direct);
        let people = direct.map(|group| (group.id, vec![person])).collect();
        Ok(Some(Assignment::of(&rules, &self.names, &groups, &people).verdict(person, &groups)))
    }

    /// The rules that are about a group, or about one that it is in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of_group(&self, scope: &TenantScope, group: ResourceId) -> Result<Vec<GroupUse>, Error> {
        let mut read = self.store.read(scope).await?;
        let rules = read.role_rules().await?.rules;
        if rules.rules.is_empty() {
            return Ok(Vec::new());
        }
        let mut around = read.groups_above(group).await?;
        around.push(group);
        let known = Groups::new(read.find_groups(&around, &[]).await?, []);
        let use_of = |(number, rule): (usize, &RoleRule)| {
            let chosen = known.chosen(&rule.group);
            let nearest = chosen.iter().find(|chosen| **chosen == group).or(chosen.first())?;
            let through = (*nearest != group).then(|| known.named(*nearest));
            Some(GroupUse { number, role: rule.role.clone(), through })
        };
        Ok((1..).zip(&rules.rules).filter_map(use_of).collect())
    }
}

/// The groups that these rules are about, and all in them.
async fn groups_of<R: ReadGroups + ?Sized>(read: &mut R, rules: &[&RoleRules]) -> Result<Groups, StoreError> {
    let (mut ids, mut names) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules.iter().flat_map(|rules| &rules.rules) {
        match &rule.group {
            GroupChoice::Seen(id) => drop(ids.insert(*id)),
            GroupChoice::Named(name) => drop(names.insert(name.as_str())),
        }
    }
    let (ids, names): (Vec<_>, Vec<_>) = (ids.into_iter().collect(), names.into_iter().collect());
    let found = read.find_groups(&ids, &names).await?;
    let below = read.groups_below(&found.iter().map(|group| group.id).collect::<Vec<_>>()).await?;
    Ok(Groups::new(found, below))
}

/// Who is directly in each of these groups.
async fn people_of<R: ReadResources + ?Sized>(
    read: &mut R,
    groups: &Groups,
) -> Result<HashMap<ResourceId, Vec<ResourceId>>, StoreError> {
    let ids: Vec<ResourceId> = groups.ids().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let people = |(group, members): (ResourceId, Vec<crate::directory::Member>)| {
        let people = members.into_iter().filter(|member| member.kind == Kind::USER).map(|member| member.id);
        (group, people.collect())
    };
    Ok(read.members(&ids).await?.into_iter().map(people).collect())
}

/// Somebody's groups, which are all there is to know for one person. `above`: what each of them is directly in.
fn around(own: &[GroupRef], above: &HashMap<ResourceId, Vec<GroupRef>>) -> Groups {
    let named = |group: &GroupRef| NamedGroup { id: group.id, name: group.display.clone() };
    let mut below: HashMap<ResourceId, Vec<NamedGroup>> = HashMap::new();
    for group in own {
        for parent in above.get(&group.id).into_iter().flatten() {
            below.entry(parent.id).or_default().push(named(group));
        }
    }
    Groups::new(own.iter().map(named), below)
}

/// What a group was called when it was deleted.
async fn last_name(read: &mut dyn TenantRead, id: ResourceId) -> Result<Option<String>, StoreError> {
    let query = EntryQuery { about: Some(id.0), providers: true, before: None, limit: 1 };
    let newest = read.entries(&query).await?.into_iter().find(|entry| entry.subject_kind == Kind::GROUP.as_str());
    Ok(newest.and_then(|entry| entry.text("displayName").map(str::to_owned)))
}
