//! `tidegate explain --observed`

use camino::Utf8Path;

use crate::base::FileReader;
use crate::cli::Outcome;
use crate::cli::arguments::{ExplainFormat, ExplainOptions};
use crate::cli::output::{Disk, refuse};
use crate::estate::{Estate, Id, Pool};
use crate::explain::{Comparison, Observed, Tried, hold_observed};
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::observed;

use super::{Asked, pool_named};

impl Asked {
    /// What was seen from a pool beside what is expected of it.
    pub(super) fn observed(
        &self,
        file: &Utf8Path,
        options: &ExplainOptions,
    ) -> Result<(String, Outcome), Outcome> {
        let text = Disk
            .read(file)
            .map_err(|error| refuse(&format!("cannot read {file}: {error}")))?;
        let tried = options.to.as_deref().map(Tried::parse).transpose();
        let tried = tried.map_err(|error| refuse(&format!("--to: {error}")))?;
        let of_file = |message: String| refuse(&format!("{file}: {message}"));
        let observed =
            Observed::read(&text, tried.as_ref()).map_err(|error| of_file(error.to_string()))?;
        let estate = &self.analysis.estate;
        let pool = pool_of(estate, observed.pool.as_deref(), options.pool.as_deref());
        let pool = pool.map_err(of_file)?;
        let compared = hold_observed(&self.plane(&self.analysis), pool, &observed)
            .map_err(|error| of_file(error.to_string()))?;
        let view = observed::View {
            file: file.as_str(),
            pool: &estate.pools[pool].meta.name,
            observed: &observed,
            compared: &compared,
            width: DEFAULT_WIDTH,
        };
        let text = match options.format {
            ExplainFormat::Text => observed::text(&view),
            ExplainFormat::Json => observed::json(&view),
        };
        let outcome = match compared.iter().map(|it| it.comparison).min() {
            Some(Comparison::Disagree) => Outcome::Findings,
            Some(Comparison::NotPredicted | Comparison::NotObserved) => Outcome::Uncertain,
            // What a line says that was not understood may be a contradiction.
            Some(Comparison::Agree) | None if !observed.unread.is_empty() => Outcome::Uncertain,
            Some(Comparison::Agree) | None => Outcome::Fine,
        };
        Ok((text, outcome))
    }
}

/// The pool that something was seen from: the one that the file names, that --pool names, or the only one.
fn pool_of(estate: &Estate, told: Option<&str>, asked: Option<&str>) -> Result<Id<Pool>, String> {
    match (told, asked) {
        (Some(told), Some(asked)) if told != asked => Err(format!(
            "it was seen from pool `{told}`, and --pool says `{asked}`"
        )),
        (Some(name), _) | (None, Some(name)) => pool_named(estate, name),
        (None, None) => {
            let names = estate.pools.iter().map(|(_, pool)| pool.meta.name.as_str());
            let names: Vec<&str> = names.collect();
            let mut ids = estate.pools.ids();
            match (ids.next(), names.len()) {
                (Some(only), 1) => Ok(only),
                (None, _) => Err("there is no pool that it could have been seen from".to_owned()),
                (Some(_), _) => Err(format!(
                    "it does not tell from which pool it was seen; --pool says it, one of {}",
                    names.join(", ")
                )),
            }
        }
    }
}
