//! Trusted issuers on the wire.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::access::IssuerRule;

/// An issuer whose tokens machines exchange for ours. Either `keys` or `keys_url`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerBody {
    /// The `iss` of its tokens, exactly.
    pub issuer: String,
    /// The only `aud` that its tokens must have.
    pub audience: String,
    /// What verifies its tokens, as a JWK set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub keys: Option<Value>,
    /// Where its JWK set is: `https`, or `http` on the server's own machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_url: Option<String>,
    /// Which of its tokens stand for whom: the first rule that fits decides.
    pub rules: Vec<IssuerRule>,
}

/// A trusted issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuerView {
    /// What it is called here.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub body: IssuerBody,
}

/// All trusted issuers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuerList {
    /// By name.
    pub issuers: Vec<IssuerView>,
}
