//! Names of service tags and FQDN tags. Their contents are Azure's and change weekly.

use std::fmt;

use smol_str::SmolStr;

macro_rules! tag_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Azure compares these names without regard to case; the spelling that was written is kept.
        #[derive(Debug, Clone, Eq)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes the name as written.
            pub fn new(name: impl Into<SmolStr>) -> Self {
                Self(name.into())
            }

            /// The name as written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

tag_name! {
    /// A service tag such as `AzureCloud.westeurope` or `Sql.WestEurope`: a named set of address prefixes.
    ServiceTag
}

tag_name! {
    /// An FQDN tag such as `AzureKubernetesService`: a named set of domain names, known to Azure Firewall only.
    FqdnTag
}
