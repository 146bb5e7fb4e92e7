//! What one command does with sessions.

use std::path::{Path, PathBuf};

use super::cleaner::{Deletion, Does};
use super::delete;

/// A command that can remove sessions, from its program on.
pub(super) struct Command<'a> {
    program: &'static str,
    words: &'a [String],
}

/// The programs that can remove sessions.
const PROGRAMS: [&str; 7] = ["find", "rm", "unlink", "tmpreaper", "tmpwatch", "wikifarm", "moin"];

impl<'a> Command<'a> {
    /// The command in these words, which can begin with other commands such as `nice` and `sudo`.
    pub(super) fn of(words: &'a [String]) -> Option<Command<'a>> {
        // Python can run MoinMoin's command under any name.
        if words.iter().any(|word| word == "cleansessions") {
            return Some(Command { program: "moin", words });
        }
        words.iter().enumerate().find_map(|(position, word)| {
            let name = Path::new(word).file_name()?;
            let program = PROGRAMS.into_iter().find(|program| name == *program)?;
            Some(Command { program, words: words.get(position + 1..).unwrap_or_default() })
        })
    }

    /// What the command does; `next` reads its output, and `path` completes a path.
    pub(super) fn does(&self, next: &[String], path: &dyn Fn(&str) -> PathBuf) -> Option<Does> {
        let has = |wanted: &str| self.words.iter().any(|word| word == wanted);
        match self.program {
            "moin" if has("cleansessions") => Some(Does::CleanSessions { all: has("--all") }),
            "moin" => None,
            "wikifarm" => {
                let dry_run = has("--dry-run") || has("-n");
                let all = has("--all") && !has("--anonymous");
                (has("session") && has("prune") && !dry_run).then_some(Does::Prune { all })
            }
            "find" => delete::find(self.words, next, path).map(Does::Delete),
            "rm" | "unlink" => Some(Does::Delete(self.rm(path))),
            program => delete::by_age(program, self.words, path).map(Does::Delete),
        }
    }

    fn rm(&self, path: &dyn Fn(&str) -> PathBuf) -> Deletion {
        let options = self.words.iter().filter(|word| word.starts_with('-'));
        let below = options.into_iter().any(|option| {
            option == "--recursive" || (!option.starts_with("--") && option.contains(['r', 'R']))
        });
        let files = self.words.iter().filter(|word| !word.starts_with('-'));
        delete::all("rm", files.map(|file| path(file)).collect(), below)
    }
}
