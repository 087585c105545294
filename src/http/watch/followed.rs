//! The topic `instances`: how the instances of an environment stand, batched.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::api::instances::InstanceEvent;
use crate::domain::names::EnvironmentName;
use crate::feed::frames::{self, Frame};
use crate::http::App;
use crate::http::instances::views;
use crate::service::ServiceError;
use crate::service::instances::{FeedMarker, Standing};
use crate::service::permit::{Inspect, Permit};

/// How often is asked.
const BATCH: Duration = Duration::from_millis(250);
/// How often while the database does not answer.
const AGAIN: Duration = Duration::from_secs(1);

type Asking = Pin<Box<dyn Future<Output = Result<(FeedMarker, Vec<Standing>), ServiceError>> + Send>>;

/// Follows the instances of an environment.
pub(super) struct Followed {
    permit: Permit<Inspect>,
    environment: EnvironmentName,
    marker: FeedMarker,
    /// What was told last of each instance.
    told: HashMap<String, InstanceEvent>,
    asking: Option<Asking>,
    pause: Pin<Box<Sleep>>,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Followed {
    /// Tells all instances first.
    pub(super) fn new(permit: Permit<Inspect>, environment: &EnvironmentName) -> Self {
        Self {
            permit,
            environment: environment.clone(),
            marker: FeedMarker::default(),
            told: HashMap::new(),
            asking: None,
            pause: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// What is new; none when the caller may no longer know.
    pub(super) fn poll(&mut self, app: &Arc<App>, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            let Some(asking) = self.asking.as_mut() else {
                if self.pause.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                match app.service.may_see_instances(self.permit.caller(), &self.environment) {
                    Ok(permit) => self.permit = permit,
                    Err(_) => return Poll::Ready(None),
                }
                let (app, permit) = (Arc::clone(app), self.permit.clone());
                let (environment, marker) = (self.environment.clone(), self.marker);
                self.asking =
                    Some(Box::pin(async move { app.service.instances_since(&permit, &environment, marker).await }));
                continue;
            };
            let Poll::Ready(answer) = asking.as_mut().poll(cx) else { return Poll::Pending };
            self.asking = None;
            let Ok((marker, standings)) = answer else {
                self.pause.as_mut().reset(Instant::now() + AGAIN);
                continue;
            };
            self.marker = marker;
            self.pause.as_mut().reset(Instant::now() + BATCH);
            let fresh: Vec<_> = standings.into_iter().filter_map(|standing| self.take(standing)).collect();
            if !fresh.is_empty() {
                return Poll::Ready(Some(frames::instances(&fresh)));
            }
        }
    }

    /// The event of an instance that stands otherwise than was told last.
    fn take(&mut self, standing: Standing) -> Option<InstanceEvent> {
        let event = views::event(standing);
        match self.told.entry(event.id.clone()) {
            Entry::Occupied(told) if *told.get() == event => return None,
            Entry::Occupied(mut told) => drop(told.insert(event.clone())),
            Entry::Vacant(new) => drop(new.insert(event.clone())),
        }
        Some(event)
    }
}
