//! The table of all behaviors in which browser profiles differ.
//!
//! The other code of the module uses [`Rules`] and never asks for the browser. A row of [`DIFFERENCES`] has
//! the name of a field of `Rules`, the behavior of each browser, and the source.

use std::cell::LazyCell;

use super::rules::Rules;
use super::{Jar, Profile};

/// A behavior in which profiles differ.
#[non_exhaustive]
pub struct Difference {
    /// The name in kebab-case.
    pub name: &'static str,
    /// The situation.
    pub what: &'static str,
    /// The behavior of Chromium.
    pub chromium: &'static str,
    /// The behavior of Firefox.
    pub firefox: &'static str,
    /// The behavior in RFC 6265bis, with the section.
    pub rfc: &'static str,
    /// The source: `recorded` in `tests/fixtures/browser`, or read in the source code of a browser.
    pub source: &'static str,
    take: fn(&mut Rules, &Rules),
}

impl Difference {
    /// The behavior of a profile.
    pub fn behavior(&self, profile: Profile) -> &'static str {
        match profile {
            Profile::Chromium => self.chromium,
            Profile::Firefox => self.firefox,
            Profile::Rfc6265bis => self.rfc,
        }
    }

    /// Whether two profiles have different behaviors.
    pub fn is_between(&self, one: Profile, other: Profile) -> bool {
        self.applied(one.rules(), other.rules()) != *one.rules()
    }

    /// Returns `rules` with this behavior taken from `other`.
    pub(super) fn applied(&self, rules: &Rules, other: &Rules) -> Rules {
        let mut changed = *rules;
        (self.take)(&mut changed, other);
        changed
    }
}

impl std::fmt::Debug for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

/// The differences that change the outcome of a scenario if it runs in another browser. `act` runs the
/// scenario in an empty jar with the same public suffixes, and returns the outcome.
///
/// Empty if the outcome is the same. Lists each difference that alone changes the outcome in the browser of
/// the jar. If only several differences together change the outcome, lists each difference without which the
/// outcome in the other browser changes.
pub fn responsible<T: PartialEq>(
    jar: &Jar,
    other: Profile,
    act: impl Fn(Jar) -> T,
) -> Vec<&'static Difference> {
    responsible_for_each(jar, other, |jar| vec![act(jar)]).pop().unwrap_or_default()
}

/// As [`responsible`], for scenarios that run together: the differences for each of them.
pub(crate) fn responsible_for_each<T: PartialEq>(
    jar: &Jar,
    other: Profile,
    act: impl Fn(Jar) -> Vec<T>,
) -> Vec<Vec<&'static Difference>> {
    let one = jar.profile();
    let outcomes = |rules: Rules| act(jar.emptied(rules));
    let (ours, theirs) = (outcomes(*one.rules()), outcomes(*other.rules()));
    if ours == theirs {
        return ours.iter().map(|_| Vec::new()).collect();
    }
    let with_each = |from: Profile, to: Profile| {
        let differences = DIFFERENCES.iter().filter(|difference| difference.is_between(one, other));
        let with = |it: &'static Difference| (it, outcomes(it.applied(from.rules(), to.rules())));
        differences.map(with).collect::<Vec<_>>()
    };
    let (alone, left_out) = (with_each(one, other), LazyCell::new(|| with_each(other, one)));
    let changed = |at: usize, with: &[(&'static Difference, Vec<T>)], was: &[T]| -> Vec<_> {
        with.iter().filter(|(_, now)| now.get(at) != was.get(at)).map(|(difference, _)| *difference).collect()
    };
    let of = |at: usize| match changed(at, &alone, &ours) {
        _ if ours.get(at) == theirs.get(at) => Vec::new(),
        found if found.is_empty() => changed(at, &left_out, &theirs),
        found => found,
    };
    (0..ours.len()).map(of).collect()
}

const RECORDED: &str = "recorded";

/// All differences. The ones that matter to wiki farms come first.
pub static DIFFERENCES: [Difference; 21] = [
    Difference {
        name: "overwrite-order",
        what: "a cookie is overwritten with another value",
        chromium: "the creation time is renewed: the cookie comes after other cookies of the same path length",
        firefox: "the cookie keeps its creation time and its position",
        rfc: "the cookie keeps its creation time (5.7)",
        source: RECORDED,
        take: |rules, other| rules.overwriting = other.overwriting,
    },
    Difference {
        name: "same-site-default",
        what: "SameSite is absent",
        chromium: "as Lax, but sent with a cross-site POST for two minutes after creation",
        firefox: "as None",
        rfc: "as Lax (5.6.7.2 allows the two minutes)",
        source: RECORDED,
        take: |rules, other| rules.same_site_default = other.same_site_default,
    },
    Difference {
        name: "schemeful-same-site",
        what: "http and https of one site",
        chromium: "are two sites for SameSite",
        firefox: "are one site for SameSite",
        rfc: "are two sites (5.2)",
        source: RECORDED,
        take: |rules, other| rules.schemeful = other.schemeful,
    },
    Difference {
        name: "third-party",
        what: "a frame, an image, or a `fetch` in a page of another site",
        chromium: "has cookies with SameSite=None, or only Partitioned ones if third-party cookies are blocked",
        firefox: "has cookies of its own, kept apart by the site of the page: never those of other visits",
        rfc: "has cookies with SameSite=None (7.1 leaves more to the browser)",
        source: RECORDED,
        take: |rules, other| rules.third_party = other.third_party,
    },
    Difference {
        name: "expires-clock",
        what: "Expires without Max-Age, from a server whose clock is wrong",
        chromium: "counts from the Date header, and without one from the browser's clock",
        firefox: "counts from the Date header, and without one from the browser's clock",
        rfc: "counts from the browser's clock (5.7)",
        source: RECORDED,
        take: |rules, other| rules.counts_from_date = other.counts_from_date,
    },
    Difference {
        name: "host-prefix-path",
        what: "a __Host- name",
        chromium: "needs Path=/ and no Domain; the host's own IP address as Domain is allowed",
        firefox: "needs a host-only cookie of path `/`: Path may be absent where the default path is `/`",
        rfc: "needs Path=/ and no Domain (5.7 step 21)",
        source: RECORDED,
        take: |rules, other| rules.host_prefix = other.host_prefix,
    },
    Difference {
        name: "http-prefix",
        what: "a __Http- or __Host-Http- name",
        chromium: "needs HttpOnly",
        firefox: "needs HttpOnly",
        rfc: "ordinary names",
        source: RECORDED,
        take: |rules, other| rules.http_prefixes = other.http_prefixes,
    },
    Difference {
        name: "partitioned",
        what: "Partitioned",
        chromium: "needs Secure; the cookie is kept apart by the site of the page",
        firefox: "needs Secure; the cookie is kept apart by the site of the page",
        rfc: "ignored",
        source: "recorded for Chromium; source of Firefox (CookieValidation.cpp)",
        take: |rules, other| rules.partitioned = other.partitioned,
    },
    Difference {
        name: "priority",
        what: "Priority",
        chromium: "decides which cookies are evicted first",
        firefox: "ignored",
        rfc: "ignored",
        source: "source of Chromium and Firefox",
        take: |rules, other| rules.priority = other.priority,
    },
    Difference {
        name: "max-age-sign",
        what: "Max-Age with a sign or with too many digits",
        chromium: "`+100` is 100 seconds; digits that no longer fit are not read",
        firefox: "any value that begins with `-` expires the cookie; `+100` is ignored; digits that no longer fit are not read",
        rfc: "`+100` is ignored, and so is anything but digits after an optional minus (5.6.2)",
        source: RECORDED,
        take: |rules, other| rules.max_age = other.max_age,
    },
    Difference {
        name: "expires-date",
        what: "Expires with an unusual date",
        chromium: "years of three and five digits are read; impossible times are no date; time zones are ignored",
        firefox: "a year of three digits is no date; impossible times become real dates; time zones are honored",
        rfc: "years of four digits from 1601; impossible times are no date; time zones are ignored (5.1.1)",
        source: RECORDED,
        take: |rules, other| rules.dates = other.dates,
    },
    Difference {
        name: "repeated-lifetime",
        what: "Max-Age or Expires twice, the last one invalid",
        chromium: "the last one counts, so neither does",
        firefox: "the last one counts, so neither does",
        rfc: "the last valid one counts (5.6.1, 5.6.2)",
        source: RECORDED,
        take: |rules, other| rules.repeated_lifetime = other.repeated_lifetime,
    },
    Difference {
        name: "domain-non-ascii",
        what: "Domain in raw UTF-8",
        chromium: "converted by IDNA",
        firefox: "rejected",
        rfc: "rejected (5.7)",
        source: RECORDED,
        take: |rules, other| rules.converts_idn = other.converts_idn,
    },
    Difference {
        name: "domain-attribute",
        what: "Domain=`.`, or an IP address as Domain of its own host",
        chromium: "`.` is rejected; the address makes a host-only cookie",
        firefox: "`.` is rejected; the address makes a host-only cookie",
        rfc: "`.` is as absent; the address makes a domain cookie (5.6.3, 5.7)",
        source: RECORDED,
        take: |rules, other| rules.domain = other.domain,
    },
    Difference {
        name: "host-empty-label",
        what: "a host with an empty label inside (`a..example.org`)",
        chromium: "sets cookies like any host",
        firefox: "sets no cookies",
        rfc: "sets no cookies (5.1.2)",
        source: "recorded for Chromium; source of Firefox (nsEffectiveTLDService.cpp)",
        take: |rules, other| rules.rejects_empty_label = other.rejects_empty_label,
    },
    Difference {
        name: "empty-name",
        what: "a header that begins with `=`",
        chromium: "a cookie without a name; rejected if the value has a `=` too",
        firefox: "rejected",
        rfc: "a cookie without a name (5.6)",
        source: RECORDED,
        take: |rules, other| rules.empty_name = other.empty_name,
    },
    Difference {
        name: "no-equals-sign",
        what: "text without `=` before the first `;`",
        chromium: "is the value of a cookie without a name",
        firefox: "is the name of a cookie without a value; in 140 ESR as in Chromium",
        rfc: "is the value of a cookie without a name (5.6)",
        source: RECORDED,
        take: |rules, other| rules.no_equals_sign = other.no_equals_sign,
    },
    Difference {
        name: "not-utf-8",
        what: "a value with bytes that are not UTF-8",
        chromium: "come back unchanged",
        firefox: "come back as U+FFFD",
        rfc: "come back unchanged",
        source: RECORDED,
        take: |rules, other| rules.decodes_value = other.decodes_value,
    },
    Difference {
        name: "inner-tab",
        what: "TAB inside a name, a value, or an attribute",
        chromium: "the header is rejected",
        firefox: "kept; in a Path, the cookie is rejected",
        rfc: "kept (5.6)",
        source: RECORDED,
        take: |rules, other| rules.inner_tab = other.inner_tab,
    },
    Difference {
        name: "line-end",
        what: "CR or LF in the header",
        chromium: "ends the header",
        firefox: "LF or CRLF ends the header; with CR alone, the header is rejected",
        rfc: "the header is rejected (5.6)",
        source: "recorded for CR",
        take: |rules, other| rules.line_end = other.line_end,
    },
    Difference {
        name: "several-reasons",
        what: "several reasons to reject a cookie",
        chromium: "all that one stage finds are named",
        firefox: "all that one stage finds are named",
        rfc: "the first counts (5.7)",
        source: RECORDED,
        take: |rules, other| rules.reasons = other.reasons,
    },
];
