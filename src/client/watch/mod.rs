//! The watch: everything that a subscriber sees, in order, over any number of connections and servers.
//!
//! A [`Watcher`] gives typed [`Event`]s for ever. It comes back by itself after every outage and goes on from the last revision
//! it gave; what it gives is whole and verified. Whoever reads it applies the events to what it holds and does nothing else.

mod contents;
mod events;
mod joiner;
mod keep;
mod mirror;
mod open;
mod pause;
mod progress;
mod sse;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};
use tokio_stream::Stream;

use crate::api::watch::SILENCE_SECONDS;
use crate::client::error::cause;
use crate::client::transport::fresh;
use crate::client::{Client, ClientError};
use crate::domain::contents::ContentHash;
use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;

pub use events::{Change, Edit, Entry, Event, Outage, Place, Secrecy, Snapshot, Version};
use joiner::{Incoming, Joiner};
pub use keep::MirrorError;
pub use mirror::{Applied, Held, Mirror};
use open::Body;
use pause::Pauses;
use progress::{Progress, Verdict};

/// How long a stream may be silent.
const SILENCE: Duration = Duration::from_secs(SILENCE_SECONDS);

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its namespaces, from 1 to [`NAMESPACES_MAX`](crate::api::watch::NAMESPACES_MAX).
    pub namespaces: Vec<NamespaceName>,
    /// The instance that the stream is the presence of; none for an observer.
    pub instance: Option<String>,
    /// Whether to ask for the plaintext of sealed entries; those that may not be seen come without content, as all do
    /// without asking.
    pub reveal: bool,
}

impl Subscription {
    /// Whether both mean the same; the order of namespaces has no meaning.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let names = |subscription: &Self| subscription.namespaces.iter().cloned().collect::<BTreeSet<_>>();
        self.environment == other.environment
            && self.instance == other.instance
            && self.reveal == other.reveal
            && names(self) == names(other)
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        for (index, namespace) in self.namespaces.iter().enumerate() {
            write!(f, "{}{namespace}", if index == 0 { "/" } else { ", " })?;
        }
        match &self.instance {
            Some(instance) => write!(f, " as {instance}"),
            None => Ok(()),
        }
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a stream ended or never began.
#[derive(Debug)]
struct Failure {
    outage: Outage,
    /// How long the server asks to stay away.
    retry_after: Option<Duration>,
    /// Whether going on from the last revision would meet the same again.
    astray: bool,
    /// Set when the request itself is wrong.
    mistake: Option<ClientError>,
}

impl Failure {
    fn of(outage: Outage) -> Self {
        Self { outage, retry_after: None, astray: false, mistake: None }
    }

    /// The contract is broken in a way that only a snapshot heals.
    fn astray(problem: String) -> Self {
        Self { astray: true, ..Self::of(Outage::Broken(problem)) }
    }
}

/// An open stream.
struct Connection {
    body: Body,
    silence: Pin<Box<Sleep>>,
    patience: Duration,
    parser: sse::Parser,
    joiner: Joiner,
    /// An event whose contents are on their way.
    filling: Option<Boxed<Result<Option<Event>, Failure>>>,
}

enum Stage {
    Start,
    Pause(Pin<Box<Sleep>>),
    Opening(Boxed<Result<Body, Failure>>),
    Open(Box<Connection>),
}

/// Watches for ever. Also a [`Stream`] of what [`next`](Self::next) gives, without an end.
pub struct Watcher {
    /// The server in use first.
    clients: VecDeque<Client>,
    subscription: Subscription,
    progress: Progress,
    pauses: Pauses,
    /// Servers that failed since a stream last brought something.
    failed: usize,
    /// After so long without a byte a stream is given up.
    silence: Duration,
    stage: Stage,
}

impl Watcher {
    /// Watches over servers that share one store, beginning with any of them. Nothing is sent before the first [`next`](Self::next).
    ///
    /// `start` is the last revision that the reader holds and `have` the contents it holds; with the latter alone it gets a
    /// snapshot of what differs.
    ///
    /// # Errors
    /// [`ClientError::Setup`] without any client.
    pub fn new(
        clients: Vec<Client>,
        subscription: Subscription,
        start: Option<Cursor>,
        have: BTreeMap<Place, ContentHash>,
    ) -> Result<Self, ClientError> {
        let mut clients = VecDeque::from(clients);
        let [chance, ..] = fresh().into_bytes();
        match usize::from(chance).checked_rem(clients.len()) {
            // Many watchers with one list of servers share them out.
            Some(first) => clients.rotate_left(first),
            None => return Err(ClientError::Setup("a watch needs at least one server".to_owned())),
        }
        Ok(Self {
            clients,
            subscription,
            progress: Progress::new(start, have),
            pauses: Pauses::default(),
            failed: 0,
            silence: SILENCE,
            stage: Stage::Start,
        })
    }

    /// What it watches.
    #[must_use]
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// The last revision it gave.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.progress.cursor()
    }

    /// The next event; waits for it over any number of outages. May be dropped at any moment without losing an event.
    ///
    /// # Errors
    /// The problem of a request that will never be accepted, such as a name that is no namespace. Asked again it tries again,
    /// after a pause.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<Event, ClientError>> {
        loop {
            match &mut self.stage {
                Stage::Start => self.stage = self.opening(),
                Stage::Pause(sleep) => {
                    ready!(sleep.as_mut().poll(context));
                    self.stage = self.opening();
                }
                Stage::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(body) => {
                        self.stage = Stage::Open(Box::new(Connection::new(body, self.silence)));
                        return Poll::Ready(Ok(Event::Connected { server: self.server() }));
                    }
                    Err(failure) => return Poll::Ready(self.lose(failure)),
                },
                Stage::Open(connection) => {
                    let step = ready!(connection.poll_step(context));
                    if let Some(result) = self.take(step) {
                        return Poll::Ready(result);
                    }
                }
            }
        }
    }

    /// What a step of the open stream gives the reader.
    fn take(&mut self, step: Result<Step, Failure>) -> Option<Result<Event, ClientError>> {
        match step {
            Ok(Step::Retry(first)) => {
                self.pauses.set_first(first);
                None
            }
            Ok(Step::Incoming(incoming)) => match self.judge(&incoming) {
                Ok(true) => {
                    if let (Some(client), Stage::Open(connection)) = (self.clients.front(), &mut self.stage) {
                        connection.filling = Some(Box::pin(contents::fill(client.clone(), incoming)));
                    }
                    None
                }
                Ok(false) => None,
                Err(failure) => Some(self.lose(failure)),
            },
            Ok(Step::Event(mut event)) => {
                if let Event::Snapshot(snapshot) = &mut event
                    && !self.progress.reconcile(snapshot)
                {
                    let problem = "a snapshot of differences does not fit to what is known";
                    return Some(self.lose(Failure::astray(problem.to_owned())));
                }
                self.progress.note(&event);
                self.failed = 0;
                self.pauses.relax();
                Some(Ok(event))
            }
            Err(failure) => Some(self.lose(failure)),
        }
    }

    /// Whether an event is to be given out.
    fn judge(&self, incoming: &Incoming) -> Result<bool, Failure> {
        let (verdict, cursor) = match incoming {
            Incoming::Snapshot { cursor, .. } => (self.progress.judge_snapshot(*cursor), cursor),
            Incoming::Change { cursor, .. } => (self.progress.judge_change(*cursor), cursor),
            Incoming::Checkpoint(cursor) => (self.progress.judge_checkpoint(*cursor), cursor),
            Incoming::Reset(_) => return Ok(true),
            Incoming::Bye(retry) => {
                return Err(Failure { retry_after: Some(*retry), ..Failure::of(Outage::Bye) });
            }
        };
        let seen = || self.progress.cursor().map_or_else(|| "nothing".to_owned(), |seen| seen.to_string());
        match verdict {
            Verdict::News => Ok(true),
            Verdict::Seen => Ok(false),
            Verdict::Astray => Err(Failure::astray(format!("{cursor} does not go on from {}", seen()))),
            Verdict::Behind => {
                let problem = format!("a snapshot of {cursor} is older than {}, which was seen already", seen());
                Err(Failure::of(Outage::Broken(problem)))
            }
        }
    }

    fn opening(&mut self) -> Stage {
        let ask = self.progress.ask();
        match self.clients.front() {
            Some(client) => Stage::Opening(Box::pin(open::open(client.clone(), self.subscription.clone(), ask))),
            // There is always one.
            None => Stage::Start,
        }
    }

    /// Ends the stream, if there is one, and turns to the next server.
    fn lose(&mut self, failure: Failure) -> Result<Event, ClientError> {
        let server = self.server();
        let Failure { outage, retry_after, astray, mistake } = failure;
        if astray {
            self.progress.lose();
        }
        let retry_in = self.pauses.next(retry_after, fresh());
        self.failed += 1;
        if self.failed.is_multiple_of(self.clients.len()) {
            self.pauses.tighten();
        }
        self.clients.rotate_left(1);
        self.stage = Stage::Pause(Box::pin(tokio::time::sleep(retry_in)));
        match mistake {
            Some(mistake) => Err(mistake),
            None => Ok(Event::Lost { server, outage, retry_in }),
        }
    }

    fn server(&self) -> String {
        self.clients.front().map(|client| client.server().to_string()).unwrap_or_default()
    }
}

impl Stream for Watcher {
    type Item = Result<Event, ClientError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_event(context).map(Some)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher")
            .field("server", &self.server())
            .field("subscription", &self.subscription)
            .field("cursor", &self.cursor())
            .finish_non_exhaustive()
    }
}

/// What an open stream comes to next.
enum Step {
    Incoming(Incoming),
    Event(Event),
    Retry(Duration),
}

impl Connection {
    fn new(body: Body, patience: Duration) -> Self {
        let silence = Box::pin(tokio::time::sleep(patience));
        Self { body, silence, patience, parser: sse::Parser::default(), joiner: Joiner::default(), filling: None }
    }

    /// Goes on by one step. Nothing is lost when it is not waited for to the end.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Result<Step, Failure>> {
        loop {
            if let Some(filling) = &mut self.filling {
                let filled = ready!(filling.as_mut().poll(context));
                self.filling = None;
                // The server could not be read meanwhile.
                self.silence.as_mut().reset(Instant::now() + self.patience);
                match filled {
                    Ok(Some(event)) => return Poll::Ready(Ok(Step::Event(event))),
                    Ok(None) => {}
                    Err(failure) => return Poll::Ready(Err(failure)),
                }
            }
            if let Some(first) = self.parser.take_retry() {
                return Poll::Ready(Ok(Step::Retry(first)));
            }
            if let Some(frame) = self.parser.pop() {
                match self.joiner.take(&frame) {
                    Ok(Some(incoming)) => return Poll::Ready(Ok(Step::Incoming(incoming))),
                    Ok(None) => continue,
                    Err(problem) => return Poll::Ready(Err(Failure::astray(problem))),
                }
            }
            match self.body.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.silence.as_mut().reset(Instant::now() + self.patience);
                    if let Err(error) = self.parser.push(&bytes) {
                        return Poll::Ready(Err(Failure::astray(error.to_string())));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(Failure::of(Outage::Network(cause(&error)))));
                }
                Poll::Ready(None) => {
                    let problem = "the server ended the stream".to_owned();
                    return Poll::Ready(Err(Failure::of(Outage::Network(problem))));
                }
                Poll::Pending => {
                    ready!(self.silence.as_mut().poll(context));
                    return Poll::Ready(Err(Failure::of(Outage::Silence)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
