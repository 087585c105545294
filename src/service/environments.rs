//! Environments: listing, changing, freezing.

use crate::domain::access::{Action, Caller, Target};
use crate::domain::changes::{EnvironmentAttributes, Intent};
use crate::domain::names::EnvironmentName;
use crate::domain::revisions::Revision;
use crate::domain::state::Environment;
use crate::service::committer::Committed;
use crate::service::permit::{self, Freeze, Manage, Permit, Read};
use crate::service::{At, Field, Service, ServiceError, WriteContext};
use crate::store::Part;

/// Longest description or reason, in bytes.
pub(super) const TEXT_BYTES: usize = 1024;

impl Service {
    /// Checks that a caller may see an environment.
    pub fn may_see(&self, caller: &Caller, name: &EnvironmentName) -> Result<Permit<Read>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::AnyOf(name))
    }

    /// Checks that a caller may manage an environment.
    pub fn may_manage(&self, caller: &Caller, name: &EnvironmentName) -> Result<Permit<Manage>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::Environment(name))
    }

    /// Checks that a caller may freeze an environment.
    pub fn may_freeze(&self, caller: &Caller, name: &EnvironmentName) -> Result<Permit<Freeze>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::Environment(name))
    }

    /// The environments that a caller may see something of, and the last revision that touched the list.
    pub async fn list_environments(
        &self,
        caller: &Caller,
        at: Option<At>,
    ) -> Result<(Vec<(EnvironmentName, Environment)>, Revision), ServiceError> {
        let access = self.state()?.access.clone();
        let state = self.state_at(at.map(|at| (at, "at")), Part { bare: true, ..Part::default() }).await?;
        let visible = |name: &EnvironmentName| access.allows(caller.holder(), Action::Read, Target::AnyOf(name));
        let all = state.environments().filter(|(name, _)| visible(name));
        Ok((all.map(|(name, found)| (name.clone(), found.clone())).collect(), state.environments_touched()))
    }

    /// One environment.
    pub async fn get_environment(
        &self,
        _permit: &Permit<Read>,
        name: &EnvironmentName,
        at: Option<At>,
    ) -> Result<Environment, ServiceError> {
        let part = Part { environment: Some(name), bare: true, ..Part::default() };
        let state = self.state_at(at.map(|at| (at, "at")), part).await?;
        state.find_environment(name).cloned().ok_or_else(|| ServiceError::NotFound(name.to_string()))
    }

    /// Creates an environment or changes its attributes.
    pub async fn put_environment(
        &self,
        permit: &Permit<Manage>,
        name: EnvironmentName,
        attributes: EnvironmentAttributes,
        if_revision: Option<Revision>,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        check_text("description", &attributes.description)?;
        if attributes.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
            let field = Field::new("colour", "must be '#' and six of 0-9 and a-f, such as #d03b3b");
            return Err(ServiceError::Invalid(vec![field]));
        }
        self.write(permit.caller(), Intent::PutEnvironment(name, attributes, if_revision), context).await
    }

    /// Deletes an empty environment.
    pub async fn delete_environment(
        &self,
        permit: &Permit<Manage>,
        name: EnvironmentName,
        if_revision: Option<Revision>,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        self.write(permit.caller(), Intent::DeleteEnvironment(name, if_revision), context).await
    }

    /// Refuses publishes for a reason, or, without one, allows them again.
    pub async fn freeze(
        &self,
        permit: &Permit<Freeze>,
        name: EnvironmentName,
        reason: Option<String>,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        if let Some(reason) = &reason {
            check_text("reason", reason)?;
            if reason.trim().is_empty() {
                return Err(ServiceError::Invalid(vec![Field::new("reason", "must not be empty")]));
            }
        }
        self.write(permit.caller(), Intent::Freeze(name, reason), context).await
    }
}

pub(super) fn check_text(field: &str, text: &str) -> Result<(), ServiceError> {
    if text.len() > TEXT_BYTES {
        let problem = format!("must have at most {TEXT_BYTES} bytes, this has {}", text.len());
        return Err(ServiceError::Invalid(vec![Field::new(field, problem)]));
    }
    if text.contains('\0') {
        return Err(ServiceError::Invalid(vec![Field::new(field, "must not contain NUL")]));
    }
    Ok(())
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}
