//! Who may watch what.

use crate::domain::access::{Caller, Target};
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;
use crate::domain::sight::Sight;
use crate::service::permit::{self, Permit, Read};
use crate::service::{Service, ServiceError};

impl Service {
    /// Notes that a stream with plaintext opens, for each namespace of which the caller may see what is sealed. Where nothing
    /// is sealed yet, that can wait for a database that is away.
    pub async fn open_revealing(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        namespaces: &[NamespaceName],
    ) -> Result<(), ServiceError> {
        let state = self.state()?;
        let sight = Sight::revealing(&state.access, caller.holder(), environment, namespaces);
        for namespace in sight.revealed() {
            let noted = self.audit_reveal(caller, (environment, namespace), None, None).await;
            let seals = |key| {
                let address = Address { environment: environment.clone(), namespace: namespace.clone(), key };
                sight.reveals(&address) && state.find_marks(&address).is_some()
            };
            if noted.is_err() && state.entries(environment, namespace).any(|(key, _)| seals(key.clone())) {
                return noted;
            }
        }
        Ok(())
    }

    /// Checks that a caller may watch namespaces of an environment, from a cursor on when it comes back. A namespace that
    /// a grant covers need not exist yet. While the store is held, who has something is to keep it.
    pub async fn may_watch(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        namespaces: &[NamespaceName],
        after: Option<Cursor>,
        has_something: bool,
    ) -> Result<Vec<Permit<Read>>, ServiceError> {
        let state = self.state()?;
        let require = |name| permit::require(&state.access, caller, Target::AnyIn(environment, name));
        let permits = namespaces.iter().map(require).collect::<Result<_, _>>()?;
        if state.find_environment(environment).is_none() {
            return Err(ServiceError::NotFound(environment.to_string()));
        }
        if after.is_some_and(|after| after > state.cursor()) {
            // Another node may have sent it a moment ago. With the database away this node cannot know, and going on with
            // what it has would take the subscriber back: it is sent elsewhere.
            self.pump.refresh().await?;
        }
        if has_something && self.view.state().bounds.held {
            return Err(ServiceError::Held);
        }
        Ok(permits)
    }
}
