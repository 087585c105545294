//! Groups: names that hold grants for whoever is in them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::access::{Access, Caller, Edit, LOCAL, Membership, Subject, Target};
use crate::domain::audit::Who;
use crate::domain::names::{GroupName, UserName};
use crate::service::access::judge;
use crate::service::grants::HeldGrant;
use crate::service::permit::{self, Administer, Permit};
use crate::service::{Field, Service, ServiceError};

/// Most members that one group may have here.
pub(super) const MEMBERS_MAX: usize = 10_000;

/// A group that holds something or has somebody in it; any other does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// Who is in it, by name, and why: kept here, or because of a provider or an issuer.
    pub members: Vec<(UserName, String)>,
    /// What it holds.
    pub grants: Vec<HeldGrant>,
}

impl Service {
    /// All groups, by name.
    pub fn list_groups(&self, _permit: &Permit<Administer>) -> Result<Vec<Group>, ServiceError> {
        let access = &self.state()?.access;
        Ok(names(access).into_iter().map(|name| describe(access, name)).collect())
    }

    /// One group.
    pub fn get_group(&self, _permit: &Permit<Administer>, name: &GroupName) -> Result<Group, ServiceError> {
        let group = describe(&self.state()?.access, name);
        if group.members.is_empty() && group.grants.is_empty() {
            return Err(ServiceError::NotFound(format!("group {name}")));
        }
        Ok(group)
    }

    /// Replaces the members that are kept here; those by a provider or an issuer stay.
    pub async fn put_group(
        &self,
        permit: &Permit<Administer>,
        name: &GroupName,
        members: &[UserName],
    ) -> Result<Group, ServiceError> {
        let caller = permit.caller();
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            let wanted = find_members(access, "members", members)?;
            let edits = membership_edits(access, name, &wanted, true);
            Ok((judge(access, caller, &edits)?, ()))
        })
        .await?;
        Ok(describe(&self.state()?.access, name))
    }

    /// Takes everything from a group: its grants, and the members that are kept here.
    pub async fn delete_group(&self, permit: &Permit<Administer>, name: &GroupName) -> Result<(), ServiceError> {
        let caller: &Caller = permit.caller();
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            let held = access.grants_of(&Subject::Group(name.clone())).iter().cloned().map(Edit::Take);
            let mut edits = membership_edits(access, name, &BTreeSet::new(), true);
            edits.extend(held);
            if edits.is_empty() {
                return Err(ServiceError::NotFound(format!("group {name}")));
            }
            Ok((judge(access, caller, &edits)?, ()))
        })
        .await
    }
}

/// The names of all groups that exist.
fn names(access: &Access) -> BTreeSet<&GroupName> {
    let of_grants = access.grants().filter_map(|grant| match &grant.subject {
        Subject::Group(name) => Some(name),
        Subject::User(_) | Subject::Token(_) => None,
    });
    access.all_memberships().map(|membership| &membership.group).chain(of_grants).collect()
}

fn describe(access: &Access, name: &GroupName) -> Group {
    let named = |membership: &Membership| {
        let user = access.find_user(membership.user)?;
        Some((user.name.clone(), membership.source.clone()))
    };
    let members = access.all_memberships().filter(|membership| membership.group == *name);
    let mut members: Vec<_> = members.filter_map(named).collect();
    members.sort();
    let held = access.grants_of(&Subject::Group(name.clone()));
    Group { name: name.clone(), members, grants: held.iter().map(|grant| HeldGrant::of(access, grant)).collect() }
}

/// The users of these names. Each one that does not exist is named, behind `field`.
pub(super) fn find_members(access: &Access, field: &str, names: &[UserName]) -> Result<BTreeSet<Uuid>, ServiceError> {
    if names.len() > MEMBERS_MAX {
        let problem = format!("must have at most {MEMBERS_MAX} members, this has {}", names.len());
        return Err(ServiceError::Invalid(vec![Field::new(field, problem)]));
    }
    let by_name: BTreeMap<&UserName, Uuid> = access.users().map(|user| (&user.name, user.id)).collect();
    let (mut found, mut missing) = (BTreeSet::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        match by_name.get(name) {
            Some(id) => drop(found.insert(*id)),
            None => missing.push(Field::new(format!("{field}[{number}]"), format!("user {name} does not exist"))),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(ServiceError::Invalid(missing)) }
}

/// What it takes until these are the members that are kept here; without `prune` nobody leaves.
pub(super) fn membership_edits(access: &Access, name: &GroupName, wanted: &BTreeSet<Uuid>, prune: bool) -> Vec<Edit> {
    let here = |membership: &&Membership| membership.group == *name && membership.source == LOCAL;
    let now: BTreeSet<Uuid> = access.all_memberships().filter(here).map(|membership| membership.user).collect();
    let joins = wanted.difference(&now).map(|user| Edit::Join(name.clone(), *user));
    let leaves = now.difference(wanted).filter(|_| prune).map(|user| Edit::Leave(name.clone(), *user));
    joins.chain(leaves).collect()
}
