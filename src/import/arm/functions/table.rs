//! The functions by name, with how many arguments each takes.

use std::ops::RangeInclusive;

use super::call::{Call, Outcome};
use super::{
    arrays, cidr, collections, comparison, dates, encoding, format, ids, logic, numbers, objects,
    opaque, sets, strings, uris,
};

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    /// As Azure's documents write it.
    pub(super) name: &'static str,
    pub(super) counts: RangeInclusive<usize>,
    pub(super) apply: fn(&Call<'_>) -> Outcome,
}

const fn function(
    name: &'static str,
    counts: RangeInclusive<usize>,
    apply: fn(&Call<'_>) -> Outcome,
) -> Function {
    Function {
        name,
        counts,
        apply,
    }
}

/// Sorted without regard to case.
#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    function("add", 2..=2, numbers::add),
    function("and", 1..=usize::MAX, logic::and),
    function("array", 1..=1, arrays::array),
    function("base64", 1..=1, encoding::to_base64),
    function("base64ToJson", 1..=1, encoding::base64_to_json),
    function("base64ToString", 1..=1, encoding::base64_to_string),
    function("bool", 1..=1, logic::bool),
    function("buildUri", 1..=1, opaque::computed),
    function("cidrHost", 2..=2, cidr::cidr_host),
    function("cidrSubnet", 3..=3, cidr::cidr_subnet),
    function("coalesce", 1..=usize::MAX, comparison::coalesce),
    function("concat", 1..=usize::MAX, collections::concat),
    function("contains", 2..=2, collections::contains),
    function("createArray", 0..=usize::MAX, arrays::create_array),
    function("createObject", 0..=usize::MAX, objects::create_object),
    function("dataUri", 1..=1, encoding::data_uri),
    function("dataUriToString", 1..=1, encoding::data_uri_to_string),
    function("dateTimeAdd", 2..=3, dates::add),
    function("dateTimeFromEpoch", 1..=1, dates::from_epoch),
    function("dateTimeToEpoch", 1..=1, dates::to_epoch),
    function("div", 2..=2, numbers::div),
    function("empty", 1..=1, collections::empty),
    function("endsWith", 2..=2, strings::ends_with),
    function("equals", 2..=2, comparison::equals),
    function("extensionResourceId", 3..=usize::MAX, ids::extension),
    function("fail", 1..=1, opaque::fail),
    function("false", 0..=0, logic::no),
    function("first", 1..=1, collections::first),
    function("flatten", 1..=1, arrays::flatten),
    function("float", 1..=1, numbers::float),
    function("format", 1..=usize::MAX, format::format),
    function("greater", 2..=2, comparison::greater),
    function("greaterOrEquals", 2..=2, comparison::greater_or_equals),
    function("guid", 1..=usize::MAX, opaque::computed),
    function("if", 3..=3, logic::choose),
    function("indexFromEnd", 2..=2, arrays::index_from_end),
    function("indexOf", 2..=2, collections::index_of),
    function("int", 1..=1, numbers::int),
    function("intersection", 1..=usize::MAX, sets::intersection),
    function("items", 1..=1, objects::items),
    function("join", 2..=2, strings::join),
    function("json", 1..=1, objects::json),
    function("last", 1..=1, collections::last),
    function("lastIndexOf", 2..=2, collections::last_index_of),
    function("length", 1..=1, collections::length),
    function("less", 2..=2, comparison::less),
    function("lessOrEquals", 2..=2, comparison::less_or_equals),
    function("managementGroupResourceId", 2..=usize::MAX, ids::management_group),
    function("max", 1..=usize::MAX, arrays::max),
    function("min", 1..=usize::MAX, arrays::min),
    function("mod", 2..=2, numbers::modulo),
    function("mul", 2..=2, numbers::mul),
    function("newGuid", 0..=0, opaque::unrepeatable),
    function("not", 1..=1, logic::not),
    function("null", 0..=0, objects::null),
    function("objectKeys", 1..=1, objects::object_keys),
    function("or", 1..=usize::MAX, logic::or),
    function("padLeft", 2..=3, strings::pad_left),
    function("parseCidr", 1..=1, cidr::parse_cidr),
    function("parseUri", 1..=1, opaque::computed),
    function("range", 2..=2, arrays::range),
    function("replace", 3..=3, strings::replace),
    function("resourceId", 2..=usize::MAX, ids::resource),
    function("shallowMerge", 1..=1, sets::shallow_merge),
    function("skip", 2..=2, collections::skip),
    function("split", 2..=2, strings::split),
    function("startsWith", 2..=2, strings::starts_with),
    function("string", 1..=1, strings::string),
    function("sub", 2..=2, numbers::sub),
    function("subscriptionResourceId", 2..=usize::MAX, ids::subscription),
    function("substring", 1..=3, strings::substring),
    function("take", 2..=2, collections::take),
    function("tenantResourceId", 2..=usize::MAX, ids::tenant),
    function("toLower", 1..=1, strings::to_lower),
    function("toUpper", 1..=1, strings::to_upper),
    function("trim", 1..=1, strings::trim),
    function("true", 0..=0, logic::yes),
    function("tryGet", 2..=usize::MAX, objects::try_get),
    function("tryIndexFromEnd", 2..=2, arrays::try_index_from_end),
    function("union", 1..=usize::MAX, sets::union),
    function("uniqueString", 1..=usize::MAX, opaque::computed),
    function("uri", 2..=2, uris::uri),
    function("uriComponent", 1..=1, encoding::uri_component),
    function("uriComponentToString", 1..=1, encoding::uri_component_to_string),
    function("utcNow", 0..=1, opaque::unrepeatable),
];

/// A function by its name in any case.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let at = FUNCTIONS.binary_search_by(|function| lower(function.name).cmp(lower(name)));
    at.ok().and_then(|at| FUNCTIONS.get(at))
}

fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}
