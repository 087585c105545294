//! Trimming: what may go, and the task that carries it out step by step, through the committer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::audit::Who;
use crate::domain::limits::Limits;
use crate::domain::revisions::Revision;
use crate::service::permit::{Administer, Permit};
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, Conn, Page, Resealing, Sealing, Session, Store, StoreError, Sweep};
use crate::view::View;

/// How long subscribers have between the announcement of a floor and its rise, to get their checkpoint above it.
const ANNOUNCED: Duration = Duration::from_secs(3);
/// How often the task looks at what its node's view says.
const LOOK: Duration = Duration::from_secs(1);
/// How often it asks the store, whatever the view says: another node may have died over its work.
const ASK: Duration = Duration::from_secs(30);
/// How often the history is judged against the settings.
const JUDGE: Duration = Duration::from_mins(10);
/// How long counting what would go may take.
const COUNT: Duration = Duration::from_secs(10);

/// What shall stay readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The newest revisions, so many.
    Newest(u64),
    /// Whatever was there so long ago, and since.
    Since(Duration),
    /// From this revision on.
    From(Revision),
}

/// What a trim does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed {
    /// The oldest revision that is readable without a pin before it.
    pub before: Revision,
    /// The oldest one after it.
    pub floor: Revision,
    /// How many revisions cannot be read any more.
    pub revisions: u64,
    /// Bytes of content that go; none when counting them took too long.
    pub bytes: Option<u64>,
}

/// One step of a trim, for the committer.
#[derive(Debug)]
pub struct TrimStep {
    work: Work,
    /// Gets whether there was anything to do.
    pub(super) reply: oneshot::Sender<Result<bool, ServiceError>>,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Work {
    Announce(Revision, Who),
    Raise,
    Sweep(Revision, Sweep, Page),
    /// Not of a trim: earlier versions get sealed.
    Seal(Sealing),
    /// Not of a trim: contents get another data key.
    Reseal(Resealing),
}

impl TrimStep {
    /// Runs the step as one statement. One that was cut may be repeated.
    pub(super) async fn run(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        match &self.work {
            Work::Announce(floor, who) => store::announce_floor(conn, *floor, who).await,
            Work::Raise => store::raise_floor(conn, ANNOUNCED).await,
            Work::Sweep(floor, sweep, page) => store::sweep(conn, *floor, sweep, page).await,
            Work::Seal(sealing) => store::seal_versions(conn, sealing).await,
            Work::Reseal(resealing) => store::reseal_contents(conn, resealing).await.map(|count| count > 0),
        }
    }
}

/// Where steps are given to the committer, and how the task is woken.
#[derive(Debug, Clone)]
pub struct TrimLink {
    steps: mpsc::Sender<TrimStep>,
    woken: Arc<Notify>,
}

impl TrimLink {
    /// A link to the committer that holds the other end of the channel.
    #[must_use]
    pub fn new(steps: mpsc::Sender<TrimStep>) -> Self {
        Self { steps, woken: Arc::default() }
    }

    /// Makes the task look at once.
    pub(super) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Gives a step to the committer, and waits until it was done. Says whether there was anything to do.
    pub(super) async fn step(&self, work: Work) -> Result<bool, ServiceError> {
        let (reply, done) = oneshot::channel();
        self.steps.send(TrimStep { work, reply }).await.map_err(|_| ServiceError::Draining)?;
        done.await.map_err(|_| ServiceError::Draining)?
    }
}

impl Service {
    /// Says what a trim would do and, unless it is a dry run, announces the new floor. The rest follows by itself.
    pub async fn trim(&self, permit: &Permit<Administer>, keep: Keep, dry_run: bool) -> Result<Trimmed, ServiceError> {
        self.pump.refresh().await?;
        let state = self.view.state();
        match keep {
            Keep::Newest(0) => return Err(invalid("keep", "must be at least 1".to_owned())),
            Keep::From(revision) if revision > state.head => {
                return Err(invalid("below", format!("must be at most the head, which is {}", state.head)));
            }
            Keep::Newest(_) | Keep::Since(_) | Keep::From(_) => {}
        }
        let mut session = self.store.acquire().await?;
        let before = state.bounds.floor;
        let wanted = wanted(&mut session, keep).await?.unwrap_or(Revision::ZERO);
        let floor = wanted.max(state.bounds.next_floor).min(state.head);
        let revisions = store::count_trimmed(&mut session, floor).await?;
        let counted = tokio::time::timeout(COUNT, count_bytes(&mut session, floor)).await;
        if counted.is_err() {
            session.close_on_drop();
        }
        let bytes = counted.ok().transpose()?;
        if !dry_run && self.trims.step(Work::Announce(floor, Who::of(permit.caller()))).await? {
            let actor = &permit.caller().user.name;
            tracing::info!(%actor, %floor, revisions, "the history will be trimmed");
            self.pump.refresh().await?;
            self.trims.wake();
        }
        Ok(Trimmed { before, floor, revisions, bytes })
    }
}

fn invalid(field: &str, problem: String) -> ServiceError {
    ServiceError::Invalid(vec![Field::new(field, problem)])
}

/// The floor that keeps no more than asked for; none when there is no more than that.
async fn wanted(conn: &mut Conn, keep: Keep) -> Result<Option<Revision>, StoreError> {
    match keep {
        Keep::Newest(count) => store::find_floor_keeping(conn, count).await,
        Keep::Since(age) => store::find_floor_older(conn, age).await,
        Keep::From(revision) => Ok(Some(revision)),
    }
}

async fn count_bytes(session: &mut Session, floor: Revision) -> Result<u64, StoreError> {
    let (mut bytes, mut after) = (0, Vec::new());
    loop {
        let page = store::survey(session, floor, &after).await?;
        bytes += page.bytes;
        match page.upto {
            Some(upto) => after = upto,
            None => return Ok(bytes),
        }
    }
}

/// The task that trims: it judges the history against the settings, and carries on whatever was announced, by whichever
/// node.
#[derive(Debug)]
pub struct Trimmer {
    /// The database, to find out what nothing needs.
    pub store: Store,
    /// Says where the floor is.
    pub view: Arc<View>,
    /// To the committer.
    pub link: TrimLink,
    /// How much history to keep.
    pub limits: Arc<Limits>,
}

impl Trimmer {
    /// Works until stopped. Whatever fails is tried again at the next look.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.work()).await;
    }

    async fn work(&self) {
        let mut looks = tokio::time::interval(LOOK);
        let (mut judge_at, mut ask_at) = (Instant::now(), Instant::now());
        let mut known = self.view.state().bounds.floor;
        loop {
            let woken = tokio::select! {
                _ = looks.tick() => false,
                () = self.link.woken.notified() => true,
            };
            if self.view.health().down_since.is_some() {
                continue;
            }
            let now = Instant::now();
            if now >= judge_at {
                judge_at = now + JUDGE;
                note("judging the history", self.judge().await);
            }
            let bounds = self.view.state().bounds;
            if woken || now >= ask_at || bounds.floor != known || bounds.next_floor > bounds.floor {
                (ask_at, known) = (now + ASK, bounds.floor);
                note("trimming", self.carry_on().await);
            }
        }
    }

    /// Announces the floor that the settings ask for. Not while the store is held: nobody knows yet what it needs.
    async fn judge(&self) -> Result<(), ServiceError> {
        let keeps = [self.limits.history_revisions.map(Keep::Newest), self.limits.history_age.map(Keep::Since)];
        let bounds = self.view.state().bounds;
        if bounds.held || keeps.iter().all(Option::is_none) {
            return Ok(());
        }
        let mut session = self.store.acquire().await?;
        let mut floor = bounds.next_floor;
        for keep in keeps.into_iter().flatten() {
            floor = floor.max(wanted(&mut session, keep).await?.unwrap_or_default());
        }
        drop(session);
        if floor > bounds.next_floor && self.link.step(Work::Announce(floor, Who::system())).await? {
            tracing::info!(%floor, "the history will be trimmed, as the settings say");
        }
        Ok(())
    }

    /// Raises the floor once it is due, and sweeps page by page, each as a step of its own between other commits.
    async fn carry_on(&self) -> Result<(), ServiceError> {
        loop {
            let mut session = self.store.acquire().await?;
            let trim = store::find_trim(&mut session, ANNOUNCED).await?;
            let work = match trim.sweep {
                _ if trim.due => Work::Raise,
                Some(sweep) => {
                    let page = store::survey(&mut session, trim.floor, sweep.swept()).await?;
                    Work::Sweep(trim.floor, sweep, page)
                }
                None => return Ok(()),
            };
            drop(session);
            if !self.link.step(work).await? {
                // Another node did it, or it is not due any more: the next look tells.
                return Ok(());
            }
        }
    }
}

fn note(what: &str, result: Result<(), ServiceError>) {
    match result {
        Ok(()) | Err(ServiceError::Draining) => {}
        Err(error) => tracing::warn!(%error, "{what} failed, and is tried again"),
    }
}
