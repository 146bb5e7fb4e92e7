//! The behavior of each browser profile where profiles differ, as values. [`DIFFERENCES`](super::DIFFERENCES)
//! describes it in words.

/// The behavior of a browser where profiles differ. Each field belongs to one row of [`DIFFERENCES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) inner_tab: InnerTab,
    pub(super) line_end: LineEnd,
    pub(super) empty_name: EmptyName,
    pub(super) no_equals_sign: NoEqualsSign,
    /// Whether bytes of a value that are not UTF-8 become U+FFFD.
    pub(super) decodes_value: bool,
    pub(super) repeated_lifetime: RepeatedLifetime,
    pub(super) max_age: MaxAge,
    pub(super) dates: Dates,
    pub(super) counts_from_date: bool,
    pub(super) overwriting: Overwriting,
    pub(super) domain: DomainAttribute,
    pub(super) converts_idn: bool,
    pub(super) rejects_empty_label: bool,
    /// Whether `__Http-` and `__Host-Http-` are prefixes.
    pub(super) http_prefixes: bool,
    pub(super) host_prefix: HostPrefix,
    pub(super) partitioned: bool,
    pub(super) priority: bool,
    pub(super) same_site_default: SameSiteDefault,
    pub(super) schemeful: bool,
    pub(super) third_party: ThirdParty,
    pub(super) reasons: Reasons,
}

/// A TAB inside a name, a value, or an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InnerTab {
    Kept,
    /// Kept, but a `Path` with a TAB rejects the cookie.
    KeptExceptInPath,
    Rejected,
}

/// CR or LF in the bytes of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    Rejected,
    EndsHeader,
    /// LF ends the header; a CR that is not part of a CRLF rejects it.
    LfEndsHeader,
}

/// A header that begins with `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyName {
    Kept,
    /// Rejected if the value also has a `=`, because browsers would send it as a cookie with another name.
    RejectedIfAmbiguous,
    Rejected,
}

/// Text without `=` before the first `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEqualsSign {
    IsValue,
    IsName,
}

/// Which of several `Max-Age` or `Expires` attributes counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepeatedLifetime {
    LastValid,
    Last,
}

/// How to read `Max-Age`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaxAge {
    /// Digits, with an optional minus.
    Rfc,
    /// An optional plus or minus, then digits; reading stops where the number no longer fits.
    Chromium,
    /// A minus followed by anything expires the cookie; reading stops where the number no longer fits.
    Firefox,
}

/// How to read `Expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dates {
    Rfc,
    Chromium,
    Firefox,
}

/// The creation time of a cookie that replaces another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overwriting {
    KeepsCreation,
    /// New if the value differs.
    RenewsCreation,
}

/// How to read the `Domain` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DomainAttribute {
    Rfc,
    Browsers,
}

/// What `__Host-` is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostPrefix {
    /// The attributes; `Domain=.` counts as absent.
    Rfc,
    /// The attributes; an IP address as `Domain` of its own host is allowed.
    Attributes,
    /// The resulting cookie: host-only, with the path `/`, with or without a `Path` attribute.
    Cookie,
}

/// A cookie without `SameSite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SameSiteDefault {
    Lax,
    /// Lax, but sent with a cross-site POST for two minutes after its creation.
    LaxAllowingUnsafe,
    None,
}

/// Cookies of a page that is embedded in a page of another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThirdParty {
    /// `SameSite` decides.
    Allowed,
    /// Only `Partitioned` cookies are stored and sent.
    Blocked,
    /// All cookies are kept apart by the site of the page in the address bar.
    Partitioned,
}

/// Which reasons are reported if several reject a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasons {
    First,
    AllOfOneStage,
}

pub(super) const CHROMIUM: Rules = Rules {
    inner_tab: InnerTab::Rejected,
    line_end: LineEnd::EndsHeader,
    empty_name: EmptyName::RejectedIfAmbiguous,
    no_equals_sign: NoEqualsSign::IsValue,
    decodes_value: false,
    repeated_lifetime: RepeatedLifetime::Last,
    max_age: MaxAge::Chromium,
    dates: Dates::Chromium,
    counts_from_date: true,
    overwriting: Overwriting::RenewsCreation,
    domain: DomainAttribute::Browsers,
    converts_idn: true,
    rejects_empty_label: false,
    http_prefixes: true,
    host_prefix: HostPrefix::Attributes,
    partitioned: true,
    priority: true,
    same_site_default: SameSiteDefault::LaxAllowingUnsafe,
    schemeful: true,
    third_party: ThirdParty::Allowed,
    reasons: Reasons::AllOfOneStage,
};

pub(super) const FIREFOX: Rules = Rules {
    inner_tab: InnerTab::KeptExceptInPath,
    line_end: LineEnd::LfEndsHeader,
    empty_name: EmptyName::Rejected,
    no_equals_sign: NoEqualsSign::IsName,
    decodes_value: true,
    repeated_lifetime: RepeatedLifetime::Last,
    max_age: MaxAge::Firefox,
    dates: Dates::Firefox,
    counts_from_date: true,
    overwriting: Overwriting::KeepsCreation,
    domain: DomainAttribute::Browsers,
    converts_idn: false,
    rejects_empty_label: true,
    http_prefixes: true,
    host_prefix: HostPrefix::Cookie,
    partitioned: true,
    priority: false,
    same_site_default: SameSiteDefault::None,
    schemeful: false,
    third_party: ThirdParty::Partitioned,
    reasons: Reasons::AllOfOneStage,
};

pub(super) const RFC: Rules = Rules {
    inner_tab: InnerTab::Kept,
    line_end: LineEnd::Rejected,
    empty_name: EmptyName::Kept,
    no_equals_sign: NoEqualsSign::IsValue,
    decodes_value: false,
    repeated_lifetime: RepeatedLifetime::LastValid,
    max_age: MaxAge::Rfc,
    dates: Dates::Rfc,
    counts_from_date: false,
    overwriting: Overwriting::KeepsCreation,
    domain: DomainAttribute::Rfc,
    converts_idn: false,
    rejects_empty_label: true,
    http_prefixes: false,
    host_prefix: HostPrefix::Rfc,
    partitioned: false,
    priority: false,
    same_site_default: SameSiteDefault::Lax,
    schemeful: true,
    third_party: ThirdParty::Allowed,
    reasons: Reasons::First,
};
