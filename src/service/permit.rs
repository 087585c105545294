//! Permits: the proof of a passed access check. Only [`require`] makes one.

use std::marker::PhantomData;

use crate::domain::access::{Access, Action, Caller, Target};
use crate::domain::refusals;
use crate::service::ServiceError;

/// What a permit is for.
pub trait Authority {
    /// The action that was checked.
    const ACTION: Action;
}

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub enum $name {}
        impl Authority for $name { const ACTION: Action = Action::$name; })+
    };
}

authorities! {
    /// To read entries, and watch them.
    Read;
    /// To see history, diffs and instances.
    Inspect;
    /// To edit drafts.
    Draft;
    /// To publish.
    Publish;
    /// To roll back and revert.
    Rollback;
    /// To freeze.
    Freeze;
    /// To register instances and report.
    Report;
    /// To manage environments and namespaces.
    Manage;
    /// To give rights.
    Grant;
    /// To read the audit.
    Audit;
    /// To operate the store.
    Administer;
}

/// The proof that a caller may do `A` on the target that was checked.
#[derive(Debug, Clone)]
pub struct Permit<A> {
    caller: Caller,
    authority: PhantomData<A>,
}

impl<A> Permit<A> {
    /// Who holds it.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// Checks a right. Without it the target is denied, or, where the caller may not even read it, not found.
pub fn require<A: Authority>(access: &Access, caller: &Caller, target: Target<'_>) -> Result<Permit<A>, ServiceError> {
    refusals::require(access, caller.holder(), A::ACTION, target)?;
    Ok(Permit { caller: caller.clone(), authority: PhantomData })
}
