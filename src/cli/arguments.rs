//! What can be said on the command line.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Compiler, linter and explainer for Azure network egress.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read, resolve and analyse a policy; write nothing.
    Check(CheckOptions),
    /// Compile a policy to a deployable template.
    Compile(CompileOptions),
    /// Lay out policies in the one standard way.
    Fmt(FmtOptions),
    /// Show what Azure services need to reach.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Show the documentation of a rule, or list all rules.
    Rule(RuleOptions),
}

/// What every command that reads a policy takes.
#[derive(Debug, Args)]
pub(super) struct PolicyOptions {
    /// The policy file.
    pub(super) policy: Utf8PathBuf,

    /// Give a parameter of the policy a value.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) parameters: Vec<String>,

    /// Give parameters their values from a YAML or JSON file; --param goes before it.
    #[arg(long = "param-file", value_name = "FILE")]
    pub(super) parameter_file: Option<Utf8PathBuf>,

    /// Take in another catalog, in the schema of the built-in ones.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(super) catalogs: Vec<Utf8PathBuf>,

    /// Where firewall rules live: in a firewall policy, or on the firewall itself.
    #[arg(long, value_name = "MODEL", default_value = "policy")]
    pub(super) firewall_model: FirewallModel,

    /// The day on which expiry is judged, such as 2027-01-31; today unless given.
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<String>,

    /// The least severity that makes the command fail.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(super) fail_on: FailOn,

    /// Whether to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    #[command(flatten)]
    pub(super) policy: PolicyOptions,

    /// How to show findings.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: FindingFormat,
}

#[derive(Debug, Args)]
pub(super) struct CompileOptions {
    #[command(flatten)]
    pub(super) policy: PolicyOptions,

    /// The folder to write into; it is made when it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "build")]
    pub(super) out: Utf8PathBuf,

    /// The language to write.
    #[arg(long, value_name = "FORMAT", default_value = "arm")]
    pub(super) format: TemplateFormat,
}

#[derive(Debug, Args)]
pub(super) struct FmtOptions {
    /// The policy files.
    #[arg(required = true)]
    pub(super) policies: Vec<Utf8PathBuf>,

    /// Change nothing; fail when a file is not laid out in the standard way.
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// List the catalogs.
    List {
        /// Take in another catalog.
        #[arg(long = "catalog", value_name = "FILE")]
        catalogs: Vec<Utf8PathBuf>,
    },
    /// Show what a pool of a kind needs, why, and who says so.
    Show(CatalogShowOptions),
}

#[derive(Debug, Args)]
pub(super) struct CatalogShowOptions {
    /// The catalog.
    pub(super) name: String,

    /// What the pool has.
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub(super) features: Vec<String>,

    /// The region it is in.
    #[arg(long)]
    pub(super) region: Option<String>,

    /// The cloud it is in; the region's unless given.
    #[arg(long)]
    pub(super) cloud: Option<String>,

    /// Levels to show beyond what is required.
    #[arg(long, value_delimiter = ',', value_name = "LEVEL,…")]
    pub(super) include: Vec<String>,

    /// Take in another catalog.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(super) catalogs: Vec<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RuleOptions {
    /// The id of the rule, such as TG1001; all rules when none is given.
    pub(super) id: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FirewallModel {
    Policy,
    Classic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingFormat {
    /// With the source around every place.
    Text,
    /// One to a line.
    Concise,
    /// Data for programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TemplateFormat {
    /// An ARM template: main.json.
    Arm,
    /// A Bicep file: main.bicep.
    Bicep,
}
