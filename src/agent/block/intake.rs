//! What a watch brings: taken into the mirror, remembered, told, and waited for to come to rest.

use std::sync::PoisonError;

use crate::agent::block::Block;
use crate::agent::block::reporter::receipt;
use crate::agent::block::status::Doing;
use crate::api::instances::Stage;
use crate::api::problem::Code;
use crate::api::watch::ResetReason;
use crate::client::watch::Event;

impl Block {
    /// Takes in what the watch brings.
    pub(super) fn take(&mut self, event: Result<Event, String>) {
        let name = &self.settings.name;
        let event = match event {
            Ok(event) => event,
            Err(problem) => {
                tracing::warn!(block = name, problem, "the watch is not possible; what runs stays");
                self.set_status(|status| (status.server, status.outage) = (None, Some(problem)));
                return;
            }
        };
        match &event {
            Event::Connected { server } => {
                tracing::info!(block = name, server, "hearing the server");
                let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
                let is_first = status.server.is_none() && status.outage.is_none();
                drop(status);
                if !is_first {
                    self.desk.introduce_again();
                }
                self.set_status(|status| (status.server, status.outage) = (Some(server.clone()), None));
            }
            Event::Lost { server, outage, retry_in } => {
                let before = self.status.lock().unwrap_or_else(PoisonError::into_inner).outage.clone();
                if outage.code() == Some(Code::Held) && before.as_ref() != Some(&outage.to_string()) {
                    // A restored store asks what runs before anybody lets it go on.
                    self.desk.introduce_again();
                }
                if before.is_none() {
                    tracing::warn!(block = name, server, %outage, ?retry_in, "the server is not heard; what runs stays");
                } else {
                    tracing::debug!(block = name, server, %outage, ?retry_in, "the server is still not heard");
                }
                self.set_status(|status| (status.server, status.outage) = (None, Some(outage.to_string())));
            }
            Event::Reset(reason) => {
                tracing::info!(block = name, ?reason, "continuity is lost; a snapshot follows");
                if *reason == ResetReason::Epoch {
                    self.desk.introduce_again();
                }
            }
            Event::Snapshot(_) | Event::Change(_) | Event::Checkpoint(_) => {}
        }
        if let Some(shown) = &mut self.shown {
            shown.note(&event);
        }
        let applied = self.mirror.apply(&event);
        self.store.note(&applied, &self.mirror);
        let tells = matches!(event, Event::Snapshot(_) | Event::Change(_));
        if tells && let Some(at) = self.mirror.cursor() {
            tracing::debug!(block = self.settings.name, %at, "entries arrived");
            self.desk.leave(receipt(at, Stage::Delivered));
            self.want();
        }
        if tells || matches!(event, Event::Checkpoint(_)) {
            let seen = self.mirror.cursor().map(|cursor| cursor.to_string());
            self.set_status(|status| {
                (status.seen, status.from_cache) = (seen, false);
                if tells {
                    status.doing = Doing::Pending;
                }
            });
        }
    }
}
