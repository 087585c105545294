//! How a body arrives: its sender may be slow, but not silent, and not for ever.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Sleep;

/// Nothing came of a body for too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing of the body came in time")]
pub(super) struct Silent;

/// A body on its way.
struct Arriving {
    body: Body,
    /// How long nothing may come.
    patience: Duration,
    silence: Option<Pin<Box<Sleep>>>,
    arrived: Arc<Notify>,
}

/// Bounds the silence of a body. The bell rings when all of it came, or nobody wants more of it.
pub(super) fn bound(body: Body, patience: Duration) -> (Body, Arc<Notify>) {
    let arrived = Arc::new(Notify::new());
    let bell = Arc::clone(&arrived);
    (Body::new(Arriving { body, patience, silence: None, arrived }), bell)
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if frame.is_pending() {
            let patience = this.patience;
            let silence = this.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
            return silence.as_mut().poll(cx).map(|()| Some(Err(axum::Error::new(Silent))));
        }
        this.silence = None;
        if matches!(frame, Poll::Ready(None)) || this.body.is_end_stream() {
            this.arrived.notify_one();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.arrived.notify_one();
    }
}
