//! A watch of a local program: pulled by its reader, so that a slow one holds nobody up and costs nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;

use crate::agent::local::feed::{Missing, Tape};
use crate::agent::local::frames;
use crate::api::watch::CHECKPOINT_SECONDS;
use crate::domain::names::NamespaceName;
use crate::domain::revisions::Cursor;

/// One reader.
pub(super) struct Reader {
    tape: watch::Receiver<Tape>,
    namespaces: BTreeSet<NamespaceName>,
    have: BTreeMap<String, String>,
    /// The last revision it was given, or said it saw.
    seen: Option<Cursor>,
    /// Set from its first frames on.
    generation: Option<u64>,
    waiting: VecDeque<Bytes>,
    ticks: Interval,
    stop: CancellationToken,
    /// Goodbye was said.
    over: bool,
}

impl Reader {
    pub(super) fn new(
        tape: watch::Receiver<Tape>,
        namespaces: BTreeSet<NamespaceName>,
        after: Option<Cursor>,
        have: BTreeMap<String, String>,
        stop: CancellationToken,
    ) -> Self {
        let period = Duration::from_secs(CHECKPOINT_SECONDS);
        let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let waiting = VecDeque::from([frames::COMMENT]);
        Self { tape, namespaces, have, seen: after, generation: None, waiting, ticks, stop, over: false }
    }

    /// The next frame; none at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Some(frame);
            }
            if self.over {
                return None;
            }
            self.catch_up();
            if !self.waiting.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.stop.cancelled() => self.end(),
                changed = self.tape.changed() => if changed.is_err() {
                    self.end();
                },
                _ = self.ticks.tick() => self.waiting.push_back(self.seen.map_or(frames::COMMENT, frames::checkpoint)),
            }
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.waiting.push_back(frames::bye());
    }

    /// Queues what was not given yet.
    fn catch_up(&mut self) {
        let tape = self.tape.borrow_and_update();
        let mirror = tape.mirror();
        let Some(head) = mirror.cursor() else { return };
        let missing = self.seen.map(|seen| tape.missing(seen, self.generation));
        if let Some(Missing::Changes(changes)) = missing {
            let environment = &mirror.subscription().environment;
            let frames = changes.iter().flat_map(|change| frames::change(environment, change, &self.namespaces));
            self.waiting.extend(frames);
        } else {
            if let Some(Missing::Everything(reason)) = missing {
                self.waiting.push_back(frames::reset(reason));
                // What it had was true for the thread that is lost.
                self.have.clear();
            }
            self.waiting.extend(frames::snapshot(mirror, head, &self.namespaces, &self.have));
        }
        self.seen = Some(head);
        self.generation = Some(tape.generation());
    }
}

type Step = Pin<Box<dyn Future<Output = (Reader, Option<Bytes>)> + Send>>;

/// The frames of a reader as the body of an answer.
pub(super) struct Frames(Step);

impl Frames {
    pub(super) fn new(reader: Reader) -> Self {
        Self(step(reader))
    }
}

fn step(mut reader: Reader) -> Step {
    Box::pin(async move {
        let frame = reader.next().await;
        (reader, frame)
    })
}

impl Stream for Frames {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (reader, frame) = ready!(self.0.as_mut().poll(context));
        self.0 = step(reader);
        Poll::Ready(frame.map(|frame| Ok(Frame::data(frame))))
    }
}
