//! Putting the bytes of a frame together.

use bytes::{Bytes, BytesMut};

use crate::domain::revisions::Cursor;
use crate::feed::frames::Frame;

/// Slices below this size are copied together, so that a frame of many small pieces is few writes.
const COPY_BYTES: usize = 4096;

/// Puts a frame together: small slices are copied, large ones shared.
#[derive(Debug, Default)]
pub(super) struct Writer {
    done: Vec<Bytes>,
    open: BytesMut,
    bytes: usize,
}

impl Writer {
    pub(super) fn data() -> Self {
        Self::default()
    }

    pub(super) fn event(name: &str, id: Option<Cursor>) -> Self {
        let mut this = Self::default();
        if let Some(id) = id {
            this.text(&format!("id: {id}\n"));
        }
        this.text(&format!("event: {name}\ndata: "));
        this
    }

    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    pub(super) fn comma(&mut self, nth: usize) {
        if nth > 0 {
            self.text(",");
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes += text.len();
        self.open.extend_from_slice(text.as_bytes());
    }

    pub(super) fn push(&mut self, slice: &Bytes) {
        self.bytes += slice.len();
        if slice.len() < COPY_BYTES {
            self.open.extend_from_slice(slice);
            return;
        }
        self.close();
        self.done.push(slice.clone());
    }

    pub(super) fn append(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.close();
        self.done.extend(other.done);
        self.open = other.open;
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.done.push(self.open.split().freeze());
        }
    }

    pub(super) fn finish(mut self, end: &str) -> Frame {
        self.text(end);
        self.text("\n\n");
        self.close();
        Frame(self.done.into())
    }
}
