//! Suggestions for people.

use super::document::{Paste, Shown};
use crate::cli::shared::Context;
use crate::cli::shared::diff::unified;
use crate::farm::Farm;
use crate::text::{Paint, escape, hang, list, paint};

/// Without `-v`, so many lines of a diff are shown.
const MOST_LINES: usize = 30;

/// Without `-v`, so many files and headers are shown.
const MOST: usize = 4;

pub(super) fn show(
    farm: &Farm,
    met: bool,
    shown: &[Shown],
    impossible: &[String],
    context: &mut Context<'_>,
) {
    if met {
        writeln!(
            context.out,
            "nothing to change: wikis share logins as intended, and none affects another one"
        );
    }
    for reason in impossible {
        write!(context.out, "{}", hang("impossible: ", 2, &escape(reason), context.width));
    }
    for (number, one) in (1..).zip(shown) {
        if number > 1 {
            writeln!(context.out);
        }
        suggestion(farm, number, one, context);
    }
    if shown.iter().any(|one| one.text.is_some()) {
        let write = context.command("cookie suggest -o farm.new.toml");
        let old = farm.source.path().display().to_string();
        let old = shlex::try_quote(&old).unwrap_or_else(|_| old.as_str().into());
        let diff = format!("wikifarm cookie diff {old} farm.new.toml");
        let advice = format!("`{write}` writes the first suggestion, `{diff}` shows all its effects");
        write!(context.out, "\n{}", hang("help: ", 2, &escape(&advice), context.width));
    }
}

fn suggestion(farm: &Farm, number: usize, one: &Shown, context: &mut Context<'_>) {
    let lines = if one.settings == 1 { "1 line".to_owned() } else { format!("{} lines", one.settings) };
    let heading = hang(&format!("{number}. "), 3, &escape(&one.summary), context.width);
    write!(context.out, "{}", paint(&heading, Paint::Heading, context.color));
    if let Some(text) = one.text.as_deref().map(|text| unified(&farm.source, text, context)) {
        writeln!(context.out, "   Farm file ({lines})");
        limited(text.lines().skip(2), context);
    }
    if !one.moinmoin.is_empty() {
        writeln!(context.out, "   MoinMoin's configuration");
        let most = if context.verbosity > 0 { usize::MAX } else { MOST };
        one.moinmoin.iter().take(most).for_each(|paste| python(paste, context));
        more(one.moinmoin.len().saturating_sub(most), context);
    }
    writeln!(context.out, "   Rollout");
    rollout(one, context);
}

/// Lines of a diff, and how many more there are.
fn limited<'t>(lines: impl Iterator<Item = &'t str> + Clone, context: &mut Context<'_>) {
    let most = if context.verbosity > 0 { usize::MAX } else { MOST_LINES };
    for line in lines.clone().take(most) {
        writeln!(context.out, "     {line}");
    }
    more(lines.skip(most).count(), context);
}

fn more(count: usize, context: &mut Context<'_>) {
    if count > 0 {
        writeln!(context.out, "     and {count} more: show them with -v");
    }
}

fn python(paste: &Paste, context: &mut Context<'_>) {
    let files: Vec<&str> = paste.files.iter().map(String::as_str).collect();
    put("     ", &format!("in {}:", list(&files, "and", MOST)), context);
    for line in paste.python.lines() {
        writeln!(context.out, "       {}", escape(line));
    }
}

fn rollout(one: &Shown, context: &mut Context<'_>) {
    let rollout = &one.rollout;
    let names = |wikis: &[String]| list(&wikis.iter().map(String::as_str).collect::<Vec<_>>(), "and", MOST);
    let mut lines: Vec<String> = rollout.steps.clone();
    if rollout.log_in_again.is_empty() && rollout.stuck.is_empty() {
        lines.push("nobody has to log in again".to_owned());
    }
    if !rollout.log_in_again.is_empty() {
        lines.push(format!("users of {} have to log in again", names(&rollout.log_in_again)));
    }
    if !rollout.stuck.is_empty() {
        lines.push(format!("old cookies cause problems at {} until they are deleted", names(&rollout.stuck)));
    }
    for line in lines {
        put("     - ", &line, context);
    }
    if !rollout.commands.is_empty() {
        put("     - ", "move the sessions:", context);
    }
    // A command is pasted: it must not be broken into lines.
    for command in &rollout.commands {
        writeln!(context.out, "       {}", escape(command));
    }
    let most = if context.verbosity > 0 { usize::MAX } else { MOST };
    for deletion in rollout.deletions.iter().take(most) {
        put("     - ", &format!("let {} send `Set-Cookie: {}`", deletion.url, deletion.set_cookie), context);
    }
    more(rollout.deletions.len().saturating_sub(most), context);
}

/// Writes a paragraph.
fn put(first: &str, text: &str, context: &mut Context<'_>) {
    write!(context.out, "{}", hang(first, first.len(), &escape(text), context.width));
}
