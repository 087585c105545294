//! The tasks of a node that keep the audit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::settings::AuditSettings;
use crate::service::ambient::Ambient;
use crate::service::audit::anchors::Anchorer;
use crate::service::audit::{self, AuditLink, Auditor, retention};
use crate::service::keyring::{KeyError, Keyring};
use crate::store::Store;
use crate::view::View;

/// The tasks, before they are started.
pub(super) struct Auditing {
    auditor: Auditor,
    anchorer: Option<Anchorer>,
    retention: Option<Duration>,
    store: Store,
    ambient: Arc<dyn Ambient>,
}

/// What the tasks work with.
pub(super) struct Means<'a> {
    pub(super) settings: &'a AuditSettings,
    pub(super) node: Uuid,
    pub(super) store: &'a Store,
    pub(super) view: &'a Arc<View>,
    pub(super) metrics: &'a Arc<Metrics>,
    pub(super) ambient: &'a Arc<dyn Ambient>,
    pub(super) keyring: &'a Keyring,
}

impl Auditing {
    /// Prepares the tasks, and the link to them.
    pub(super) fn new(means: &Means<'_>) -> anyhow::Result<(AuditLink, Self)> {
        let Means { settings, node, store, view, metrics, ambient, keyring } = *means;
        let (link, inbox) = audit::channel(Arc::clone(metrics), Arc::clone(ambient));
        let (auditor, own) = Auditor::new(node, store.clone(), Arc::clone(view), inbox);
        let how = (settings.audit_anchor_file.clone(), Duration::from_secs(settings.audit_anchor_seconds));
        let anchorer = match Anchorer::new(keyring, how, (store.clone(), Arc::clone(view)), Arc::clone(ambient), own) {
            Ok(anchorer) => Some(anchorer),
            Err(KeyError::NoMasterKey) => {
                tracing::warn!(
                    "there is no master key, so the audit is not anchored: one who writes to the database could compute it anew"
                );
                None
            }
            Err(error) => return Err(error.into()),
        };
        let (retention, store, ambient) = (settings.audit_retention, store.clone(), Arc::clone(ambient));
        Ok((link, Self { auditor, anchorer, retention, store, ambient }))
    }

    /// Starts the tasks. The receiver closes when the last row was written and anchored.
    pub(super) fn start(self, lifecycle: &Lifecycle) -> mpsc::Receiver<()> {
        let (settled, settles) = mpsc::channel(1);
        let stop = lifecycle.workers.clone();
        if let Some(anchorer) = self.anchorer {
            let settled = settled.clone();
            lifecycle.spawn("anchorer", &stop, async move {
                anchorer.run().await;
                drop(settled);
            });
        }
        if let Some(age) = self.retention {
            lifecycle.spawn("retention", &stop, retention::run(self.store, self.ambient, age, stop.clone()));
        }
        let (auditor, until) = (self.auditor, stop.clone());
        lifecycle.spawn("auditor", &stop, async move {
            auditor.run(until).await;
            drop(settled);
        });
        settles
    }
}
