//! Problems after RFC 9457, and the one table of their codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::drafts::DraftView;
use crate::api::revisions::{ConflictView, RevertConflictView};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:tt, $status:literal, $title:literal;)+) => {
        /// What went wrong, as a stable word. Programs match on this, never on texts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $variant,)+
            /// A code of a newer server.
            #[serde(other)]
            Unknown,
        }

        impl Code {
            /// Every code a server sends, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ Self::Unknown => "unknown" }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// A short sentence for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Unknown problem" }
            }

            /// What it means and what to do.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+),)+ Self::Unknown => "" }
            }
        }
    };
}

codes! {
    /// The request is malformed: `fields` names what.
    BadRequest = "bad_request", 400, "The request is malformed";
    /// No token, or one that is unknown, expired or revoked. Log in again.
    Unauthenticated = "unauthenticated", 401, "Who is calling is not known";
    /// Name and password do not belong together.
    WrongPassword = "wrong_password", 401, "Name or password is wrong";
    /// The right is missing: `action` and `target` say which, `who_can` and `who_can_grant` whom to ask.
    Denied = "denied", 403, "The caller may not do this";
    /// A scoped or short-lived token makes no tokens, gives no rights and ends only itself. Use a login or a token without scope.
    NeedsFullToken = "needs_full_token", 403, "The token is too narrow for this";
    /// A trusted issuer's token stands for somebody who is no service here. An admin makes the service, or changes the rule.
    NoService = "no_service", 403, "There is no such service";
    /// The content is sealed, and bytes are never masked: read it as JSON, or with `reveal=true`.
    Sealed = "sealed", 403, "The content is sealed";
    /// Nobody may come to hold `secret-reader` by a change of its own. Ask somebody else to make it.
    SelfGrant = "self_grant", 403, "Nobody may give this right to itself";
    /// The node is served by a proxy, and this call did not come through it.
    NotThroughProxy = "not_through_proxy", 403, "The call did not come through the proxy";
    /// A cookie came with a request that was not made by our own pages, or not as they make it; `detail` says what is wrong. Programs
    /// send a token instead.
    CrossSite = "cross_site", 403, "The request comes from another site";
    /// The login at the provider cannot be taken; `detail` says why.
    LoginRefused = "login_refused", 403, "The login was refused";
    /// A one-time password was given: send `new_password` with it.
    PasswordChangeRequired = "password_change_required", 403, "A new password is needed";
    /// It does not exist, or the caller may not know that it does.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "The method is not allowed here";
    /// The body did not arrive in time. Nothing was applied.
    RequestTimeout = "request_timeout", 408, "The body did not arrive in time";
    /// Entries are not what was edited: `conflicts` carries both texts. Merge and send again.
    Conflict = "conflict", 409, "Somebody else changed it";
    /// The draft is not what was reviewed: `draft` is what it is now, unless it is gone. Review it and send its hash.
    DraftMoved = "draft_moved", 409, "The draft changed since it was reviewed";
    /// Undoing the change set would undo later changes: `revert_conflicts` lists them.
    RevertConflict = "revert_conflict", 409, "Later changes are in the way";
    /// The name belongs to something that exists. Choose another one.
    AlreadyExists = "already_exists", 409, "There is one of that name";
    /// Nobody would be left who may administer the store. Give `admin` on everything to another person first.
    LastAdmin = "last_admin", 409, "Nobody would be left to administer the store";
    /// The idempotency key was used with another body. Use a new key.
    IdempotencyKeyReused = "idempotency_key_reused", 409, "The idempotency key was used for something else";
    /// The id belongs to the user who used it first, until that instance is gone. Choose another id.
    InstanceTaken = "instance_taken", 409, "The instance id belongs to somebody else";
    /// The environment still has namespaces. Delete them first.
    NotEmpty = "not_empty", 409, "The environment is not empty";
    /// The deletion has an impact, told in `impact`. Send `confirm=` with the name.
    ConfirmationRequired = "confirmation_required", 409, "The deletion must be confirmed";
    /// The bytes of this version were removed for ever; its hash and its place in the history stay.
    Redacted = "redacted", 410, "The version was redacted";
    /// The revision was trimmed; `lowest` is the lowest that can be read.
    Compacted = "compacted", 410, "The revision was trimmed";
    /// A precondition of the header is not met.
    PreconditionFailed = "precondition_failed", 412, "The precondition failed";
    /// The body or the content passes a limit, which `fields` names.
    TooLarge = "too_large", 413, "Too large";
    /// The address passes a limit, which `fields` names. A long list may go as a body.
    UriTooLong = "uri_too_long", 414, "The address is too long";
    /// The body is compressed. Send it as it is.
    UnsupportedEncoding = "unsupported_encoding", 415, "The encoding of the body is not supported";
    /// The content does not parse: `fields` gives line and column.
    InvalidContent = "invalid_content", 422, "The content has a syntax error";
    /// A value is out of its bounds: `fields` names it and the limit.
    Invalid = "invalid", 422, "A value is not acceptable";
    /// An entry that was ever marked as secret stays sealed, and its name may demand it. Send no mark, or more.
    SealedStays = "sealed_stays", 422, "What was sealed stays sealed";
    /// A marker of masked text stands where it keeps no value: `fields` gives the line.
    InvalidMarker = "invalid_marker", 422, "A marker keeps no value here";
    /// A quota would be passed, which `fields` names.
    OverLimit = "over_limit", 422, "A limit would be passed";
    /// A protected environment wants to know why: send a message.
    MessageRequired = "message_required", 422, "A message is required";
    /// The server has no master key, so that it can neither seal nor open. Its operator sets one.
    NoMasterKey = "no_master_key", 422, "The server has no master key";
    /// Publishes of the environment are refused until it is unfrozen. Rollback and revert still work.
    Frozen = "frozen", 423, "The environment is frozen";
    /// A protected environment wants `if_revision` (or If-Match), or `force`.
    PreconditionRequired = "precondition_required", 428, "A precondition is required";
    /// Too many attempts. `Retry-After` says when to come back.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// The address and the headers together pass a limit, which `fields` names.
    HeadTooLarge = "head_too_large", 431, "The head of the request is too large";
    /// Something broke here; the request id finds it in the log.
    Internal = "internal", 500, "Internal error";
    /// The provider of logins does not answer as it should. An administrator finds the reason in the log.
    ProviderFailed = "provider_failed", 502, "The login provider does not work";
    /// The database cannot be reached. Nothing was applied.
    Unavailable = "unavailable", 503, "The database cannot be reached";
    /// The node is behind the `min_revision` that was asked for. Nothing was applied.
    NotThereYet = "not_there_yet", 503, "The node has not seen that revision yet";
    /// The commit was cut and its fate is unknown: send it again with the same idempotency key.
    OutcomeUnknown = "outcome_unknown", 503, "It is not known whether the change was applied";
    /// The keys of a trusted issuer cannot be fetched. They are asked for again after a minute.
    IssuerUnreachable = "issuer_unreachable", 503, "The trusted issuer cannot be reached";
    /// The rights were last seen longer ago than `access_max_stale`. Nothing was applied.
    AccessStale = "access_stale", 503, "The rights are too old to be trusted";
    /// The store was restored and is held: instances keep what they run until `pintle resume`.
    Held = "held", 503, "The store is held after a restore";
    /// The node has as many connections as it takes. Nothing was applied; `Retry-After` says when to come back.
    TooManyConnections = "too_many_connections", 503, "The node has too many connections";
    /// The node is stopping. Nothing was applied.
    Draining = "draining", 503, "The node is stopping";
    /// The request took too long and was given up before it reached the store.
    Timeout = "timeout", 503, "The request took too long";
}

/// The reference of all codes, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# Errors\n\nEvery error is a problem after RFC 9457. Programs match on `code`, never on texts. This page is \
         printed by `pintle errors`.\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let row = ["| `", code.as_str(), "` | ", &code.status().to_string(), " | ", code.meaning().trim(), " |\n"];
        text.push_str(&row.concat());
    }
    text
}

/// One bad place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Where: a parameter, header or path into the body, such as `changes[2].key`.
    pub field: String,
    /// What is wrong, with the limit.
    pub problem: String,
    /// Line in the content, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in the content, in characters from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl FieldProblem {
    /// A problem without a place in a content.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), line: None, column: None }
    }
}

/// What a deletion would take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Impact {
    /// Entries that would be deleted.
    pub entries: u64,
    /// Drafts that touch it. They stay, and what they change in it counts as moved.
    #[serde(default)]
    pub drafts: u64,
}

/// The body of every error, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:pintle:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short sentence for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word.
    pub code: Code,
    /// What happened this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Finds the request in the log.
    #[serde(default)]
    pub request_id: String,
    /// What is wrong with the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// `denied`: the missing action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `denied`: what it is missing on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `denied`: users who could do it, ten at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who_can: Vec<String>,
    /// `denied`: users who could give the right, ten at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who_can_grant: Vec<String>,
    /// `conflict`: both texts of every entry in conflict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictView>,
    /// `revert_conflict`: what changed since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revert_conflicts: Vec<RevertConflictView>,
    /// `draft_moved`, and `precondition_failed` of a draft: the draft as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Box<DraftView>>,
    /// `confirmation_required`: what would be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// `conflict` on an environment or namespace: its present revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_revision: Option<u64>,
    /// `compacted`: the lowest revision with which the call works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<u64>,
}

impl Problem {
    /// A problem of a code, with what happened this time.
    pub fn new(code: Code, detail: impl Into<Option<String>>) -> Self {
        Self {
            kind: format!("urn:pintle:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            request_id: String::new(),
            fields: Vec::new(),
            action: None,
            target: None,
            who_can: Vec::new(),
            who_can_grant: Vec::new(),
            conflicts: Vec::new(),
            revert_conflicts: Vec::new(),
            draft: None,
            impact: None,
            current_revision: None,
            lowest: None,
        }
    }

    /// The same problem with the bad places of the input.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.fields = fields;
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.detail.as_deref().unwrap_or(&self.title), self.code.as_str())?;
        for field in &self.fields {
            write!(f, "\n  {}: {}", field.field, field.problem)?;
            if let (Some(line), Some(column)) = (field.line, field.column) {
                write!(f, " (line {line}, column {column})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
