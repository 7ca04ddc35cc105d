//! What can be said to `tidegate probe`.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use crate::cli::arguments::ReadingOptions;
use crate::cli::trust::TrustOptions;
use crate::dns::Server;
use crate::probe::Sample;

/// What `probe` prints below its options.
pub(in crate::cli) const HELP: &str = "\
Run it where the pool is: it speaks to what the pool needs, and tells what became of that.

Exit code: 0 everything was reached, 1 something was not, 2 wrong usage or a file that cannot be read, 3 of something it \
is not known.

Examples:
  tidegate probe policies/aks.egress --pool shop-aks
  tidegate probe policies/aks.egress --pool shop-aks --sample '*.data.mcr.microsoft.com=westeurope.data.mcr.microsoft.com'
  tidegate probe policies/aks.egress --pool shop-aks --kubernetes-job --image contoso.azurecr.io/tidegate:1 | kubectl create -f -";

/// Options of `probe`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ProbeOptions {
    /// The policy file.
    pub(super) policy: Utf8PathBuf,

    #[command(flatten)]
    pub(super) reading: ReadingOptions,

    /// The pool whose endpoints are tried.
    #[arg(long, value_name = "NAME")]
    pub(super) pool: String,

    /// Try this name or address for a destination that is wider than one, such as '*.contoso.com=www.contoso.com'.
    #[arg(long = "sample", value_name = "DESTINATION=NAME")]
    pub(super) samples: Vec<Sample>,

    /// Ask this DNS server, such as 10.0.0.4 or tls://1.1.1.1#one.one.one.one; those of this machine unless given.
    #[arg(long = "server", value_name = "SERVER")]
    pub(super) servers: Vec<Server>,

    #[command(flatten)]
    pub(super) trust: TrustOptions,

    /// How many seconds one step may take.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) timeout: u64,

    /// How many seconds everything may take.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) limit: u64,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: ProbeFormat,

    /// Probe nothing here: print a job of Kubernetes that does, and writes JSON to its log.
    #[arg(long, conflicts_with = "format")]
    pub(super) kubernetes_job: bool,

    /// The image that the job runs.
    #[arg(long, value_name = "IMAGE", requires = "kubernetes_job")]
    pub(super) image: Option<String>,

    /// Run the job on nodes with this label only, such as kubernetes.azure.com/agentpool=apps.
    #[arg(
        long = "node-label",
        value_name = "LABEL=VALUE",
        requires = "kubernetes_job"
    )]
    pub(super) node_labels: Vec<String>,
}

/// How a probe is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProbeFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
