//! Users: people and services, their passwords, and who may do nothing any more.

use serde_json::json;

use crate::domain::access::{Access, Caller, Edit, Membership, Target, TokenKind, User, UserKind};
use crate::domain::audit::{Event, Who};
use crate::domain::names::UserName;
use crate::domain::passwords;
use crate::service::access::judge;
use crate::service::accounts::{one_time_password, password_step};
use crate::service::attempts::Attempt;
use crate::service::logins::too_soon;
use crate::service::permit::{self, Administer, Permit};
use crate::service::tokens::require_full;
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, Op, Step};

/// A user with what an admin sees of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetail {
    /// The user.
    pub user: User,
    /// The groups it is in, by name, and why.
    pub memberships: Vec<Membership>,
}

impl UserDetail {
    fn of(access: &Access, user: &User) -> Self {
        let mut memberships = access.memberships(user.id).to_vec();
        memberships.sort_by(|a, b| (&a.group, &a.source).cmp(&(&b.group, &b.source)));
        Self { user: user.clone(), memberships }
    }
}

impl Service {
    /// All users.
    pub fn list_users(&self, _permit: &Permit<Administer>) -> Result<Vec<UserDetail>, ServiceError> {
        let access = &self.state()?.access;
        Ok(access.users().map(|user| UserDetail::of(access, user)).collect())
    }

    /// One user.
    pub fn get_user(&self, _permit: &Permit<Administer>, name: &UserName) -> Result<UserDetail, ServiceError> {
        let access = &self.state()?.access;
        Ok(UserDetail::of(access, find(access, name)?))
    }

    /// Makes a user without any right. A person gets a one-time password; a service has tokens only.
    pub async fn create_user(
        &self,
        permit: &Permit<Administer>,
        name: &UserName,
        kind: UserKind,
    ) -> Result<(UserDetail, Option<String>), ServiceError> {
        refuse_taken(&self.state()?.access, name)?;
        let (id, caller) = (self.ambient.id(), permit.caller());
        let password = (kind == UserKind::Person).then(|| one_time_password(&*self.ambient));
        let password_hash = match password.clone() {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let event = Event::new("create_user", format!("user:{name}")).after(json!({"kind": kind}));
        let one_time = password.is_some();
        let op =
            Op::CreateUser { id, name: name.clone(), kind, password_hash, one_time, provider: None, subject: None };
        let step = Step { event, op };
        self.change_access(&Who::of(caller), |access| {
            may_administer(access, caller)?;
            refuse_taken(access, name)?;
            Ok((vec![step.clone()], ()))
        })
        .await?;
        Ok((self.get_user(permit, name)?, password))
    }

    /// Lets a user do nothing any more, which ends its streams and sessions, or again what it holds.
    pub async fn set_disabled(
        &self,
        permit: &Permit<Administer>,
        name: &UserName,
        disabled: bool,
    ) -> Result<UserDetail, ServiceError> {
        let caller = permit.caller();
        self.change_access(&Who::of(caller), |access| {
            may_administer(access, caller)?;
            let user = find(access, name)?;
            if user.disabled == disabled {
                return Ok((Vec::new(), ()));
            }
            let steps = judge(access, caller, &[Edit::SetDisabled(user.id, disabled)])?;
            if user.id == caller.user.id {
                return Err(ServiceError::Invalid(vec![Field::new("disabled", "nobody may disable itself")]));
            }
            Ok((steps, ()))
        })
        .await?;
        self.get_user(permit, name)
    }

    /// Gives a person a one-time password, which ends its sessions; its API tokens stay.
    pub async fn reset_user(&self, permit: &Permit<Administer>, name: &UserName) -> Result<String, ServiceError> {
        let caller = permit.caller();
        refuse_without_password(find(&self.state()?.access, name)?)?;
        let password = one_time_password(&*self.ambient);
        let hash = self.passwords.hash(password.clone()).await?;
        self.change_access(&Who::of(caller), |access| {
            may_administer(access, caller)?;
            let user = find(access, name)?;
            refuse_without_password(user)?;
            Ok((vec![password_step(user.id, name, hash.clone(), true, None)], ()))
        })
        .await?;
        Ok(password)
    }

    /// Changes the caller's own password. Its other sessions end; this one and the API tokens stay.
    pub async fn change_password(&self, caller: &Caller, old: String, new: String) -> Result<(), ServiceError> {
        let name = &caller.user.name;
        require_full(&self.state()?.access, caller)?;
        check_password("new_password", &new, name.as_str())?;
        if new == old {
            return Err(ServiceError::Invalid(vec![Field::new("new_password", "must be another one")]));
        }
        let mut session = self.store.acquire().await?;
        let account = store::find_account(&mut session, name).await?;
        drop(session);
        // Whoever has only the session guesses no faster than at a login.
        let attempt = Attempt::new(name.as_str(), caller.peer.address, true);
        self.sessions.attempts.begin(&attempt, self.ambient.now()).map_err(too_soon)?;
        let known = account.and_then(|account| account.password_hash);
        let right = self.verify(old, known).await.inspect_err(|_| self.sessions.attempts.withdraw(&attempt))?;
        if !right {
            self.note_failed_login(Some(name), &caller.peer, "wrong");
            return Err(ServiceError::WrongPassword);
        }
        self.sessions.attempts.succeeded(&attempt);
        let hash = self.passwords.hash(new).await?;
        self.change_access(&Who::of(caller), |access| {
            let shown = caller.credential.token.and_then(|id| access.find_token(id));
            let keep = shown.filter(|token| token.kind == TokenKind::Session).map(|token| token.id);
            Ok((vec![password_step(caller.user.id, name, hash.clone(), false, keep)], ()))
        })
        .await
    }
}

/// Refuses a new password that breaks the rule, and names the field.
pub(super) fn check_password(field: &str, password: &str, user: &str) -> Result<(), ServiceError> {
    let judged = passwords::check(password, user);
    judged.map_err(|error| ServiceError::Invalid(vec![Field::new(field, error.to_string())]))
}

fn may_administer(access: &Access, caller: &Caller) -> Result<Permit<Administer>, ServiceError> {
    permit::require(access, caller, Target::Store)
}

fn find<'a>(access: &'a Access, name: &UserName) -> Result<&'a User, ServiceError> {
    access.find_user_by_name(name).ok_or_else(|| ServiceError::NotFound(format!("user {name}")))
}

fn refuse_taken(access: &Access, name: &UserName) -> Result<(), ServiceError> {
    match access.find_user_by_name(name) {
        Some(_) => Err(ServiceError::AlreadyExists(format!("user {name}"))),
        None => Ok(()),
    }
}

/// A service has no password, and who logs in at a provider is not to get a second way in.
fn refuse_without_password(user: &User) -> Result<(), ServiceError> {
    let problem = match (&user.vouched, user.kind) {
        (Some((provider, _)), _) => format!("{} logs in at {provider} and has no password here", user.name),
        (None, UserKind::Service) => format!("{} is a service, which has tokens and no password", user.name),
        (None, UserKind::Person) => return Ok(()),
    };
    Err(ServiceError::Invalid(vec![Field::new("name", problem)]))
}
