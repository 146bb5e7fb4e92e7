//! Rules about the path of the cookie.

use crate::browser::path_match;
use crate::farm::{Change, Fix, Key, Value, Wiki, quoted};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::Safety::Unsafe;
use crate::lint::rule::{Look, Rule, Sink, rule};

const FAMILY: &str = "path";

pub(super) const RULES: &[Rule] = &[
    rule!("path-mismatch", FAMILY, Error, Look::Wiki(path_mismatch)),
    rule!("invalid-path", FAMILY, Error, Look::Wiki(invalid_path)).fix(Unsafe),
    rule!("path-trailing-slash", FAMILY, Warning, Look::Wiki(path_trailing_slash)).fix(Unsafe),
    rule!("attribute-too-long", FAMILY, Error, Look::Wiki(attribute_too_long)),
];

fn invalid_path(wiki: &Wiki, sink: &mut Sink) {
    let Some(path) = wiki.text(Key::CookiePath) else { return };
    let odd = path.chars().find(|c| c.is_control() || matches!(c, ';' | '"' | ',') || !c.is_ascii());
    let message = match odd {
        _ if !path.starts_with('/') => {
            format!("browsers ignore cookie_path {path:?}: it does not start with a slash")
        }
        Some(odd) => format!("cookie_path {path:?} contains {odd:?}, which breaks the Set-Cookie header"),
        None => return,
    };
    let span = wiki.span_of(Key::CookiePath);
    let relative = odd.is_none() && !path.is_empty() && !path.contains("://");
    let fix = relative.then(|| {
        let with = quoted(&format!("/{path}"));
        Fix::not_safe(Change::Replace { span: span.clone(), with })
    });
    sink.report_fixable(
        wiki,
        span,
        message,
        format!(
            "write a plain path, such as {}",
            sink.line(wiki, Key::CookiePath, &Value::Text("/wiki".to_owned()))
        ),
        fix,
    );
}

fn path_mismatch(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let cookie_path = settings.effective_cookie_path();
    // If the value is not a path, browsers use the default path, which is the wiki's own.
    if !cookie_path.starts_with('/') {
        return;
    }
    let own = wiki.url.path().trim_end_matches('/');
    let page = format!("{own}/FrontPage");
    if path_match(&page, &cookie_path) {
        return;
    }
    let own = if own.is_empty() { "/" } else { own };
    let message =
        format!("nobody can log in: the cookie path {cookie_path} does not contain the wiki's path {own}");
    let line = sink.line(wiki, Key::CookiePath, &Value::Text(own.to_owned()));
    let help = match wiki.setting(Key::CookiePath) {
        Some(_) => format!("write {line}, or a parent path"),
        None => format!("set {line}: by default MoinMoin uses the path of backend_url"),
    };
    let key = if wiki.setting(Key::CookiePath).is_some() { Key::CookiePath } else { Key::BackendUrl };
    sink.report(wiki, wiki.span_of(key), message, help);
}

fn path_trailing_slash(wiki: &Wiki, sink: &mut Sink) {
    let Some(path) = wiki.text(Key::CookiePath) else { return };
    let bare = path.trim_end_matches('/');
    if path.ends_with('/') && bare.starts_with('/') {
        let message =
            format!("browsers do not send the cookie to {bare}: cookie_path {path} ends with a slash");
        let span = wiki.span_of(Key::CookiePath);
        let fix = Fix::not_safe(Change::Replace { span: span.clone(), with: quoted(bare) });
        let help = format!("write {}", sink.line(wiki, Key::CookiePath, &Value::Text(bare.to_owned())));
        sink.report_fixable(wiki, span, message, help, Some(fix));
    }
}

/// The longest attribute value that browsers accept, in bytes. Source: RFC 6265bis 5.6, Chromium.
const LONGEST: usize = 1024;

fn attribute_too_long(wiki: &Wiki, sink: &mut Sink) {
    for key in [Key::CookiePath, Key::CookieDomain] {
        let Some(length) = wiki.text(key).map(str::len).filter(|length| *length > LONGEST) else { continue };
        let message =
            format!("browsers ignore {}: it is {length} bytes long, and the limit is {LONGEST}", key.name());
        sink.report(wiki, wiki.span_of(key), message, "write a shorter value");
    }
}
