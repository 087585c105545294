//! What an instance says: who it is, how far it got, goodbye.

use tokio::sync::oneshot;

use crate::domain::access::{Caller, Target};
use crate::domain::instances::{Declaration, Receipt, Rejected};
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};
use crate::service::instances::Standing;
use crate::service::instances::recorder::{Message, Word};
use crate::service::permit::{self, Authority, Inspect, Permit, Report};
use crate::service::{Field, Service, ServiceError};

/// Most receipts of one call.
const RECEIPTS_MAX: usize = 100;

impl Service {
    /// Checks that a caller may report for an instance that runs on these namespaces.
    pub fn may_report(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        namespaces: &[NamespaceName],
    ) -> Result<Permit<Report>, ServiceError> {
        let mut permit = self.may_with_instances(caller, environment)?;
        let state = self.state()?;
        for namespace in namespaces {
            permit = permit::require(&state.access, caller, Target::AnyIn(environment, namespace))?;
        }
        Ok(permit)
    }

    /// Checks that a caller may see instances of an environment.
    pub fn may_see_instances(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
    ) -> Result<Permit<Inspect>, ServiceError> {
        self.may_with_instances(caller, environment)
    }

    fn may_with_instances<A: Authority>(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
    ) -> Result<Permit<A>, ServiceError> {
        let state = self.state()?;
        let permit = permit::require(&state.access, caller, Target::AnyOf(environment))?;
        if state.find_environment(environment).is_none() {
            return Err(ServiceError::NotFound(environment.to_string()));
        }
        Ok(permit)
    }

    /// Takes in what an instance says about itself.
    pub async fn put_instance(
        &self,
        permit: &Permit<Report>,
        environment: EnvironmentName,
        id: InstanceId,
        declared: Declaration,
    ) -> Result<Standing, ServiceError> {
        refuse(declared.check())?;
        let head = self.view.state().head;
        let word = Word::Put { declared, head };
        self.record(permit.caller(), (environment.clone(), id.clone()), word).await?;
        self.get_instance(permit, &environment, &id, None).await
    }

    /// Takes in receipts of an instance.
    pub async fn tell_receipts(
        &self,
        permit: &Permit<Report>,
        environment: EnvironmentName,
        id: InstanceId,
        receipts: Vec<Receipt>,
    ) -> Result<(), ServiceError> {
        if receipts.is_empty() || receipts.len() > RECEIPTS_MAX {
            let problem = format!("must have 1 to {RECEIPTS_MAX} items, this has {}", receipts.len());
            return Err(ServiceError::Invalid(vec![Field::new("receipts", problem)]));
        }
        let all = receipts.iter().enumerate();
        refuse(all.flat_map(|(at, receipt)| receipt.check(&format!("receipts[{at}]"))).collect())?;
        self.record(permit.caller(), (environment, id), Word::Receipts(receipts)).await
    }

    /// Says goodbye for an instance: it is gone at once.
    pub async fn stop_instance(
        &self,
        permit: &Permit<Report>,
        environment: EnvironmentName,
        id: InstanceId,
    ) -> Result<(), ServiceError> {
        self.record(permit.caller(), (environment, id), Word::Goodbye).await
    }

    pub(super) async fn record(
        &self,
        caller: &Caller,
        key: (EnvironmentName, InstanceId),
        word: Word,
    ) -> Result<(), ServiceError> {
        let (reply, done) = oneshot::channel();
        let message = Message { key, holder: caller.holder(), word, reply };
        self.recorder.messages.send(message).await.map_err(|_| ServiceError::Draining)?;
        done.await.map_err(|_| ServiceError::Draining)?
    }
}

fn refuse(wrong: Vec<Rejected>) -> Result<(), ServiceError> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(ServiceError::Invalid(wrong.into_iter().map(|one| Field::new(one.field, one.problem)).collect()))
}
