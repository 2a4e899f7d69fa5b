//! Waiting for something to happen, for a bounded time.
//!
//! Who waits holds no database connection, and misses nothing: it takes its place in the feed
//! before it looks, so what happens after the look is heard.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, timeout_at};

use super::since::last_position;
use super::{Cursor, EventKind, Feed, Header, News, Page, Query, Subscription, since};
use crate::access::{self, Caller, Via};
use crate::error::{Error, Result};
use crate::ids::ProjectId;

/// Below the minute after which proxies and clients give a silent request up.
pub const LONGEST_WAIT_SECONDS: u64 = 55;

/// Answers as soon as there is an event that is asked for, or with none when the time is over.
///
/// Without a cursor it waits for what happens from now on. The right to read is checked at every
/// look, so nothing is answered to a caller who lost it while waiting.
pub async fn wait(
    pool: &PgPool,
    feed: &Feed,
    caller: &Caller,
    project: ProjectId,
    query: &Query,
    seconds: u64,
) -> Result<Page> {
    if seconds > LONGEST_WAIT_SECONDS {
        let rule = format!("a number from 0 to {LONGEST_WAIT_SECONDS}");
        return Err(Error::invalid("seconds", rule));
    }
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut news = feed.subscribe();
    let mut query = query.clone();
    if query.cursor.is_none() {
        let position = last_position(&mut *pool.acquire().await?).await?;
        query.cursor = Some(Cursor::after(position));
    }
    loop {
        let page = look(pool, caller, project, &query).await?;
        if !page.events.is_empty() {
            return Ok(page);
        }
        query.cursor = Some(page.cursor);
        let heard = timeout_at(deadline, until_concerned(&mut news, caller, project, &query));
        if heard.await != Ok(true) {
            // A last look: should the listener be without its connection, this is still heard.
            return look(pool, caller, project, &query).await;
        }
    }
}

async fn look(pool: &PgPool, caller: &Caller, project: ProjectId, query: &Query) -> Result<Page> {
    let mut db = pool.acquire().await?;
    let scope = access::enter(&mut db, caller, project).await?;
    if let Via::Token { id, .. } = caller.via {
        let is_live =
            sqlx::query_file_scalar!("sql/events/is_token_live.sql", scope.project() as _, id as _)
                .fetch_one(&mut *db)
                .await?;
        if !is_live {
            return Err(Error::Forbidden {
                action: "read events",
                because: "the token has been revoked or has expired".to_owned(),
            });
        }
    }
    since(&mut db, &scope, query).await
}

/// Waits for news that the query asks for, or that may end the caller's right to wait; false when
/// there will be none.
async fn until_concerned(
    news: &mut Subscription,
    caller: &Caller,
    project: ProjectId,
    query: &Query,
) -> bool {
    loop {
        match news.next().await {
            Some(News::Gap) => return true,
            Some(News::Event(header)) if concerns(&header, caller, project, query) => return true,
            Some(News::Event(_)) => {}
            None => return false,
        }
    }
}

fn concerns(header: &Header, caller: &Caller, project: ProjectId, query: &Query) -> bool {
    if header.project != project {
        return false;
    }
    let is_own_token = matches!(caller.via, Via::Token { id, .. } if id.uuid() == header.subject);
    let is_about_access = is_own_token || header.kind == EventKind::ProjectChanged.as_str();
    let is_kind = query.kinds.as_ref().is_none_or(|kinds| {
        kinds.is_empty() || kinds.iter().any(|kind| kind.as_str() == header.kind)
    });
    let is_subject = query.task.is_none_or(|task| task.uuid() == header.subject);
    let is_new = query.cursor.is_none_or(|cursor| header.position > cursor.position());
    is_new && (is_about_access || (is_kind && is_subject))
}
