//! One block: a transaction of its own, that no other block can hold back.

pub mod attempts;
pub mod outbox;
