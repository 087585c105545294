//! How far instances are behind: from memory where nothing changed, from the history where something did.

use std::collections::HashMap;

use crate::domain::access::Holder;
use crate::domain::instances::{BEHIND_MAX, Condition, Instance, condition};
use crate::domain::names::NamespaceName;
use crate::domain::revisions::Revision;
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::service::ServiceError;
use crate::store::Conn;
use crate::store::instances::receipts as kept;

/// An instance, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The instance.
    pub instance: Instance,
    /// How it stands.
    pub condition: Condition,
    /// How many revisions after its applied one touch what its owner sees; counted up to 1000.
    pub behind: u64,
}

/// How instances stand to the history up to `until`. Those that see the same and run the same are counted once.
pub(super) async fn of(
    state: &State,
    conn: &mut Conn,
    instances: Vec<Instance>,
    until: Revision,
) -> Result<Vec<Standing>, ServiceError> {
    let mut numbers = HashMap::<(Sight, Revision), usize>::new();
    let mut sights = Vec::new();
    let questions: Vec<Option<usize>> = instances
        .iter()
        .map(|instance| {
            let question = question(state, instance)?;
            Some(*numbers.entry(question.clone()).or_insert_with(|| {
                sights.push(question);
                sights.len() - 1
            }))
        })
        .collect();
    let counts = if sights.is_empty() { vec![] } else { kept::count_after(conn, &sights, until, BEHIND_MAX).await? };
    let standings = instances.into_iter().zip(questions).map(|(instance, question)| {
        let behind = question.and_then(|number| counts.get(number)).copied().unwrap_or(0);
        Standing { condition: condition(instance.declared.held, &instance.progress, behind), behind, instance }
    });
    Ok(standings.collect())
}

/// What to count for an instance; nothing when it has not reported, or when memory shows that nothing changed since.
fn question(state: &State, instance: &Instance) -> Option<(Sight, Revision)> {
    let applied = instance.progress.applied.as_ref()?.at.revision;
    let environment = &instance.environment;
    let touched = |name: &NamespaceName| match state.find_namespace(environment, name) {
        Some(namespace) => namespace.touched,
        // Not there: it can have been deleted no later than the environment changed.
        None => state.find_environment(environment).map_or(state.head, |environment| environment.touched),
    };
    if instance.declared.namespaces.iter().all(|name| touched(name) <= applied) {
        return None;
    }
    let sight = Sight::of(&state.access, Holder::user(instance.owner), environment, &instance.declared.namespaces);
    (!sight.is_blind()).then_some((sight, applied))
}
