//! `wikifarm cookie header`: the Set-Cookie that a wiki sends.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::browser::Browser;
use crate::cli::shared::rejected::{RejectedBy, lines, rejected_by};
use crate::cli::shared::visitor::Whom;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::moin::{Visitor, placeholder_id, session_cookie};
use crate::text::{Paint, escape, hang, paint, wrap};

/// Print the Set-Cookie headers of a wiki, with a placeholder as session id
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie header wiki1 --as user")]
pub(in crate::cli) struct Options {
    /// The wiki
    wiki: String,
    /// Show only the header for this kind of visitor
    #[arg(long = "as", value_enum, value_name = "WHOM")]
    visitor: Option<Whom>,
    #[command(flatten)]
    browser: Browser,
}

/// The Set-Cookie headers of a wiki.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// One for each kind of visitor.
    headers: Vec<Row>,
}

/// What a wiki sends to one kind of visitor.
#[derive(Serialize, JsonSchema)]
struct Row {
    /// The wiki's name.
    wiki: String,
    /// The visitor: `anonymous`, `user` (logged in, without "remember me"), or `remember`.
    #[serde(rename = "as")]
    visitor: &'static str,
    /// The value of the header; null if the wiki sends none, or the value is unknown.
    set_cookie: Option<String>,
    /// Why the wiki sends this header, or none.
    reason: String,
    /// The browsers that reject the header.
    rejected_by: Vec<RejectedBy>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    let wiki = find_wiki(&farm, &options.wiki)?;
    let visitors = match options.visitor {
        None => Visitor::all().collect(),
        Some(whom) => vec![whom.visitor()],
    };
    let settings = wiki.moin();
    let now = context.now();
    let headers: Vec<Row> = visitors
        .into_iter()
        .map(|visitor| {
            let (set_cookie, reason) = match wiki.custom_handler() {
                Some(key) => (None, format!("unknown: the wiki has a custom {}", key.name())),
                None => match session_cookie(
                    settings,
                    visitor,
                    placeholder_id(settings.version),
                    now + settings.clock_skew,
                ) {
                    Ok(cookie) => (Some(cookie.to_string()), why(visitor).to_owned()),
                    Err(none) => (None, none.to_string()),
                },
            };
            let header = set_cookie.as_ref().map(String::as_bytes);
            let reject = |header| rejected_by(options.browser, &wiki.url, header, now, &context.suffixes);
            let rejected_by = header.map(reject).unwrap_or_default();
            Row { wiki: wiki.name.clone(), visitor: visitor.name(), set_cookie, reason, rejected_by }
        })
        .collect();
    if context.format == Format::Json {
        context.document(&Document { headers });
        return Ok(Exit::Success);
    }
    let unknown = wiki.custom_handler().is_some();
    for row in headers {
        match &row.set_cookie {
            None if unknown => show(&row, "", &row.reason, context),
            Some(header) => show(&row, "Set-Cookie: ", header, context),
            None => show(&row, "no cookie: ", &row.reason, context),
        }
        for line in lines(&row.rejected_by) {
            let line = wrap("           ", &escape(&line), context.width);
            let rejected = paint("rejected", Paint::Bad, context.color);
            write!(context.out, "{}", line.replacen("rejected", &rejected, 1));
        }
    }
    Ok(Exit::Success)
}

/// The result for one visitor, wrapped.
fn show(row: &Row, what: &str, text: &str, context: &mut Context<'_>) {
    let visitor = paint(&format!("{:<9}", row.visitor), Paint::Heading, context.color);
    write!(context.out, "{}", hang(&format!("{visitor}  {what}"), 13, &escape(text), context.width));
}

fn why(visitor: Visitor) -> &'static str {
    match visitor {
        Visitor::Anonymous => "sent to anonymous visitors",
        Visitor::User => "sent to users with \"remember me\" off",
        Visitor::Remember => "sent to users with \"remember me\" on, the default",
    }
}
