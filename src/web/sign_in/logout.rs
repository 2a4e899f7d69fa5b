//! The way out.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect};

use crate::error::Error;
use crate::identity::sessions;
use crate::web::Web;
use crate::web::cookies::{self, Kept};
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().post("/logout", sign_out)
}

/// `POST /logout`: fine also for somebody whose session has ended by itself.
async fn sign_out(State(web): State<Web>, visitor: Option<Visitor>) -> Answer {
    if let Some(Visitor { signed_in, .. }) = visitor {
        let mut db = web.pool().acquire().await?;
        match sessions::close(&mut db, &signed_in, signed_in.session()).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Redirect::to("/login?signed_out").into_response();
    cookies::forget(&web, Kept::Session, response.headers_mut());
    Ok(response)
}
