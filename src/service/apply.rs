//! All groups and grants at once: compared with what is there, and changed in one step.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use crate::domain::access::{Access, Allowance, Caller, Edit, Grant, LOCAL, Subject, Target};
use crate::domain::audit::Who;
use crate::domain::names::{GroupName, UserName};
use crate::domain::refusals::Refused;
use crate::service::access::judge;
use crate::service::grants::{HeldGrant, Wanted, find_equal};
use crate::service::groups::{find_members, membership_edits};
use crate::service::permit::{self, Administer, Permit};
use crate::service::{Field, Service, ServiceError};

/// Most changes that one call may make: they are written in one statement, which holds back everybody else.
const CHANGES_MAX: usize = 5_000;

/// What there shall be.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// Groups with the members that are kept here.
    pub groups: BTreeMap<GroupName, Vec<UserName>>,
    /// Grants of users and groups.
    pub grants: Vec<Wanted>,
    /// Whether grants and memberships that are not named here end.
    pub prune: bool,
    /// Judge only.
    pub dry_run: bool,
}

/// Groups and grants by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Groups with members that are kept here.
    pub groups: BTreeMap<GroupName, BTreeSet<String>>,
    /// Grants of users and groups.
    pub grants: Vec<HeldGrant>,
}

/// What a call changed, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// What came.
    pub added: Listing,
    /// What went.
    pub removed: Listing,
    /// How many grants and memberships of the call were there already.
    pub unchanged: usize,
}

impl Service {
    /// All groups and grants that [`Service::apply_access`] takes. The scopes of tokens are their owners'.
    pub fn export_access(&self, _permit: &Permit<Administer>) -> Result<Listing, ServiceError> {
        let access = &self.state()?.access;
        let mut listing = Listing::default();
        for membership in access.all_memberships().filter(|membership| membership.source == LOCAL) {
            listing.join(access, &membership.group, membership.user);
        }
        listing.grants =
            access.grants().filter(|grant| is_listed(grant)).map(|held| HeldGrant::of(access, held)).collect();
        listing.sort();
        Ok(listing)
    }

    /// Makes groups and grants what they shall be: all of it, or nothing.
    pub async fn apply_access(&self, caller: &Caller, desired: &Desired) -> Result<Applied, ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            if desired.prune || !desired.groups.is_empty() {
                permit::require::<Administer>(access, caller, Target::Store)?;
            }
            let (mut edits, kept) = self.wanted_grants(access, caller, desired)?;
            let members = wanted_members(access, desired)?;
            let mut unchanged = kept.len();
            for (group, wanted) in &members {
                let changed = membership_edits(access, group, wanted, desired.prune);
                unchanged += wanted.len() - changed.iter().filter(|edit| matches!(edit, Edit::Join(..))).count();
                edits.extend(changed);
            }
            if desired.prune {
                let unnamed = |grant: &&Grant| is_listed(grant) && !kept.contains(&grant.id);
                edits.extend(access.grants().filter(unnamed).cloned().map(Edit::Take));
            }
            refuse_too_many(edits.len())?;
            let steps = judge(access, caller, &edits)?;
            let steps = if desired.dry_run { Vec::new() } else { steps };
            Ok((steps, Applied::of(access, &edits, unchanged)))
        })
        .await
    }

    /// The grants to give, and the ids of those that are there.
    fn wanted_grants(
        &self,
        access: &Access,
        caller: &Caller,
        desired: &Desired,
    ) -> Result<(Vec<Edit>, HashSet<Uuid>), ServiceError> {
        let (mut edits, mut kept, mut bad) = (Vec::new(), HashSet::new(), Vec::new());
        let mut named = HashSet::new();
        for (number, wanted) in desired.grants.iter().enumerate() {
            let mut refuse = |problem: String| bad.push(Field::new(format!("grants[{number}].subject"), problem));
            permit::require::<permit::Grant>(access, caller, Target::Place(&wanted.place))?;
            match access.find_subject(&wanted.subject) {
                Some(Subject::Token(_)) => refuse("must be user:NAME or group:NAME".to_owned()),
                None => refuse(format!("{} does not exist", wanted.subject)),
                Some(_) if !named.insert((&wanted.subject, wanted.role, &wanted.place)) => {}
                Some(subject) => match find_equal(access, &subject, wanted) {
                    Some(equal) => drop(kept.insert(equal.id)),
                    None => edits.push(Edit::Give(wanted.to_grant(self.ambient.id(), subject))),
                },
            }
        }
        if bad.is_empty() { Ok((edits, kept)) } else { Err(ServiceError::Invalid(bad)) }
    }
}

/// The members of the groups that are named, and, where the others end, of all.
fn wanted_members(access: &Access, desired: &Desired) -> Result<BTreeMap<GroupName, BTreeSet<Uuid>>, ServiceError> {
    let mut all = BTreeMap::new();
    for (group, members) in &desired.groups {
        all.insert(group.clone(), find_members(access, &format!("groups.{group}"), members)?);
    }
    if desired.prune {
        for membership in access.all_memberships() {
            all.entry(membership.group.clone()).or_default();
        }
    }
    Ok(all)
}

/// Whether a grant is one of those that are named in a file: a role of a user or of a group.
fn is_listed(grant: &Grant) -> bool {
    matches!(grant.subject, Subject::User(_) | Subject::Group(_)) && matches!(grant.allowance, Allowance::Role(_))
}

fn refuse_too_many(wanted: usize) -> Result<(), ServiceError> {
    if wanted <= CHANGES_MAX {
        return Ok(());
    }
    let (allowed, wanted) = (CHANGES_MAX as u64, wanted as u64);
    Err(Refused::OverLimit { limit: "changes", target: "one call".to_owned(), allowed, wanted }.into())
}

impl Listing {
    fn join(&mut self, access: &Access, group: &GroupName, user: Uuid) {
        if let Some(user) = access.find_user(user) {
            self.groups.entry(group.clone()).or_default().insert(user.name.to_string());
        }
    }

    fn sort(&mut self) {
        self.grants.sort_by_key(|held| (held.subject.clone(), held.grant.to_string()));
    }
}

impl Applied {
    fn of(access: &Access, edits: &[Edit], unchanged: usize) -> Self {
        let mut applied = Self { unchanged, ..Self::default() };
        for edit in edits {
            match edit {
                Edit::Join(group, user) => applied.added.join(access, group, *user),
                Edit::Leave(group, user) => applied.removed.join(access, group, *user),
                Edit::Give(grant) => applied.added.grants.push(HeldGrant::of(access, grant)),
                Edit::Take(grant) => applied.removed.grants.push(HeldGrant::of(access, grant)),
                Edit::SetDisabled(..) => {}
            }
        }
        applied.added.sort();
        applied.removed.sort();
        applied
    }
}
