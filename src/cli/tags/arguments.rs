//! What can be said to `tidegate tags`.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use crate::cli::arguments::AnswerFormat;

/// The commands about service tags.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TagsCommand {
    /// Show a service tag: its addresses, where it can be used, and which tags it is part of.
    #[command(after_help = SHOW_HELP)]
    Show(TagsShowOptions),
    /// Say what changes from one file of service tags to another.
    #[command(after_help = DIFF_HELP)]
    Diff(TagsDiffOptions),
}

/// What `tags show` prints below its options.
const SHOW_HELP: &str = "\
Exit code: 0 shown, 1 there is no such tag, 2 wrong usage or a file that cannot be read.

Examples:
  tidegate tags show Sql.WestEurope --service-tags ServiceTags_Public_20251028.json
  tidegate tags show AzureCloud --service-tags ServiceTags_Public_20251028.json --all
  tidegate tags show AzureMonitor                                  # what is known without a file";

/// Options of `tags show`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TagsShowOptions {
    /// The tag, with a region or without one.
    pub(super) name: String,

    /// The addresses of service tags, as Microsoft publishes them every week.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// Leave nothing out, however long it is.
    #[arg(long)]
    pub(super) all: bool,

    /// How to show the tag.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AnswerFormat,
}

/// What `tags diff` prints below its options.
const DIFF_HELP: &str = "\
Addresses are compared, not prefixes: a /23 that became two /24 is no change.

Exit code: 0 no change, 1 changes, 2 wrong usage or a file that cannot be read.

Examples:
  tidegate tags diff ServiceTags_Public_20251020.json ServiceTags_Public_20251028.json
  tidegate tags diff old.json new.json --tag Sql.WestEurope --tag 'AzureCloud.*'
  tidegate tags diff old.json new.json --format markdown > comment.md";

/// Options of `tags diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct TagsDiffOptions {
    /// The older file.
    pub(super) before: Utf8PathBuf,

    /// The newer file.
    pub(super) after: Utf8PathBuf,

    /// Compare this tag only; `Sql.*` is every tag that is named after Sql. All unless given.
    #[arg(long = "tag", value_name = "NAME")]
    pub(super) tags: Vec<String>,

    /// Leave nothing out, however long it is.
    #[arg(long)]
    pub(super) all: bool,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AnswerFormat,
}
