//! The addresses of a name: the first one is tried, and the others when that fails.
//!
//! A client that is unlucky gets any of them, so an endpoint of which some addresses answer is not reached as it should
//! be, and the row says so.

use std::net::IpAddr;

use tokio::task::JoinSet;

use crate::dns::Trust;

use super::plan::Target;
use super::row::{Class, Ended, Standing};
use super::speak::speak;
use super::trail::Trail;

/// How many addresses of a name are tried.
const MOST: usize = 4;

/// An address, and how trying it ended.
struct Tried {
    address: IpAddr,
    ended: Ended,
}

/// Tries the addresses of a target: how its row ends, and the address that decides. Steps are in the order of the
/// addresses, although all but the first are tried at once.
pub(super) async fn attempt(
    target: &Target,
    addresses: &[IpAddr],
    trust: &Trust,
    trail: &mut Trail,
) -> (Option<IpAddr>, Ended) {
    let several = addresses.len() > 1;
    let mut tried = Vec::new();
    let mut rest = addresses.iter().copied().take(MOST);
    if let Some(address) = rest.next() {
        let ended = match several {
            true => {
                let mut own = trail.to(address);
                let ended = speak(target, address, trust, &mut own).await;
                trail.steps.append(&mut own.steps);
                ended
            }
            false => speak(target, address, trust, trail).await,
        };
        let fails = ended.standing() == Standing::Failed || ended.class == Class::NoAnswer;
        tried.push(Tried { address, ended });
        if fails {
            tried.extend(at_once(target, rest, trust, trail).await);
        }
    }
    let address = |tried: &Tried| tried.address;
    let (decides, ended) = judge(&tried, addresses.len());
    (decides.map(address), ended)
}

async fn at_once(
    target: &Target,
    addresses: impl Iterator<Item = IpAddr>,
    trust: &Trust,
    trail: &mut Trail,
) -> Vec<Tried> {
    let mut all = JoinSet::new();
    for (index, address) in addresses.enumerate() {
        let (target, trust, mut own) = (target.clone(), trust.clone(), trail.to(address));
        all.spawn(async move {
            let ended = speak(&target, address, &trust, &mut own).await;
            (index, Tried { address, ended }, own.steps)
        });
    }
    let mut done = Vec::new();
    while let Some(one) = all.join_next().await {
        done.extend(one);
    }
    done.sort_by_key(|(index, ..)| *index);
    let mut tried = Vec::new();
    for (_, one, steps) in done {
        trail.steps.extend(steps);
        tried.push(one);
    }
    tried
}

/// How a row ends whose addresses ended so; `of` is how many there are. The address is the one that decides.
fn judge(tried: &[Tried], of: usize) -> (Option<&Tried>, Ended) {
    let [first, others @ ..] = tried else {
        return (None, Ended::unclear(Class::NotProbed, "no address"));
    };
    let mut ended = first.ended.clone();
    if others.is_empty() {
        if of > 1 {
            let first = format!("; tried the first of {of} addresses");
            ended.detail.push_str(&first);
        }
        return (Some(first), ended);
    }
    let with = |standing: Standing| {
        let tried = tried.iter();
        tried.filter(move |it| it.ended.standing() == standing)
    };
    let answered = with(Standing::Reached).next();
    let any = with(Standing::Failed).next();
    let failed = with(Standing::Failed).find(|it| counts(it, tried));
    let failed = failed.or(any.filter(|_| answered.is_none()));
    let (decides, class, words) = match (answered, failed) {
        (Some(_), Some(failed)) => {
            let answered = with(Standing::Reached).count();
            let words = format!("only {answered} of {} addresses answered", tried.len());
            (failed, Class::Partial, words)
        }
        (Some(answered), None) => {
            let words = format!("{} answered", answered.address);
            (answered, answered.ended.class, words)
        }
        (None, failed) => {
            let decides = failed.unwrap_or(first);
            let words = format!("none of {} addresses answered as it should", tried.len());
            (decides, decides.ended.class, words)
        }
    };
    let each = tried.iter().map(|Tried { address, ended }| {
        let (class, detail) = (ended.class.word(), &ended.detail);
        format!("; {address} {class}: {detail}")
    });
    ended = Ended {
        class,
        evidence: decides.ended.evidence,
        detail: words + &each.collect::<String>(),
    };
    if of > tried.len() {
        let most = format!("; {} of {of} addresses were tried", tried.len());
        ended.detail.push_str(&most);
    }
    (Some(decides), ended)
}

/// Whether an address that failed says anything where another one answered: a machine without IPv6, or without IPv4,
/// takes the addresses of the family that it has.
fn counts(failed: &Tried, tried: &[Tried]) -> bool {
    let is_sent = |it: &Tried| it.ended.class != Class::NotSent;
    let of_family = |it: &&Tried| it.address.is_ipv4() == failed.address.is_ipv4();
    is_sent(failed) || tried.iter().filter(of_family).any(is_sent)
}
