//! One subscriber: a cursor, what it may see, and the one loop that replays and goes live. Pure.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::access::{Access, Holder};

use crate::api::watch::ResetReason;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::feed::frames::{self, Frame, Logged, Opener, SnapshotPart};
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
    /// Whether it asks for the plaintext of what is sealed.
    pub reveal: bool,
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
    /// Nothing any more.
    Done,
}

#[derive(Debug)]
struct Snapshot {
    state: Arc<State>,
    part: u32,
    /// The namespace it is in, and the last key it passed there.
    namespace: usize,
    after: Option<EntryKey>,
}

/// How what somebody sees follows from its rights.
type Look = fn(&Access, Holder, &EnvironmentName, &[NamespaceName]) -> Sight;

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
    /// Whether the last step came to the end of the ring: the next one would [wait](Step::Wait).
    is_level: bool,
    /// What it sees, with or without what is sealed.
    look: Look,
    /// Of which sealed entries it was given the plaintext in changes, since that was last asked.
    revealed: Vec<(Revision, Address)>,
}

impl Reader {
    /// A subscriber that gets a snapshot, or what follows its cursor.
    #[must_use]
    pub fn new(request: Request, state: &Arc<State>, seats: &Seats) -> Self {
        let Request { holder, environment, namespaces, after, have, reveal } = request;
        // Broken on purpose, for the drill to catch: who comes back is not told what it missed.
        #[cfg(feature = "broken-skips-tail")]
        let after = after.map(|_| state.cursor());
        let look: Look = if reveal { Sight::revealing } else { Sight::of };
        let seat = seats.take(look(&state.access, holder, &environment, &namespaces));
        let granted_at = state.access.granted_at(holder.user);
        let mut this = Self {
            holder,
            namespaces: namespaces.into(),
            access: state.access.number,
            at: after.unwrap_or(state.cursor()),
            told: after.unwrap_or(Cursor { revision: Revision::ZERO, ..state.cursor() }),
            task: if seat.sight.is_blind() { Task::Done } else { Task::Follow },
            page: after.is_some().then(Box::default),
            have,
            held: after.is_none() && state.bounds.held,
            wary: granted_at > Revision::ZERO && after.is_some_and(|after| after.revision <= granted_at),
            seat,
            is_level: false,
            look,
            revealed: Vec::new(),
        };
        if after.is_none() && !matches!(this.task, Task::Done) {
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

    /// What the frames since the last call revealed, besides a snapshot.
    pub fn take_revealed(&mut self) -> Vec<(Revision, Address)> {
        std::mem::take(&mut self.revealed)
    }

    /// Gets a page of the log that it asked for.
    pub fn take(&mut self, page: Page) {
        self.page = Some(Box::new(page));
    }

    /// Whether there is nothing to do until the hub or the view moves from where they were at the last step.
    #[must_use]
    pub fn is_level(&self) -> bool {
        self.is_level
    }

    /// What to do next. Both must be of this moment, the state taken first.
    pub fn step(&mut self, hub: &Hub, state: &Arc<State>, seats: &Seats) -> Step {
        let step = self.next_step(hub, state, seats);
        let follows = matches!(self.task, Task::Follow) && self.page.is_none() && !self.wary && !self.held;
        let is_at_end = self.at == hub.end() && self.at.epoch == state.epoch;
        self.is_level = follows && is_at_end && state.bounds.next_floor <= self.told.revision;
        step
    }

    fn next_step(&mut self, hub: &Hub, state: &Arc<State>, seats: &Seats) -> Step {
        if matches!(self.task, Task::Done) {
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
            Task::Snapshot(snapshot) => Step::Write(self.write_snapshot(snapshot, seats.opener())),
            Task::Change(logged, part, from) => Step::Write(self.write_part(logged, seats.opener(), part, from)),
            Task::Follow | Task::Done => self.follow(hub, state, seats.opener()),
        }
    }

    /// Judges what it may see by newer rights.
    fn take_access(&mut self, state: &Arc<State>, seats: &Seats) -> Option<Step> {
        self.access = state.access.number;
        let environment = self.seat.sight.environment();
        let sight = (self.look)(&state.access, self.holder, environment, &self.namespaces);
        if sight.is_blind() {
            self.task = Task::Done;
            return Some(Step::End);
        }
        if sight == self.seat.sight {
            return None;
        }
        self.seat = seats.take(sight);
        Some(self.reset(ResetReason::Access, state))
    }

    fn follow(&mut self, hub: &Hub, state: &Arc<State>, opener: &Opener) -> Step {
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
            Some(page) => self.replay(page, hub, state, opener),
            None => self.go_on(hub, state, opener),
        }
    }

    /// Live: the next revision of the ring.
    fn go_on(&mut self, hub: &Hub, state: &Arc<State>, opener: &Opener) -> Step {
        match hub.find(self.at.revision, &self.seat.sight) {
            Found::Change(logged) => Step::Write(self.write(logged, opener)),
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
    fn replay(&mut self, mut page: Box<Page>, hub: &Hub, state: &Arc<State>, opener: &Opener) -> Step {
        while let Some(logged) = page.revisions.pop_front() {
            if logged.record.head.revision > self.at.revision && logged.concerns(&self.seat.sight) {
                self.page = Some(page);
                return Step::Write(self.write(logged, opener));
            }
        }
        self.at.revision = self.at.revision.max(page.upto);
        if self.at.revision >= hub.base() {
            return self.go_on(hub, state, opener);
        }
        self.page = Some(page);
        Step::ReadLog(Arc::clone(&self.seat), self.at.revision, hub.base())
    }

    /// The log cannot be read now, and the ring does not reach so far: everything anew, from memory.
    pub fn give_up_replay(&mut self, state: &Arc<State>) -> Step {
        self.reset(ResetReason::Compacted, state)
    }

    fn write(&mut self, logged: Arc<Logged>, opener: &Opener) -> Frame {
        self.have.clear();
        let revision = logged.record.head.revision;
        self.revealed.extend(logged.revealed(&self.seat.sight).map(|address| (revision, address.clone())));
        if logged.is_large() {
            return self.write_part(logged, opener, 0, 0);
        }
        self.pass(&logged);
        self.seat.frame(&logged, opener)
    }

    fn write_part(&mut self, logged: Arc<Logged>, opener: &Opener, part: u32, from: usize) -> Frame {
        let (frame, next) = logged.part(&self.seat.sight, opener, part, from);
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

    fn write_snapshot(&mut self, mut snapshot: Box<Snapshot>, opener: &Opener) -> Frame {
        let at = snapshot.state.cursor();
        let whole = self.have.is_empty() && !self.held;
        if let Some(frame) = self.seat.find_snapshot(at).filter(|_| whole && snapshot.part == 0) {
            (self.at, self.told) = (at, at);
            return frame;
        }
        let have = std::mem::take(&mut self.have);
        let mut part = SnapshotPart::new(at, snapshot.part, self.held, !have.is_empty());
        let more = fill(&mut part, &mut snapshot, (&self.seat.sight, opener), &have);
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
        let keep = whole && snapshot.part == 0 && !part.reveals();
        let frame = part.finish(true);
        (self.at, self.told) = (at, at);
        if keep {
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
        self.task = Task::Done;
        Step::Write(frames::bye(RETRY_MS))
    }
}

/// Puts entries into a part until it is full. Says whether there are more.
fn fill(
    part: &mut SnapshotPart<'_>,
    snapshot: &mut Snapshot,
    (sight, opener): (&Sight, &Opener),
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
                let plaintext = opener.open(&address, &entry.version, sight);
                part.put(&address, entry, plaintext.as_ref().map(|bytes| bytes.as_slice()));
            }
        }
        snapshot.namespace += 1;
        snapshot.after = None;
    }
    false
}
