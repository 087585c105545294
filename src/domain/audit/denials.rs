//! Denials: equal ones of one caller fold into one row a minute, and a flood of different ones stays small.

use core::net::IpAddr;
use std::collections::HashMap;

use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::domain::access::Action;
use crate::domain::audit::chain::target;
use crate::domain::audit::{Event, Who};
use crate::domain::names::{EnvironmentName, NamespaceName};

/// How long equal denials fold into one row.
const WINDOW: Duration = Duration::minutes(1);
/// Callers that are told apart. Unknown ones get half of the places, so that they cannot push out those with a name.
const CALLERS: usize = 512;
/// Denials of one caller that are told apart.
const KINDS: usize = 32;
/// Denials of all callers that are told apart: with one of all kinds for each caller, the most rows of a minute.
const WINDOWS: usize = 2048;
/// Longest name of a failed login, in bytes.
const NAME_BYTES: usize = 64;

/// Why a call was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A right is missing.
    Denied {
        /// To do what.
        action: Action,
        /// On what.
        target: String,
        /// Whether the answer was that there is no such thing.
        hidden: bool,
    },
    /// Nothing that was shown says who is calling.
    Unauthenticated {
        /// `none`, `unknown`, `expired`: what was shown.
        shown: &'static str,
        /// The token, when it was the right secret of one.
        token: Option<Uuid>,
    },
    /// A login did not work out.
    LogIn {
        /// The name, of an account that exists: what was typed may be a password.
        name: String,
        /// Why.
        reason: &'static str,
    },
}

/// What makes denials of one caller equal.
type Kind = (&'static str, Option<Action>, String);

impl Denial {
    fn kind(&self) -> Kind {
        match self {
            Self::Denied { action, target, hidden } => {
                let place = match place_of(target) {
                    (Some(environment), Some(namespace)) => format!("{environment}/{namespace}"),
                    (Some(environment), None) => environment.to_string(),
                    (None, _) => target.clone(),
                };
                (if *hidden { "hidden" } else { "denied" }, Some(*action), place)
            }
            Self::Unauthenticated { shown, token } => {
                (shown, None, token.map(|token| token.to_string()).unwrap_or_default())
            }
            Self::LogIn { name, reason } => (reason, None, cut(name).to_owned()),
        }
    }

    fn event(&self) -> Event {
        match self {
            Self::Denied { action, target: of, hidden } => {
                let (environment, namespace) = place_of(of);
                let answer = if *hidden { "not_found" } else { "denied" };
                let event = Event::new("denied", target(of)).after(json!({"action": action, "answer": answer}));
                Event { environment, namespace, ..event }
            }
            Self::Unauthenticated { shown, token } => {
                let of = token.map_or_else(|| "token".to_owned(), |token| format!("token:{token}"));
                Event::new("unauthenticated", of).after(json!({"shown": shown}))
            }
            Self::LogIn { name, reason } => {
                Event::new("log_in_failed", target(&format!("user:{}", cut(name)))).after(json!({"reason": reason}))
            }
        }
    }
}

fn cut(name: &str) -> &str {
    name.get(..name.floor_char_boundary(NAME_BYTES)).unwrap_or_default()
}

/// The environment and namespace that a target names: `dev/orders/a.yaml`, `dev/orders`, `dev`.
fn place_of(target: &str) -> (Option<EnvironmentName>, Option<NamespaceName>) {
    let mut parts = target.splitn(3, '/');
    let environment = parts.next().and_then(|part| EnvironmentName::parse(part).ok());
    let namespace = parts.next().and_then(|part| NamespaceName::parse(part).ok());
    (environment.clone(), namespace.filter(|_| environment.is_some()))
}

/// Somebody who is turned away: by name, or by address while nobody knows the name.
type Subject = (String, Option<IpAddr>);

#[derive(Debug)]
struct Window {
    since: OffsetDateTime,
    /// Those that no row tells yet.
    count: u64,
    who: Who,
    event: Event,
}

/// Denials on their way to the audit.
#[derive(Debug, Default)]
pub struct Denials {
    open: HashMap<Subject, HashMap<Kind, Window>>,
    windows: usize,
    ready: Vec<(OffsetDateTime, Who, Event)>,
}

impl Denials {
    /// Takes one in. The first of its kind is told at once, those that follow together, at the end of the minute.
    pub fn take(&mut self, now: OffsetDateTime, who: Who, denial: &Denial) {
        let anonymous = who.token.is_none();
        let mut subject = (who.actor.clone(), who.address.filter(|_| anonymous));
        let (mut who, mut kind, mut event) = (who, denial.kind(), denial.event());
        let several = |event: Event| Event { environment: None, namespace: None, ..event }.several();
        let places = if anonymous { CALLERS / 2 } else { CALLERS };
        if self.open.len() >= places && !self.open.contains_key(&subject) {
            subject = ("several".to_owned(), None);
            who = Who { actor: "several".to_owned(), ..Who::system() };
            (kind, event) = ((event.action, None, String::new()), several(event));
        }
        let kinds = self.open.entry(subject).or_default();
        if (kinds.len() >= KINDS || self.windows >= WINDOWS) && !kinds.contains_key(&kind) {
            (kind, event) = ((event.action, None, String::new()), several(event));
        }
        if let Some(window) = kinds.get_mut(&kind) {
            window.count += 1;
            if window.event.target != event.target {
                kind.2.clone_into(&mut window.event.target);
            }
            window.who = who;
            return;
        }
        self.ready.push((now, who.clone(), event.clone()));
        kinds.insert(kind, Window { since: now, count: 0, who, event });
        self.windows += 1;
    }

    /// What is to be written now.
    pub fn due(&mut self, now: OffsetDateTime) -> Vec<(OffsetDateTime, Who, Event)> {
        self.close(now, |window| now - window.since >= WINDOW || now < window.since)
    }

    /// Everything, at the end.
    pub fn rest(&mut self, now: OffsetDateTime) -> Vec<(OffsetDateTime, Who, Event)> {
        self.close(now, |_| true)
    }

    fn close(&mut self, now: OffsetDateTime, over: impl Fn(&Window) -> bool) -> Vec<(OffsetDateTime, Who, Event)> {
        let mut rows = std::mem::take(&mut self.ready);
        self.open.retain(|_, kinds| {
            kinds.retain(|_, window| {
                if !over(window) {
                    return true;
                }
                let goes_on = window.count > 0;
                if goes_on {
                    let event = Event { count: Some(window.count), ..window.event.clone() };
                    rows.push((now, window.who.clone(), event));
                    (window.since, window.count) = (now, 0);
                }
                goes_on
            });
            !kinds.is_empty()
        });
        self.windows = self.open.values().map(HashMap::len).sum();
        rows
    }
}

impl Event {
    /// The same for many targets.
    fn several(self) -> Self {
        Self { target: "several".to_owned(), after: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Peer;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn who(actor: &str) -> Who {
        Who { token: Some(Uuid::from_u128(1)), actor: actor.to_owned(), ..Who::system() }
    }

    fn from(last: u8) -> Who {
        Who::anonymous(&Peer { address: Some([10, 0, 0, last].into()), request_id: "r".into() })
    }

    fn denied(target: &str) -> Denial {
        Denial::Denied { action: Action::Publish, target: target.to_owned(), hidden: false }
    }

    fn told(rows: &[(OffsetDateTime, Who, Event)]) -> Vec<(String, String, Option<u64>)> {
        rows.iter().map(|(_, who, event)| (who.actor.clone(), event.target.clone(), event.count)).collect()
    }

    #[test]
    fn equal_denials_of_one_caller_are_one_row_a_minute() {
        let mut denials = Denials::default();
        for _ in 0..3 {
            denials.take(START, who("vera"), &denied("dev/orders/a.yaml"));
        }
        denials.take(START, who("paul"), &denied("dev/orders/a.yaml"));
        let row = |actor: &str, target: &str, count| (actor.to_owned(), target.to_owned(), count);
        let first = denials.due(START);
        assert_eq!(told(&first), [row("vera", "dev/orders/a.yaml", None), row("paul", "dev/orders/a.yaml", None)]);
        let event = &first[0].2;
        assert_eq!(event.after, Some(json!({"action": "publish", "answer": "denied"})));
        assert_eq!(
            (event.environment.as_ref().unwrap().as_str(), event.namespace.as_ref().unwrap().as_str()),
            ("dev", "orders")
        );
        assert_eq!(denials.due(START + Duration::seconds(59)), []);
        assert_eq!(told(&denials.due(START + WINDOW)), [row("vera", "dev/orders/a.yaml", Some(2))]);
        // It went on, so the next one within the minute is counted again.
        denials.take(START + WINDOW, who("vera"), &denied("dev/orders/b.yaml"));
        assert_eq!(told(&denials.due(START + WINDOW * 2)), [row("vera", "dev/orders", Some(1))]);
        assert_eq!(denials.due(START + WINDOW * 3), []);
        assert!(denials.open.is_empty());
    }

    #[test]
    fn other_actions_namespaces_and_answers_are_rows_of_their_own() {
        let mut denials = Denials::default();
        let read = |target: &str, hidden| Denial::Denied { action: Action::Read, target: target.to_owned(), hidden };
        let all = [denied("dev/orders"), denied("dev/web"), read("dev/orders", true), read("dev/orders", false)];
        for denial in &all {
            denials.take(START, who("vera"), denial);
        }
        assert_eq!(denials.due(START).len(), all.len());
        let none = Denial::Unauthenticated { shown: "none", token: None };
        denials.take(START, from(1), &none);
        denials.take(START, from(2), &none);
        denials.take(START, from(2), &none);
        denials.take(START, from(2), &Denial::LogIn { name: "x".repeat(500), reason: "wrong" });
        let rows = denials.due(START);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2].2.target, format!("user:{}", "x".repeat(NAME_BYTES)));
    }

    #[test]
    fn a_flood_stays_small() {
        let mut denials = Denials::default();
        for number in 0..10_000 {
            denials.take(START, who("vera"), &denied(&format!("dev/ns-{number}/a.yaml")));
            denials.take(START, who(&format!("user-{number}")), &denied("dev/orders"));
        }
        let rows = denials.due(START);
        assert!(rows.len() <= CALLERS + KINDS + 2, "{}", rows.len());
        let summed: u64 = denials.rest(START).iter().filter_map(|(_, _, event)| event.count).sum();
        assert_eq!(summed + rows.len() as u64, 20_000, "none is lost");
        assert!(denials.due(START + WINDOW).is_empty() && denials.windows == 0);

        for number in 0..=u8::MAX {
            for name in 0..100 {
                denials.take(START, from(number), &Denial::LogIn { name: format!("user-{name}"), reason: "wrong" });
            }
        }
        for number in 0..100 {
            denials.take(START, from(1), &denied(&format!("dev/ns-{number}")));
            denials.take(START, who(&format!("user-{number}")), &denied("dev/orders"));
        }
        let rows = denials.due(START);
        assert!(rows.len() <= WINDOWS + CALLERS * 2, "{}", rows.len());
        let named = rows.iter().filter(|(_, who, _)| who.actor.starts_with("user-")).count();
        assert_eq!(named, 100, "unknown callers do not push out known ones");
    }

    #[test]
    fn only_names_make_a_place() {
        let place = |target| {
            let (environment, namespace) = place_of(target);
            (environment.map(String::from), namespace.map(String::from))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(place("dev/orders/a/b.yaml"), (some("dev"), some("orders")));
        assert_eq!(place("dev"), (some("dev"), None));
        for other in ["the store", "dev*/orders", "instance dev/web-1", "", "*/*"] {
            assert_eq!(place(other), (None, None), "{other}");
        }
    }
}
