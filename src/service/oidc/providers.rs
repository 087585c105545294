//! The providers that people may log in at: listed, put and deleted.

use std::collections::BTreeMap;

use reqwest::Url;
use serde_json::json;

use crate::domain::access::{Access, Caller, IdentityProvider, LOCAL, Target, TokenKind};
use crate::domain::audit::{Event, Who};
use crate::domain::names::{GroupName, UserName};
use crate::service::oidc::invalid;
use crate::service::outward;
use crate::service::permit::{self, Administer};
use crate::service::sessions::end_step;
use crate::service::{Service, ServiceError};
use crate::store::{Op, Step};

/// Bytes of a text that a provider gives us.
const TEXT: usize = 500;
/// Scopes, and groups that are mapped, at most.
const MANY: usize = 200;

/// How a provider shall be.
#[derive(Clone)]
pub struct ProviderChange {
    /// Its issuer URL.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// Our secret there; none keeps the one that is there.
    pub client_secret: Option<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that becomes the user name.
    pub name_claim: String,
    /// The claim that lists groups.
    pub groups_claim: Option<String>,
    /// Values of that claim, and what they mean here.
    pub groups: BTreeMap<String, GroupName>,
}

impl std::fmt::Debug for ProviderChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderChange").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn label(provider: &str) -> String {
    format!("identity provider {provider}")
}

impl Service {
    /// The providers, by name: for those who operate the store all of them, for everybody else their names.
    pub fn list_providers(&self, caller: Option<&Caller>) -> Result<(Vec<IdentityProvider>, bool), ServiceError> {
        let state = self.state()?;
        let all = caller.is_some_and(|caller| self.may_administer(caller).is_ok());
        Ok((state.access.providers().to_vec(), all))
    }

    /// One provider.
    pub fn get_provider(&self, caller: &Caller, name: &str) -> Result<IdentityProvider, ServiceError> {
        self.may_administer(caller)?;
        self.find_provider(name)
    }

    /// Makes a provider, or changes it.
    pub async fn put_provider(
        &self,
        caller: &Caller,
        name: &str,
        change: ProviderChange,
    ) -> Result<IdentityProvider, ServiceError> {
        self.may_administer(caller)?;
        check(name, &change)?;
        let secret = change.client_secret.as_deref().map(|text| self.keyring.seal_bytes(&label(name), text.as_bytes()));
        let secret = secret.transpose()?;
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            let old = access.providers().iter().find(|provider| provider.name == name);
            refuse_another_issuer(access, old, &change)?;
            let sealed = secret.clone().map(Into::into).or_else(|| old.and_then(|old| old.sealed_secret.clone()));
            let made = IdentityProvider {
                name: name.to_owned(),
                issuer: change.issuer.clone(),
                client_id: change.client_id.clone(),
                sealed_secret: sealed,
                scopes: change.scopes.clone(),
                name_claim: change.name_claim.clone(),
                groups_claim: change.groups_claim.clone(),
                groups: change.groups.clone(),
            };
            let mut event = Event::new("put_provider", format!("provider:{name}")).after(told(&made));
            event.before = old.map(told);
            Ok((vec![Step { event, op: columns(&made) }], made))
        })
        .await
    }

    /// Deletes a provider: nobody logs in there any more, and whoever did is logged out and leaves the groups that it gave.
    pub async fn delete_provider(&self, caller: &Caller, name: &str) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            let old = access.providers().iter().find(|provider| provider.name == name);
            let Some(old) = old else { return Err(ServiceError::NotFound("identity provider".to_owned())) };
            let event = Event::new("delete_provider", format!("provider:{name}")).before(told(old));
            let mut steps = vec![Step { event, op: Op::DeleteProvider { name: name.to_owned() } }];
            steps.extend(goodbye(access, name));
            Ok((steps, ()))
        })
        .await
    }

    /// Seals with the current master key what another one sealed. Says how many.
    pub(in crate::service) async fn reseal_provider_secrets(&self, who: &Who) -> Result<u64, ServiceError> {
        self.change_access(who, |access| {
            let mut steps = Vec::new();
            for provider in access.providers() {
                let Some(sealed) = &provider.sealed_secret else { continue };
                if let Some(sealed) = self.keyring.reseal_bytes(&label(&provider.name), sealed)? {
                    let provider = IdentityProvider { sealed_secret: Some(sealed.into()), ..provider.clone() };
                    let event = Event::new("wrap_provider_secret", format!("provider:{}", provider.name));
                    steps.push(Step { event, op: columns(&provider) });
                }
            }
            let count = steps.len() as u64;
            Ok((steps, count))
        })
        .await
    }

    /// Our secret at a provider.
    pub(super) fn open_secret(&self, provider: &IdentityProvider) -> Result<Option<String>, ServiceError> {
        let Some(sealed) = &provider.sealed_secret else { return Ok(None) };
        let bytes = self.keyring.open_bytes(&label(&provider.name), sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| ServiceError::Internal(error.to_string()))?;
        Ok(Some(text.to_owned()))
    }
}

fn columns(provider: &IdentityProvider) -> Op {
    Op::PutProvider {
        name: provider.name.clone(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        sealed_secret: provider.sealed_secret.as_ref().map(hex::encode),
        scopes: provider.scopes.clone(),
        name_claim: provider.name_claim.clone(),
        groups_claim: provider.groups_claim.clone(),
        groups: provider.groups.clone(),
    }
}

/// What follows from the end of a provider.
fn goodbye(access: &Access, provider: &str) -> Vec<Step> {
    let left = access.all_memberships().filter(|membership| membership.source == provider).map(|membership| {
        let user = access.find_user(membership.user).map_or_else(String::new, |user| user.name.to_string());
        let before = json!({"group": membership.group, "source": provider});
        let event = Event::new("remove_member", format!("user:{user}")).before(before);
        let (group_name, user_id) = (membership.group.clone(), membership.user);
        Step { event, op: Op::RemoveMember { group_name, user_id, source: provider.to_owned() } }
    });
    let vouched = access.users().filter(|user| user.vouched.as_ref().is_some_and(|(name, _)| name == provider));
    let ended = vouched.flat_map(|user| {
        let sessions = access.tokens_of(user.id).filter(|token| token.kind == TokenKind::Session);
        sessions.map(move |token| end_step(user, token))
    });
    left.chain(ended).collect()
}

/// The subjects of one issuer mean nothing at another: its users would become somebody else.
fn refuse_another_issuer(
    access: &Access,
    old: Option<&IdentityProvider>,
    change: &ProviderChange,
) -> Result<(), ServiceError> {
    let Some(old) = old.filter(|old| old.issuer != change.issuer) else { return Ok(()) };
    let is_ours = |vouched: &(String, String)| vouched.0 == old.name;
    if access.users().any(|user| user.vouched.as_ref().is_some_and(is_ours)) {
        let problem = "must stay: users are known by their names at it; put another provider under another name";
        return Err(invalid("issuer", problem));
    }
    Ok(())
}

/// A provider as the audit tells it: without the secret.
fn told(provider: &IdentityProvider) -> serde_json::Value {
    json!({"issuer": provider.issuer, "client_id": provider.client_id, "has_secret": provider.sealed_secret.is_some(),
           "scopes": provider.scopes, "name_claim": provider.name_claim, "groups_claim": provider.groups_claim,
           "groups": provider.groups})
}

fn check(name: &str, change: &ProviderChange) -> Result<(), ServiceError> {
    // Names of providers follow the rules of all names; what they are called with is no part of the message.
    if let Err(error) = UserName::parse(name) {
        return Err(invalid("provider", error.to_string().replacen("user name ", "", 1)));
    }
    if name == LOCAL {
        return Err(invalid("provider", format!("must not be {LOCAL}, which is the source of what is kept here")));
    }
    let url = Url::parse(&change.issuer)
        .map_err(|_| invalid("issuer", "must be an address such as https://id.example.com"))?;
    if outward::check(&url).is_err() || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty()
    {
        return Err(invalid("issuer", "must begin with https:// (http:// on this machine) and have no query"));
    }
    let texts = [("issuer", &change.issuer), ("client_id", &change.client_id), ("name_claim", &change.name_claim)];
    let optional = [("client_secret", &change.client_secret), ("groups_claim", &change.groups_claim)];
    let optional = optional.into_iter().filter_map(|(field, text)| text.as_ref().map(|text| (field, text)));
    let scopes = change.scopes.iter().map(|scope| ("scopes", scope));
    let values = change.groups.keys().map(|value| ("groups", value));
    for (field, text) in texts.into_iter().chain(optional).chain(scopes).chain(values) {
        if text.is_empty() || text.len() > TEXT || text.chars().any(char::is_control) {
            return Err(invalid(field, format!("must have 1 to {TEXT} bytes and no control characters")));
        }
    }
    if change.scopes.iter().any(|scope| scope.contains(' ')) {
        return Err(invalid("scopes", "must be one scope each, without spaces"));
    }
    for (field, number) in [("scopes", change.scopes.len()), ("groups", change.groups.len())] {
        if number > MANY {
            return Err(invalid(field, format!("must be at most {MANY}, these are {number}")));
        }
    }
    Ok(())
}
