//! Who may do what, by which grant, and what is missing.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::{
    Access, Action, Caller, Decision, Effective, Holder, Membership, Subject, SubjectName, Target, Token, TokenKind,
    UserKind,
};
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::refusals;
use crate::service::grants::HeldGrant;
use crate::service::{Field, Service, ServiceError};

/// Most users that one answer lists.
const USERS_MAX: usize = 1_000;
/// How many people are named to ask.
const NAMES: usize = 10;

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The store as a whole.
    Store,
    /// One environment with all its namespaces.
    Environment(EnvironmentName),
    /// One namespace with all its keys.
    Namespace(EnvironmentName, NamespaceName),
    /// One entry.
    Entry(EnvironmentName, NamespaceName, EntryKey),
}

impl Asked {
    /// The target that the parts of an address name.
    pub fn parse(
        environment: Option<EnvironmentName>,
        namespace: Option<NamespaceName>,
        key: Option<EntryKey>,
    ) -> Result<Self, Field> {
        match (environment, namespace, key) {
            (None, None, None) => Ok(Self::Store),
            (Some(environment), None, None) => Ok(Self::Environment(environment)),
            (Some(environment), Some(namespace), None) => Ok(Self::Namespace(environment, namespace)),
            (Some(environment), Some(namespace), Some(key)) => Ok(Self::Entry(environment, namespace, key)),
            (None, Some(_), _) => Err(Field::new("namespace", "must come together with environment")),
            (_, None, Some(_)) => Err(Field::new("key", "must come together with namespace")),
        }
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Target<'_> {
        match self {
            Self::Store => Target::Store,
            Self::Environment(environment) => Target::Environment(environment),
            Self::Namespace(environment, namespace) => Target::Namespace(environment, namespace),
            Self::Entry(environment, namespace, key) => Target::Entry(environment, namespace, key),
        }
    }

    /// Something of it.
    fn part(&self) -> Option<Target<'_>> {
        match self {
            Self::Store | Self::Entry(..) => None,
            Self::Environment(environment) => Some(Target::AnyOf(environment)),
            Self::Namespace(environment, namespace) => Some(Target::AnyIn(environment, namespace)),
        }
    }
}

/// Why something is allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A grant allows it.
    Granted,
    /// A grant would allow it, but the scope of the token does not.
    OutOfScope,
    /// No grant allows it.
    NoGrant,
    /// The user is disabled.
    Disabled,
}

/// The answer to whether somebody may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Who is asked about.
    pub subject: String,
    /// Why, or why not.
    pub reason: Reason,
    /// The grant that allows it, or, out of scope, would.
    pub grant: Option<HeldGrant>,
    /// When it is not allowed on all of the target: a grant that allows it on a part.
    pub partly: Option<HeldGrant>,
    /// When it is not allowed: some who could give the right.
    pub who_can_grant: Vec<UserName>,
}

/// A user who may do what was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Able {
    /// Its name.
    pub name: UserName,
    /// Person or service.
    pub kind: UserKind,
    /// The grant by which it may.
    pub grant: HeldGrant,
}

/// How a caller showed who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The session of a login.
    Session,
    /// An API token.
    Token,
    /// A short-lived token.
    ShortLived,
    /// The word of a trusted issuer.
    Issuer,
}

/// Who a caller is, and what it may do.
#[derive(Debug, Clone)]
pub struct Identity {
    /// How it showed who it is.
    pub method: Method,
    /// The token it showed, or the one that was exchanged for what it showed.
    pub token: Option<Token>,
    /// The groups it is in, by name, and why.
    pub memberships: Vec<Membership>,
    /// The grants it holds by itself and by its groups.
    pub grants: Vec<HeldGrant>,
    /// What the token is limited to; none when it may whatever its owner may.
    pub scope: Option<Vec<HeldGrant>>,
    /// What it may do after all.
    pub effective: Vec<Effective>,
    /// Until when.
    pub expires_at: Option<OffsetDateTime>,
}

impl Service {
    /// Whether somebody may do something, and why. About others only those are told who may give rights there, or audit.
    pub fn explain(
        &self,
        caller: &Caller,
        subject: Option<&SubjectName>,
        action: Action,
        asked: &Asked,
    ) -> Result<Explanation, ServiceError> {
        let access = &self.state()?.access;
        let (whole, holder) = (asked.whole(), caller.holder());
        let about = match subject {
            None => holder,
            Some(SubjectName::User(name)) if *name == caller.user.name => Holder::user(caller.user.id),
            Some(SubjectName::Token(id)) if owns(access, caller, *id) => token_holder(access, *id)?,
            Some(other) => {
                may_ask(access, holder, whole)?;
                find_holder(access, other)?
            }
        };
        let tell = about.user != caller.user.id || refusals::may_read(access, holder, whole);
        let (reason, grant) = match access.decide(about, action, whole) {
            Decision::Allowed(grant) => (Reason::Granted, Some(grant)),
            Decision::OutOfScope(grant) => (Reason::OutOfScope, Some(grant)),
            Decision::NoGrant => (Reason::NoGrant, None),
            Decision::NoUser => (Reason::Disabled, None),
        };
        let partly = asked.part().filter(|_| reason != Reason::Granted).and_then(|part| {
            match access.decide(about, action, part) {
                Decision::Allowed(grant) => Some(grant),
                Decision::OutOfScope(_) | Decision::NoGrant | Decision::NoUser => None,
            }
        });
        let mut who_can_grant =
            if tell && reason == Reason::NoGrant { access.who_can(Action::Grant, whole) } else { Vec::new() };
        who_can_grant.truncate(NAMES);
        Ok(Explanation {
            subject: subject.map_or_else(|| format!("user:{}", caller.user.name), ToString::to_string),
            reason,
            grant: grant.map(|grant| HeldGrant::of(access, grant)),
            partly: partly.map(|grant| HeldGrant::of(access, grant)),
            who_can_grant,
        })
    }

    /// The users who may do something, by name, each with the grant by which it may; and whether there are more than are listed.
    pub fn who_can(&self, caller: &Caller, action: Action, asked: &Asked) -> Result<(Vec<Able>, bool), ServiceError> {
        let access = &self.state()?.access;
        let target = asked.whole();
        may_ask(access, caller.holder(), target)?;
        let mut able: Vec<_> = access
            .users()
            .filter_map(|user| match access.decide(Holder::user(user.id), action, target) {
                Decision::Allowed(grant) => {
                    Some(Able { name: user.name.clone(), kind: user.kind, grant: HeldGrant::of(access, grant) })
                }
                Decision::OutOfScope(_) | Decision::NoGrant | Decision::NoUser => None,
            })
            .collect();
        able.sort_by(|a, b| a.name.cmp(&b.name));
        let more = able.len() > USERS_MAX;
        able.truncate(USERS_MAX);
        Ok((able, more))
    }

    /// Who a caller is, and what it may do with what it showed.
    pub fn identify(&self, caller: &Caller) -> Result<Identity, ServiceError> {
        let access = &self.state()?.access;
        let credential = &caller.credential;
        let token = credential.token.and_then(|id| access.find_token(id)).cloned();
        let method = match &token {
            None => Method::Issuer,
            Some(_) if credential.expires_at.is_some() => Method::ShortLived,
            Some(token) if token.kind == TokenKind::Session => Method::Session,
            Some(_) => Method::Token,
        };
        let mut memberships = access.memberships(caller.user.id).to_vec();
        memberships.sort_by(|a, b| (&a.group, &a.source).cmp(&(&b.group, &b.source)));
        let mut grants: Vec<_> = access.grants_held(caller.user.id).map(|held| HeldGrant::of(access, held)).collect();
        grants.sort_by_key(|held| (held.subject.clone(), held.grant.to_string()));
        let scope = access.scope_of(caller.holder());
        Ok(Identity {
            method,
            memberships,
            grants,
            scope: scope.map(|scope| scope.iter().map(|grant| HeldGrant::of(access, grant)).collect()),
            effective: access.effective(caller.holder()),
            expires_at: credential.expires_at.or(token.as_ref().and_then(|token| token.expires_at)),
            token,
        })
    }
}

/// Checks that somebody may ask about others.
fn may_ask(access: &Access, holder: Holder, target: Target<'_>) -> Result<(), ServiceError> {
    if access.allows(holder, Action::Audit, target) {
        return Ok(());
    }
    Ok(refusals::require(access, holder, Action::Grant, target)?)
}

fn owns(access: &Access, caller: &Caller, token: Uuid) -> bool {
    access.find_token(token).is_some_and(|token| token.user == caller.user.id)
}

fn token_holder(access: &Access, id: Uuid) -> Result<Holder, ServiceError> {
    let token = access.find_token(id).ok_or_else(|| ServiceError::NotFound(format!("token {id}")))?;
    Ok(Holder { user: token.user, token: Some(id) })
}

fn find_holder(access: &Access, name: &SubjectName) -> Result<Holder, ServiceError> {
    match (name, access.find_subject(name)) {
        (_, Some(Subject::User(id))) => Ok(Holder::user(id)),
        (_, Some(Subject::Token(id))) => token_holder(access, id),
        (SubjectName::Group(_), _) => {
            Err(ServiceError::Invalid(vec![Field::new("subject", "must be user:NAME or token:ID")]))
        }
        (SubjectName::User(_) | SubjectName::Token(_), _) => Err(ServiceError::NotFound(name.to_string())),
    }
}
