//! A reader as the body of an answer: polled when its socket takes more.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use axum::body::Bytes;
use http_body::Frame as BodyFrame;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::api::watch::CHECKPOINT_SECONDS;
use crate::domain::access::Caller;
use crate::feed::frames::{self, Frame};
use crate::feed::reader::{Page, RETRY_MS, Reader, Step};
use crate::feed::subscribers::Pace;
use crate::http::App;
use crate::http::watch::followed::Followed;
use crate::service::instances::PresenceGuard;

/// The time between two checkpoints of one stream.
const CHECKPOINT: Duration = Duration::from_secs(CHECKPOINT_SECONDS);

/// Where the events of a stream come from.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) reader: Option<Reader>,
    pub(super) followed: Option<Followed>,
    pub(super) presence: Option<PresenceGuard>,
}

/// How the token of a stream stands.
enum Standing {
    Good,
    /// It expired; with a fresh one its holder goes on.
    Over,
    /// It was taken away.
    Gone,
}

type Loading = Pin<Box<dyn Future<Output = Option<Page>> + Send>>;

/// The body.
pub(super) struct Stream {
    app: Arc<App>,
    caller: Caller,
    /// Follows the entries, when they are a topic.
    reader: Option<Reader>,
    /// Follows the instances, when they are.
    followed: Option<Followed>,
    /// The instance is there as long as this is.
    _presence: Option<PresenceGuard>,
    pace: Arc<Pace>,
    /// The access number at which its token was last found good.
    judged: Option<u64>,
    /// Rings when the token ends.
    expiry: Option<Pin<Box<Sleep>>>,
    moved: Pin<Box<OwnedNotified>>,
    /// Whether there is nothing to do until that bell rings, or a checkpoint is due.
    quiet: bool,
    checkpoint: Pin<Box<Sleep>>,
    /// When that timer rings, and whom it wakes.
    checkpoint_at: Instant,
    set_for: Option<Waker>,
    /// Whether a checkpoint is due, as soon as there is nothing else to say.
    due: bool,
    loading: Option<Loading>,
    /// What is being given out, and the next slice of it.
    frame: Option<(Frame, usize)>,
    ended: bool,
}

impl Stream {
    pub(super) fn new(app: Arc<App>, caller: Caller, sources: Sources, pace: Arc<Pace>) -> Self {
        let Sources { reader, followed, presence } = sources;
        let moved = Box::pin(app.feed.moved());
        // Spread, so that many streams that began together do not all speak at once.
        let [chance, ..] = app.service.ambient.id().into_bytes();
        let checkpoint_at = Instant::now() + CHECKPOINT.mul_f64(0.5 + f64::from(chance) / 512.0);
        Self {
            moved,
            quiet: false,
            checkpoint: Box::pin(sleep_until(checkpoint_at)),
            checkpoint_at,
            set_for: None,
            judged: None,
            expiry: None,
            due: false,
            loading: None,
            frame: Some((frames::hello(RETRY_MS), 0)),
            ended: false,
            app,
            caller,
            reader,
            followed,
            _presence: presence,
            pace,
        }
    }

    /// The next slice of what is being given out.
    fn next_slice(&mut self) -> Option<Bytes> {
        let (frame, at) = self.frame.as_mut()?;
        let slice = frame.chunks().get(*at).cloned();
        *at += 1;
        if slice.is_none() {
            self.frame = None;
        }
        slice
    }

    /// Finds the next frame, or says that there is none now, or none any more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.app.draining.is_cancelled() {
                self.ended = true;
                return Poll::Ready(Some(frames::bye(RETRY_MS)));
            }
            if self.poll_checkpoint(cx).is_ready() {
                self.due = true;
                self.judged = None;
                // The timer has to be asked again, to wake.
                continue;
            }
            if let Some(expiry) = &mut self.expiry
                && expiry.as_mut().poll(cx).is_ready()
            {
                self.judged = None;
                self.expiry = None;
            }
            match self.judge() {
                Standing::Good => {}
                Standing::Over => {
                    self.ended = true;
                    return Poll::Ready(Some(frames::bye(RETRY_MS)));
                }
                Standing::Gone => return Poll::Ready(None),
            }
            // A timer that was just set has to be asked, to wake.
            if let Some(expiry) = &mut self.expiry
                && expiry.as_mut().poll(cx).is_ready()
            {
                continue;
            }
            if let Some(followed) = &mut self.followed
                && let Poll::Ready(frame) = followed.poll(&self.app, cx)
            {
                return Poll::Ready(frame);
            }
            if self.quiet {
                if std::mem::take(&mut self.due) {
                    return Poll::Ready(Some(match &mut self.reader {
                        Some(reader) => reader.checkpoint(),
                        None => frames::pulse(self.app.feed.state().head),
                    }));
                }
                ready!(self.poll_moved(cx));
                self.quiet = false;
            }
            let Poll::Ready(step) = self.poll_step(cx) else {
                ready!(self.poll_moved(cx));
                continue;
            };
            match step {
                Step::Write(frame) => {
                    if let Some(reader) = &mut self.reader {
                        self.quiet = reader.is_level();
                        for (revision, address) in reader.take_revealed() {
                            self.app.service.note_reveal(&self.caller, &address, revision);
                        }
                    }
                    return Poll::Ready(Some(frame));
                }
                Step::Reset(reason) => return Poll::Ready(Some(frames::reset(reason))),
                Step::ReadLog(sight, after, upto) => {
                    let app = Arc::clone(&self.app);
                    self.loading = Some(Box::pin(async move { app.feed.read_log(&sight, after, upto).await }));
                }
                Step::Wait => self.quiet = true,
                Step::End => return Poll::Ready(None),
            }
        }
    }

    /// Rings when a checkpoint is due, and is set anew. The timer lies far from all else, and is asked only when it may have rung
    /// or has to be set.
    fn poll_checkpoint(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (now, is_set) = (Instant::now(), self.set_for.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())));
        if is_set && now < self.checkpoint_at {
            return Poll::Pending;
        }
        self.set_for = Some(cx.waker().clone());
        ready!(self.checkpoint.as_mut().poll(cx));
        self.set_for = None;
        self.checkpoint_at = now + CHECKPOINT;
        self.checkpoint.as_mut().reset(self.checkpoint_at);
        Poll::Ready(())
    }

    /// The next step of the reader, once the log that it asked for was read.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Some(reader) = &mut self.reader else { return Poll::Ready(Step::Wait) };
        if let Some(loading) = self.loading.as_mut() {
            let page = ready!(loading.as_mut().poll(cx));
            self.loading = None;
            match page {
                Some(page) => reader.take(page),
                None => return Poll::Ready(self.app.feed.give_up_replay(reader)),
            }
        }
        Poll::Ready(self.app.feed.step(reader))
    }

    /// Whether the token still stands for somebody: judged anew with other rights, when it ends, and now and then.
    fn judge(&mut self) -> Standing {
        if self.judged == Some(self.app.feed.access_number()) {
            return Standing::Good;
        }
        let state = self.app.feed.state();
        self.judged = Some(state.access.number);
        let now = self.app.service.ambient.now();
        let end = state.access.end_of(&self.caller);
        if self.app.service.is_live(&state.access, &self.caller) {
            let left = end.and_then(|end| Duration::try_from(end - now).ok());
            self.expiry = left.map(|left| Box::pin(sleep_until(Instant::now() + left)));
            return Standing::Good;
        }
        if end.is_some_and(|end| end <= now) { Standing::Over } else { Standing::Gone }
    }

    /// Waits for the bell. After it rang there may be work from the moment on at which it was hung up again.
    fn poll_moved(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.moved.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.moved.set(self.app.feed.moved());
        Poll::Ready(())
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        // Being asked means that what was given before was taken.
        self.pace.idle();
        loop {
            if let Some(slice) = self.next_slice() {
                self.pace.gave();
                return Poll::Ready(Some(Ok(BodyFrame::data(slice))));
            }
            match self.poll_next(cx) {
                Poll::Ready(Some(frame)) => self.frame = Some((frame, 0)),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
