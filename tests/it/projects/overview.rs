//! Which projects a person sees, and how they stand.

use nottario::access::{Caller, Standing, Via};
use nottario::error::Error;
use nottario::projects::{Stats, list_for};

use crate::tasks::kit::Queue;
use crate::world::{World, in_browser};

fn as_admin(user: nottario::ids::UserId) -> Caller {
    Caller { user, via: Via::Session { is_admin: true } }
}

#[tokio::test]
async fn a_person_sees_its_own_projects_and_an_administrator_all() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let zoo = world.project("zoo").await;
    let atlas = world.project_of("atlas", &ana).await;
    let hidden = world.project("hidden").await;
    zoo.join(&ana, &["qa"]).await;
    let mut db = world.db().await;

    let hers = list_for(&mut db, &in_browser(&ana)).await.unwrap().active;
    let all = list_for(&mut db, &as_admin(world.admin.id)).await.unwrap().active;
    let stranger = world.user("stranger").await;
    let none = list_for(&mut db, &in_browser(&stranger)).await.unwrap();

    let seen: Vec<_> = hers.iter().map(|card| (card.slug.as_str(), card.standing)).collect();
    assert_eq!(seen, [("atlas", Standing::Owner), ("zoo", Standing::Member)]);
    let seen: Vec<_> = all.iter().map(|card| (card.id, card.standing, card.is_member)).collect();
    assert_eq!(
        seen,
        [
            (atlas.id, Standing::Admin, false),
            (hidden.id, Standing::Admin, true),
            (zoo.id, Standing::Admin, true)
        ]
    );
    assert!(none.active.is_empty() && none.archived.is_empty());
}

#[tokio::test]
async fn a_card_says_how_a_project_stands() {
    let queue = Queue::new().await;
    queue.world.member(&queue.project, "ana", &[]).await;
    queue
        .world
        .run("update projects set description = e'\\n# Maps\\n\\nof the world', name = 'The atlas'")
        .await;
    // Of the cycle before, and not counted.
    let old = queue.task("old").await;
    queue.done(old).await;
    queue.end_cycle().await;
    for title in ["one", "two", "three", "four"] {
        queue.task(title).await;
    }
    let held = queue.claim_next(&queue.bot).await.unwrap().task.card.id;
    let done = queue.claim_next(&queue.bot).await.unwrap().task.card.id;
    queue.done(done).await;
    assert_ne!(held, done);
    queue.world.relay().await;

    let owner = in_browser(&queue.project.owner);
    let cards = list_for(&mut *queue.world.db().await, &owner).await.unwrap().active;

    let [card] = cards.as_slice() else { panic!("{cards:?}") };
    assert_eq!((card.name.as_str(), card.summary.as_str()), ("The atlas", "Maps"));
    assert_eq!((card.key.as_str(), card.owner.as_str()), ("ATL", "admin"));
    assert_eq!(card.stats, Stats { todo: 2, doing: 1, done: 1, wont_do: 0 });
    assert_eq!((card.cycle.as_str(), card.members), ("sprint-2", 2));
    let last = queue.world.events(&queue.project.scope).await.events.pop().unwrap();
    assert_eq!(card.last_activity_at, Some(last.at));
}

#[tokio::test]
async fn a_token_lists_no_projects() {
    let queue = Queue::new().await;
    let agent = queue.project.agent("agent").await;

    let refused = list_for(&mut *queue.world.db().await, &agent.caller).await;

    assert!(matches!(refused, Err(Error::Forbidden { .. })));
}
