//! `wikifarm cookie preview`: who shares a login with whom.

mod addresses;
mod browsers;
mod chosen;
mod human;
mod json;
mod matrix;
mod prediction;
mod row;
mod section;
mod sharers;
mod trouble;

use clap::Args;

use self::chosen::Chosen;
pub(super) use self::json::Document;
use self::prediction::predict;
use crate::cli::shared::browser::Browser;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::location::RealDirectories;
use crate::sharing::Model;

/// A grid of more wikis is hard to read.
const MATRIX_MOST: usize = 100;

/// Show which wikis share a login, and which wikis interfere with each other
///
/// With one WIKI, shows its pairs with all other wikis. With several, shows the pairs among them.
///
/// In farms of more than 200 wikis, shows example problems: at least one pair for each wiki and each kind of
/// problem ("complete": false in JSON). Name up to 200 wikis to see every pair. In these farms, the comparison with Firefox uses the
/// cookies of single wikis, and the order of cookies only after a new login.
///
/// The exit status is 1 if the prediction differs from the [[share]] tables of the farm file: wikis of one table do not
/// share a login, or wikis without a common table share a login.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie preview --matrix\n\
                        Example: wikifarm cookie preview wiki1 --format json")]
pub(in crate::cli) struct Options {
    /// Show only the pairs of these wikis
    #[arg(value_name = "WIKI")]
    wikis: Vec<String>,
    /// Show every pair in a grid
    #[arg(long)]
    matrix: bool,
    #[command(flatten)]
    browser: Browser,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    let directories = RealDirectories::default();
    let model = Model::for_browser(&farm, &directories, &context.suffixes, options.browser.profile());
    let other = options.browser.compared().map(|profile| model.in_browser(&farm, &directories, profile));
    let chosen = Chosen::new(&farm, &model, &options.wikis)?;
    if options.matrix {
        check_matrix(&chosen)?;
    }
    let prediction = predict(&farm, &model, other.as_ref(), &chosen);
    let exit = if prediction.unmet.is_empty() { Exit::Success } else { Exit::Found };
    match context.format {
        Format::Json => context.document(&Document::of(prediction)),
        _ => human::show(&prediction, options.matrix, context),
    }
    Ok(exit)
}

/// Refuses a grid of one wiki, or of too many.
fn check_matrix(chosen: &Chosen<'_>) -> Result<(), Failure> {
    if chosen.one.is_some() {
        return Err(Failure::usage("--matrix needs two or more wikis")
            .help("name another wiki, or no wiki to show all"));
    }
    match chosen.sites.len() {
        many if many > MATRIX_MOST => {
            let why = format!("--matrix shows at most {MATRIX_MOST} wikis, and the farm has {many}");
            Err(Failure::usage(why).help(format!("name up to {MATRIX_MOST} wikis")))
        }
        _ => Ok(()),
    }
}
