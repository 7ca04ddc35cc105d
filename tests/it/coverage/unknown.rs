//! What stays unknown of a combination because Azure does not publish what a tag holds. Nothing else may.

use tidegate::intent::Requirement;
use tidegate::net::Destination;
use tidegate::verify::Deficit;

use super::compiled::Compiled;
use super::setup::Way;

/// Whether what is told as missing rests on what a tag holds.
pub(super) fn rests_on_tag(done: &Compiled, way: Way, deficit: &Deficit) -> bool {
    let requirement = &done.intent.requirements[deficit.requirement];
    !deficit.certain
        && (is_disputed(way, requirement, deficit)
            || is_for_replies(done, requirement, deficit)
            || is_listed_as_threat(requirement, deficit))
}

/// Names of which it is not known whether an FQDN tag holds them. An appliance of another vendor is told those that the
/// tag holds by the documents, and may let others through as what a service tag holds.
fn is_disputed(way: Way, requirement: &Requirement, deficit: &Deficit) -> bool {
    let mut to = requirement.destinations.iter();
    let in_question =
        |doubt: &&String| doubt.starts_with("FQDN tag ") && doubt.ends_with(" holds the name");
    way == Way::Appliance
        && to.all(|it| matches!(it.value, Destination::FqdnTag(_)))
        && deficit.doubts.iter().any(|it| in_question(&it))
        && deficit
            .doubts
            .iter()
            .all(|it| in_question(&it) || it.starts_with("tag "))
}

/// Addresses of the management of HDInsight, should a service tag hold them: what is there opens connections itself, and
/// nothing goes there but replies.
fn is_for_replies(done: &Compiled, requirement: &Requirement, deficit: &Deficit) -> bool {
    let mut to = requirement.destinations.iter();
    let replies = done.intent.routes.iter().filter(|route| route.replies_only);
    let replies: Vec<String> = replies
        .map(|route| route.prefix.addr().to_string())
        .collect();
    let is_there = |line: &String| {
        let Some((flows, condition)) = line.split_once(" where tag ") else {
            return false;
        };
        let to = flows.strip_prefix("any -> ");
        let addresses = to.and_then(|to| Some(to.split_once(" tcp")?.0));
        let mut asked = deficit.doubts.iter();
        asked.any(|doubt| format!("tag {condition}").starts_with(doubt))
            && addresses.is_some_and(|all| {
                all.split(", ")
                    .all(|one| replies.iter().any(|it| it == one))
            })
    };
    to.all(|it| matches!(it.value, Destination::ServiceTag(_)))
        && deficit.flows.iter().all(is_there)
}

/// The name by which Azure's documents try threat intelligence, should an FQDN tag hold it.
fn is_listed_as_threat(requirement: &Requirement, deficit: &Deficit) -> bool {
    let mut to = requirement.destinations.iter();
    let is_that = |line: &String| {
        let flow = line.split_once(" where FQDN tag ").map(|(flow, _)| flow);
        flow == Some("any -> testmaliciousdomain.eastus.cloudapp.azure.com tcp/443")
    };
    to.all(|it| matches!(it.value, Destination::FqdnTag(_))) && deficit.flows.iter().all(is_that)
}
