//! Why a browser rejects a cookie. Each reason has a name, a section of the RFC, and a sentence that helps to
//! fix the cookie.

use std::fmt;

/// A reason to reject a cookie. The order is the order of the checks in the draft. Sections are those of RFC
/// 6265bis, draft 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum RejectionReason {
    /// A control character anywhere in the header; for Chromium also a TAB inside a name or value.
    DisallowedCharacter,
    /// Neither a name nor a value.
    NoCookieContent,
    /// Name and value together are longer than 4,096 bytes.
    NameAndValueTooLong,
    /// No name, and a `=` in the value (Chromium only).
    AmbiguousNameless,
    /// No name before the `=` (Firefox only).
    EmptyName,
    /// The `Domain` attribute, or the host itself, is not a host name.
    MalformedDomain,
    /// The `Domain` attribute is not ASCII.
    NonAsciiDomain,
    /// The `Domain` attribute is a public suffix.
    PublicSuffix,
    /// The `Domain` attribute does not cover the host that sets the cookie.
    DomainMismatch,
    /// `Secure` over an insecure connection.
    SecureFromInsecure,
    /// `HttpOnly` from a script.
    HttpOnlyFromScript,
    /// Set by a page embedded in another site, in a browser that blocks third-party cookies.
    ThirdParty,
    /// An insecure connection would hide or replace a Secure cookie of that name.
    OverwriteSecure,
    /// Set by a page of another site, in a request that is not a top-level navigation.
    CrossSite,
    /// `SameSite=None` without `Secure`.
    SameSiteNoneInsecure,
    /// The name begins with `__Secure-`, but the cookie is not Secure.
    SecurePrefix,
    /// The name begins with `__Host-`, but the cookie is not Secure and host-only with the path `/`.
    HostPrefix,
    /// The name begins with `__Http-`, but the cookie is not Secure and HttpOnly (Chromium only).
    HttpPrefix,
    /// The name begins with `__Host-Http-`, but the cookie does not meet both conditions above (Chromium
    /// only).
    HostHttpPrefix,
    /// No name, and a value that begins with one of the prefixes.
    HiddenPrefix,
    /// `Partitioned` without `Secure` (Chromium only).
    PartitionedInsecure,
    /// A script would replace an HttpOnly cookie.
    OverwriteHttpOnly,
}

use RejectionReason as R;

impl RejectionReason {
    /// All reasons, in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The stable name, in kebab-case.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The section and step of RFC 6265bis draft 20. For reasons that only Chromium has, the nearest section.
    pub fn section(self) -> &'static str {
        match self {
            R::DisallowedCharacter => "5.6 step 1",
            R::NoCookieContent => "5.7 step 2",
            R::NameAndValueTooLong => "5.7 step 4",
            R::AmbiguousNameless | R::EmptyName => "5.6 step 3",
            R::MalformedDomain => "5.1.2",
            R::NonAsciiDomain => "5.7 step 8",
            R::PublicSuffix => "5.7 step 9",
            R::DomainMismatch => "5.7 step 10",
            R::SecureFromInsecure => "5.7 step 13",
            R::HttpOnlyFromScript => "5.7 step 15",
            R::ThirdParty => "7.1",
            R::OverwriteSecure => "5.7 step 16",
            R::CrossSite => "5.7 step 18",
            R::SameSiteNoneInsecure => "5.7 step 19",
            R::SecurePrefix => "5.7 step 20",
            R::HostPrefix => "5.7 step 21",
            R::HttpPrefix | R::HostHttpPrefix => "5.4",
            R::HiddenPrefix => "5.7 step 22",
            R::PartitionedInsecure => "5.7",
            R::OverwriteHttpOnly => "5.7 step 23",
        }
    }

    /// Whether the draft has this reason. If not, only browsers have it.
    pub fn is_in_the_draft(self) -> bool {
        !matches!(
            self,
            R::AmbiguousNameless
                | R::EmptyName
                | R::ThirdParty
                | R::HttpPrefix
                | R::HostHttpPrefix
                | R::PartitionedInsecure
        )
    }

    /// The explanation as a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            R::DisallowedCharacter => "the header has a control character",
            R::NoCookieContent => "a cookie needs a name or a value",
            R::NameAndValueTooLong => "name and value together are longer than 4096 bytes",
            R::EmptyName => "Firefox rejects cookies without a name",
            R::AmbiguousNameless => "a value with '=' needs a name, or servers read it as another cookie",
            R::MalformedDomain => {
                "Domain must be a host name, without port, URL, quotes, percent signs, or empty labels"
            }
            R::NonAsciiDomain => "Domain must be ASCII: use the xn-- form",
            R::PublicSuffix => "Domain is a public suffix, below which anybody can register a domain",
            R::DomainMismatch => "Domain must be the host that sets the cookie, or a parent of it",
            R::SecureFromInsecure => "Secure cookies must be set over https",
            R::HttpOnlyFromScript => "a script cannot set an HttpOnly cookie",
            R::ThirdParty => "the browser blocks cookies of pages embedded in another site",
            R::OverwriteSecure => {
                "over http, no cookie may replace or shadow a Secure cookie of the same name"
            }
            R::CrossSite => "pages embedded in another site can set SameSite=None cookies only",
            R::SameSiteNoneInsecure => "SameSite=None needs Secure",
            R::SecurePrefix => "a name that begins with __Secure- needs Secure and https",
            R::HostPrefix => "a name that begins with __Host- needs Secure, https, Path=/, and no Domain",
            R::HttpPrefix => "a name that begins with __Http- needs Secure, https, and HttpOnly",
            R::HostHttpPrefix => {
                "a name that begins with __Host-Http- needs Secure, https, HttpOnly, Path=/, and no Domain"
            }
            R::HiddenPrefix => "the value of a cookie without a name looks like a name with a prefix",
            R::PartitionedInsecure => "Partitioned needs Secure",
            R::OverwriteHttpOnly => "a script cannot replace an HttpOnly cookie",
        }
    }

    /// The name in Chromium's developer tools. `None` if they have none, or no recording shows it. For
    /// `CrossSite`, the last word depends on the cookie.
    pub fn devtools_name(self) -> Option<&'static str> {
        Some(match self {
            R::DisallowedCharacter => "DisallowedCharacter",
            R::NoCookieContent => "NoCookieContent",
            R::NameAndValueTooLong => "NameValuePairExceedsMaxSize",
            R::MalformedDomain | R::NonAsciiDomain | R::PublicSuffix | R::DomainMismatch => "InvalidDomain",
            R::SecureFromInsecure => "SecureOnly",
            R::OverwriteSecure => "OverwriteSecure",
            R::ThirdParty => "UserPreferences",
            R::CrossSite => "SchemefulSameSiteLax",
            R::SameSiteNoneInsecure => "SameSiteNoneInsecure",
            R::SecurePrefix | R::HostPrefix | R::HttpPrefix | R::HostHttpPrefix | R::HiddenPrefix => {
                "InvalidPrefix"
            }
            R::AmbiguousNameless
            | R::EmptyName
            | R::HttpOnlyFromScript
            | R::PartitionedInsecure
            | R::OverwriteHttpOnly => {
                return None;
            }
        })
    }
}

impl fmt::Display for RejectionReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.explanation())
    }
}

/// A rejection of a cookie: the first reason, and the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (RFC 6265bis {})", self.section())]
#[non_exhaustive]
pub struct Rejection {
    /// The reason.
    pub reason: RejectionReason,
    /// Other reasons that Chromium reports at the same time. The draft stops at the first reason.
    pub also: Vec<RejectionReason>,
}

impl Rejection {
    /// The stable name of the reason.
    pub fn name(&self) -> &'static str {
        self.reason.name()
    }

    /// The section of the reason.
    pub fn section(&self) -> &'static str {
        self.reason.section()
    }

    /// All reasons, in order.
    pub fn reasons(&self) -> impl Iterator<Item = RejectionReason> + '_ {
        std::iter::once(self.reason).chain(self.also.iter().copied())
    }

    /// The rejection for these reasons. `None` if there are none.
    pub(super) fn from_reasons(reasons: Vec<RejectionReason>) -> Option<Self> {
        let mut reasons = reasons.into_iter();
        let reason = reasons.next()?;
        Some(Self { reason, also: reasons.collect() })
    }
}

impl From<RejectionReason> for Rejection {
    fn from(reason: RejectionReason) -> Self {
        Self { reason, also: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_names_are_stable() {
        let names: Vec<_> = RejectionReason::all().map(|reason| reason.name()).collect();
        assert_eq!(
            names.join(" "),
            "disallowed-character no-cookie-content name-and-value-too-long ambiguous-nameless empty-name malformed-domain \
             non-ascii-domain public-suffix domain-mismatch secure-from-insecure http-only-from-script third-party \
             overwrite-secure cross-site same-site-none-insecure secure-prefix host-prefix http-prefix \
             host-http-prefix hidden-prefix partitioned-insecure overwrite-http-only"
        );
        assert!(RejectionReason::all().is_sorted());
    }
}
