//! What messages mean that come from reading and compiling a policy. Rules carry their documentation themselves.

use super::Id;

impl Id {
    /// What a message of this id means and what to do about it; `None` for the ids of rules.
    #[must_use]
    pub fn doc(self) -> Option<&'static str> {
        Some(match self {
            Self::TG0001 => {
                "Something stands where the grammar has no place for it, or something is missing. The message says what \
                 was expected, and the help shows how the whole statement reads. docs/language.md has an example of each."
            }
            Self::TG0002 => {
                "A line begins with a word that the block around it does not know. Where one is spelled nearly so, it is \
                 suggested and the line is read as if that were written."
            }
            Self::TG0003 => {
                "A block was opened with `{` and its `}` is missing. The message shows where it was opened and the first \
                 statement that belongs outside. Add the brace where the block should end."
            }
            Self::TG0004 => {
                "A word is no value of the kind that is needed here: no address, name, port, date or choice. The message \
                 says what was expected."
            }
            Self::TG0005 => {
                "A prefix has bits set right of its length, such as 10.0.0.4/16. It is unclear whether the network \
                 10.0.0.0/16 or the one address 10.0.0.4 is meant. Write the one you mean."
            }
            Self::TG0006 => {
                "Azure Firewall takes an asterisk only as the first character of a name, and only in application rules. \
                 Name the hosts, or use the wider pattern that the help shows."
            }
            Self::TG0007 => {
                "Two things of one kind have the same name; Azure compares names without regard to case. Both \
                             places are shown. Rename or remove one."
            }
            Self::TG0008 => {
                "A name refers to nothing that the policy declares. Where a declared name is close, it is \
                             suggested. Declare it, as `existing` if it is there already, or correct the name."
            }
            Self::TG0009 => {
                "A clause that may stand once in a block stands there twice. Both places are shown. Keep one."
            }
            Self::TG0010 => {
                "A block lacks a clause without which it makes no sense, such as `outbound` of a pool. The help \
                             shows an example."
            }
            Self::TG0011 => {
                "Files that use each other, groups that contain each other, or firewall policies that inherit from \
                             each other form a circle. Move what they share into a third one."
            }
            Self::TG0012 => {
                "One file is used twice, so everything in it would be declared twice. Use it once, at the top."
            }
            Self::TG0013 => {
                "A file that a policy uses is missing, unreadable or not UTF-8. Paths count from the folder of the \
                             file that uses it. The exit code is 2."
            }
            Self::TG0014 => {
                "A parameter or a value of a catalog is set or used, and there is none of that name. Declare it \
                             with `param NAME`, or correct the name."
            }
            Self::TG0015 => {
                "A parameter was left without a value where the value must be known to compile. Some places may \
                             stay open until deployment: the region, the principal of an identity, a name in a requirement."
            }
            Self::TG0016 => {
                "There is no catalog, feature, cluster type, region or cloud of that name, or the region is in \
                             another cloud. `tidegate catalog list` and `catalog show NAME` tell what there is."
            }
            Self::TG0017 => {
                "An address must lie in a certain subnet or prefix and does not: that of a firewall in \
                 AzureFirewallSubnet, that of an appliance, private endpoint or proxy in its own, that of a node in a \
                 subnet of its pool, that of the cluster's DNS in `service-cidr`. Both places are shown."
            }
            Self::TG0018 => {
                "The policy says `egress N` for a version of the language that this program does not know. \
                             Version 1 is the only one there is."
            }
            Self::TG0019 => {
                "A catalog or a file of facts does not load. The message points at the line in the YAML file and \
                             says what was expected. A catalog that is wrong in one place is not used at all."
            }
            Self::TG0020 => {
                "An `ignore` has no effect: there is no such finding in its block, or it is an error that must not \
                             be ignored, because what is deployed would be incomplete or refused by Azure. Remove it."
            }
            Self::TG0021 => {
                "The last day of an `ignore … until` has passed, so the finding is shown again. Fix what it was \
                             about, or agree on another day."
            }
            Self::TG0022 => {
                "An `ignore` names an id that does not exist. `tidegate rule` lists all ids."
            }
            Self::TG0023 => {
                "Each part is fine by itself, but not together: a peering of a network with itself, a subnet that \
                             exists in a vnet that does not, a security rule with two protocols, a group where none can stand, \
                 authorized ranges of a private cluster. The message says which parts."
            }
            Self::TG0024 => {
                "A parameter is declared and nothing uses it. Use it as `$NAME`, or remove it."
            }
            Self::TG0025 => {
                "A file that should be JSON is not. The message points at the first place that does not fit and says what was \
                 expected there. Nothing of the file is used. Comments, commas before a closing bracket and line breaks in \
                 strings are taken, as Azure's tools take them."
            }
            Self::TG0026 => {
                "A key stands twice in one object. The last one counts, for Azure and here, so the first has no effect. \
                 Remove one."
            }
            Self::TG0027 => {
                "An expression of a template is malformed, calls a function with arguments it does not take, or names a \
                 parameter, variable or resource that the template does not have. Azure refuses the template."
            }
            Self::TG0028 => {
                "An expression uses a function or a construct that this program does not know. Its value stays unknown, and \
                 what depends on it is uncertain."
            }
            Self::TG0029 => {
                "A loop, a nesting of templates or an expression is larger than Azure or this program takes. What lies beyond \
                 the bound is left out and counts as unknown."
            }
            Self::TG0030 => {
                "A template links another one whose file does not lie beside it. What the linked template deploys is not \
                 known, and neither are its outputs. Put the file beside the template under the name in the link."
            }
            Self::TG0031 => {
                "A value of the network depends on a parameter without a value, or on something that only Azure knows when the \
                 template runs. Verdicts that depend on it are uncertain. Give parameters their values with `--parameters`."
            }
            Self::TG0032 => {
                "A property has a value that Azure does not take there: no prefix, address, port, protocol or one of the words \
                 that the property knows. Azure refuses the resource."
            }
            Self::TG0033 => {
                "A resource refers to one that no file of the input states, such as a route table that another deployment made. \
                 What it holds is not known, so verdicts that depend on it are uncertain. Add the file or an export of it."
            }
            Self::TG0034 => {
                "A file was given by name and holds nothing that this program reads: no template, no export, no policy. \
                 Nothing of it is looked at."
            }
            Self::TG0035 => {
                "A comment begins with `tidegate:`, or a `metadata` holds `tidegate`, and what follows is no instruction. Write \
                 `// tidegate: ignore TG4010 \"reason\" until 2027-01-31`, or in `metadata` \
                 `{\"tidegate\": {\"ignore\": [{\"id\": \"TG4010\", \"reason\": \"…\", \"until\": \"2027-01-31\"}]}}`."
            }
            Self::TG0036 => {
                "Two places state the same resource and give a property different values, such as two exports of different \
                 days. Which holds is not known, so the property counts as not known and verdicts that depend on it are \
                 uncertain. Leave out the statement that no longer holds."
            }
            Self::TG0037 => {
                "Bicep finds a mistake in a file, so there is no template to look at. The message is Bicep's own, with its \
                 code; docs/lint.md says how Bicep files are read. Nothing of the template is looked at."
            }
            Self::TG0038 => {
                "Effective routes do not say which interface they are of. They are recognised by the address space of the network \
                 and the routes of the table that they show, or by the name of the interface. These fit no subnet of the input, or \
                 subnets of more than one network, so nothing of them is used. Add the networks and route tables to the input, or \
                 the interface (`az network nic list -o json`), and name the file after it. Effective security rules name their \
                 group; those of an administrator's configuration have none."
            }
            Self::TG0039 => {
                "Azure shows other effective routes for a subnet than follow from the files of the input. One of the two is older: \
                 the route table, the address space or a peering was changed, or the subnet got another table. Judgements rest on \
                 the files. Export both again. What only Azure can know, such as the routes that a gateway learned, is taken from \
                 it and is no difference."
            }
            Self::TG0040 => {
                "Azure shows other effective rules for a network security group than the files of the input state, or shows the \
                 group on a subnet that has another one. One of the two is older. Judgements rest on the files. Export both again. \
                 A group that no file states is read from its effective rules."
            }
            Self::TG0041 => {
                "A network manager has security admin rules, which are asked before every network security group and may \
                 overrule it, or routing rules, which add to route tables. They are not understood yet: what they may decide \
                 counts as not known, so verdicts are uncertain. Look at them with `az network manager security-admin-config \
                 rule-collection rule list`."
            }
            Self::TG0045 => {
                "The newest document that the catalog of a pool rests on is older than `--max-age` days on the day of \
                 `--today`; without that option, catalogs may be as old as they are. What the product needs may have changed since. Use a newer release, which brings newer catalogs, \
                 or a newer catalog of your own."
            }
            Self::TG0046 => {
                "The file given with `--service-tags` is older than `--max-age` days, 90 unless given, on the day of `--today`. \
                 Microsoft publishes a new one every week and begins to use new addresses soon after. The file has no date inside; \
                 its name has, such as ServiceTags_Public_20251028.json. When the name has none either, a note says that the age is \
                 not known. Download the file again and keep its name."
            }
            Self::TG0047 => {
                "The names of the file given with `--lock` were resolved longer ago than `--max-age` days, 30 unless given, on the \
                 day of `--today`. Services move: a verdict that rests on old addresses may be wrong by now. `tidegate resolve \
                 --lock FILE --check` tells what has changed, and without `--check` writes the file anew."
            }
            Self::TG0050 => {
                "A catalog declares a parameter, a feature, a source or an ambiguity that no entry names. Mostly an entry was \
                 removed or renamed and the declaration stayed, or an entry lacks its condition. Remove the declaration, or name \
                 it where it belongs. An ambiguity may be about what no entry says, so that is a note."
            }
            Self::TG0051 => {
                "Two entries of a catalog ask for the same destination over the same service in the same cloud under the same \
                 condition. A policy gets one rule for both, and whoever changes one of them changes nothing. Remove it from one, \
                 or give the two different conditions."
            }
            Self::TG0052 => {
                "An entry of a catalog loads, and every policy that needs it will fail with TG3001: a wildcard in a network rule, \
                 an IPv6 address, or ICMP to the Internet. Name each host, a service tag or addresses, or give a form that can be \
                 written under `alternatives`."
            }
            Self::TG0053 => {
                "The condition of a catalog entry needs a feature and excludes it, so the entry applies to nobody. Remove the \
                 feature from one of the lists."
            }
            Self::TG0054 => {
                "A source of a catalog has neither a date nor a commit, so nobody can tell whether what it says still holds. Give \
                 `doc_date`, the date that the document bears, or `commit_date`. With a commit and no date this is a note."
            }
            Self::TG0099 => {
                "A format or the service that reads it takes only so many findings. The worst ones were written and \
                 the rest left out. `--format json` writes all of them."
            }
            Self::TG2003 => {
                "Rules have to be put on a firewall that cannot take them: it exists already and its policy is not \
                             named, its policy lives in another resource group, classic rules meet a policy, or a pool leaves \
                             through several firewalls. The help says what to write."
            }
            Self::TG3001 => {
                "No rule of Azure Firewall, and no security rule, can let out what this requirement asks for. A \
                             wildcard over tcp/587, an IPv6 address through a firewall and ICMP to the Internet are the usual \
                             cases. Nothing is written until the requirement is expressible."
            }
            Self::TG7003 => {
                "A catalog entry needs a value that the policy does not give, so there is no rule for it yet. Write \
                             `set NAME = VALUE` in the block of the pool; the help says how to learn the value."
            }
            Self::TG7004 => {
                "The service behind a catalog is retired: new pools of this kind cannot be made. For pools that \
                             still run, accept it in the block of the pool. For example: ignore TG7004 \"runs until June\""
            }
            Self::TG7030 => {
                "The documents behind an entry of a catalog contradict each other, and the catalog decided for one. With \
                             `--strict` nothing is decided silently: read both sides, and accept the decision in the block of \
                             the pool. For example: ignore TG7030 \"as Microsoft support confirmed\""
            }
            _ => return None,
        })
    }
}
