//! Listing the audit, as far as the caller may.

use std::collections::HashMap;

use crate::domain::access::{Access, Action, Caller, Holder, Target};
use crate::domain::audit::STORE_CHAIN;
use crate::domain::names::EntryKey;
use crate::service::permit::{self, Audit, Permit};
use crate::service::{Service, ServiceError};
use crate::store::{self, AuditFilter, ListedRow, Position, Session, Touched};

/// Pages that a call reads before it answers with fewer rows than asked, when most are hidden from the caller.
const PAGES: usize = 10;

/// A page of the audit.
#[derive(Debug)]
pub struct AuditPage {
    /// Newest first.
    pub rows: Vec<ListedRow>,
    /// Where the next page starts.
    pub next: Option<Position>,
}

impl Service {
    /// Checks that a caller may read the audit, or a part of it.
    pub fn may_audit(&self, caller: &Caller) -> Result<Permit<Audit>, ServiceError> {
        let access = &self.state()?.access;
        let refused = match permit::require(access, caller, Target::Store) {
            Ok(permit) => return Ok(permit),
            Err(refused) => refused,
        };
        let places = access.grants_held(caller.user.id).filter(|grant| grant.allowance.allows(Action::Audit));
        let scope = access.scope_of(caller.holder()).unwrap_or_default();
        let narrower = scope.iter().filter(|grant| grant.allowance.allows(Action::Audit));
        let mut permits = places
            .chain(narrower)
            .filter_map(|grant| permit::require(access, caller, Target::Place(&grant.place)).ok());
        permits.next().ok_or(refused)
    }

    /// Lists rows that the holder may see. Those of a namespace need the right there; those of several places need it on all of
    /// them; those of no place need it on the whole store.
    pub async fn list_audit(
        &self,
        permit: &Permit<Audit>,
        mut filter: AuditFilter,
        limit: usize,
    ) -> Result<AuditPage, ServiceError> {
        let access = self.state()?.access.clone();
        let holder = permit.caller().holder();
        let sees_all = access.allows(holder, Action::Audit, Target::Store);
        let want = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let mut session = self.store.acquire().await?;
        let mut rows = Vec::new();
        for _ in 0..PAGES {
            let page = store::list_audit(&mut session, &filter, want).await?;
            let full = page.len() > limit;
            filter.before = page.last().map(|row| row.position.clone());
            rows.extend(if sees_all { page } else { seen(&mut session, &access, holder, page).await? });
            if !full || rows.len() > limit {
                let more = full || rows.len() > limit;
                rows.truncate(limit);
                let next = if more { rows.last().map(|row| row.position.clone()) } else { None };
                // With none to see of a full page, the next one starts after it.
                return Ok(AuditPage { next: next.or(filter.before.filter(|_| more)), rows });
            }
        }
        rows.truncate(limit);
        Ok(AuditPage { rows, next: filter.before })
    }
}

async fn seen(
    session: &mut Session,
    access: &Access,
    holder: Holder,
    page: Vec<ListedRow>,
) -> Result<Vec<ListedRow>, ServiceError> {
    let may = |target: Target<'_>| access.allows(holder, Action::Audit, target);
    let in_whole = |row: &ListedRow| match (&row.environment, &row.namespace) {
        (Some(environment), Some(namespace)) => may(Target::Namespace(environment, namespace)),
        (Some(environment), None) => may(Target::Environment(environment)),
        (None, _) => false,
    };
    let committed = |row: &ListedRow| row.revision.filter(|_| row.position.chain == STORE_CHAIN);
    let unsure: Vec<u64> = page.iter().filter(|row| !in_whole(row)).filter_map(committed).collect();
    let mut touched = HashMap::<u64, Vec<Touched>>::new();
    if !unsure.is_empty() {
        for one in store::list_touched(session, &unsure).await? {
            touched.entry(one.revision).or_default().push(one);
        }
    }
    let is_seen = |row: &ListedRow| {
        if in_whole(row) {
            return true;
        }
        match committed(row) {
            Some(revision) => {
                touched.get(&revision).is_some_and(|all| all.iter().all(|one| may_touched(access, holder, one)))
            }
            None => may_row(access, holder, row),
        }
    };
    Ok(page.into_iter().filter(is_seen).collect())
}

/// Whether somebody may see a row about something of a namespace: of an entry, when the target is one.
fn may_row(access: &Access, holder: Holder, row: &ListedRow) -> bool {
    let (Some(environment), Some(namespace)) = (&row.environment, &row.namespace) else { return false };
    let key = row.target.strip_prefix(&format!("{environment}/{namespace}/")).and_then(|key| EntryKey::parse(key).ok());
    let target = match &key {
        Some(key) => Target::Entry(environment, namespace, key),
        None => Target::AnyIn(environment, namespace),
    };
    access.allows(holder, Action::Audit, target)
}

fn may_touched(access: &Access, holder: Holder, touched: &Touched) -> bool {
    let environment = &touched.environment;
    let target = match (&touched.namespace, &touched.key) {
        (Some(namespace), Some(key)) => Target::Entry(environment, namespace, key),
        (Some(namespace), None) => Target::Namespace(environment, namespace),
        (None, _) => Target::Environment(environment),
    };
    access.allows(holder, Action::Audit, target)
}
