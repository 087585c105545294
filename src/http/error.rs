//! From a failed use case to a problem: one exhaustive match.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::drafts::DraftView;
use crate::api::problem::{Code, FieldProblem, Impact, Problem};
use crate::api::revisions::RevertConflictView;
use crate::domain::access::Action;
use crate::domain::audit::Denial;
use crate::domain::names::Address;
use crate::domain::names::UserName;
use crate::domain::refusals::Refused;
use crate::http::views;
use crate::service::{Field, ServiceError};

/// A problem on its way out. The outermost layer writes its body, since only that layer knows the request id.
#[derive(Debug)]
pub(super) struct ApiError {
    problem: Box<Problem>,
    /// For the log, never for the answer.
    cause: Option<String>,
    retry_after: Option<Duration>,
    /// For the audit, never for the answer.
    denial: Option<Denial>,
}

/// What the outermost layer finds in the response.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) problem: Problem,
    pub(super) cause: Option<String>,
    pub(super) denial: Option<Denial>,
}

impl ApiError {
    pub(super) fn new(code: Code, detail: impl Into<Option<String>>) -> Self {
        Self { problem: Box::new(Problem::new(code, detail)), cause: None, retry_after: None, denial: None }
    }

    /// A malformed request: which field, and what is wrong with it.
    pub(super) fn bad(field: &str, problem: impl Into<String>) -> Self {
        Self::fields(Code::BadRequest, vec![FieldProblem::new(field, problem)])
    }

    /// A value out of its bounds.
    pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Self {
        Self::fields(Code::Invalid, vec![FieldProblem::new(field, problem)])
    }

    pub(super) fn fields(code: Code, fields: Vec<FieldProblem>) -> Self {
        let mut this = Self::new(code, None);
        this.problem.fields = fields;
        this
    }

    /// Writes its cause to the log, where its answer is no problem's body.
    pub(super) fn log(&self) {
        if let Some(cause) = &self.cause {
            tracing::warn!(code = self.problem.code.as_str(), cause, "a request was not served");
        }
    }

    /// What it will say.
    pub(super) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// What the caller may not know of: answered as if it were not there, and told to the audit.
    fn hidden(action: Action, target: String) -> Self {
        let answer = Self::from(ServiceError::NotFound(target.clone()));
        answer.denying(Denial::Denied { action, target, hidden: true })
    }

    /// A missing right, which the audit is to tell of.
    fn denied(action: Action, target: String, who_can: Vec<UserName>, who_can_grant: Vec<UserName>) -> Self {
        let denial = Denial::Denied { action, target: target.clone(), hidden: false };
        let mut this = Self::new(Code::Denied, format!("{action} on {target} is not allowed"));
        this.problem.action = Some(action.to_string());
        this.problem.target = Some(target);
        this.problem.who_can = who_can.into_iter().map(String::from).collect();
        this.problem.who_can_grant = who_can_grant.into_iter().map(String::from).collect();
        this.denying(denial)
    }

    fn because(mut self, cause: String) -> Self {
        self.cause = Some(cause);
        self
    }

    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same problem, which the audit is to tell of.
    pub(super) fn denying(mut self, denial: Denial) -> Self {
        self.denial = Some(denial);
        self
    }

    /// The same problem with the draft as it is now.
    pub(super) fn with_draft(mut self, draft: DraftView) -> Self {
        self.problem.draft = Some(Box::new(draft));
        self
    }

    /// A stale If-Match is 412, not 409; both carry the texts.
    pub(super) fn into_precondition_failed(mut self) -> Self {
        if matches!(self.problem.code, Code::Conflict | Code::DraftMoved) {
            let conflict = *self.problem;
            let fresh = Problem::new(Code::PreconditionFailed, conflict.detail.clone());
            let Problem { conflicts, draft, current_revision, .. } = conflict;
            self.problem = Box::new(Problem { conflicts, draft, current_revision, ..fresh });
        }
        self
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        const SOON: Duration = Duration::from_secs(1);
        const HELD: Duration = Duration::from_secs(15);
        const ISSUER: Duration = Duration::from_mins(1);
        match error {
            ServiceError::Invalid(fields) => Self::fields(Code::Invalid, views::fields(fields)),
            ServiceError::InvalidContent(fields) => Self::fields(Code::InvalidContent, views::fields(fields)),
            ServiceError::TooLarge(fields) => Self::fields(Code::TooLarge, views::fields(fields)),
            ServiceError::Refused(refused) => refused.into(),
            ServiceError::NotFound(what) => Self::new(Code::NotFound, format!("{what} does not exist")),
            ServiceError::Hidden { action, target } => Self::hidden(action, target),
            ServiceError::Denied { action, target, who_can, who_can_grant } => {
                Self::denied(action, target, who_can, who_can_grant)
            }
            ServiceError::LastAdmin => Self::new(Code::LastAdmin, None),
            ServiceError::SelfGrant => {
                let detail =
                    "the caller would hold it by itself, a group or a token; somebody else must give it".to_owned();
                Self::new(Code::SelfGrant, detail)
            }
            ServiceError::AlreadyExists(what) => Self::new(Code::AlreadyExists, format!("{what} exists")),
            ServiceError::Unauthenticated => Self::new(Code::Unauthenticated, None),
            ServiceError::WrongPassword => Self::new(Code::WrongPassword, None),
            ServiceError::PasswordChangeRequired => {
                let fields = vec![FieldProblem::new("new_password", "is required after a one-time password")];
                Self::fields(Code::PasswordChangeRequired, fields)
            }
            ServiceError::TokenRefused(problem) => Self::new(Code::Unauthenticated, problem),
            ServiceError::NoService(name) => Self::new(Code::NoService, format!("the token stands for {name}")),
            ServiceError::IssuerUnreachable(name) => {
                Self::new(Code::IssuerUnreachable, format!("those of {name}")).retry_after(ISSUER)
            }
            ServiceError::LoginRefused(reason) => Self::new(Code::LoginRefused, reason),
            ServiceError::ProviderFailed(cause) => {
                Self::new(Code::ProviderFailed, None).because(cause).retry_after(SOON)
            }
            ServiceError::NeedsFullToken => Self::new(Code::NeedsFullToken, None),
            ServiceError::TooManyRequests(wait) => Self::new(Code::TooManyRequests, None).retry_after(wait),
            ServiceError::IdempotencyKeyReused => Self::new(Code::IdempotencyKeyReused, None),
            ServiceError::DraftMoved => Self::new(Code::DraftMoved, None),
            ServiceError::InstanceTaken(what) => {
                Self::new(Code::InstanceTaken, format!("{what} belongs to another user until it is gone"))
            }
            ServiceError::Unsealed => {
                let detail = "an entry is being sealed; send it again".to_owned();
                Self::new(Code::Conflict, detail).retry_after(SOON)
            }
            ServiceError::SealedStays(fields) => Self::fields(Code::SealedStays, views::fields(fields)),
            ServiceError::InvalidMarker(fields) => Self::fields(Code::InvalidMarker, views::fields(fields)),
            ServiceError::Sealed(what) => Self::new(Code::Sealed, format!("{what} is sealed")),
            ServiceError::Redacted(what) => Self::new(Code::Redacted, format!("{what} was redacted")),
            ServiceError::NoMasterKey => {
                let detail = "set --master-key-file, PINTLE_MASTER_KEY or --master-key-command".to_owned();
                Self::new(Code::NoMasterKey, detail)
            }
            ServiceError::Unavailable(cause) => {
                Self::new(Code::Unavailable, "nothing was applied".to_owned()).because(cause).retry_after(SOON)
            }
            ServiceError::NotThereYet { wanted, head } => {
                let detail = format!("revision {wanted} is not there yet, this node is at {head}");
                Self::new(Code::NotThereYet, detail).retry_after(SOON)
            }
            ServiceError::Compacted { wanted, lowest } => {
                let detail = format!("revision {wanted} was trimmed, the lowest that can be read is {lowest}");
                let mut this = Self::new(Code::Compacted, detail);
                this.problem.lowest = Some(lowest.0);
                this
            }
            ServiceError::Held => {
                let detail = "the store was restored; instances follow it again after: pintle resume".to_owned();
                Self::new(Code::Held, detail).retry_after(HELD)
            }
            ServiceError::OutcomeUnknown => {
                let detail = "send it again with the same Idempotency-Key".to_owned();
                Self::new(Code::OutcomeUnknown, detail).retry_after(SOON)
            }
            ServiceError::AccessStale => Self::new(Code::AccessStale, None).retry_after(SOON),
            ServiceError::Draining => Self::new(Code::Draining, None).retry_after(SOON),
            ServiceError::Internal(cause) => Self::new(Code::Internal, None).because(cause),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(what) => ServiceError::NotFound(what).into(),
            Refused::Hidden { action, target } => ServiceError::Hidden { action, target }.into(),
            Refused::Denied { action, target, who_can, who_can_grant } => {
                ServiceError::Denied { action, target, who_can, who_can_grant }.into()
            }
            Refused::Conflicts(conflicts) => {
                let what: Vec<String> = conflicts.iter().map(|conflict| conflict.address.to_string()).collect();
                let mut this = Self::new(Code::Conflict, format!("changed since it was read: {}", what.join(", ")));
                this.problem.conflicts = conflicts.into_iter().map(views::conflict).collect();
                this
            }
            Refused::Stale { target, current } => {
                let mut this = Self::new(Code::Conflict, format!("{target} is at revision {current}"));
                this.problem.current_revision = Some(current.0);
                this
            }
            Refused::RevertConflicts(conflicts) => {
                let mut this = Self::new(Code::RevertConflict, None);
                this.problem.revert_conflicts = conflicts.into_iter().map(views::revert_conflict).collect();
                this
            }
            Refused::MustSeal(_) => ServiceError::Unsealed.into(),
            Refused::Redacted(addresses) => {
                let mut this = Self::new(Code::RevertConflict, "the bytes were redacted".to_owned());
                let conflict = |address: Address| RevertConflictView { item: address.to_string(), current: 0 };
                this.problem.revert_conflicts = addresses.into_iter().map(conflict).collect();
                this
            }
            Refused::PreconditionRequired(addresses) => {
                let problem = |address| FieldProblem::new("if_revision", format!("is required for {address}"));
                Self::fields(Code::PreconditionRequired, addresses.iter().map(problem).collect())
            }
            Refused::MessageRequired(environment) => {
                let problem = format!("is required, {environment} is protected");
                Self::fields(Code::MessageRequired, vec![FieldProblem::new("message", problem)])
            }
            Refused::Frozen(environment, freeze) => {
                let detail = format!("{environment} was frozen by {}: {}", freeze.by, freeze.reason);
                Self::new(Code::Frozen, detail)
            }
            Refused::NotEmpty(environment, namespaces) => {
                Self::new(Code::NotEmpty, format!("{environment} still has {namespaces} namespaces"))
            }
            Refused::ConfirmationRequired { namespace, entries, drafts } => {
                let detail = format!("{entries} entries would be deleted: send confirm={namespace}");
                let mut this = Self::new(Code::ConfirmationRequired, detail);
                this.problem.impact = Some(Impact { entries, drafts });
                this
            }
            Refused::OverLimit { limit, target, allowed, wanted } => {
                let problem = format!("{target} may have {allowed}, this would make it {wanted}");
                Self::fields(Code::OverLimit, vec![FieldProblem::new(limit, problem)])
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from(wait.as_secs()));
        }
        response.extensions_mut().insert(Pending { problem: *self.problem, cause: self.cause, denial: self.denial });
        response
    }
}

pub(super) async fn no_such_route() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such route".to_owned())
}

pub(super) async fn no_such_method() -> ApiError {
    ApiError::new(Code::MethodNotAllowed, None)
}

impl From<Field> for FieldProblem {
    fn from(field: Field) -> Self {
        let (line, column) = field.place.unzip();
        Self { field: field.name, problem: field.problem, line, column }
    }
}
