//! The named priorities of a project.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{address, enter_as_owner};
use crate::error::{Error, Kind};
use crate::projects::{self, BucketEdit, ShortName, UsedBucket};
use crate::web::Web;
use crate::web::forms::{Filled, Posted, Wrong};
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::{Answer, Trouble};
use crate::web::visitor::{ProjectVisit, Visitor};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/p/{slug}/settings/priorities", list)
        .post("/p/{slug}/settings/priorities", add)
        .get("/p/{slug}/settings/priorities/{bucket}", show)
        .post("/p/{slug}/settings/priorities/{bucket}", save)
        .post("/p/{slug}/settings/priorities/{bucket}/default", make_default)
        .post("/p/{slug}/settings/priorities/{bucket}/delete", delete)
}

/// `settings/priorities.html`
#[derive(Serialize)]
struct PrioritiesPage {
    buckets: Vec<UsedBucket>,
    form: Filled<NewForm>,
}

impl Page for PrioritiesPage {
    const TEMPLATE: &'static str = "settings/priorities.html";
}

/// `settings/priority.html`
#[derive(Serialize)]
struct PriorityPage {
    bucket: UsedBucket,
    form: Filled<EditForm>,
}

impl Page for PriorityPage {
    const TEMPLATE: &'static str = "settings/priority.html";
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForm {
    key: String,
    value: String,
}

impl NewForm {
    fn read(&self) -> Result<(ShortName, i16), Wrong> {
        let mut wrong = Wrong::default();
        let key = wrong.read("key", self.key.trim().parse());
        let value = wrong.read("value", number(&self.value));
        wrong.unless(key.zip(value))
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditForm {
    key: String,
    value: String,
    /// A box: sent when it is ticked.
    #[serde(default)]
    move_tasks: bool,
}

impl EditForm {
    fn read(&self) -> Result<BucketEdit, Wrong> {
        let mut wrong = Wrong::default();
        let key = wrong.read("key", self.key.trim().parse());
        let value = wrong.read("value", number(&self.value));
        let edit = key.zip(value);
        wrong.unless(edit.map(|(key, value)| BucketEdit {
            key,
            value,
            move_tasks: self.move_tasks,
        }))
    }
}

fn number(text: &str) -> Result<i16, String> {
    text.trim().parse().map_err(|_| "a whole number from 0 to 100".to_owned())
}

/// `GET /p/{slug}/settings/priorities`
async fn list(State(web): State<Web>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let visit = web.enter(visitor, &slug).await?;
    list_page(visit, Filled::fresh(NewForm::default())).await
}

/// `POST /p/{slug}/settings/priorities`, for the owner and administrators
async fn add(
    State(web): State<Web>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Posted(form): Posted<NewForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "add a priority").await?;
    let (key, value) = match form.read() {
        Ok(read) => read,
        Err(wrong) => return list_page(visit, Filled::wrong(form, wrong)).await,
    };
    match projects::create_bucket(&mut visit.visit.tx, &visit.scope, &key, value).await {
        Ok(()) => {
            let text = format!("The priority {} is there.", key.as_str());
            visit.done(text, &address(&slug, "priorities")).await
        }
        Err(error) => list_page(visit.again().await?, Filled::refused(form, error)?).await,
    }
}

/// `GET /p/{slug}/settings/priorities/{bucket}`, for the owner and administrators
async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, bucket)): Path<(String, String)>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a priority").await?;
    let bucket = find(&mut visit, &bucket).await?;
    let form = EditForm {
        key: bucket.bucket.key.clone(),
        value: bucket.bucket.value.to_string(),
        move_tasks: false,
    };
    visit.show(&PriorityPage { bucket, form: Filled::fresh(form) }).await
}

/// `POST /p/{slug}/settings/priorities/{bucket}`, for the owner and administrators
async fn save(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, bucket)): Path<(String, String)>,
    Posted(form): Posted<EditForm>,
) -> Answer {
    let mut visit = enter_as_owner(&web, visitor, &slug, "change a priority").await?;
    let edit = match form.read() {
        Ok(edit) => edit,
        Err(wrong) => return edit_page(visit, &bucket, Filled::wrong(form, wrong)).await,
    };
    match projects::edit_bucket(&mut visit.visit.tx, &visit.scope, &bucket, &edit).await {
        Ok(moved) => {
            let name = edit.key.as_str();
            let text = match moved {
                0 => format!("The priority {name} is saved."),
                1 => format!("The priority {name} is saved, and one open task moved with it."),
                many => {
                    format!("The priority {name} is saved, and {many} open tasks moved with it.")
                }
            };
            visit.done(text, &address(&slug, "priorities")).await
        }
        Err(error) => edit_page(visit.again().await?, &bucket, Filled::refused(form, error)?).await,
    }
}

/// `POST /p/{slug}/settings/priorities/{bucket}/default`, for the owner and administrators
async fn make_default(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, bucket)): Path<(String, String)>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    projects::set_default_bucket(&mut visit.visit.tx, &visit.scope, &bucket).await?;
    let text = format!("New tasks are {bucket} unless somebody says otherwise.");
    visit.done(text, &address(&slug, "priorities")).await
}

/// `POST /p/{slug}/settings/priorities/{bucket}/delete`, for the owner and administrators
async fn delete(
    State(web): State<Web>,
    visitor: Visitor,
    Path((slug, bucket)): Path<(String, String)>,
) -> Answer {
    let mut visit = web.enter(visitor, &slug).await?;
    projects::delete_bucket(&mut visit.visit.tx, &visit.scope, &bucket).await?;
    let text = format!("The priority {bucket} is deleted.");
    visit.done(text, &address(&slug, "priorities")).await
}

async fn list_page(mut visit: ProjectVisit, form: Filled<NewForm>) -> Result<Response, Trouble> {
    let buckets = projects::used_buckets(&mut visit.visit.tx, &visit.scope).await?;
    let status = form.status();
    visit.show_with(status, &PrioritiesPage { buckets, form }).await
}

async fn edit_page(
    mut visit: ProjectVisit,
    bucket: &str,
    form: Filled<EditForm>,
) -> Result<Response, Trouble> {
    let bucket = find(&mut visit, bucket).await?;
    let status = form.status();
    visit.show_with(status, &PriorityPage { bucket, form }).await
}

async fn find(visit: &mut ProjectVisit, key: &str) -> Result<UsedBucket, Error> {
    let buckets = projects::used_buckets(&mut visit.visit.tx, &visit.scope).await?;
    buckets
        .into_iter()
        .find(|used| used.bucket.key == key)
        .ok_or_else(|| Error::not_found(Kind::Bucket, key))
}
