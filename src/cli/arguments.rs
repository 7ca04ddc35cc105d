//! What can be said on the command line.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diag::Severity;
use crate::report::Format;

use super::catalog_check::{self, CatalogCheckOptions};
use super::catalog_diff::{self, CatalogDiffOptions};
use super::probe::{self, ProbeOptions};
use super::resolve::{self, ResolveOptions};
use super::tags::TagsCommand;

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
    /// Check networks that exist: ARM templates, Bicep, exports of az, and policies.
    #[command(after_help = LINT_HELP)]
    Lint(LintOptions),
    /// Compile a policy to a deployable template.
    Compile(CompileOptions),
    /// Hold a network against a policy: what is needed and does not arrive, what is open and nobody needs.
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyOptions),
    /// Say what changes between two networks: flows that are allowed now, and flows that are not any more.
    #[command(after_help = DIFF_HELP)]
    Diff(DiffOptions),
    /// Sum up everything that a pool or a subnet can reach.
    #[command(after_help = QUERY_HELP)]
    Query(QueryOptions),
    /// Find fewer rules that do the same, and prove that they do.
    #[command(after_help = OPTIMIZE_HELP)]
    Optimize(OptimizeOptions),
    /// Say why a flow gets out or not: its way, what decided, and the smallest change that lets it through.
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainOptions),
    /// Ask DNS for the names of a policy, and keep what it answers in a lock file.
    #[command(after_help = resolve::HELP)]
    Resolve(ResolveOptions),
    /// Try from here what a pool needs: names, connections, and the first words of each protocol.
    #[command(after_help = probe::HELP)]
    Probe(ProbeOptions),
    /// Read networks that exist, and write them as a policy to start from.
    Import(ImportOptions),
    /// Lay out policies in the one standard way.
    Fmt(FmtOptions),
    /// Show what Azure services need to reach.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Show service tags, and what changes in them from week to week.
    #[command(subcommand)]
    Tags(TagsCommand),
    /// Show the documentation of a rule, or list all rules.
    Rule(RuleOptions),
}

/// What every command that reads a policy takes.
#[derive(Debug, Args)]
pub(super) struct PolicyOptions {
    /// The policy file.
    pub(super) policy: Utf8PathBuf,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    #[command(flatten)]
    pub(super) lock: LockOptions,

    /// The least severity that makes the command fail.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    pub(super) fail_on: FailOn,
}

/// What is known of names.
#[derive(Debug, Args)]
pub(super) struct LockOptions {
    /// What names led to, as `tidegate resolve --lock` keeps it.
    #[arg(long, value_name = "FILE")]
    pub(super) lock: Option<Utf8PathBuf>,
}

/// How a policy is read.
#[derive(Debug, Args)]
pub(super) struct ReadingOptions {
    /// Give a parameter of the policy a value.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) parameters: Vec<String>,

    /// Give parameters their values from a YAML or JSON file; --param goes before it.
    #[arg(long = "param-file", value_name = "FILE")]
    pub(super) parameter_file: Option<Utf8PathBuf>,

    /// Say what exists by now of a cluster: the name or the address of its API server, as api_server=VALUE, or
    /// POOL.api_server=VALUE where there are several pools. Give it twice for both.
    #[arg(long = "bind", value_name = "api_server=VALUE")]
    pub(super) bindings: Vec<String>,

    /// Take in another catalog, in the schema of the built-in ones.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(super) catalogs: Vec<Utf8PathBuf>,

    /// Where firewall rules live: in a firewall policy, or on the firewall itself.
    #[arg(long, value_name = "MODEL", default_value = "policy")]
    pub(super) firewall_model: FirewallModel,

    /// The day on which expiry is judged, such as 2027-01-31; today unless given.
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<String>,

    /// Refuse to choose where the documents behind a catalog disagree (TG7030).
    #[arg(long)]
    pub(super) strict: bool,
    /// How many days old catalogs and files of service tags may be; 90 for service tags unless given.
    #[arg(long, value_name = "DAYS")]
    pub(super) max_age: Option<u32>,

    /// Whether to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    #[command(flatten)]
    pub(super) policy: PolicyOptions,

    #[command(flatten)]
    pub(super) report: ReportOptions,
}

/// How findings are shown.
#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    /// How to show findings.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: FindingFormat,

    /// What sets this run apart from others over the same files in SARIF, such as production.
    #[arg(long, value_name = "NAME")]
    pub(super) category: Option<String>,
}

/// What `verify` prints below its options.
const VERIFY_HELP: &str = "\
Exit code: 0 all that is needed arrives and no more is open than allowed, 1 a deficit or too much excess, 2 wrong usage \
or a file that cannot be read, 3 it is not known whether all that is needed arrives.

Examples:
  tidegate verify policies/spark.egress --estate exported/
  tidegate verify policies/spark.egress --estate infra/ --max-excess 0 --format markdown
  tidegate verify policies/spark.egress                           # what the policy compiles to";

/// Options of `verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyOptions {
    /// The policy file.
    pub(super) policy: Utf8PathBuf,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    /// Templates, exports, or folders of them, read as one network; what the policy compiles to unless given.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) estate: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    #[command(flatten)]
    pub(super) lock: LockOptions,

    /// The addresses of service tags, as Microsoft publishes them every week.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// Fail when more than so many rules let through what nobody needs.
    #[arg(long, value_name = "RULES")]
    pub(super) max_excess: Option<usize>,

    /// Fail when catalogs or service tags are older than --max-age, and that is as severe.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AnswerFormat,

    /// Write the changes that settle the answer into this folder: patch.json, a template of the changed resources, and
    /// patch.egress, the difference as a policy.
    #[arg(long, value_name = "FOLDER")]
    pub(super) patch: Option<Utf8PathBuf>,
}

/// What `diff` prints below its options.
const DIFF_HELP: &str = "\
A path with a revision of git before it, as in main:infra/, is read from that revision; it counts from the root of the \
repository unless it begins with a dot. A path that exists is no revision.

Exit code: 0 no change, 1 changes, 2 wrong usage or a file that cannot be read, 3 it is not known whether something \
changes.

Examples:
  tidegate diff main:infra/ infra/
  tidegate diff HEAD~1:policies/spark.egress policies/spark.egress --from spark
  tidegate diff exported/ infra/main.json --format markdown > comment.md";

/// Options of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffOptions {
    /// The network before: a policy, which stands for what it compiles to, a template, an export, or a folder.
    pub(super) before: Utf8PathBuf,

    /// The network after.
    pub(super) after: Utf8PathBuf,

    /// Compare the flows of this subnet or pool only: VNET/SUBNET, or a name. All subnets with machines unless given.
    #[arg(long, value_name = "SUBNET")]
    pub(super) from: Vec<String>,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    /// The addresses of service tags, as Microsoft publishes them every week.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AnswerFormat,
}

/// What `optimize` prints below its options.
const OPTIMIZE_HELP: &str = "\
Exit code: 0 done, 1 with --check when fewer rules would do the same, 2 wrong usage or a file that cannot be read, \
3 what was found could not be proved.

Examples:
  tidegate optimize infra/
  tidegate optimize exported/ --format egress > smaller.egress
  tidegate optimize policies/spark.egress --keep-names
  tidegate optimize exported/ --patch smaller/";

/// Options of `optimize`.
#[derive(Debug, Args)]
pub(super) struct OptimizeOptions {
    /// The network: a policy, a template, an export, or a folder, with a revision of git before it if wanted.
    pub(super) network: Utf8PathBuf,

    /// Take rules away only, and make none of several.
    #[arg(long)]
    pub(super) keep_names: bool,

    /// Fail when fewer rules would do the same.
    #[arg(long)]
    pub(super) check: bool,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    /// The addresses of service tags, as Microsoft publishes them every week.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// How to show the rules.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: OptimizeFormat,

    /// Write the changed rules into this folder: patch.json, a template of the changed resources, and patch.egress, the
    /// difference as a policy.
    #[arg(long, value_name = "FOLDER")]
    pub(super) patch: Option<Utf8PathBuf>,
}

/// How smaller rules are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OptimizeFormat {
    /// What is done with which rule, and the rules.
    Text,
    /// Only the rules, in tidegate's language.
    Egress,
    /// Data for programs.
    Json,
}

/// What `query` prints below its options.
const QUERY_HELP: &str = "\
Exit code: 0 summed up, 2 wrong usage or a file that cannot be read, 3 there was too much to sum up everything.

Examples:
  tidegate query policies/spark.egress --from spark
  tidegate query --estate infra/ --from spoke/nodes --format markdown
  tidegate query --estate infra/ --from spoke/nodes --to 10.0.0.0/8
  tidegate query policies/spark.egress --from spark --to '*.blob.core.windows.net:443'";

/// Options of `query`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("network").required(true).args(["policy", "estate"])))]
pub(super) struct QueryOptions {
    /// The policy file.
    pub(super) policy: Option<Utf8PathBuf>,

    /// A network that exists instead of a policy: templates, exports, or folders of them, read as one.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) estate: Vec<Utf8PathBuf>,

    /// Who starts the flows: a pool, VNET/SUBNET, or the name of a subnet.
    #[arg(long, value_name = "WHO")]
    pub(super) from: String,

    /// Only flows to these destinations: a name, a pattern, an address or a prefix, and a port behind a colon; of IPv6
    /// in brackets.
    #[arg(long, value_name = "WHERE")]
    pub(super) to: Option<String>,

    /// Leave nothing out, however long it is.
    #[arg(long)]
    pub(super) all: bool,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    /// The addresses of service tags, as Microsoft publishes them every week.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: AnswerFormat,
}

/// How answers about sets of flows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AnswerFormat {
    /// For people.
    Text,
    /// For a comment on a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// What `lint` prints below its options.
const LINT_HELP: &str = "\
Exit code: 0 fine, 1 findings at or above --fail-on, 2 wrong usage or a file that cannot be read.

Examples:
  tidegate lint infra/
  tidegate lint main.json --parameters prod.parameters.json --format sarif > results.sarif
  az network vnet list -o json | tidegate lint -
  tidegate lint infra/ --write-baseline .tidegate-baseline.json
  tidegate lint infra/ --diff";

/// What templates are deployed with.
#[derive(Debug, Args)]
pub(super) struct DeploymentOptions {
    /// Values for the parameters of the templates; of several files the later one counts.
    #[arg(id = "template_parameters", long = "parameters", value_name = "FILE")]
    pub(super) parameters: Vec<Utf8PathBuf>,

    /// The id of the subscription that templates are deployed to.
    #[arg(long, value_name = "ID")]
    pub(super) subscription: Option<String>,

    /// The resource group that templates are deployed to.
    #[arg(long, value_name = "NAME")]
    pub(super) resource_group: Option<String>,

    /// The region of the resource group.
    #[arg(long, value_name = "REGION")]
    pub(super) location: Option<String>,

    /// Start no `bicep`: leave out Bicep files whose compiled template does not lie beside them.
    #[arg(long)]
    pub(super) no_bicep: bool,

    /// How long `bicep` may take for one file.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(super) bicep_timeout: u64,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportOptions {
    /// Templates, exports, or folders of them; `-` is standard input. All are read as one network.
    #[arg(required = true)]
    pub(super) paths: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "egress")]
    pub(super) format: ImportFormat,

    /// The file to write; standard output unless given.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<Utf8PathBuf>,
}

/// What `import` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// A policy in tidegate's language.
    Egress,
}

/// Options of `lint`.
#[derive(Debug, Args)]
pub(super) struct LintOptions {
    /// Files and folders; `-` is standard input. Folders are walked, without what .gitignore leaves out.
    #[arg(default_value = ".")]
    pub(super) paths: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    #[command(flatten)]
    pub(super) lock: LockOptions,

    #[command(flatten)]
    pub(super) report: ReportOptions,

    /// The least severity that makes the command fail; error unless the configuration says otherwise.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// The configuration; the nearest tidegate.yaml above the first path unless given.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<Utf8PathBuf>,

    /// Look for no configuration.
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,

    /// Accept the findings of this file.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<Utf8PathBuf>,

    /// Write all findings to a baseline file, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "fix", "unsafe_fixes", "diff"])]
    pub(super) write_baseline: Option<Utf8PathBuf>,

    /// Show accepted findings too, in formats that can tell them apart.
    #[arg(long)]
    pub(super) show_accepted: bool,

    /// Make the safe fixes.
    #[arg(long)]
    pub(super) fix: bool,

    /// Make all fixes, those too that need a look because they change what is reachable.
    #[arg(long)]
    pub(super) unsafe_fixes: bool,

    /// Show what --fix would change, and change nothing.
    #[arg(long)]
    pub(super) diff: bool,

    /// Take in another catalog, in the schema of the built-in ones.
    #[arg(long = "catalog", value_name = "FILE")]
    pub(super) catalogs: Vec<Utf8PathBuf>,

    /// The day on which expiry is judged, such as 2027-01-31; today unless given.
    #[arg(long, value_name = "DATE")]
    pub(super) today: Option<String>,

    /// How many days old catalogs may be.
    #[arg(long, value_name = "DAYS")]
    pub(super) max_age: Option<u32>,

    /// Whether to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
}

#[derive(Debug, Args)]
pub(super) struct CompileOptions {
    #[command(flatten)]
    pub(super) policy: PolicyOptions,

    /// The folder to write into; it is made when it is missing.
    #[arg(long, value_name = "FOLDER", default_value = "build")]
    pub(super) out: Utf8PathBuf,

    /// What to write.
    #[arg(long, value_name = "FORMAT", default_value = "arm")]
    pub(super) format: CompileFormat,

    /// The addresses of service tags, as Microsoft publishes them every week: what allow lists have in their place.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,
}

/// What `explain` prints below its options.
const EXPLAIN_HELP: &str = "\
Exit code: 0 reachable, 1 not reachable, 2 the question cannot be understood, 3 uncertain.

Examples:
  tidegate explain policy.egress --from spark --to mcr.microsoft.com:443
  tidegate explain policy.egress --from 10.10.1.4 --to 192.168.40.9:9092/tcp --format json
  tidegate explain policy.egress --pool spark
  tidegate explain policy.egress --flows flows.csv
  tidegate explain policy.egress --observed seen.json
  tidegate explain policy.egress --observed check.json --pool spark --to mcr.microsoft.com:443
  tidegate explain --estate infra/ --from snet-aks --to mcr.microsoft.com:443
  tidegate explain policy.egress --azure-error 'vmssCSE exit status=50'
  tidegate explain --cause route.asymmetric_return";

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("question").required(true).multiple(true).args(["to", "pool", "flows", "observed", "azure_error", "cause"])))]
pub(super) struct ExplainOptions {
    /// The policy file. Only --estate, --cause and --azure-error can do without.
    pub(super) policy: Option<Utf8PathBuf>,

    /// A network that exists instead of a policy: templates, exports, or folders of them, read as one.
    #[arg(long, value_name = "PATH", conflicts_with = "policy")]
    pub(super) estate: Vec<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) deployment: DeploymentOptions,

    /// Who starts the flow: a pool, VNET.SUBNET, or an address.
    #[arg(long, value_name = "WHO", requires = "to", conflicts_with = "observed")]
    pub(super) from: Option<String>,

    /// Where the flow goes: HOST[:PORT][/PROTOCOL]; port 443 over tcp unless given. Beside --observed, what a
    /// connectivity check tried.
    #[arg(long, value_name = "WHERE", conflicts_with_all = ["flows", "azure_error", "cause"])]
    pub(super) to: Option<String>,

    /// The name that the client tells in the clear (SNI or Host); `-` for a client that tells none.
    #[arg(
        long,
        value_name = "NAME",
        requires = "to",
        conflicts_with = "observed"
    )]
    pub(super) sni: Option<String>,

    /// Every endpoint that a pool needs, what Azure says to the pool, and what its identity lacks. Beside --observed, the
    /// pool that it was seen from.
    #[arg(long, value_name = "POOL", conflicts_with_all = ["flows", "azure_error", "cause"])]
    pub(super) pool: Option<String>,

    /// Many flows, one a row: CSV or JSON with the columns from, to, port, protocol, name, sni, from_ip, tag.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["observed", "azure_error", "cause"])]
    pub(super) flows: Option<Utf8PathBuf>,

    /// What was seen from a pool beside what is expected: what `tidegate probe --format json`, `az network watcher
    /// test-connectivity` or `az aks check-network outbound` writes.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["azure_error", "cause"])]
    pub(super) observed: Option<Utf8PathBuf>,

    /// A message of Azure: the causes that fit it, and which of them the policy shows.
    #[arg(long, value_name = "MESSAGE", conflicts_with = "cause")]
    pub(super) azure_error: Option<String>,

    /// The page of a cause, or the list of all causes.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub(super) cause: Option<String>,

    #[command(flatten)]
    pub(super) lock: LockOptions,

    /// The addresses of service tags: Microsoft's weekly ServiceTags_*.json. Tags are symbols without it.
    #[arg(long, value_name = "FILE")]
    pub(super) service_tags: Option<Utf8PathBuf>,

    /// How to print the explanation.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ExplainFormat,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,
}

/// How an explanation is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
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
    /// Check catalogs of your own: everything that is wrong, and what was hardly meant.
    #[command(after_help = catalog_check::HELP)]
    Check(CatalogCheckOptions),
    /// Say what differs between two catalogs, or what the page behind one named at two dates.
    #[command(after_help = catalog_diff::HELP)]
    Diff(CatalogDiffOptions),
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

    /// The version, where the catalog tells versions apart; the newest unless given.
    #[arg(long)]
    pub(super) version: Option<String>,

    /// Refuse to choose where the documents disagree.
    #[arg(long)]
    pub(super) strict: bool,

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

impl From<FailOn> for Severity {
    fn from(least: FailOn) -> Self {
        match least {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Note => Self::Note,
        }
    }
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
    /// SARIF 2.1.0, for GitHub code scanning and other viewers.
    Sarif,
    /// JUnit XML, for test views.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// Logging commands of Azure Pipelines.
    Azure,
    /// A comment on a pull request.
    Markdown,
}

impl From<FindingFormat> for Format {
    fn from(format: FindingFormat) -> Self {
        match format {
            FindingFormat::Text => Self::Text,
            FindingFormat::Concise => Self::Concise,
            FindingFormat::Json => Self::Json,
            FindingFormat::Sarif => Self::Sarif,
            FindingFormat::Junit => Self::Junit,
            FindingFormat::Github => Self::Github,
            FindingFormat::Azure => Self::Azure,
            FindingFormat::Markdown => Self::Markdown,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompileFormat {
    /// An ARM template, main.json, and a plain list for each appliance whose rules are compiled.
    Arm,
    /// A Bicep file, main.bicep, and the same lists.
    Bicep,
    /// Only lists, one for each firewall or pool: names, addresses and ports, a line each.
    Allowlist,
    /// Only lists, as tables.
    Csv,
    /// Only lists, as external dynamic lists of Palo Alto Networks.
    PaloaltoEdl,
}
