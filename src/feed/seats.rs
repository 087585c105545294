//! Readers who see the same share one seat, and with it the frames that are joined for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::domain::revisions::Cursor;
use crate::domain::sight::Sight;
use crate::feed::frames::{Frame, Logged, Opener};

/// A frame above this size is not kept: its slices are shared anyway, and joining them again costs little.
const KEPT_BYTES: usize = 64 * 1024;

/// What some readers see, and the frames they were last given.
#[derive(Debug)]
pub struct Seat {
    /// What they see.
    pub sight: Sight,
    change: Mutex<Option<(Cursor, Frame)>>,
    snapshot: Mutex<Option<(Cursor, Frame)>>,
}

impl Seat {
    /// A seat of its own.
    #[must_use]
    pub fn new(sight: Sight) -> Self {
        Self { sight, change: Mutex::default(), snapshot: Mutex::default() }
    }

    /// The frame of a revision that is not large, joined once for all readers of this seat.
    /// Plaintext of what is sealed is for one reader, and never kept.
    #[must_use]
    pub fn frame(&self, logged: &Logged, opener: &Opener) -> Frame {
        if logged.revealed(&self.sight).next().is_some() {
            return logged.frame(&self.sight, opener);
        }
        let mut kept = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, frame)) = kept.as_ref()
            && *at == logged.cursor()
        {
            return frame.clone();
        }
        let frame = logged.frame(&self.sight, opener);
        *kept = (frame.len() <= KEPT_BYTES).then(|| (logged.cursor(), frame.clone()));
        frame
    }

    /// The snapshot at a cursor, when it was kept.
    #[must_use]
    pub fn find_snapshot(&self, at: Cursor) -> Option<Frame> {
        let kept = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| *of == at).map(|(_, frame)| frame.clone())
    }

    /// Keeps a whole snapshot for the next reader, when it is small.
    pub fn keep_snapshot(&self, at: Cursor, frame: &Frame) {
        if frame.len() <= KEPT_BYTES {
            *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, frame.clone()));
        }
    }

    /// Lets go of the frames, which by now were sent.
    fn clear(&self) {
        for kept in [&self.change, &self.snapshot] {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// All seats that are taken.
#[derive(Debug, Default)]
pub struct Seats {
    all: Mutex<HashMap<Sight, Weak<Seat>>>,
    opener: Opener,
}

impl Seats {
    /// Seats of readers for whom what is sealed is opened with these keys.
    #[must_use]
    pub fn new(opener: Opener) -> Self {
        Self { all: Mutex::default(), opener }
    }

    /// Opens what is sealed.
    #[must_use]
    pub fn opener(&self) -> &Opener {
        &self.opener
    }

    /// The seat of those who see this.
    #[must_use]
    pub fn take(&self, sight: Sight) -> Arc<Seat> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = all.get(&sight).and_then(Weak::upgrade) {
            return seat;
        }
        let seat = Arc::new(Seat::new(sight.clone()));
        all.insert(sight, Arc::downgrade(&seat));
        seat
    }

    /// Forgets the seats that were left, and the frames of the others. To be called now and then.
    pub fn tidy(&self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, seat| match seat.upgrade() {
            Some(seat) => {
                seat.clear();
                true
            }
            None => false,
        });
    }

    /// How many are taken, those that were left since the last tidying included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether none is taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Access, Holder};
    use crate::domain::names::EnvironmentName;
    use uuid::Uuid;

    #[test]
    fn equal_sights_share_a_seat_until_it_is_left() {
        let sight = |name| {
            Sight::of(&Access::default(), Holder::user(Uuid::nil()), &EnvironmentName::parse(name).unwrap(), &[])
        };
        let seats = Seats::default();
        let (first, second) = (seats.take(sight("dev")), seats.take(sight("dev")));
        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &seats.take(sight("prod"))));
        drop((first, second));
        seats.tidy();
        assert!(seats.is_empty());
    }
}
