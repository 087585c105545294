//! Grants: who may see them, give them and take them away.

use uuid::Uuid;

use crate::domain::access::{
    Access, Action, Allowance, Caller, Edit, Grant, Place, Role, Subject, SubjectName, Target,
};
use crate::domain::audit::Who;
use crate::domain::names;
use crate::domain::patterns::Pattern;
use crate::domain::refusals;
use crate::service::access::judge;
use crate::service::permit;
use crate::service::{Field, Service, ServiceError};

/// A role to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// To whom.
    pub subject: SubjectName,
    /// Which.
    pub role: Role,
    /// Where.
    pub place: Place,
}

/// A grant, with the name of who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// `user:vera`, `group:sre`, `token:` and its id.
    pub subject: String,
    /// What it is.
    pub grant: Grant,
}

/// Which grants to list.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter {
    /// Held by this subject itself.
    pub subject: Option<SubjectName>,
    /// Covering something of these environments.
    pub environment: Option<Pattern>,
    /// Covering something of these namespaces.
    pub namespace: Option<Pattern>,
    /// Of this role.
    pub role: Option<Role>,
}

/// Parses a part of the store. Each bad field is named, behind `path`.
pub fn parse_place(path: &str, environment: &str, namespace: &str, key_prefix: &str) -> Result<Place, Vec<Field>> {
    let mut bad = Vec::new();
    let mut pattern = |field: &str, text: &str| {
        let parsed = Pattern::parse(text);
        parsed.map_err(|error| bad.push(Field::new(format!("{path}{field}"), error.to_string()))).ok()
    };
    let (environment, namespace) = (pattern("environment", environment), pattern("namespace", namespace));
    if let Err(error) = names::check_key_prefix(key_prefix) {
        bad.push(Field::new(format!("{path}key_prefix"), error.to_string()));
    }
    match (environment, namespace) {
        (Some(environment), Some(namespace)) if bad.is_empty() => {
            Ok(Place { environment, namespace, key_prefix: key_prefix.to_owned() })
        }
        _ => Err(bad),
    }
}

impl Service {
    /// Gives a role. Says whether the grant is new: an equal one that is held already stays as it is.
    pub async fn give_grant(&self, caller: &Caller, wanted: &Wanted) -> Result<(HeldGrant, bool), ServiceError> {
        let id = self.ambient.id();
        self.change_access(&Who::of(caller), |access| {
            let subject = may_give(access, caller, wanted)?;
            let held = |grant: Grant| HeldGrant { subject: wanted.subject.to_string(), grant };
            if let Some(equal) = find_equal(access, &subject, wanted) {
                return Ok((Vec::new(), (held(equal.clone()), false)));
            }
            let grant = wanted.to_grant(id, subject);
            let steps = judge(access, caller, &[Edit::Give(grant.clone())])?;
            Ok((steps, (held(grant), true)))
        })
        .await
    }

    /// Takes a grant away.
    pub async fn take_grant(&self, caller: &Caller, id: Uuid) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            let target = format!("grant {id}");
            let Some(grant) = access.find_grant(id) else { return Err(ServiceError::NotFound(target)) };
            if !may_see(access, caller, grant) {
                return Err(ServiceError::Hidden { action: Action::Grant, target });
            }
            if !may_change(access, caller, grant) {
                if matches!(grant.subject, Subject::Token(_)) {
                    return Err(ServiceError::NeedsFullToken);
                }
                return Err(denied(access, caller, &grant.place));
            }
            Ok((judge(access, caller, &[Edit::Take(grant.clone())])?, ()))
        })
        .await
    }

    /// The grants that a caller may see, by subject and place: its own, and those it could take away.
    pub fn list_grants(&self, caller: &Caller, filter: &GrantFilter) -> Result<Vec<HeldGrant>, ServiceError> {
        let access = &self.state()?.access;
        let subject = filter.subject.as_ref().map(|name| access.find_subject(name));
        let fits = |grant: &&Grant| {
            let place = &grant.place;
            subject.as_ref().is_none_or(|wanted| wanted.as_ref() == Some(&grant.subject))
                && filter.environment.as_ref().is_none_or(|wanted| wanted.overlaps(&place.environment))
                && filter.namespace.as_ref().is_none_or(|wanted| wanted.overlaps(&place.namespace))
                && filter.role.is_none_or(|role| grant.allowance == Allowance::Role(role))
        };
        let visible = access.grants().filter(fits).filter(|grant| may_see(access, caller, grant));
        Ok(visible.map(|grant| HeldGrant::of(access, grant)).collect())
    }
}

impl HeldGrant {
    /// A grant, with the name of who holds it.
    #[must_use]
    pub fn of(access: &Access, grant: &Grant) -> Self {
        Self { subject: access.name_of(&grant.subject), grant: grant.clone() }
    }
}

impl Wanted {
    pub(super) fn to_grant(&self, id: Uuid, subject: Subject) -> Grant {
        Grant { id, subject, allowance: Allowance::Role(self.role), place: self.place.clone() }
    }
}

/// The grant that says the same already.
pub(super) fn find_equal<'a>(access: &'a Access, subject: &Subject, wanted: &Wanted) -> Option<&'a Grant> {
    let allowance = Allowance::Role(wanted.role);
    access.grants_of(subject).iter().find(|held| held.allowance == allowance && held.place == wanted.place)
}

/// Checks that a caller may give a role, and finds to whom.
fn may_give(access: &Access, caller: &Caller, wanted: &Wanted) -> Result<Subject, ServiceError> {
    let SubjectName::Token(id) = &wanted.subject else {
        permit::require::<permit::Grant>(access, caller, Target::Place(&wanted.place))?;
        let found = access.find_subject(&wanted.subject);
        let missing =
            || ServiceError::Invalid(vec![Field::new("subject", format!("{} does not exist", wanted.subject))]);
        return found.ok_or_else(missing);
    };
    let own = |owner: Uuid| owner == caller.user.id;
    let target = format!("token {id}");
    let Some(token) = access.find_token(*id) else { return Err(ServiceError::NotFound(target)) };
    if !own(token.user) && !administers(access, caller) {
        return Err(ServiceError::Hidden { action: Action::Administer, target });
    }
    if !may_change_scope(access, caller, token.user) {
        return Err(ServiceError::NeedsFullToken);
    }
    if !token.scoped {
        let problem = "has no scope: it may whatever its owner may; make a token with a scope instead";
        return Err(ServiceError::Invalid(vec![Field::new("subject", problem)]));
    }
    Ok(Subject::Token(token.id))
}

fn denied(access: &Access, caller: &Caller, place: &Place) -> ServiceError {
    let target = Target::Place(place);
    refusals::denied(access, Action::Grant, target, refusals::may_read(access, caller.holder(), target)).into()
}

fn administers(access: &Access, caller: &Caller) -> bool {
    access.allows(caller.holder(), Action::Administer, Target::Store)
}

/// The scope of a token is its owner's to set, and the store admin's. Whoever acts through a scope cannot widen one.
fn may_change_scope(access: &Access, caller: &Caller, owner: Uuid) -> bool {
    let own = owner == caller.user.id && access.is_full(caller);
    own || administers(access, caller)
}

/// Whether a caller may take a grant away.
fn may_change(access: &Access, caller: &Caller, grant: &Grant) -> bool {
    match &grant.subject {
        Subject::Token(id) => access.find_token(*id).is_some_and(|token| may_change_scope(access, caller, token.user)),
        Subject::User(_) | Subject::Group(_) => {
            access.allows(caller.holder(), Action::Grant, Target::Place(&grant.place))
        }
    }
}

fn may_see(access: &Access, caller: &Caller, grant: &Grant) -> bool {
    let own = match &grant.subject {
        Subject::User(id) => *id == caller.user.id,
        Subject::Group(group) => access.is_member(caller.user.id, group),
        Subject::Token(id) => access.find_token(*id).is_some_and(|token| token.user == caller.user.id),
    };
    own || may_change(access, caller, grant)
}
