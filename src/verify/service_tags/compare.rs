//! What changed from one file of service tags to another.

use std::collections::BTreeMap;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::azure::{ServiceTags, TagStatement};
use crate::base::did_you_mean;
use crate::net::ServiceTag;

use super::addresses::Addresses;

/// What changed. Tags are in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagsDifference {
    /// Tags that only the new file has.
    pub added: Vec<Alone>,
    /// Tags that only the old file has.
    pub removed: Vec<Alone>,
    /// Tags of both with other addresses, uses, region or service.
    pub changed: Vec<Changed>,
    /// Tags of both whose addresses are the same in other prefixes, and nothing else changed.
    pub rewritten: Vec<String>,
    /// How many tags are alike, prefix by prefix.
    pub alike: usize,
    /// The files are about different clouds.
    pub other_cloud: bool,
    /// By their numbers the old file is the newer one. Numbers of different clouds do not compare.
    pub reversed: bool,
}

impl TagsDifference {
    /// Whether something changed.
    #[must_use]
    pub fn is_change(&self) -> bool {
        !(self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty())
    }
}

/// A tag that only one file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alone {
    /// Its name.
    pub name: String,
    /// What its file says of it.
    pub statement: TagStatement,
    /// How many prefixes it has as written.
    pub prefixes: usize,
    /// Its addresses.
    pub addresses: Addresses,
}

/// A tag of both files that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its name as the new file spells it.
    pub name: String,
    /// Addresses that it has now.
    pub gained: Addresses,
    /// Addresses that it has no longer.
    pub lost: Addresses,
    /// Uses that the file states now, in its words.
    pub features_gained: Vec<SmolStr>,
    /// Uses that the file no longer states.
    pub features_lost: Vec<SmolStr>,
    /// Both statements, old and new.
    pub statements: (TagStatement, TagStatement),
}

/// A tag was asked for that neither file has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither file has a service tag `{name}`{}", .suggestion.as_ref().map_or_else(String::new, |close| format!("; did you mean `{close}`?")))]
pub struct UnknownTag {
    /// The name.
    pub name: String,
    /// A name that is close.
    pub suggestion: Option<String>,
}

/// What changed from the old file to the new one, of the tags of these names only: all unless any is given. `Sql.*` is
/// every tag below `Sql`.
///
/// # Errors
/// When neither file has a tag of such a name.
pub fn tags_difference(
    old: &ServiceTags,
    new: &ServiceTags,
    wanted: &[String],
) -> Result<TagsDifference, UnknownTag> {
    let (before, after) = (by_name(old), by_name(new));
    for wanted in wanted {
        if !before
            .keys()
            .chain(after.keys())
            .any(|name| is_meant(wanted, name))
        {
            let names = new.names().chain(old.names());
            return Err(UnknownTag {
                name: wanted.clone(),
                suggestion: did_you_mean(wanted, names).map(str::to_owned),
            });
        }
    }
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| is_meant(wanted, name));
    let other_cloud = !old.cloud().eq_ignore_ascii_case(new.cloud());
    let mut difference = TagsDifference {
        other_cloud,
        reversed: !other_cloud && old.change_number() > new.change_number(),
        ..TagsDifference::default()
    };
    let only = |tags: &BTreeMap<String, &str>, others: &BTreeMap<String, &str>, file| {
        let names = tags
            .iter()
            .filter(|(key, _)| is_wanted(key) && !others.contains_key(*key));
        names.filter_map(|(_, name)| alone(file, name)).collect()
    };
    difference.removed = only(&before, &after, old);
    difference.added = only(&after, &before, new);
    for (_, name) in after
        .iter()
        .filter(|(key, _)| is_wanted(key) && before.contains_key(*key))
    {
        let tag = ServiceTag::new(*name);
        let (Some(was), Some(is)) = (Tag::of(old, &tag), Tag::of(new, &tag)) else {
            continue;
        };
        match compare(name, &was, &is) {
            Compared::Alike => difference.alike += 1,
            Compared::Rewritten => difference.rewritten.push((*name).to_owned()),
            Compared::Changed(changed) => difference.changed.push(*changed),
        }
    }
    Ok(difference)
}

/// The tags of a file by their names in lower case.
fn by_name(file: &ServiceTags) -> BTreeMap<String, &str> {
    file.names()
        .map(|name| (name.to_ascii_lowercase(), name))
        .collect()
}

/// Whether a tag is meant by what somebody wrote.
fn is_meant(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(base) => name
            .rsplit_once('.')
            .is_some_and(|(own, _)| own.eq_ignore_ascii_case(base)),
        None => wanted.eq_ignore_ascii_case(name),
    }
}

fn alone(file: &ServiceTags, name: &str) -> Option<Alone> {
    let tag = Tag::of(file, &ServiceTag::new(name))?;
    Some(Alone {
        name: name.to_owned(),
        statement: tag.statement.clone(),
        prefixes: tag.prefixes.len(),
        addresses: Addresses::of(&tag.prefixes),
    })
}

/// A tag of a file.
struct Tag<'f> {
    statement: &'f TagStatement,
    prefixes: Vec<IpNet>,
}

impl<'f> Tag<'f> {
    fn of(file: &'f ServiceTags, tag: &ServiceTag) -> Option<Self> {
        let (_, statement) = file.statement(tag)?;
        let mut prefixes: Vec<IpNet> = file.prefixes(tag)?.collect();
        prefixes.sort_unstable();
        Some(Self {
            statement,
            prefixes,
        })
    }
}

enum Compared {
    Alike,
    Rewritten,
    Changed(Box<Changed>),
}

fn compare(name: &str, was: &Tag<'_>, is: &Tag<'_>) -> Compared {
    let same_prefixes = was.prefixes == is.prefixes;
    let (gained, lost) = if same_prefixes {
        Default::default()
    } else {
        let (before, after) = (Addresses::of(&was.prefixes), Addresses::of(&is.prefixes));
        (after.minus(&before), before.minus(&after))
    };
    let (then, now) = (was.statement, is.statement);
    let missing = |of: &TagStatement, other: &TagStatement| {
        let features = of.features.iter().filter(|it| !other.features.contains(it));
        features.cloned().collect::<Vec<SmolStr>>()
    };
    let (features_gained, features_lost) = (missing(now, then), missing(then, now));
    // The number of a tag may grow without anything that a reader of the file could see.
    let same_words = then.region == now.region && then.system_service == now.system_service;
    let same_uses = features_gained.is_empty() && features_lost.is_empty();
    if gained.is_empty() && lost.is_empty() && same_words && same_uses {
        return match same_prefixes {
            true => Compared::Alike,
            false => Compared::Rewritten,
        };
    }
    Compared::Changed(Box::new(Changed {
        name: name.to_owned(),
        gained,
        lost,
        features_gained,
        features_lost,
        statements: (then.clone(), now.clone()),
    }))
}
