//! What changed among the instances of an environment, for those who follow them.

use std::time::Duration;

use time::OffsetDateTime;

use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::service::instances::standing::Viewer;
use crate::service::instances::{Standing, shown, standing};
use crate::service::permit::{Inspect, Permit};
use crate::service::{Service, ServiceError};
use crate::store::instances as store;

/// How far each look reaches back: a transaction that was slow to commit is older than what was told already.
const OVERLAP: Duration = Duration::from_secs(2);

/// Up to where the changes were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedMarker {
    at: Option<OffsetDateTime>,
    head: Revision,
}

impl Service {
    /// The instances of an environment whose standing may have changed since the marker: they said something, came or
    /// went, or a revision touched what they run on. The default marker tells all. As each look reaches back a little, an
    /// instance may be told again unchanged.
    ///
    /// To be asked every 250 ms or so while somebody listens; nothing of it is kept in between.
    pub async fn instances_since(
        &self,
        permit: &Permit<Inspect>,
        environment: &EnvironmentName,
        marker: FeedMarker,
    ) -> Result<(FeedMarker, Vec<Standing>), ServiceError> {
        let state = self.state()?;
        let touched: Vec<NamespaceName> = state
            .namespaces(environment)
            .filter(|(_, namespace)| namespace.touched() > marker.head)
            .map(|(name, _)| name.clone())
            .collect();
        let mut session = self.store.acquire().await?;
        // A namespace that is gone cannot be asked when it was touched: its environment was.
        let whole = state.find_environment(environment).is_none_or(|found| found.touched > marker.head);
        let after = marker.at.filter(|_| !whole).map(|at| at - OVERLAP);
        let (found, now) = store::changed(&mut session, environment, after, &touched).await?;
        let seen = found.into_iter().filter_map(|instance| shown(&state.access, permit.caller(), instance)).collect();
        let viewer = Viewer { holder: permit.caller().holder(), namespace: None, key: None };
        let standings = standing::of(&state, &mut session, seen, state.head, Some(viewer)).await?;
        Ok((FeedMarker { at: Some(now), head: state.head }, standings))
    }
}
