//! Logins that failed, and how long the next one has to wait. It slows guessing down and locks nobody out.
//!
//! Three counters see every attempt: of the account from this network, of the network, and of the account. From the fifth failure
//! on each makes the next attempt wait, twice as long each time, up to a limit of its own; while it waits nothing is counted, so
//! that nobody can prolong it for ever. Where the account logged in before, only the first counter counts, with the short limit:
//! what others try elsewhere does not slow its owner, and what others try in the same network slows him little.
//!
//! The counters are those of one node: behind several nodes as many times the attempts are possible.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

/// Failures without a delay.
const FREE: u32 = 5;
/// Longest wait for one account from one network where it never logged in.
const MOST_PAIR: Duration = Duration::minutes(15);
/// Longest wait for one account, over all networks, and from a network where it logged in before.
const MOST_ACCOUNT: Duration = Duration::seconds(30);
/// Longest wait of one network over all accounts. Many people may share it, so it is short.
const MOST_NETWORK: Duration = Duration::minutes(1);
/// What did not fail for so long is forgotten.
const MEMORY: Duration = Duration::hours(1);
/// Counters of one kind; beyond it those that failed longest ago are forgotten.
const MOST_COUNTERS: usize = 10_000;
/// Bytes of an account's name that count; no account has a longer one.
const NAME: usize = 64;

/// The network of an address: the address itself, or 64 bits of one of version 6, which a household has.
#[must_use]
pub fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => format!("{address}/32"),
        Some(IpAddr::V6(address)) => {
            let first = u128::from(address) & (u128::MAX << 64);
            format!("{}/64", std::net::Ipv6Addr::from(first))
        }
    }
}

/// The name by which an account is counted: without the spaces around it, and in small letters.
#[must_use]
pub fn normalized(name: &str) -> String {
    name.trim()
        .chars()
        .flat_map(char::to_lowercase)
        .scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= NAME).then_some(c)
        })
        .collect()
}

/// One attempt to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    account: String,
    network: String,
    /// Whether the account logged in from this network before.
    known: bool,
}

impl Attempt {
    /// An attempt with a name as it was typed.
    #[must_use]
    pub fn new(name: &str, address: Option<IpAddr>, known: bool) -> Self {
        Self { account: normalized(name), network: network(address), known }
    }

    fn pair(&self) -> (String, String) {
        (self.account.clone(), self.network.clone())
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Attempts(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    pairs: HashMap<(String, String), Counter>,
    networks: HashMap<String, Counter>,
    accounts: HashMap<String, Counter>,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    failures: u32,
    last: OffsetDateTime,
}

impl Counter {
    /// How long the next attempt has to wait.
    fn wait(self, most: Duration, now: OffsetDateTime) -> Duration {
        let Some(doublings) = self.failures.checked_sub(FREE) else { return Duration::ZERO };
        let delay = Duration::seconds(1_i64.checked_shl(doublings.min(32)).unwrap_or(i64::MAX)).min(most);
        (self.last + delay - now).max(Duration::ZERO)
    }
}

impl Attempts {
    /// Lets an attempt begin, or says how long it has to wait. One that begins counts as failed until it is said to have worked,
    /// so that many at once are no way around.
    pub fn begin(&self, attempt: &Attempt, now: OffsetDateTime) -> Result<(), Duration> {
        let mut tables = self.tables();
        let pair = attempt.pair();
        let wait = |counter: Option<&Counter>, most| counter.map_or(Duration::ZERO, |counter| counter.wait(most, now));
        let longest = if attempt.known {
            wait(tables.pairs.get(&pair), MOST_ACCOUNT)
        } else {
            wait(tables.pairs.get(&pair), MOST_PAIR)
                .max(wait(tables.networks.get(&attempt.network), MOST_NETWORK))
                .max(wait(tables.accounts.get(&attempt.account), MOST_ACCOUNT))
        };
        if longest > Duration::ZERO {
            return Err(longest);
        }
        charge(&mut tables.pairs, pair, now);
        charge(&mut tables.networks, attempt.network.clone(), now);
        charge(&mut tables.accounts, attempt.account.clone(), now);
        Ok(())
    }

    /// The attempt was a login: its account begins anew in its network, and the others do not count it.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut tables = self.tables();
        tables.pairs.remove(&attempt.pair());
        refund(&mut tables.networks, &attempt.network);
        refund(&mut tables.accounts, &attempt.account);
    }

    /// Nobody learnt whether the password was right.
    pub fn withdraw(&self, attempt: &Attempt) {
        let mut tables = self.tables();
        refund(&mut tables.pairs, &attempt.pair());
        refund(&mut tables.networks, &attempt.network);
        refund(&mut tables.accounts, &attempt.account);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn charge<K: Clone + Eq + Hash>(counters: &mut HashMap<K, Counter>, key: K, now: OffsetDateTime) {
    let forgotten = |counter: &Counter| counter.last + MEMORY <= now;
    if counters.get(&key).is_some_and(forgotten) {
        counters.remove(&key);
    }
    if counters.len() >= MOST_COUNTERS && !counters.contains_key(&key) {
        counters.retain(|_, counter| !forgotten(counter));
        if counters.len() >= MOST_COUNTERS {
            // A quarter at once, so that a flood does not look through all of them each time.
            let mut times: Vec<_> = counters.values().map(|counter| counter.last).collect();
            let (_, quarter, _) = times.select_nth_unstable(MOST_COUNTERS / 4);
            let quarter = *quarter;
            counters.retain(|_, counter| counter.last > quarter);
        }
    }
    let counter = counters.entry(key).or_insert(Counter { failures: 0, last: now });
    counter.failures = counter.failures.saturating_add(1);
    counter.last = now;
}

fn refund<K: Eq + Hash>(counters: &mut HashMap<K, Counter>, key: &K) {
    let Some(counter) = counters.get_mut(key) else { return };
    counter.failures = counter.failures.saturating_sub(1);
    if counter.failures == 0 {
        counters.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    fn from(name: &str, address: &str, known: bool) -> Attempt {
        Attempt::new(name, Some(address.parse().unwrap()), known)
    }

    /// Fails as often as it may within a time, and counts.
    fn guesses(attempts: &Attempts, within: Duration, attempt: impl Fn(u32) -> Attempt) -> u32 {
        let (mut now, mut made) = (NOON, 0);
        while now < NOON + within {
            match attempts.begin(&attempt(made), now) {
                Ok(()) => made += 1,
                Err(wait) => now += wait,
            }
        }
        made
    }

    #[test]
    fn the_delay_doubles_from_the_fifth_failure_on_up_to_its_limit() {
        let (attempts, attempt) = (Attempts::default(), from("ann", "10.0.0.1", false));
        let (mut now, mut waits) = (NOON, Vec::new());
        while waits.len() < 12 {
            match attempts.begin(&attempt, now) {
                Ok(()) => {}
                Err(wait) => {
                    waits.push(wait.whole_seconds());
                    now += wait;
                }
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        attempts.begin(&attempt, now).unwrap();
        let elsewhere = from("ann", "10.0.0.2", false);
        assert_eq!(attempts.begin(&elsewhere, now), Err(MOST_ACCOUNT), "the account as a whole waits 30 s at most");
    }

    #[test]
    fn what_is_refused_prolongs_nothing() {
        let (attempts, attempt) = (Attempts::default(), from("ann", "10.0.0.1", false));
        for _ in 0..FREE {
            attempts.begin(&attempt, NOON).unwrap();
        }
        for _ in 0..1000 {
            assert_eq!(attempts.begin(&attempt, NOON), Err(Duration::seconds(1)));
        }
        attempts.begin(&attempt, NOON + Duration::seconds(1)).unwrap();
    }

    #[test]
    fn one_account_over_many_addresses_is_slow_and_its_owner_is_not() {
        let attempts = Attempts::default();
        let many = |n: u32| from("ann", &format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255), false);
        let made = guesses(&attempts, Duration::hours(24), many);
        assert!((2000..3000).contains(&made), "{made}");
        let now = NOON + Duration::hours(24);
        assert!(attempts.begin(&from("ann", "192.0.2.1", false), now).is_err());
        attempts.begin(&from("ann", "192.0.2.1", true), now).unwrap();
    }

    #[test]
    fn one_address_over_many_accounts_is_slow() {
        let attempts = Attempts::default();
        let made = guesses(&attempts, Duration::hours(24), |n| from(&format!("user{n}"), "10.0.0.1", false));
        assert!((1000..1600).contains(&made), "{made}");
    }

    #[test]
    fn many_at_once_are_no_way_around_and_a_success_begins_anew() {
        let (attempts, attempt) = (Attempts::default(), from("ann", "10.0.0.1", false));
        let begun = (0..200).filter(|_| attempts.begin(&attempt, NOON).is_ok()).count();
        assert_eq!(begun, FREE as usize);
        attempts.succeeded(&attempt);
        attempts.begin(&from("ann", "10.0.0.1", true), NOON).unwrap();
    }

    #[test]
    fn an_attempt_of_unknown_outcome_does_not_count() {
        let (attempts, attempt) = (Attempts::default(), from("ann", "10.0.0.1", false));
        for _ in 0..100 {
            attempts.begin(&attempt, NOON).unwrap();
            attempts.withdraw(&attempt);
        }
        assert!(attempts.tables().accounts.is_empty() && attempts.tables().pairs.is_empty());
    }

    #[test]
    fn spaces_and_capitals_are_the_same_account_and_neighbours_the_same_network() {
        assert_eq!(from(" ANN\t", "::ffff:10.0.0.1", true), from("ann", "10.0.0.1", true));
        assert_eq!(from("ann", "2001:db8::1", true), from("ann", "2001:db8::ffff:0:0:2", true));
        assert_ne!(from("ann", "2001:db8:0:1::1", true), from("ann", "2001:db8::1", true));
        assert_eq!(normalized(&"Ä".repeat(100)).len(), NAME);
    }

    #[test]
    fn memory_is_bounded_and_what_is_long_ago_is_forgotten() {
        let attempts = Attempts::default();
        for n in 0..2 * MOST_COUNTERS {
            let now = NOON + Duration::milliseconds(i64::try_from(n).unwrap());
            let address = format!("10.{}.{}.{}", n >> 16 & 255, n >> 8 & 255, n & 255);
            attempts.begin(&from(&format!("user{n}"), &address, false), now).unwrap();
        }
        let tables = attempts.tables();
        assert!(tables.pairs.len() <= MOST_COUNTERS && tables.accounts.len() <= MOST_COUNTERS);
        drop(tables);

        let (attempts, attempt) = (Attempts::default(), from("ann", "10.0.0.1", false));
        guesses(&attempts, Duration::minutes(30), |_| attempt.clone());
        let later = NOON + Duration::minutes(30) + MEMORY + MOST_PAIR;
        for _ in 0..FREE {
            attempts.begin(&attempt, later).unwrap();
        }
    }
}
