//! Sessions of browsers: their cookies, other sites, their ends; and guessing passwords.

use pintle::service::attempts::Attempt;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::harness::app::PASSWORD;
use crate::harness::{Actor, Answer, App};

/// A browser: it keeps the cookie of a session, and says where its pages come from.
struct Browser {
    actor: Actor,
    origin: String,
    cookie: String,
}

impl Browser {
    /// Not logged in.
    fn new(app: &App) -> Self {
        Self::at(&app.anonymous().url)
    }

    fn at(url: &str) -> Self {
        Self { actor: Actor::new("browser", url, ""), origin: url.to_owned(), cookie: String::new() }
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        self.actor
            .call(method, path, |mut request| {
                if !self.cookie.is_empty() {
                    request = request.header("cookie", &self.cookie);
                }
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                if let Some(body) = body { request.json(&body) } else { request }
            })
            .await
    }

    /// A call as our own pages make it.
    async fn own(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers = [("origin", self.origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.call(method, path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.own(Method::GET, path, None).await
    }

    async fn log_in(&mut self, name: &str, password: &str) -> Value {
        let body = json!({"name": name, "password": password, "cookie": true});
        let answer = self.own(Method::POST, "/api/v1/session", Some(body)).await.expect(200);
        self.keep(&answer);
        answer.json()
    }

    /// Takes the cookie of an answer.
    fn keep(&mut self, answer: &Answer) {
        answer.header("set-cookie").split(';').next().unwrap().clone_into(&mut self.cookie);
    }
}

#[tokio::test]
async fn a_browser_gets_a_cookie_and_no_token() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    let body = json!({"name": "admin", "password": PASSWORD, "cookie": true});
    let answer = browser.own(Method::POST, "/api/v1/session", Some(body)).await.expect(200);
    let cookie = answer.header("set-cookie");
    let (name, rest) = cookie.split_once('=').unwrap();
    assert!(name.starts_with("pintle-session-") && name.len() == "pintle-session-".len() + 8, "{cookie}");
    assert!(rest.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let view: Value = answer.json();
    assert_eq!(view["user"], "admin");
    assert!(view.get("token").is_none() && view["expires_at"].is_string(), "{view}");
    browser.keep(&answer);
    assert_eq!(browser.get("/api/v1/access/me").await.ok()["user"], "admin");
    let out = browser.own(Method::DELETE, "/api/v1/session", None).await.expect(204);
    assert!(out.header("set-cookie").contains("=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"), "it is cleared");
    browser.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn over_https_the_cookie_belongs_to_the_host_alone() {
    let app = App::with(&["--public-url", "https://example.com/pintle"]).await;
    let mut browser = Browser::new(&app);
    browser.origin = "https://example.com".to_owned();
    browser.log_in("admin", PASSWORD).await;
    assert!(browser.cookie.starts_with("__Host-pintle-session-"), "{}", browser.cookie);
    browser.get("/api/v1/access/me").await.ok();
    app.finish().await;
}

#[tokio::test]
async fn every_login_has_a_new_id_and_ends_the_session_before() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    browser.log_in("admin", PASSWORD).await;
    let first = Browser { cookie: browser.cookie.clone(), ..Browser::new(&app) };
    let other = {
        let mut other = Browser::new(&app);
        other.log_in("admin", PASSWORD).await;
        other
    };
    browser.log_in("admin", PASSWORD).await;
    assert_ne!(first.cookie, browser.cookie);
    first.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    browser.get("/api/v1/access/me").await.ok();
    other.get("/api/v1/access/me").await.ok();
    app.finish().await;
}

#[tokio::test]
async fn a_cookie_holds_a_session_of_a_browser_only_and_a_token_wins_over_it() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    browser.log_in("admin", PASSWORD).await;
    let (name, _) = browser.cookie.split_once('=').unwrap();
    let forged = Browser { cookie: format!("{name}={}", app.admin().token), ..Browser::new(&app) };
    forged.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    let sven = app.stranger().await;
    let bearer = format!("Bearer {}", sven.token);
    let both = browser.call(Method::GET, "/api/v1/access/me", &[("authorization", &bearer)], None).await;
    assert_eq!(both.ok()["user"], "sven");
    for bad in ["Bearer nonsense", "Basic YTpi", "Bearer"] {
        let answer = browser.call(Method::GET, "/api/v1/access/me", &[("authorization", bad)], None).await;
        answer.problem(401, "unauthenticated");
    }
    app.finish().await;
}

#[tokio::test]
async fn another_site_can_neither_write_nor_read_with_the_cookie() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    browser.log_in("admin", PASSWORD).await;
    let own = browser.origin.clone();
    let path = "/api/v1/environments/dev";
    for headers in [
        vec![],
        vec![("sec-fetch-site", "same-origin")],
        vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "same-site")],
        vec![("origin", own.as_str()), ("sec-fetch-site", "none")],
    ] {
        browser.call(Method::PUT, path, &headers, Some(json!({}))).await.problem(403, "cross_site");
    }
    browser.call(Method::GET, path, &[("sec-fetch-site", "cross-site")], None).await.problem(403, "cross_site");
    browser.get(path).await.problem(404, "not_found");

    let form = |kind: &'static str| {
        let (cookie, own) = (browser.cookie.clone(), own.clone());
        let body = r#"{"changes":[],"message":"x"}"#;
        browser.actor.call(Method::POST, "/api/v1/publish", move |request| {
            let request =
                request.header("cookie", cookie).header("origin", own).header("sec-fetch-site", "same-origin");
            request.header("content-type", kind).body(body)
        })
    };
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        form(kind).await.problem(403, "cross_site");
    }
    browser.own(Method::PUT, path, Some(json!({}))).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn another_site_can_log_nobody_in() {
    let app = App::start().await;
    let browser = Browser::new(&app);
    let body = || Some(json!({"name": "admin", "password": PASSWORD, "cookie": true}));
    for headers in [vec![], vec![("origin", "https://evil.example")], vec![("sec-fetch-site", "cross-site")]] {
        browser.call(Method::POST, "/api/v1/session", &headers, body()).await.problem(403, "cross_site");
    }
    app.finish().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let app = App::start().await;
    let (mut one, mut two) = (Browser::new(&app), Browser::new(&app));
    one.log_in("admin", PASSWORD).await;
    two.log_in("admin", PASSWORD).await;
    let list = one.get("/api/v1/sessions").await.ok();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3, "with that of the harness: {list}");
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((&current[0]["browser"], &current[0]["address"]), (&json!(true), &json!("127.0.0.1")), "{list}");
    assert!(!list.to_string().contains("pintle_"), "no secret: {list}");
    let newest = &sessions[0];
    assert_eq!(newest["current"], false);
    one.own(Method::DELETE, &format!("/api/v1/sessions/{}", newest["id"].as_str().unwrap()), None).await.expect(204);
    two.get("/api/v1/access/me").await.problem(401, "unauthenticated");

    two.log_in("admin", PASSWORD).await;
    one.own(Method::DELETE, "/api/v1/sessions", None).await.expect(204);
    two.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.admin().get("/api/v1/access/me").await.problem(401, "unauthenticated");
    one.get("/api/v1/access/me").await.ok();
    app.finish().await;
}

#[tokio::test]
async fn only_those_who_operate_the_store_see_and_end_sessions_of_others() {
    let app = App::start().await;
    let vera = app.viewer("orders").await;
    let list = app.admin().get("/api/v1/sessions").await.ok();
    let id = list["sessions"][0]["id"].as_str().unwrap().to_owned();
    vera.get("/api/v1/sessions?user=admin").await.problem(403, "denied");
    vera.delete("/api/v1/sessions?user=admin").await.problem(403, "denied");
    vera.delete(&format!("/api/v1/sessions/{id}")).await.problem(404, "not_found");
    let mona = app.manager().await;
    assert_eq!(mona.get("/api/v1/sessions?user=admin").await.ok(), without_current(list));
    mona.get("/api/v1/sessions?user=nobody").await.problem(422, "invalid");
    mona.delete("/api/v1/sessions?user=admin").await.expect(204);
    app.admin().get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.finish().await;
}

fn without_current(mut list: Value) -> Value {
    for session in list["sessions"].as_array_mut().unwrap() {
        session["current"] = json!(false);
    }
    list
}

/// Moves what the database knows of the sessions of browsers into the past.
async fn age(app: &App, set: &str) {
    let mut connection = app.database.connect().await;
    let text = format!("UPDATE tokens SET {set} WHERE kind = 'session' AND name = 'console'");
    sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_on_every_node_and_one_in_use_elsewhere_does_not() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    let mut browser = Browser::new(&app);
    browser.log_in("admin", PASSWORD).await;
    // Each node has an address of its own here, and so a name of its own for the cookie.
    let mut second = Browser::at(&there.url);
    second.log_in("admin", PASSWORD).await;
    let (name, _) = second.cookie.split_once('=').unwrap();
    second.cookie = format!("{name}={}", browser.cookie.split_once('=').unwrap().1);
    // The second node never saw it used; what it hears is half an hour old.
    age(&app, "created_at = now() - interval '2 h', last_used_at = now() - interval '32 min'").await;
    let other = &app.others()[0];
    reload_access(&app).await;
    other.node.app.service.exchange_uses().await.unwrap();
    second.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    // The first one knows better, and tells.
    app.node().node.app.service.exchange_uses().await.unwrap();
    other.node.app.service.exchange_uses().await.unwrap();
    second.get("/api/v1/access/me").await.ok();
    app.finish().await;
}

/// Makes every node read the tokens again.
async fn reload_access(app: &App) {
    app.admin().post("/api/v1/tokens", json!({"name": "a change of access"})).await.expect(201);
    app.others()[0].refresh().await;
}

#[tokio::test]
async fn a_session_ends_after_its_longest_time_however_it_is_used() {
    let app = App::start().await;
    let mut browser = Browser::new(&app);
    browser.log_in("admin", PASSWORD).await;
    browser.get("/api/v1/access/me").await.ok();
    age(&app, "expires_at = now() - interval '1 s'").await;
    app.admin().post("/api/v1/tokens", json!({"name": "a change of access"})).await.expect(201);
    browser.get("/api/v1/access/me").await.problem(401, "unauthenticated");
    app.finish().await;
}

#[tokio::test]
async fn the_use_of_a_token_is_kept_and_moves_no_access_number() {
    let app = App::start().await;
    let number = app.database.number("SELECT access FROM head").await;
    app.node().node.app.service.exchange_uses().await.unwrap();
    let used = "SELECT count(*) FROM tokens WHERE last_used_at > now() - interval '1 min'";
    app.admin().get("/api/v1/access/me").await.ok();
    app.node().node.app.service.exchange_uses().await.unwrap();
    assert_eq!(app.database.number(used).await, 1);
    assert_eq!(app.database.number("SELECT access FROM head").await, number);
    app.finish().await;
}

/// A login that a proxy brings from an address.
async fn from(app: &App, address: &str, name: &str, password: &str) -> Answer {
    let body = json!({"name": name, "password": password});
    let anyone = app.anonymous();
    anyone.call(Method::POST, "/api/v1/session", |request| request.header("x-forwarded-for", address).json(&body)).await
}

#[tokio::test]
async fn guessing_is_slow_and_its_target_is_not_locked_out() {
    let app = App::with(&["--behind-proxy", "127.0.0.1", "--public-url", "https://example.com"]).await;
    from(&app, "192.0.2.1", "admin", PASSWORD).await.expect(200);
    for name in ["admin", " ADMIN", "aDMIN\t"] {
        from(&app, "198.51.100.7", name, "wrong").await.problem(401, "wrong_password");
    }
    // Six more, over an hour and a half.
    let service = &app.node().node.app.service;
    let (now, guess) = (service.ambient.now(), Attempt::new("Admin", Some([198, 51, 100, 7].into()), false));
    for nth in (0..6).rev() {
        service.sessions.attempts.begin(&guess, now - Duration::minutes(16) * nth).unwrap();
    }
    for name in ["admin", "ADMIN "] {
        let slowed = from(&app, "198.51.100.7", name, PASSWORD).await;
        let wait: u32 = slowed.header("retry-after").parse().unwrap();
        assert!((1..=16).contains(&wait), "{wait}");
        slowed.problem(429, "too_many_requests");
    }
    from(&app, "203.0.113.9", "admin", PASSWORD).await.problem(429, "too_many_requests");
    from(&app, "203.0.113.9", "nobody", "wrong").await.problem(401, "wrong_password");
    from(&app, "192.0.2.1", "admin", PASSWORD).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn an_account_that_is_disabled_or_has_no_password_is_told_apart_by_nobody() {
    let app = App::start().await;
    app.stranger().await;
    let mut connection = app.database.connect().await;
    let copy = "UPDATE users SET disabled = true, password_hash = (SELECT password_hash FROM users WHERE name = 'admin') \
                WHERE name = 'sven'";
    app.publisher("orders").await;
    sqlx::query(copy).execute(&mut connection).await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [("sven", PASSWORD), ("paul", PASSWORD), ("nobody", PASSWORD), ("admin", "wrong")] {
        let answer = app.anonymous().post("/api/v1/session", json!({"name": name, "password": password})).await;
        let mut problem = answer.problem(401, "wrong_password");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    app.finish().await;
}

/// The shortest of some durations, in microseconds: what else the machine does only makes them longer.
fn shortest(all: &[u128]) -> u128 {
    all.iter().copied().min().unwrap_or_default()
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    const ROUNDS: usize = 60;
    let app = App::with(&["--behind-proxy", "127.0.0.1", "--public-url", "https://example.com"]).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Each from a network of its own, so that no counter comes in between; by turns, so that both meet the same machine. The
        // account as a whole is slowed, so its failures are taken back.
        for (name, times) in [("admin", &mut known), ("nobody", &mut unknown)] {
            let address = format!("10.0.{}.1", round * 2 + usize::from(name == "nobody"));
            let begun = std::time::Instant::now();
            from(&app, &address, name, "wrong").await.problem(401, "wrong_password");
            times.push(begun.elapsed().as_micros());
            let attempt = Attempt::new(name, Some(address.parse().unwrap()), false);
            app.node().node.app.service.sessions.attempts.withdraw(&attempt);
        }
    }
    let (known, unknown) = (shortest(&known), shortest(&unknown));
    let apart = known.abs_diff(unknown) * 100 / known.max(unknown);
    assert!(apart <= 50, "{known} and {unknown} µs are {apart} % apart");
    app.finish().await;
}
