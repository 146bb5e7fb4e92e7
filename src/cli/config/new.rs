//! `wikifarm config new`: creates a first farm file from a few options.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use crate::cli::shared::snippets;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Draft, Farm};
use crate::lint::{self, Severity};
use crate::moin::Version;
use crate::pyconfig::write;
use crate::report::findings;
use crate::sys;
use crate::sys::why;
use crate::text::{escape, measure};

/// Create a first farm file, and the matching settings for MoinMoin
///
/// The farm file passes `wikifarm config check`, except for directories that do not exist: correct their paths. Without -o,
/// the farm file goes to standard output, and the settings go to standard error. With -o, the settings go to standard output.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("wikis").required(true).args(["hosts", "paths"])),
    after_help = "Example: wikifarm config new --hosts docs.example.org,plans.example.org --share"
)]
pub(in crate::cli) struct Options {
    /// Create a wiki on each of these hosts (https, unless given as an http URL)
    #[arg(long, value_name = "HOST,HOST", value_delimiter = ',')]
    hosts: Vec<String>,
    /// Create a wiki at each of these URLs; after the first URL, a path is enough
    #[arg(long, value_name = "URL,PATH", value_delimiter = ',')]
    paths: Vec<String>,
    /// Share logins between all wikis
    #[arg(long, conflicts_with = "separate")]
    share: bool,
    /// Give each wiki its own logins (the default)
    #[arg(long)]
    separate: bool,
    /// Use the settings of this MoinMoin release [default: 1.9.11]
    #[arg(long, value_name = "VERSION")]
    moin: Option<Version>,
    /// Write the farm file to FILE, unless FILE exists
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A first farm file, and the matching settings for MoinMoin.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The file that was written; null without `-o`.
    file: Option<String>,
    /// The text of the farm file.
    farm: &'a str,
    /// The settings for MoinMoin.
    snippets: Vec<snippets::Json<'a>>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let urls = if options.paths.is_empty() {
        options.hosts.iter().map(|host| on_host(host)).collect::<Result<Vec<_>, _>>()?
    } else {
        by_path(&options.paths)?
    };
    // The farm file names the exact release.
    let version = options.moin.unwrap_or(Version::LATEST_1_9).resolved();
    let draft = Draft { urls, share: options.share, version };
    let text = draft.text(context.suffixes.as_ref()).map_err(Failure::usage)?;
    let path = options.output.as_deref().unwrap_or(Path::new("farm.toml"));
    let farm = sound(path, &text, version, context)?;
    if let Some(path) = &options.output {
        sys::write_new(path, text.as_bytes(), 0o644).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Failure::refused(format!("{}: not written: the file exists", path.display()))
            }
            _ => Failure::partial(format!("can't write {}: {}", path.display(), why(&error))),
        })?;
    }
    let snippets = write::python(&farm);
    if context.format == Format::Json {
        let file = options.output.as_ref().map(|path| path.display().to_string());
        context.document(&Document { file, farm: &text, snippets: snippets::json(&snippets) });
        return Ok(Exit::Success);
    }
    let settings = snippets::text(&snippets);
    match &options.output {
        Some(path) if context.verbosity >= 0 => {
            let (path, wikis) =
                (path.display().to_string(), measure::count(farm.wikis.len() as u64, "wiki", "wikis"));
            writeln!(
                context.out,
                "# Wrote {} with {wikis}. Copy these settings to MoinMoin's configuration:\n",
                escape(&path)
            );
            context.out.write_all(settings.as_bytes());
        }
        Some(_) => {}
        None => {
            context.out.write_all(text.as_bytes());
            if context.verbosity >= 0 {
                context.out.flush();
                writeln!(context.err, "# Copy these settings to MoinMoin's configuration:\n\n{settings}");
            }
        }
    }
    Ok(Exit::Success)
}

/// The farm, if it has no errors; prints the errors.
fn sound(path: &Path, text: &str, version: Version, context: &mut Context<'_>) -> Result<Farm, Failure> {
    let farm = Farm::parse(path, text.to_owned())
        .map_err(|errors| Failure::usage(findings::syntax(&errors, context.color, context.width)))?;
    let mut found = lint::check(&farm, &lint::RealDisk, &context.suffixes, &lint::Overrides::default());
    found.retain(|finding| finding.severity == Severity::Error);
    if found.is_empty() {
        return Ok(farm);
    }
    let text = findings::human(&farm.source, &found, context.color, context.width);
    context.err.write_all(text.as_bytes());
    let message = format!("these wikis do not work together in MoinMoin {version}: nothing was written");
    Err(Failure::usage(message).help("use other addresses, or another release with --moin"))
}

/// The URL of a wiki with its own host.
fn on_host(host: &str) -> Result<Url, Failure> {
    let text = if host.contains("://") { host.to_owned() } else { format!("https://{host}/") };
    let plain = !host.is_empty() && !host.contains(char::is_whitespace);
    let url = Url::parse(&text).ok().filter(|url| plain && url.has_host());
    match url {
        Some(url) if host.contains("://") || url.path() == "/" => Ok(url),
        _ => Err(Failure::usage(format!("--hosts: {host:?} is not a host name"))
            .help("write a name such as wiki.example.org, or use --paths")),
    }
}

/// The URLs of `--paths`: all but the first can be paths.
fn by_path(paths: &[String]) -> Result<Vec<Url>, Failure> {
    let mut urls: Vec<Url> = Vec::with_capacity(paths.len());
    for path in paths {
        let plain = !path.is_empty() && !path.contains(char::is_whitespace);
        let url = match urls.last() {
            Some(before) if path.starts_with('/') => before.join(path).ok(),
            _ => Url::parse(path).ok(),
        };
        match url.filter(|url| plain && url.has_host()) {
            Some(url) => urls.push(url),
            None => {
                return Err(Failure::usage(format!("--paths: {path:?} is not a URL"))
                    .help("write a URL such as https://example.org/wiki"));
            }
        }
    }
    Ok(urls)
}
