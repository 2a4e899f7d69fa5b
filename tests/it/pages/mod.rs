//! The people's surface over HTTP: every route, walked by what every route has to keep.
//!
//! What a family of pages does is tested in a file of its own; here is what holds for all of them.

mod access;
mod admin;
mod assets;
mod foreign;
mod headers;
mod malformed;
mod members;
mod own;
mod priorities;
mod projects;
mod recipes;
mod roles;
mod scene;
mod settings;
mod sign_in;
mod tokens;
mod troubles;
mod visitor;
