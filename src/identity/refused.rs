//! Why somebody is not signed in.

use thiserror::Error;

/// A sign-in that ends at the page it began at, with a sentence for the person.
///
/// The page is told by [`SignInRefused::code`] in its address, where a stranger can write too: so
/// only these sentences can be shown, and none that the stranger words.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignInRefused {
    /// The person said no to GitHub.
    #[error("you did not let GitHub say who you are; sign in again when you want to")]
    Denied,
    /// The answer does not belong to a sign-in that this browser has begun lately.
    #[error(
        "this sign-in was not begun in this browser within the last ten minutes; please sign in \
         again"
    )]
    State,
    /// GitHub does not know the code, or has seen it before.
    #[error("GitHub did not accept this sign-in, or it was used before; please sign in again")]
    Code,
    /// GitHub does not accept the application's id, secret or address.
    #[error(
        "GitHub does not accept this server as the application that it says it is; the operator \
         finds the reason in the server's log"
    )]
    Setup,
    /// GitHub is out of reach, or answers what cannot be understood.
    #[error("GitHub does not answer as it should; please try again in a minute")]
    GitHub,
    /// Not an active member of the organisation that this instance is for.
    #[error(
        "only active members of the GitHub organisation {org} get in here; accept its invitation, \
         or ask one of its owners, who may also have to approve this application"
    )]
    NotMember {
        /// The organisation.
        org: String,
    },
    /// An account whose number or login cannot be a person's here.
    #[error("this GitHub account cannot be used here; please sign in with another one")]
    Account,
    /// The one-time link was used before, has expired, or never was.
    #[error(
        "this sign-in link was used before or has expired; make a new one with: nottario login-link"
    )]
    Link,
}

impl SignInRefused {
    /// The stable name of the reason, for the address of the sign-in page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::State => "state",
            Self::Code => "code",
            Self::Setup => "setup",
            Self::GitHub => "github",
            Self::NotMember { .. } => "organisation",
            Self::Account => "account",
            Self::Link => "link",
        }
    }

    /// The reason of this name; `org` is the organisation that the instance is for, if any.
    #[must_use]
    pub fn of_code(code: &str, org: Option<&str>) -> Option<Self> {
        let not_member = org.map(|org| Self::NotMember { org: org.to_owned() });
        [
            Self::Denied,
            Self::State,
            Self::Code,
            Self::Setup,
            Self::GitHub,
            Self::Account,
            Self::Link,
        ]
        .into_iter()
        .chain(not_member)
        .find(|refused| refused.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::SignInRefused;

    #[test]
    fn a_code_leads_back_to_its_reason_and_nothing_else_does() {
        for code in
            ["denied", "state", "code", "setup", "github", "organisation", "account", "link"]
        {
            let refused = SignInRefused::of_code(code, Some("acme")).unwrap();
            assert_eq!(refused.code(), code);
        }
        let named = SignInRefused::of_code("organisation", Some("acme")).unwrap();
        assert!(named.to_string().contains("organisation acme"));
        assert_eq!(SignInRefused::of_code("organisation", None), None);
        assert_eq!(SignInRefused::of_code("<b>call this number</b>", Some("acme")), None);
    }
}
