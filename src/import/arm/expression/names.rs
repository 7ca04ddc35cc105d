//! The functions that Azure documents, in the case of its documents.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions.md.

/// Sorted without regard to case.
const NAMES: &[&str] = &[
    "add",
    "and",
    "array",
    "base64",
    "base64ToJson",
    "base64ToString",
    "bool",
    "buildUri",
    "cidrHost",
    "cidrSubnet",
    "coalesce",
    "concat",
    "contains",
    "copyIndex",
    "createArray",
    "createObject",
    "dataUri",
    "dataUriToString",
    "dateTimeAdd",
    "dateTimeFromEpoch",
    "dateTimeToEpoch",
    "deployer",
    "deployment",
    "div",
    "empty",
    "endsWith",
    "environment",
    "equals",
    "extensionResourceId",
    "externalInput",
    "fail",
    "false",
    "filter",
    "first",
    "flatten",
    "float",
    "format",
    "greater",
    "greaterOrEquals",
    "groupBy",
    "guid",
    "if",
    "indexFromEnd",
    "indexOf",
    "int",
    "intersection",
    "items",
    "join",
    "json",
    "lambda",
    "lambdaVariables",
    "last",
    "lastIndexOf",
    "length",
    "less",
    "lessOrEquals",
    "list",
    "listAccountSas",
    "listKeys",
    "listSecrets",
    "listServiceSas",
    "managementGroup",
    "managementGroupResourceId",
    "map",
    "mapValues",
    "max",
    "min",
    "mod",
    "mul",
    "newGuid",
    "not",
    "null",
    "objectKeys",
    "or",
    "padLeft",
    "parameters",
    "parseCidr",
    "parseUri",
    "pickZones",
    "providers",
    "range",
    "reduce",
    "reference",
    "references",
    "replace",
    "resourceGroup",
    "resourceId",
    "resourceInfo",
    "shallowMerge",
    "skip",
    "sort",
    "split",
    "startsWith",
    "string",
    "sub",
    "subscription",
    "subscriptionResourceId",
    "substring",
    "take",
    "tenant",
    "tenantResourceId",
    "toLogicalZone",
    "toLogicalZones",
    "toLower",
    "toObject",
    "toPhysicalZone",
    "toPhysicalZones",
    "toUpper",
    "trim",
    "true",
    "tryGet",
    "tryIndexFromEnd",
    "union",
    "uniqueString",
    "uri",
    "uriComponent",
    "uriComponentToString",
    "utcNow",
    "variables",
];

/// The name of a documented function as the documents write it.
pub(crate) fn documented_spelling(name: &str) -> Option<&'static str> {
    let found = NAMES.binary_search_by(|known| lower(known).cmp(lower(name)));
    found.ok().and_then(|at| NAMES.get(at)).copied()
}

fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        assert!(NAMES.is_sorted_by_key(|name| name.to_ascii_lowercase()));
        for name in NAMES {
            assert_eq!(documented_spelling(&name.to_ascii_uppercase()), Some(*name));
        }
        assert_eq!(documented_spelling("resourceid"), Some("resourceId"));
        assert_eq!(documented_spelling("resourceIds"), None);
    }
}
