//! How far instances are behind, and which change they run: from memory where nothing changed, from the history where
//! something did.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::domain::access::{Action, Holder};
use crate::domain::changes::RecordHead;
use crate::domain::instances::{BEHIND_MAX, Condition, Instance, Stands, condition};
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::service::ServiceError;
use crate::store::Conn;
use crate::store::instances::{receipts as kept, runs};

/// An instance, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The instance.
    pub instance: Instance,
    /// How it stands.
    pub condition: Condition,
    /// How many revisions after its applied one touch what its owner sees; counted up to 1000.
    pub behind: u64,
    /// The newest revision up to its applied one that touched what both its owner and the caller see.
    pub runs: Option<RecordHead>,
}

impl Standing {
    /// How it stands in all that lists are narrowed by.
    #[must_use]
    pub fn stands(&self) -> Stands {
        self.instance.stands(self.condition)
    }
}

/// What decides which revision is run, and how far behind that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Runner<'a> {
    pub(super) environment: &'a EnvironmentName,
    pub(super) owner: Uuid,
    pub(super) namespaces: &'a [NamespaceName],
    pub(super) applied: Option<Revision>,
}

impl<'a> Runner<'a> {
    fn of(instance: &'a Instance) -> Self {
        Self {
            environment: &instance.environment,
            owner: instance.owner,
            namespaces: &instance.declared.namespaces,
            applied: instance.progress.applied.as_ref().map(|applied| applied.at.revision),
        }
    }
}

/// Who looks, and at what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewer<'a> {
    pub(super) holder: Holder,
    /// Only at this namespace.
    pub(super) namespace: Option<&'a NamespaceName>,
    /// Only at this key.
    pub(super) key: Option<&'a EntryKey>,
}

/// Questions to the history, each once, and which of them is whose.
struct Questions {
    all: Vec<(Sight, Revision)>,
    whose: Vec<Option<usize>>,
}

impl Questions {
    fn of(each: impl Iterator<Item = Option<(Sight, Revision)>>) -> Self {
        let (mut numbers, mut all) = (HashMap::<(Sight, Revision), usize>::new(), Vec::new());
        let number = |question: (Sight, Revision)| {
            *numbers.entry(question.clone()).or_insert_with(|| {
                all.push(question);
                all.len() - 1
            })
        };
        let mut number = number;
        let whose = each.map(|question| question.map(&mut number)).collect();
        Self { all, whose }
    }

    fn answered<T: Copy>(&self, answers: &[T]) -> impl Iterator<Item = Option<T>> {
        self.whose.iter().map(|number| number.and_then(|number| answers.get(number)).copied())
    }
}

/// How instances stand to the history up to `until`, and, for somebody who looks, which change they run.
pub(super) async fn of(
    state: &State,
    conn: &mut Conn,
    instances: Vec<Instance>,
    until: Revision,
    viewer: Option<Viewer<'_>>,
) -> Result<Vec<Standing>, ServiceError> {
    let runners: Vec<Runner<'_>> = instances.iter().map(Runner::of).collect();
    let behind = behind(state, conn, &runners, until).await?;
    let runs = match viewer {
        Some(viewer) => runs_of(state, conn, &runners, viewer).await?,
        None => vec![None; instances.len()],
    };
    let heads = heads(conn, &runs).await?;
    let standings = instances.into_iter().zip(behind).zip(runs).map(|((instance, behind), runs)| Standing {
        condition: condition(
            instance.declared.held,
            instance.progress.applied.is_some(),
            instance.progress.rejected.is_some(),
            behind,
        ),
        behind,
        runs: runs.and_then(|revision| heads.get(&revision)).cloned(),
        instance,
    });
    Ok(standings.collect())
}

/// How far each is behind. Those that see the same and run the same are counted once.
pub(super) async fn behind(
    state: &State,
    conn: &mut Conn,
    runners: &[Runner<'_>],
    until: Revision,
) -> Result<Vec<u64>, ServiceError> {
    let questions = Questions::of(runners.iter().map(|runner| question(state, runner)));
    if questions.all.is_empty() {
        return Ok(vec![0; runners.len()]);
    }
    let counts = kept::count_after(conn, &questions.all, until, BEHIND_MAX).await?;
    Ok(questions.answered(&counts).map(Option::unwrap_or_default).collect())
}

/// What to count for an instance; nothing when it has not reported, or when memory shows that nothing changed since.
fn question(state: &State, runner: &Runner<'_>) -> Option<(Sight, Revision)> {
    let Runner { environment, owner, namespaces, applied } = *runner;
    let applied = applied?;
    let touched = |name: &NamespaceName| match state.find_namespace(environment, name) {
        Some(namespace) => namespace.touched(),
        // Not there: it can have been deleted no later than the environment changed.
        None => state.find_environment(environment).map_or(state.head, |environment| environment.touched),
    };
    if namespaces.iter().all(|name| touched(name) <= applied) {
        return None;
    }
    let sight = Sight::of(&state.access, Holder::user(owner), environment, namespaces);
    (!sight.is_blind()).then_some((sight, applied))
}

/// Which change each runs: the newest one up to its applied revision, of what both its owner and who looks see.
pub(super) async fn runs_of(
    state: &State,
    conn: &mut Conn,
    runners: &[Runner<'_>],
    viewer: Viewer<'_>,
) -> Result<Vec<Option<Revision>>, ServiceError> {
    let questions = Questions::of(runners.iter().map(|runner| {
        let names: Vec<NamespaceName> = runner
            .namespaces
            .iter()
            .filter(|name| viewer.namespace.is_none_or(|only| only == *name))
            .cloned()
            .collect();
        let sight = Sight::of(&state.access, Holder::user(runner.owner), runner.environment, &names);
        let sight = sight.shared_with(&state.access, viewer.holder, Action::Inspect);
        Some((sight, runner.applied?)).filter(|(sight, _)| !sight.is_blind())
    }));
    if questions.all.is_empty() {
        return Ok(vec![None; runners.len()]);
    }
    let newest = runs::newest_until(conn, &questions.all, viewer.key).await?;
    Ok(questions.answered(&newest).map(Option::flatten).collect())
}

/// When, by whom and why some revisions were made.
pub(super) async fn heads(
    conn: &mut Conn,
    revisions: &[Option<Revision>],
) -> Result<BTreeMap<Revision, RecordHead>, ServiceError> {
    let mut wanted: Vec<Revision> = revisions.iter().copied().flatten().collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(runs::heads_of(conn, &wanted).await?)
}
