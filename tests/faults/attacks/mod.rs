//! Attacks on real nodes. Each case bears the id it has in the list of known attacks (J: tokens, S: sessions, B: bypasses, Z:
//! rights, L: logins, P: poisoned input, D: resources, W: what the server fetches, I: integrity, R: rollouts; X: our own).

mod bypasses;
mod input;
mod integrity;
mod logins;
mod resources;
mod rights;
mod secrets;
mod sessions;
mod suite;
mod tokens;
mod world;

use std::collections::{BTreeMap, BTreeSet};

/// The sources of the cases.
const SOURCES: [&str; 9] = [
    include_str!("bypasses.rs"),
    include_str!("input.rs"),
    include_str!("integrity.rs"),
    include_str!("logins.rs"),
    include_str!("resources.rs"),
    include_str!("rights.rs"),
    include_str!("secrets.rs"),
    include_str!("sessions.rs"),
    include_str!("tokens.rs"),
];

/// The list of known attacks: letters and the numbers they reach from and to.
const KNOWN: [(char, u32, u32); 10] = [
    ('J', 1, 17),
    ('S', 18, 32),
    ('B', 33, 42),
    ('Z', 43, 60),
    ('L', 61, 68),
    ('P', 69, 88),
    ('D', 89, 100),
    ('W', 101, 105),
    ('I', 106, 112),
    ('R', 113, 120),
];

/// Attacks that are not run here, each with the reason.
const ELSEWHERE: [(&str, &str); 36] = [
    ("S19", "needs a browser: tests/browser shows that cookies have the __Host- prefix and no Domain"),
    ("S22", "needs a browser: tests/browser posts a form from another site; the headers are tried here as S23"),
    ("S24", "there are no CSRF tokens to mix up: Origin and Sec-Fetch-Site are judged instead (S23)"),
    ("S28", "no description is shown as a link anywhere yet; the console is to test it"),
    ("S30", "needs an OpenID provider: tests/browser replays state and nonce"),
    ("S31", "needs OpenID providers: tests/browser mixes issuers up"),
    ("S32", "the code challenge is always S256 and made here; tests/browser logs in with it"),
    ("Z52", "changes are not approved by anybody yet"),
    ("Z54", "there are no tenants; a body cannot name the caller (X135)"),
    ("P70", "schemas come with rules; the agent's check command refuses such content today"),
    ("P72", "no expression of a user is compiled to a regular expression"),
    ("P79", "entries have no schemas yet"),
    ("P80", "there are no validators of users yet"),
    ("P86", "there are no references between secrets"),
    ("P88", "there are no mesh policies yet"),
    ("D92", "tests/it/transport.rs: the limits of HTTP/2"),
    ("D93", "tests/faults/many.rs: 10,000 streams on one token"),
    ("D94", "tests/faults/stalled.rs: readers that take nothing"),
    ("D98", "there are no webhooks"),
    ("W102", "addresses come from administrators, and names are judged by what they resolve to when they are fetched"),
    ("W105", "tests/it/exchange.rs: a key set that is too large is given up"),
    ("I108", "tests/it/secrets.rs and I107: the key id is part of what is authenticated"),
    ("I109", "requests are not signed"),
    ("I110", "tests/it/agent.rs and src/agent: caches are checksummed and private"),
    ("I111", "tests/it/transport.rs: a certificate of a foreign authority is refused"),
    ("I112", "tests/it/transport.rs: expired and wrong names are refused"),
    ("R113", "there are no rollouts yet"),
    ("R114", "there are no rollouts yet"),
    ("R115", "there are no rollouts yet"),
    ("R116", "there are no rollouts yet"),
    ("R117", "there are no rollouts yet"),
    ("R118", "there are no rollouts yet"),
    ("D97", "tests/faults/crash.rs publishes for as long as it may; a million takes longer than a test may"),
    ("D100", "benchmarks, since it is a matter of latency"),
    ("L65", "src/service/passwords.rs bounds hashes at once and logins that wait; X139 tries it"),
    ("J15", "tests/it/transport.rs bounds heads; X136 tries a large token"),
];

#[test]
fn every_known_attack_is_run_or_has_a_reason() {
    let run: BTreeSet<String> = SOURCES.iter().flat_map(|source| ids(source)).collect();
    let reasons: BTreeMap<&str, &str> = ELSEWHERE.into_iter().collect();
    let known = KNOWN.iter().flat_map(|(letter, from, to)| (*from..=*to).map(move |n| format!("{letter}{n:02}")));
    let missing: Vec<String> = known.filter(|id| !run.contains(id) && !reasons.contains_key(id.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new(), "neither run nor explained");
    let both: Vec<&&str> = reasons.keys().filter(|id| run.contains(**id)).collect();
    assert_eq!(both, Vec::<&&str>::new(), "run, and yet explained");
    crate::support::tell(&format!("attacks: {} cases run, {} explained", run.len(), reasons.len()));
    assert!(run.len() >= 100, "{} cases", run.len());
}

/// The ids in a source: texts such as `J01`.
fn ids(source: &str) -> impl Iterator<Item = String> + '_ {
    source.split('"').filter_map(|text| {
        let (letter, number) = text.split_at_checked(1)?;
        let numbered = (2..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        (numbered && letter.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| text.to_owned())
    })
}
