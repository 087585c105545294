//! Instances and receipts, from the domain to the wire.

use crate::api::instances::{
    InstanceEvent, InstanceSummaryView, InstanceView, Outcome, ReceiptView, ReceiptsView, RevisionReceipt, RunsCount,
    RunsView,
};
use crate::domain::changes::RecordHead;
use crate::domain::instances::{Condition, KeptReceipt, Presence};
use crate::domain::names::NamespaceName;
use crate::domain::revisions::Revision;
use crate::service::instances::{CountedInstance, InstanceSummary, RevisionReceipts, Standing};

/// Instances that the receipts of a revision list.
const LISTED: usize = 1000;
/// Changes that a summary lists.
const RUNS: usize = 100;

fn names(namespaces: &[NamespaceName]) -> Vec<String> {
    namespaces.iter().map(ToString::to_string).collect()
}

fn receipt(kept: KeptReceipt) -> ReceiptView {
    let KeptReceipt { receipt, at } = kept;
    ReceiptView {
        epoch: receipt.at.epoch.0,
        revision: receipt.at.revision.0,
        stage: receipt.stage,
        at,
        reason: receipt.reason,
        output: receipt.output,
        missing: receipt.missing,
        unhealthy: receipt.unhealthy,
        broken: receipt.broken,
    }
}

fn runs(head: RecordHead) -> RunsView {
    let RecordHead { revision, at, actor, message, kind, .. } = head;
    RunsView { revision: revision.0, at, actor: actor.to_string(), message, kind }
}

/// What instances come to. Words that nobody stands for are there as well.
pub(super) fn summary(found: InstanceSummary) -> InstanceSummaryView {
    let presence = |one: Presence| (one.as_str().to_owned(), found.presences.get(&one).copied().unwrap_or(0));
    let state = |one: Condition| (one.as_str().to_owned(), found.conditions.get(&one).copied().unwrap_or(0));
    InstanceSummaryView {
        total: found.total,
        presences: Presence::ALL.into_iter().map(presence).collect(),
        states: Condition::ALL.into_iter().map(state).collect(),
        drifted: found.drifted,
        broken: found.broken,
        unhealthy: found.unhealthy,
        missing: found.missing,
        older: found.runs.iter().skip(RUNS).map(|(_, instances)| instances).sum(),
        runs: found
            .runs
            .into_iter()
            .take(RUNS)
            .map(|(head, instances)| RunsCount { runs: head.map(runs), instances })
            .collect(),
    }
}

pub(in crate::http) fn instance(standing: Standing) -> InstanceView {
    let Standing { instance, condition, behind, runs: head } = standing;
    let rejected = instance.rejection().map(receipt);
    let applied = instance.progress.applied;
    InstanceView {
        environment: instance.environment.to_string(),
        id: instance.id.to_string(),
        namespaces: names(&instance.declared.namespaces),
        service: instance.declared.service,
        labels: instance.declared.labels,
        address: instance.declared.address,
        version: instance.declared.version,
        agent: instance.declared.agent,
        owner: instance.owner_name.to_string(),
        presence: instance.presence,
        presence_since: instance.presence_since,
        condition,
        revision: applied.as_ref().map(|applied| applied.at.revision.0),
        applied_at: instance.applied_at,
        runs: head.map(runs),
        behind,
        rejected,
        unhealthy: applied.as_ref().is_some_and(|applied| applied.unhealthy),
        missing: applied.map(|applied| applied.missing).unwrap_or_default(),
        duplicate_id: instance.streams > 1,
    }
}

pub(in crate::http) fn event(standing: Standing) -> InstanceEvent {
    let Standing { instance, condition, behind, runs: head } = standing;
    let reason = instance.rejection().and_then(|kept| kept.receipt.reason);
    InstanceEvent {
        id: instance.id.to_string(),
        namespaces: names(&instance.declared.namespaces),
        revision: instance.progress.applied.map(|applied| applied.at.revision.0),
        presence: instance.presence,
        state: condition,
        runs: head.map(runs),
        behind,
        reason,
    }
}

fn counted(counted: CountedInstance) -> RevisionReceipt {
    let CountedInstance { instance, outcome, receipt: kept } = counted;
    RevisionReceipt {
        environment: instance.environment.to_string(),
        id: instance.id.to_string(),
        service: instance.declared.service,
        presence: instance.presence,
        outcome,
        receipt: kept.map(receipt),
        revision: instance.progress.applied.map(|applied| applied.at.revision.0),
    }
}

pub(super) fn receipts(revision: Revision, found: RevisionReceipts) -> ReceiptsView {
    ReceiptsView {
        revision: revision.0,
        counted: found.instances.len() as u64,
        applied: found.count(&[Outcome::Applied, Outcome::Superseded]),
        rejected: found.count(&[Outcome::Rejected]),
        pending: found.count(&[Outcome::Pending]),
        superseded_by: found.superseded_by.map(|revision| revision.0),
        instances: found.instances.into_iter().take(LISTED).map(counted).collect(),
    }
}
