//! `chaos estimate`: what a run over a source tree would cost, take and break on, without one call.

use mock_claude::internals::prices;
use mock_claude::limits::Tier;
use reports::render;
use scenarios::suggest;

use crate::args::{CurrencyArg, EstimateArgs};
use crate::estimate::{Question, estimate};
use crate::plan::{self, run_plan};
use crate::process::terminal;
use crate::source::tree;
use crate::{Exit, Failure};
use engine::preset::SHIPPED;

/// Estimates a tree and prints the outcome.
pub fn execute(args: &EstimateArgs) -> Result<Exit, Failure> {
    let question = question(args)?;
    let currency = args.currency.map(CurrencyArg::resolved).unwrap_or_default();
    let estimate = estimate(&question, run_plan::currency(currency));
    if args.json {
        let text = serde_json::to_string_pretty(&estimate).expect("plain data with text keys");
        terminal::print(&(text + "\n"))?;
    } else {
        terminal::print(&render::estimate::render(&estimate, terminal::style()))?;
    }
    // Of a tree in which nothing would be sent, nothing can be said.
    Ok(if estimate.files == 0 { Exit::Inconclusive } else { Exit::Pass })
}

fn question(args: &EstimateArgs) -> Result<Question, Failure> {
    let shipped = || SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let names = if args.pipeline.is_empty() { shipped() } else { args.pipeline.clone() };
    let mut pipelines = plan::pipelines(&names)?;
    if let Some(model) = &args.model {
        if prices::model(model).is_none() {
            let known: Vec<&str> = prices::all().iter().map(|model| model.id.as_str()).collect();
            let hint = suggest(model, known).unwrap_or_default();
            return Err(Failure::usage(format!("the API has no model `{model}`\nhint: {hint}")));
        }
        for (_, preset) in &mut pipelines {
            preset.request.model.clone_from(model);
        }
    }
    let limits = args.limits.as_deref();
    let limits = limits.and_then(|name| Tier::ALL.into_iter().find(|tier| tier.name() == name));
    let files = tree::files(&args.input).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Question { files, pipelines, limits })
}
