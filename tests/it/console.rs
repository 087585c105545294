//! The console as a node serves it: the page with what it must know, its files, and what is no page.
//!
//! A binary that was built without Node has no console, and its page says how to build it; both are tested as they come.

use std::path::Path;

use reqwest::Method;

use crate::harness::{Actor, Answer, App};

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist/assets");

async fn page(actor: &Actor, path: &str, headers: &[(&str, &str)]) -> Answer {
    actor
        .call(Method::GET, path, |request| {
            headers.iter().fold(request.header("accept", "text/html,*/*;q=0.8"), |request, (name, value)| {
                request.header(*name, *value)
            })
        })
        .await
}

/// Whether there is a console, and the files of it.
fn built() -> Option<Vec<String>> {
    let names = Path::new(ASSETS).read_dir().ok()?.map(|file| file.unwrap().file_name().into_string().unwrap());
    Some(names.collect())
}

#[tokio::test]
async fn every_address_of_a_page_gives_the_page_and_it_says_where_it_is() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for path in ["/", "/e/prod/n/orders.api/k/application.yaml", "/search?q=a", "/cli?challenge=x"] {
        let answer = page(&nobody, path, &[]).await.expect(200);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        if built().is_none() {
            assert!(answer.text().contains("make console"), "{}", answer.text());
            continue;
        }
        assert_eq!(answer.header("cache-control"), "no-store");
        let text = answer.text();
        assert!(text.contains("<html lang=\"en\" data-theme=\"system\">") && text.contains("src=\"/assets/"), "{text}");
        assert!(!text.contains('{'), "a place of the template was left: {text}");
        let (_, after) = text.split_once("data-nonce=\"").unwrap();
        let (nonce, _) = after.split_once('"').unwrap();
        let policy = answer.header("content-security-policy");
        assert!(policy.contains(&format!("style-src 'self' 'nonce-{nonce}';")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(!page(&nobody, path, &[]).await.text().contains(nonce), "each page has a nonce of its own");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_page_comes_in_the_language_and_colours_that_were_chosen() {
    let app = App::start().await;
    if built().is_some() {
        for (header, value, expected) in [
            ("cookie", "pintle-lang=zh-CN; pintle-theme=dark", "<html lang=\"zh-CN\" data-theme=\"dark\">"),
            ("accept-language", "fr, zh-TW;q=0.5", "<html lang=\"zh-CN\" data-theme=\"system\">"),
            ("cookie", "pintle-lang=\"><script>; pintle-theme=x", "<html lang=\"en\" data-theme=\"system\">"),
        ] {
            let text = page(&app.anonymous(), "/", &[(header, value)]).await.expect(200).text();
            assert!(text.contains(expected), "{header}: {value}: {text}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_file_is_kept_for_ever_and_one_that_is_not_there_is_missing() {
    let app = App::start().await;
    let nobody = app.anonymous();
    for name in built().unwrap_or_default() {
        let (name, ending) = match name.rsplit_once('.') {
            Some((bare, "br" | "gz")) => (bare.to_owned(), &name[bare.len()..]),
            _ => (name.clone(), ""),
        };
        let coding = match ending {
            ".br" => "br",
            ".gz" => "gzip",
            _ => "",
        };
        let path = format!("/assets/{name}");
        let answer =
            nobody.call(Method::GET, &path, |request| request.header("accept-encoding", coding)).await.expect(200);
        assert_eq!(answer.header("content-encoding"), coding, "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert!(!answer.header("content-type").starts_with("application/octet-stream"), "{path}");
        let on_disk = std::fs::read(format!("{ASSETS}/{name}{ending}")).unwrap();
        assert!(answer.body == on_disk, "{path} is sent as it was built");
    }
    for path in ["/assets/index-00000000.js", "/assets/%2e%2e%2findex.html", "/api/v1/nothing"] {
        page(&nobody, path, &[]).await.problem(404, "not_found");
    }
    nobody.get("/e/prod").await.problem(404, "not_found");
    nobody.delete("/e/prod").await.problem(404, "not_found");
    app.finish().await;
}
