//! The pages of those who administer the instance.

use super::scene::visitor;
use super::visitor::Visitor;
use crate::served::TestServer;
use crate::world::World;

async fn is_admin(world: &World, login: &str) -> bool {
    let count = format!("select count(*) from users where login = '{login}' and is_admin");
    world.number(count).await == 1
}

#[tokio::test]
async fn administration_is_given_and_taken_and_holds_from_the_next_click_on() {
    let server = TestServer::start().await;
    let ana = server.world.user("ana").await;
    let (admin, anas) = (visitor(&server, &server.world.admin).await, visitor(&server, &ana).await);
    let page = format!("/admin/users/{}", ana.id);
    assert_eq!(anas.get("/admin/users").await.status, 404);

    let list = admin.get("/admin/users").await;
    assert!(list.page().contains(&format!("href=\"{page}\"")), "{}", list.body);
    let person = admin.get(&page).await;
    assert!(person.says("Make ana an administrator"), "{}", person.body);
    let after = admin.does(&format!("{page}/grant-admin"), &[]).await;

    assert!(after.says("ana is an administrator now."), "{}", after.body);
    assert!(is_admin(&server.world, "ana").await);
    assert_eq!(anas.get("/admin/users").await.status, 200);
    assert!(anas.get("/projects/new").await.status.is_success());

    let person = admin.get(&page).await;
    assert!(person.says("Take administration from ana"), "{}", person.body);
    let after = admin.does(&format!("{page}/revoke-admin"), &[]).await;
    assert!(after.says("ana is no administrator any more."), "{}", after.body);
    assert!(!is_admin(&server.world, "ana").await);
    assert_eq!(anas.get("/admin/users").await.status, 404);
    let late = anas.post("/projects/new", &[("name", "Late"), ("key", "")]).await;
    assert_eq!(late.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn the_last_administrator_stays_one_and_is_told_why() {
    let server = TestServer::start().await;
    let admin = visitor(&server, &server.world.admin).await;
    let page = format!("/admin/users/{}", server.world.admin.id);

    let own = admin.get(&page).await;
    assert!(own.says("You are the only administrator"), "{}", own.body);
    assert!(!own.body.contains("revoke-admin"), "{}", own.body);
    let refused = admin.post(&format!("{page}/revoke-admin"), &[]).await;

    assert_eq!(refused.status, 403);
    assert!(refused.says("make somebody else administrator first"), "{}", refused.body);
    assert!(refused.says("You are the only administrator"), "{}", refused.body);
    assert!(is_admin(&server.world, "admin").await);
    server.stop().await;
}

#[tokio::test]
async fn who_gives_its_own_administration_up_is_led_to_where_it_may_be() {
    let server = TestServer::start().await;
    let ana = server.world.user("ana").await;
    let admin = visitor(&server, &server.world.admin).await;
    admin.does(&format!("/admin/users/{}/grant-admin", ana.id), &[]).await;

    let own = format!("/admin/users/{}", server.world.admin.id);
    assert!(admin.get(&own).await.says("Take administration from yourself"));
    let after = admin.does(&format!("{own}/revoke-admin"), &[]).await;

    assert!(after.says("You are no administrator any more."), "{}", after.body);
    assert_eq!(admin.get("/admin/users").await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn of_two_who_take_each_others_administration_at_once_one_keeps_it() {
    let server = TestServer::start().await;
    let ana = server.world.user("ana").await;
    let admin = visitor(&server, &server.world.admin).await;
    admin.does(&format!("/admin/users/{}/grant-admin", ana.id), &[]).await;
    let anas = visitor(&server, &ana).await;
    let (hers, his) = (
        format!("/admin/users/{}/revoke-admin", server.world.admin.id),
        format!("/admin/users/{}/revoke-admin", ana.id),
    );

    let (one, other) = tokio::join!(anas.post(&hers, &[]), admin.post(&his, &[]));

    let done = [&one, &other].into_iter().filter(|seen| seen.status == 303).count();
    assert_eq!(done, 1, "{} {}", one.status, other.status);
    assert_eq!(server.world.number("select count(*) from users where is_admin").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn people_are_found_and_leafed_through() {
    let server = TestServer::start().await;
    let zoo = server.world.project("zoo").await;
    server.world.member(&zoo, "zoe", &[]).await;
    let make = "insert into users (id, login, display_name) \
                select gen_random_uuid(), 'person-' || lpad(n::text, 2, '0'), 'P <b>' || n \
                from generate_series(1, 60) n";
    server.world.run(make).await;
    let admin = visitor(&server, &server.world.admin).await;

    let first = admin.get("/admin/users").await;
    assert!(first.says("Page 1 of 2 · 62 people"), "{}", first.body);
    assert!(first.says("person-49") && !first.says("zoe"), "{}", first.body);
    assert!(first.body.contains("P &lt;b&gt;1"), "{}", first.body);
    let second = admin.get("/admin/users?q=&page=2").await;
    assert!(first.body.contains("href=\"/admin/users?q=&amp;page=2\""), "{}", first.body);
    assert!(second.says("zoe") && second.body.contains("href=\"/p/zoo\""), "{}", second.body);

    let found = admin.get("/admin/users?q=ZO").await;
    assert!(found.says("zoe") && !found.says("person-01"), "{}", found.body);
    let nobody = admin.get("/admin/users?q=%3Cscript%3E&page=x").await;
    assert!(nobody.page().contains("value=\"&lt;script&gt;\""), "{}", nobody.body);
    assert!(nobody.says("Nobody has these letters"), "{}", nobody.body);
    for odd in ["?q=%00", "?q=%ff", "?page=-9", "?page=99999999999999999999", "?q=a&q=b"] {
        assert!(admin.get(&format!("/admin/users{odd}")).await.status.is_success(), "{odd}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_person_that_is_not_there_is_not_found() {
    let server = TestServer::start().await;
    let admin = visitor(&server, &server.world.admin).await;
    for id in ["0", "admin", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(admin.get(&format!("/admin/users/{id}")).await.status, 404, "{id}");
        for change in ["grant-admin", "revoke-admin"] {
            let refused = admin.post(&format!("/admin/users/{id}/{change}"), &[]).await;
            assert_eq!(refused.status, 404, "{id} {change}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_system_page_tells_what_is_and_no_secret() {
    let settings = [
        ("PUBLIC_URL", "https://tasks.example.org"),
        ("HTTP_ADDR", "127.0.0.1:0"),
        ("GITHUB_OAUTH_CLIENT_ID", "Iv1.shown"),
        ("GITHUB_OAUTH_CLIENT_SECRET", "marker-client-secret"),
        ("DATABASE_URL", "postgres://ana:marker-password@db/nottario"),
        ("NOTTARIO_DATA_DIR", "/"),
    ];
    let server = TestServer::with(&settings).await;
    let session = server.world.sign_in(&server.world.admin).await;
    let admin = Visitor::stranger(&server.listens_at());
    admin.keep("__Host-nottario_session", session.expose());
    let job = "insert into apalis.jobs (job, id, job_type, status, done_at) \
               values ('', 'a', 'purge', 'Done', now() - interval '3 hours'), \
                      ('', 'b', 'purge', 'Failed', null)";
    server.world.run("delete from apalis.jobs").await;
    server.world.run(job).await;

    let page = admin.get("/admin/system").await;

    for told in [
        env!("CARGO_PKG_VERSION"),
        "PostgreSQL 1",
        "listening",
        "applied",
        "left on its disk",
        "Purge 3 h ago 0 0 1",
        "https://tasks.example.org",
        "Iv1.shown",
        "set, not shown",
    ] {
        assert!(page.says(told), "{told}: {}", page.body);
    }
    assert!(!page.page().contains("marker"), "{}", page.body);
    server.stop().await;
}
