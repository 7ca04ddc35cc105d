use super::{CallError, Data, Scope, check, shown, span};
use crate::import::Value;

const HERE: &str =
    "/subscriptions/${subscription().subscriptionId}/resourceGroups/${resourceGroup().name}";

#[test]
fn resource_ids() {
    let here = |rest: &str| format!("'{HERE}/providers/{rest}'");
    let vnet = here("Microsoft.Network/virtualNetworks/hub");
    let subnet = here("Microsoft.Network/virtualNetworks/hub/subnets/pods");
    let open = here("Microsoft.Network/virtualNetworks/${parameters('p')}/subnets/pods");
    check(&[
        (
            "resourceId('Microsoft.Network/virtualNetworks', 'hub')",
            &vnet,
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'pods')",
            &subnet,
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks/subnets', parameters('p'), 'pods')",
            &open,
        ),
        (
            "resourceId('rg', 'Microsoft.Network/virtualNetworks', 'hub')",
            "'/subscriptions/${subscription().subscriptionId}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub'",
        ),
        (
            "resourceId('1-2', 'rg', 'Microsoft.Network/virtualNetworks/subnets', 'hub', 'pods')",
            "'/subscriptions/1-2/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/pods'",
        ),
        (
            "resourceId(parameters('s'), parameters('g'), 'Microsoft.Network/virtualNetworks', 'hub')",
            "'/subscriptions/${parameters('s')}/resourceGroups/${parameters('g')}/providers/Microsoft.Network/virtualNetworks/hub'",
        ),
        (
            "resourceId(parameters('type'), 'hub')",
            "<resourceId(parameters('type'), 'hub')>",
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks', 'a', 'b')",
            "! `resourceId` wants 1 name for `Microsoft.Network/virtualNetworks`, not 2",
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks/subnets', 'a/b')",
            "! `resourceId` wants 2 names for `Microsoft.Network/virtualNetworks/subnets`, not 1",
        ),
        (
            "resourceId('virtualNetworks', 'a')",
            "! `resourceId` wants a type such as `Microsoft.Network/virtualNetworks`",
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks', null())",
            "! `resourceId` wants a name as argument 2, not null",
        ),
        (
            "resourceId('Microsoft.Network/virtualNetworks')",
            "! `resourceId` takes at least 2 arguments, not 1",
        ),
        (
            "last(split(resourceId('Microsoft.Network/virtualNetworks', 'hub'), '/'))",
            "'hub'",
        ),
        (
            "take(split(resourceId('Microsoft.Network/virtualNetworks', 'hub'), '/'), 5)",
            "['', 'subscriptions', '${subscription().subscriptionId}', 'resourceGroups', '${resourceGroup().name}']",
        ),
    ]);
}

#[test]
fn ids_at_other_scopes() {
    check(&[
        (
            "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
            "'/subscriptions/${subscription().subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/r'",
        ),
        (
            "subscriptionResourceId('1-2', 'Microsoft.Authorization/roleDefinitions', 'r')",
            "'/subscriptions/1-2/providers/Microsoft.Authorization/roleDefinitions/r'",
        ),
        (
            "tenantResourceId('Microsoft.Authorization/roleDefinitions', 'r')",
            "'/providers/Microsoft.Authorization/roleDefinitions/r'",
        ),
        (
            "managementGroupResourceId('Microsoft.Authorization/policyDefinitions', 'p')",
            "'/providers/Microsoft.Management/managementGroups/${managementGroup().name}/providers/Microsoft.Authorization/policyDefinitions/p'",
        ),
        (
            "managementGroupResourceId('mg', 'Microsoft.Authorization/policyDefinitions', 'p')",
            "'/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyDefinitions/p'",
        ),
        (
            "extensionResourceId('/subscriptions/1/resourceGroups/rg', 'Microsoft.Network/virtualNetworks/subnets', 'hub', 'pods')",
            "'/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/pods'",
        ),
        (
            "extensionResourceId(parameters('id'), 'Microsoft.Authorization/locks', 'l')",
            "'${parameters('id')}/providers/Microsoft.Authorization/locks/l'",
        ),
        (
            "extensionResourceId('/a', 'Microsoft.Authorization/locks', 'l', 'm')",
            "! `extensionResourceId` wants 1 name for `Microsoft.Authorization/locks`, not 2",
        ),
    ]);
}

#[test]
fn a_scope_fills_what_an_id_does_not_say() {
    let id = |texts: &[&str], scope: &Scope| -> Result<String, CallError> {
        let values = texts
            .iter()
            .map(|text| Value::new(Data::Text((*text).into()), span(0)));
        let values: Vec<Value> = values.collect();
        super::resource_id(&values, scope, span(0)).map(|value| shown(&value))
    };
    let scope = |subscription: Option<&str>, group: Option<&str>| Scope {
        subscription: subscription.map(Into::into),
        group: group.map(Into::into),
    };
    let vnet = ["Microsoft.Network/virtualNetworks", "hub"];
    let named = "/providers/Microsoft.Network/virtualNetworks/hub";
    for (scope, expected) in [
        (
            scope(Some("1"), Some("rg")),
            format!("'/subscriptions/1/resourceGroups/rg{named}'"),
        ),
        (scope(Some("1"), None), format!("'/subscriptions/1{named}'")),
        (scope(None, None), format!("'{named}'")),
    ] {
        assert_eq!(id(&vnet, &scope), Ok(expected));
    }
    let other = ["other", "Microsoft.Network/virtualNetworks", "hub"];
    let expected = format!("'/subscriptions/1/resourceGroups/other{named}'");
    assert_eq!(id(&other, &scope(Some("1"), Some("rg"))), Ok(expected));
    assert!(id(&["x"], &Scope::default()).is_err());
}
