//! One subscriber: a cursor, what it may see, and the one loop that replays and goes live. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::access::Holder;

use crate::api::watch::ResetReason;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::feed::frames::{self, Frame, Logged, SnapshotPart};
use crate::feed::hub::{Found, Hub};
use crate::feed::seats::{Seat, Seats};

/// How long a reader that is sent away shall wait, in milliseconds.
pub const RETRY_MS: u64 = 1000;

/// What somebody asks to watch.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose rights count.
    pub holder: Holder,
    /// The environment.
    pub environment: EnvironmentName,
    /// Its namespaces.
    pub namespaces: Vec<NamespaceName>,
    /// The last revision seen, when the reader comes back.
    pub after: Option<Cursor>,
    /// What the reader has, by address.
    pub have: BTreeMap<Address, ContentHash>,
}

/// What a reader does next.
#[derive(Debug)]
pub enum Step {
    /// Gets a frame.
    Write(Frame),
    /// Is told that continuity is lost; the snapshot comes next.
    Reset(ResetReason),
    /// Waits until the hub or the view moves.
    Wait,
    /// Needs the log of what it sees after a revision, up to another one: [`Reader::take`] gets it.
    ReadLog(Arc<Seat>, Revision, Revision),
    /// Is done.
    End,
}

/// A part of the log as it was read for a reader.
#[derive(Debug, Default)]
pub struct Page {
    /// Revisions that touch one of its namespaces, in order.
    pub revisions: VecDeque<Arc<Logged>>,
    /// The page holds every one of them up to here.
    pub upto: Revision,
}

/// What a reader is in the middle of.
#[derive(Debug)]
enum Task {
    /// Following the log.
    Follow,
    /// Getting everything at one state, entry by entry.
    Snapshot(Box<Snapshot>),
    /// Getting a large revision in parts: which, the next part and its first item.
    Change(Arc<Logged>, u32, usize),
}

#[derive(Debug)]
struct Snapshot {
    state: Arc<State>,
    part: u32,
    /// The namespace it is in, and the last key it passed there.
    namespace: usize,
    after: Option<EntryKey>,
}

/// A subscriber.
#[derive(Debug)]
pub struct Reader {
    holder: Holder,
    namespaces: Box<[NamespaceName]>,
    seat: Arc<Seat>,
    access: u64,
    /// Everything up to here was given out.
    at: Cursor,
    /// The newest id that was given out.
    told: Cursor,
    task: Task,
    /// Set while it comes back to where it was: then the log is read for it, as far back as it must.
    page: Option<Box<Page>>,
    /// Told against what the reader has, until it was given anything else.
    have: BTreeMap<Address, ContentHash>,
    held: bool,
    /// Set when it comes back and its rights may be others than they were.
    wary: bool,
    done: bool,
}

impl Reader {
    /// A subscriber that gets a snapshot, or what follows its cursor.
    #[must_use]
    pub fn new(request: Request, state: &Arc<State>, seats: &Seats) -> Self {
        let Request { holder, environment, namespaces, after, have } = request;
        let seat = seats.take(Sight::of(&state.access, holder, &environment, &namespaces));
        let granted_at = state.access.granted_at(holder.user);
        let mut this = Self {
            holder,
            namespaces: namespaces.into(),
            access: state.access.number,
            at: after.unwrap_or(state.cursor()),
            told: after.unwrap_or(Cursor { revision: Revision::ZERO, ..state.cursor() }),
            task: Task::Follow,
            page: after.is_some().then(Box::default),
            have,
            held: after.is_none() && state.bounds.held,
            wary: granted_at > Revision::ZERO && after.is_some_and(|after| after.revision <= granted_at),
            done: seat.sight.is_blind(),
            seat,
        };
        if after.is_none() {
            this.begin_snapshot(state);
        }
        this
    }

    /// What it sees.
    #[must_use]
    pub fn sight(&self) -> &Sight {
        &self.seat.sight
    }

    /// Says that everything so far was sent. Only where it would [wait](Step::Wait).
    pub fn checkpoint(&mut self) -> Frame {
        self.have.clear();
        self.told = self.at;
        frames::checkpoint(self.at)
    }

    /// Gets a page of the log that it asked for.
    pub fn take(&mut self, page: Page) {
        self.page = Some(Box::new(page));
    }

    /// What to do next. Both must be of this moment, the state taken first.
    pub fn step(&mut self, hub: &Hub, state: &Arc<State>, seats: &Seats) -> Step {
        if self.done {
            return Step::End;
        }
        if self.access != state.access.number
            && let Some(step) = self.take_access(state, seats)
        {
            return step;
        }
        if std::mem::take(&mut self.wary) {
            return self.reset(ResetReason::Access, state);
        }
        match std::mem::replace(&mut self.task, Task::Follow) {
            Task::Snapshot(snapshot) => Step::Write(self.write_snapshot(snapshot)),
            Task::Change(logged, part, from) => Step::Write(self.write_part(logged, part, from)),
            Task::Follow => self.follow(hub, state),
        }
    }

    /// Judges what it may see by newer rights.
    fn take_access(&mut self, state: &Arc<State>, seats: &Seats) -> Option<Step> {
        self.access = state.access.number;
        let sight = Sight::of(&state.access, self.holder, self.seat.sight.environment(), &self.namespaces);
        if sight.is_blind() {
            self.done = true;
            return Some(Step::End);
        }
        if sight == self.seat.sight {
            return None;
        }
        self.seat = seats.take(sight);
        Some(self.reset(ResetReason::Access, state))
    }

    fn follow(&mut self, hub: &Hub, state: &Arc<State>) -> Step {
        if self.held {
            return self.send_away();
        }
        if self.at.epoch != state.epoch || self.at.revision > state.head.max(hub.end().revision) {
            return self.reset(ResetReason::Epoch, state);
        }
        if hub.end().epoch != self.at.epoch {
            // The pump is between two histories; the view follows in a moment.
            return Step::Wait;
        }
        match self.page.take() {
            // What was live all the time has missed nothing, however far the floor rose.
            Some(_) if self.at.revision < state.bounds.floor => self.reset(ResetReason::Compacted, state),
            Some(page) => self.replay(page, hub, state),
            None => self.go_on(hub, state),
        }
    }

    /// Live: the next revision of the ring.
    fn go_on(&mut self, hub: &Hub, state: &Arc<State>) -> Step {
        match hub.find(self.at.revision, &self.seat.sight) {
            Found::Change(logged) => Step::Write(self.write(logged)),
            Found::Nothing => {
                self.at.revision = hub.end().revision;
                if state.bounds.next_floor > self.told.revision {
                    return Step::Write(self.checkpoint());
                }
                Step::Wait
            }
            Found::Behind => self.reset(ResetReason::Slow, state),
        }
    }

    /// Coming back: what was read of the log, then what is to be read of it, until the ring takes over.
    fn replay(&mut self, mut page: Box<Page>, hub: &Hub, state: &Arc<State>) -> Step {
        while let Some(logged) = page.revisions.pop_front() {
            if logged.record.head.revision > self.at.revision && logged.concerns(&self.seat.sight) {
                self.page = Some(page);
                return Step::Write(self.write(logged));
            }
        }
        self.at.revision = self.at.revision.max(page.upto);
        if self.at.revision >= hub.base() {
            return self.go_on(hub, state);
        }
        self.page = Some(page);
        Step::ReadLog(Arc::clone(&self.seat), self.at.revision, hub.base())
    }

    /// The log cannot be read now, and the ring does not reach so far: everything anew, from memory.
    pub fn give_up_replay(&mut self, state: &Arc<State>) -> Step {
        self.reset(ResetReason::Compacted, state)
    }

    fn write(&mut self, logged: Arc<Logged>) -> Frame {
        self.have.clear();
        if logged.is_large() {
            return self.write_part(logged, 0, 0);
        }
        self.pass(&logged);
        self.seat.frame(&logged)
    }

    fn write_part(&mut self, logged: Arc<Logged>, part: u32, from: usize) -> Frame {
        let (frame, next) = logged.part(&self.seat.sight, part, from);
        match next {
            Some(next) => self.task = Task::Change(logged, part + 1, next),
            None => self.pass(&logged),
        }
        frame
    }

    fn pass(&mut self, logged: &Logged) {
        self.at = logged.cursor();
        self.told = self.at;
    }

    fn begin_snapshot(&mut self, state: &Arc<State>) {
        self.page = None;
        self.task = Task::Snapshot(Box::new(Snapshot { state: Arc::clone(state), part: 0, namespace: 0, after: None }));
    }

    fn write_snapshot(&mut self, mut snapshot: Box<Snapshot>) -> Frame {
        let at = snapshot.state.cursor();
        let whole = self.have.is_empty() && !self.held;
        if let Some(frame) = self.seat.find_snapshot(at).filter(|_| whole && snapshot.part == 0) {
            (self.at, self.told) = (at, at);
            return frame;
        }
        let have = std::mem::take(&mut self.have);
        let mut part = SnapshotPart::new(at, snapshot.part, self.held, !have.is_empty());
        let more = fill(&mut part, &mut snapshot, &self.seat.sight, &have);
        if more {
            self.have = have;
            let frame = part.finish(false);
            snapshot.part += 1;
            self.task = Task::Snapshot(snapshot);
            return frame;
        }
        for address in have.keys() {
            if self.seat.sight.sees(address) && snapshot.state.find_entry(address).is_none() {
                part.absent(address);
            }
        }
        let frame = part.finish(true);
        (self.at, self.told) = (at, at);
        if whole && snapshot.part == 0 {
            self.seat.keep_snapshot(at, &frame);
        }
        frame
    }

    fn reset(&mut self, reason: ResetReason, state: &Arc<State>) -> Step {
        if state.bounds.held {
            // The store was restored: instances keep what they run until somebody resumes, whatever else changed.
            return self.send_away();
        }
        self.at = state.cursor();
        self.begin_snapshot(state);
        Step::Reset(reason)
    }

    fn send_away(&mut self) -> Step {
        self.done = true;
        Step::Write(frames::bye(RETRY_MS))
    }
}

/// Puts entries into a part until it is full. Says whether there are more.
fn fill(
    part: &mut SnapshotPart<'_>,
    snapshot: &mut Snapshot,
    sight: &Sight,
    have: &BTreeMap<Address, ContentHash>,
) -> bool {
    let state = &snapshot.state;
    while let Some((namespace, scope)) = sight.namespaces().get(snapshot.namespace) {
        let environment = sight.environment();
        for (key, entry) in state.entries_after(environment, namespace, snapshot.after.as_ref()) {
            if part.is_full() {
                return true;
            }
            snapshot.after = Some(key.clone());
            if !scope.covers(key) {
                continue;
            }
            let address = Address { environment: environment.clone(), namespace: namespace.clone(), key: key.clone() };
            if have.get(&address) != Some(&entry.version.content.hash()) {
                part.put(&address, entry);
            }
        }
        snapshot.namespace += 1;
        snapshot.after = None;
    }
    false
}
