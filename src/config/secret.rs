//! A value that must not appear in logs, errors or pages.

use std::fmt;

/// Holds a value whose text forms are always `[secret]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Locks a value up.
    pub fn new(value: T) -> Secret<T> {
        Secret(value)
    }

    /// Lends the value out; the one place to look at when searching for leaks.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
