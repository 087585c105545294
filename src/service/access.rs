//! Changing access: judged at an access number, written if nobody else changed it since.

use serde_json::{Value, json};

use crate::domain::access::{Access, Caller, Edit, Grant, LOCAL, Subject, Unfit, User};
use crate::domain::audit::{Event, Who};
use crate::domain::names::{EnvironmentName, GroupName, NamespaceName};
use crate::domain::refusals::Refused;
use crate::service::{Service, ServiceError};
use crate::store::{self, AccessOutcome, Op, Step};

/// Tries, each at the newest rights.
const TRIES: u32 = 10;
/// Most grants that one subject may hold.
pub(super) const GRANTS_MAX: usize = 1_000;

impl Service {
    /// Plans a change of access at the rights of this moment, and makes it durable; plans again when others were faster. No
    /// steps change nothing. When it returns, this node judges by the new rights.
    pub(super) async fn change_access<T>(
        &self,
        who: &Who,
        plan: impl Fn(&Access) -> Result<(Vec<Step>, T), ServiceError>,
    ) -> Result<T, ServiceError> {
        if who.short_lived {
            return Err(ServiceError::NeedsFullToken);
        }
        for _ in 0..TRIES {
            let access = self.state()?.access.clone();
            let (steps, made) = plan(&access)?;
            if steps.is_empty() {
                return Ok(made);
            }
            let mut session = self.store.acquire().await?;
            let outcome = store::change_access(&mut session, Some(access.number), who, &steps).await;
            let outcome = outcome.map_err(ServiceError::of_write)?;
            drop(session);
            // What changed is there by now, whatever became of the database since.
            let seen = self.pump.refresh().await;
            match outcome {
                AccessOutcome::Changed(_) => return seen.map(|()| made).map_err(|_| ServiceError::OutcomeUnknown),
                AccessOutcome::Moved | AccessOutcome::Foreign => seen?,
            }
        }
        Err(ServiceError::Unavailable("access changes faster than this call can be judged; try again".to_owned()))
    }
}

/// The steps of some changes, with what the audit says of each; refused when they lead where nobody may go.
pub(super) fn judge(access: &Access, caller: &Caller, edits: &[Edit]) -> Result<Vec<Step>, ServiceError> {
    let after = access.edited(edits);
    match access.unfit(&after, caller.user.id) {
        Some(Unfit::LastAdmin) => return Err(ServiceError::LastAdmin),
        Some(Unfit::OwnSecrets(_)) => return Err(ServiceError::SelfGrant),
        None => {}
    }
    for edit in edits {
        if let Edit::Give(grant) = edit {
            refuse_too_many(&after, &grant.subject)?;
        }
    }
    Ok(edits.iter().map(|edit| step(access, edit)).collect())
}

fn refuse_too_many(after: &Access, subject: &Subject) -> Result<(), ServiceError> {
    let wanted = after.grants_of(subject).len();
    if wanted <= GRANTS_MAX {
        return Ok(());
    }
    let (allowed, wanted) = (GRANTS_MAX as u64, wanted as u64);
    Err(Refused::OverLimit { limit: "grants", target: after.name_of(subject), allowed, wanted }.into())
}

fn step(access: &Access, edit: &Edit) -> Step {
    let user = |id| access.name_of(&Subject::User(id));
    let member = |group: &GroupName, id| json!({"group": group, "user": user(id), "source": LOCAL});
    match edit {
        Edit::SetDisabled(id, disabled) => {
            let (user_id, disabled) = (*id, *disabled);
            let was = access.find_user(user_id).is_some_and(|user: &User| user.disabled);
            let event = Event::new(if disabled { "disable_user" } else { "enable_user" }, user(user_id));
            let event = event.before(json!({"disabled": was})).after(json!({"disabled": disabled}));
            Step { event, op: Op::SetDisabled { user_id, disabled } }
        }
        Edit::Join(group, id) => Step {
            event: Event::new("join_group", format!("group:{group}")).after(member(group, *id)),
            op: Op::AddMember { group_name: group.clone(), user_id: *id, source: LOCAL.to_owned() },
        },
        Edit::Leave(group, id) => Step {
            event: Event::new("leave_group", format!("group:{group}")).before(member(group, *id)),
            op: Op::RemoveMember { group_name: group.clone(), user_id: *id, source: LOCAL.to_owned() },
        },
        Edit::Give(grant) => {
            Step { event: about(access, "grant", grant).after(described(grant)), op: Op::Grant(grant.into()) }
        }
        Edit::Take(grant) => {
            let event = about(access, "revoke_grant", grant).before(described(grant));
            Step { event, op: Op::RevokeGrant { id: grant.id } }
        }
    }
}

/// An event about a grant. When it is about one namespace only, the event belongs there.
fn about(access: &Access, action: &'static str, grant: &Grant) -> Event {
    let environment = grant.place.environment.literal().and_then(|name| EnvironmentName::parse(name).ok());
    let namespace = grant.place.namespace.literal().and_then(|name| NamespaceName::parse(name).ok());
    let namespace = namespace.filter(|_| environment.is_some());
    Event { environment, namespace, ..Event::new(action, access.name_of(&grant.subject)) }
}

fn described(grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "role": grant.allowance.to_string(),
        "environment": grant.place.environment,
        "namespace": grant.place.namespace,
        "key_prefix": grant.place.key_prefix,
    })
}
