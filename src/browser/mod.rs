//! What a browser does with cookies: it reads a `Set-Cookie` header, keeps or refuses the cookie, and decides
//! which cookies a later request carries, in which order.
//!
//! The room is pure. Time comes in as unix seconds, nothing here reads a clock or a disk, and no input,
//! however broken, ends in a panic: every refusal and every cookie left at home has a named reason with its
//! section.
//!
//! The source is RFC 6265bis, draft 20 ("the draft" below). Where Chromium, as recorded in
//! `fixtures/browser`, does something else, [`Mode::Chromium`] (the default) does what Chromium does and
//! [`Mode::Rfc`] keeps to the letter. These are all the places where the two differ:
//!
//! | what | the draft ([`Mode::Rfc`]) | Chromium ([`Mode::Chromium`]) |
//! |---|---|---|
//! | TAB inside a name, value or attribute | kept (5.6) | the header is refused |
//! | no name, and `=` in the value (`==x`, `=a=b`) | kept (5.6) | refused since Chromium 148: it would look like `a=b` |
//! | repeated `Max-Age` or `Expires`, the last one invalid | the last valid one counts (5.6.1, 5.6.2) | the last one counts, so none does |
//! | `Max-Age=+100` | ignored (5.6.2) | 100 seconds |
//! | `Expires` with a year of five digits | ignored (5.1.1) | read as it is |
//! | `Expires` before the year 1601 | ignored (5.1.1) | read as it is: the cookie is deleted |
//! | `Expires` with letters on a day or year (`23rd`) | the letters are skipped (5.1.1) | a token over two characters is no day |
//! | overwriting a cookie | keeps the creation time (5.7) | keeps it only if the value stays the same |
//! | `Domain` in raw UTF-8 | refused (5.7) | converted by IDNA |
//! | `Domain=.` | as if absent (5.6.3) | refused |
//! | `Domain` that is not a canonical host (`example.org:80`, `EX%41MPLE.org`) | compared as it is, so refused as a mismatch | refused as malformed |
//! | `Domain` on an IP address host, naming that address | a cookie with that domain (5.7) | host-only |
//! | `Domain` naming a host that is a public suffix | host-only (5.7) | the same |
//! | a host that ends in two dots | as any host | no cookies |
//! | `__Http-` and `__Host-Http-` | ordinary names | need `HttpOnly` too |
//! | `__Secure-`, `__Host-` | need `Secure` (5.7) | the same |
//! | `Partitioned` | ignored | needs `Secure`; kept apart by the site of the page |
//! | `SameSite` absent, cross-site POST | withheld (5.6.7.2 allows sending) | sent for two minutes after creation |

#[cfg(test)]
mod agreement;
mod cookie;
mod date;
mod domain;
mod evict;
mod host;
mod jar;
mod lifetime;
mod matching;
mod prefix;
mod refusal;
mod retrieve;
mod same_site;
mod set_cookie;
mod suffix;
#[cfg(test)]
mod suites;
mod target;

pub use cookie::{Cookie, Priority, SameSite};
pub use date::parse_cookie_date;
pub use domain::{CookieDomain, cookie_domain};
pub use evict::{MAX_COOKIES, MAX_COOKIES_PER_SITE};
pub use host::{canonical_host, is_ip};
pub use jar::{Jar, Outcome};
pub use lifetime::{MAX_LIFETIME, parse_max_age};
pub use matching::{default_path, domain_match, path_match};
pub use refusal::{Refusal, RefusalReason};
pub use retrieve::{Visit, Withheld, WithheldReason};
pub use same_site::{Nav, Request, Via};
pub use set_cookie::{MAX_ATTRIBUTE_VALUE, MAX_NAME_AND_VALUE, SetCookie, parse_set_cookie};
pub use suffix::{BuiltinSuffixes, ListSuffixes, Suffixes, suffix_list_version};
pub use target::{Target, TargetError};

/// Whose rules apply where Chromium and the draft differ; the module documentation lists every difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// What Chromium was seen to do.
    #[default]
    Chromium,
    /// The letter of RFC 6265bis.
    Rfc,
}
