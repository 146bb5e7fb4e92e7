//! `--run`: run the Python files in an interpreter that the administrator names.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{BufRead, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use nix::unistd::{Uid, User};

use crate::cli::shared::{Context, Failure};
use crate::farm::{Key, parse_duration};
use crate::pyconfig::read::Imported;
use crate::pyconfig::run::{Ran, Runner, can_hide_network};
use crate::sys::why;
use crate::text::{escape, hang};

/// How to run the Python files.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Run the files with this interpreter (2.7 or 3) and stubs for MoinMoin's modules
    #[arg(long, value_name = "PYTHON")]
    run: Option<PathBuf>,
    /// Run the files as this user [default for root: the owner of the wiki's data]
    #[arg(long = "as", value_name = "USER", requires = "run")]
    user: Option<String>,
    /// Pass only this environment variable (repeatable)
    #[arg(long, value_name = "NAME", requires = "run")]
    env: Vec<String>,
    /// Stop the run after this time
    #[arg(long, value_name = "TIME", requires = "run", default_value = "30s", value_parser = parse_duration)]
    timeout: Duration,
    /// Run the files without asking for confirmation
    #[arg(long, requires = "run")]
    yes: bool,
}

impl RunOptions {
    /// Runs the files, if that is asked for and confirmed.
    pub(super) fn run(
        &self,
        py: &Path,
        imported: &Imported,
        context: &mut Context<'_>,
    ) -> Result<Option<Ran>, Failure> {
        let Some(python) = &self.run else { return Ok(None) };
        let python = interpreter(python)?;
        let user = self.user(py, imported)?;
        let variable = |name: &String| {
            let value =
                std::env::var_os(name).ok_or_else(|| Failure::usage(format!("--env: ${name} is not set")))?;
            Ok((name.clone(), value))
        };
        let env = self.env.iter().map(variable).collect::<Result<Vec<(String, OsString)>, Failure>>()?;
        self.confirm(py, &python, user.as_ref(), context)?;
        let user = user.map(|user| (user.uid.as_raw(), user.gid.as_raw()));
        let runner = Runner { python, user, env, timeout: self.timeout };
        let mut ran = runner.run(py).map_err(Failure::usage)?;
        ran.options = self.shown();
        Ok(Some(ran))
    }

    /// The options with which the files run in the same way again.
    fn shown(&self) -> String {
        let python = self.run.iter().map(|python| format!("--run {}", python.display()));
        let user = self.user.iter().map(|user| format!("--as {user}"));
        let env = self.env.iter().map(|name| format!("--env {name}"));
        python.chain(user).chain(env).collect::<Vec<_>>().join(" ")
    }

    /// The user to become. Only root becomes another user, and stays root only if `--as root` asks for it.
    fn user(&self, py: &Path, imported: &Imported) -> Result<Option<User>, Failure> {
        let root = Uid::effective().is_root();
        let found = match &self.user {
            Some(name) => User::from_name(name)
                .ok()
                .flatten()
                .ok_or_else(|| Failure::usage(format!("--as: there is no user {name:?}")))?,
            None if !root => return Ok(None),
            None => {
                let wikis = imported.farm.wikis.iter().chain(&imported.without_url);
                let data = wikis.filter_map(|wiki| wiki.path(Key::DataDir));
                let owner = |path: PathBuf| Some(path.metadata().ok()?.uid()).filter(|uid| *uid != 0);
                let uid = data.chain([py.to_owned()]).find_map(owner);
                uid.and_then(|uid| User::from_uid(Uid::from_raw(uid)).ok().flatten()).ok_or_else(|| {
                    Failure::refused(
                        "--run: wikifarm does not run Python files as root, and found no other owner of the wiki's data",
                    )
                    .help("name the user that runs the wiki: --as USER")
                })?
            }
        };
        if !root && found.uid != Uid::effective() {
            return Err(Failure::usage(format!("--as {}: only root can become another user", found.name)));
        }
        Ok(root.then_some(found))
    }

    /// Prints what will run, and asks.
    fn confirm(
        &self,
        py: &Path,
        python: &Path,
        user: Option<&User>,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let who = user.map_or_else(String::new, |user| format!(" as {}", user.name));
        let network = if can_hide_network() { "no network" } else { "with network access" };
        let env = if self.env.is_empty() { "an empty environment".to_owned() } else { self.env.join(", ") };
        let what = format!(
            "{} runs {}{who}: {network}, {env}, at most {} s",
            python.display(),
            py.display(),
            self.timeout.as_secs()
        );
        let text = hang("", 2, &escape(&what), context.err.width());
        context.err.write_text(&text);
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(
                Failure::refused("--run requires confirmation, and there is no terminal").help("add --yes")
            );
        }
        writeln!(context.err, "Run it? [y/N]");
        let mut answer = String::new();
        let _ = std::io::stdin().lock().read_line(&mut answer);
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::refused("nothing was run")),
        }
    }
}

/// The interpreter, found as a shell finds it.
fn interpreter(python: &Path) -> Result<PathBuf, Failure> {
    if python.components().count() > 1 {
        let failed = |error: &dyn Display| Failure::usage(format!("--run: {}: {error}", python.display()));
        return match python.metadata().map(|stat| stat.is_file()) {
            Ok(true) => std::path::absolute(python).map_err(|error| failed(&why(&error))),
            Ok(false) => Err(failed(&"not a regular file")),
            Err(error) => Err(failed(&why(&error))),
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|directory| directory.join(python)).find(|it| it.is_file());
    found.ok_or_else(|| Failure::usage(format!("--run: there is no program {} in $PATH", python.display())))
}
