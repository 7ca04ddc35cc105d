//! The command, and the job that runs it in a cluster.

use serde_json::Value;

use super::servers;
use super::validate;
use crate::authority::Authority;
use crate::cli::Folder;
use crate::dns::servers::authoritative;

/// A policy whose pool needs one port of a service tag, for which a test names a server of its own.
fn folder(port: u16) -> Folder {
    let folder = Folder::new();
    folder.write(
        "infra/shop.egress",
        format!(
            "\
egress 1
use \"network/hub.egress\"

pool apps in hub.nodes {{ outbound userDefinedRouting }}

require apps -> tag Storage.WestEurope tcp/{port} \"files\"
"
        ),
    );
    folder.write(
        "infra/network/hub.egress",
        "\
egress 1
region westeurope

vnet hub 10.10.0.0/16 {
  subnet AzureFirewallSubnet 10.10.0.0/26
  subnet nodes 10.10.1.0/24 { route-table to-fw }
}
firewall fw in hub { private-ip 10.10.0.4 }
route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
",
    );
    folder
}

const COMMAND: &str = "probe infra/shop.egress --pool apps --server 127.0.0.1:9 --today 2026-11-30";

#[test]
fn the_exit_code_says_whether_all_was_reached() {
    let here = "--sample Storage.WestEurope=127.0.0.1 --format json";
    let ran = folder(servers::silent()).run(&format!("{COMMAND} {here}"));
    let ran = ran.ends_with(0);
    let document = validate(&ran.out);
    assert_eq!(document["pool"], "apps");
    assert_eq!(document["started"], "2026-11-30");
    assert_eq!(document["servers"][0], "127.0.0.1:9");
    assert_eq!(document["rows"][0]["destination"], "tag Storage.WestEurope");
    assert_eq!(document["rows"][0]["class"], "ok");

    let ran = folder(servers::nobody()).run(&format!("{COMMAND} {here}"));
    assert_eq!(
        validate(&ran.ends_with(1).out)["rows"][0]["class"],
        "refused"
    );

    let ran = folder(7000).run(COMMAND).ends_with(3);
    assert!(ran.out.contains("not_probed"), "{}", ran.out);
    assert!(ran.out.contains("not known  1 of 1"), "{}", ran.out);
}

#[test]
fn wrong_usage_is_told() {
    let folder = folder(7000);
    folder.write("empty.pem", "none\n");
    for (arguments, wrong) in [
        ("probe infra/shop.egress --pool app", "did you mean `apps`?"),
        (
            "probe infra/shop.egress --pool apps --server dns",
            "is no server",
        ),
        (
            "probe infra/shop.egress --pool apps --sample *.a.com=b.com",
            "does not lie in",
        ),
        (
            "probe infra/shop.egress --pool apps --sample *.a.com=b.a.com",
            "needs no destination",
        ),
        (
            "probe infra/shop.egress --pool apps --ca empty.pem",
            "has no certificate",
        ),
        (
            "probe infra/shop.egress --pool apps --ca none.pem",
            "cannot read none.pem",
        ),
        (
            "probe infra/shop.egress --pool apps --timeout 0",
            "--timeout",
        ),
        (
            "probe infra/shop.egress --pool apps --image x",
            "--kubernetes-job",
        ),
        ("probe infra/shop.egress", "--pool"),
    ] {
        let ran = folder.run(arguments).ends_with(2);
        assert!(ran.err.contains(wrong), "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
    }
}

#[test]
fn the_job_has_all_that_it_reads() {
    let folder = folder(7000);
    folder.write("ca.pem", Authority::new().pem());
    let ran = folder.run(
        "probe infra/shop.egress --pool apps --kubernetes-job --image contoso.azurecr.io/tidegate:1 \
         --sample Storage.WestEurope=shop.blob.core.windows.net --timeout 4 --limit 60 \
         --node-label kubernetes.azure.com/agentpool=apps --server 10.10.0.4 --ca ca.pem",
    );
    let ran = ran.ends_with(0);
    let (map, job) = ran.out.split_once("\n---\n").unwrap();
    let map: Value = serde_saphyr::from_str(map).unwrap();
    let job: Value = serde_saphyr::from_str(job).unwrap();
    let pod = &job["spec"]["template"]["spec"];
    let items = pod["volumes"][0]["configMap"]["items"].as_array().unwrap();
    for item in items {
        let path = item["path"].as_str().unwrap();
        let text = map["data"][item["key"].as_str().unwrap()].as_str().unwrap();
        assert_eq!(text, folder.read(path), "{path}");
    }
    let paths: Vec<&str> = items
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        ["ca.pem", "infra/network/hub.egress", "infra/shop.egress"]
    );
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(
        container["securityContext"]["allowPrivilegeEscalation"],
        false
    );
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    insta::with_settings!({
        filters => vec![(r"(?s)-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----", "[certificate]")],
    }, {
        insta::assert_snapshot!("probe_job", ran.out);
    });
}

#[test]
fn the_job_runs_what_it_is_told() {
    let folder = folder(servers::silent());
    let ran = folder.run(
        "probe infra/shop.egress --pool apps --kubernetes-job --server 127.0.0.1:9 \
         --sample Storage.WestEurope=127.0.0.1",
    );
    let (_, job) = ran
        .ends_with(0)
        .out
        .split_once("\n---\n")
        .map(|it| (it.0.to_owned(), it.1.to_owned()))
        .unwrap();
    let job: Value = serde_saphyr::from_str(&job).unwrap();
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let told = container["args"].as_array().unwrap().iter();
    let root = folder.path("infra");
    let told: Vec<String> = told
        .map(|it| {
            it.as_str()
                .unwrap()
                .replace("/policy/", &format!("{root}/"))
        })
        .collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let ran = folder.run_with(&told).ends_with(0);
    assert_eq!(validate(&ran.out)["rows"][0]["class"], "ok");
}

/// A name of a private endpoint that leads to a public address, and a service without one that leads to a private one,
/// are not tried further: what answers there is not what the pool should reach.
#[test]
fn the_wrong_view_of_a_name_is_told() {
    let folder = folder(443);
    let more = "
service lake { fqdn contosolake.blob.core.windows.net }
service vault { fqdn contoso.vault.azure.net }
private-endpoint lake in hub.nodes { private-ip 10.10.1.20  target lake  zone privatelink.blob.core.windows.net }
private-dns-zone privatelink.blob.core.windows.net { link hub  record contosolake 10.10.1.20 }
private-endpoint queue in hub.nodes { private-ip 10.10.1.21  for contosolake.queue.core.windows.net }
require apps -> contosolake.blob.core.windows.net, contoso.vault.azure.net, www.contoso.com https
require apps -> contosolake.queue.core.windows.net, blocked.vault.azure.net https
";
    folder.write("infra/shop.egress", folder.read("infra/shop.egress") + more);
    let server = authoritative(&[
        (
            "windows.net",
            "contosolake.blob.core.windows.net 60 A 203.0.113.9
             contosolake.queue.core.windows.net 60 A 127.0.0.1",
        ),
        (
            "azure.net",
            "contoso.vault.azure.net 60 A 10.99.0.4
             blocked.vault.azure.net 60 A 127.0.0.1",
        ),
        ("contoso.com", "www.contoso.com 60 A 127.0.0.1"),
    ]);
    let arguments = format!(
        "probe infra/shop.egress --pool apps --server {} --today 2026-11-30 --timeout 1 --format json",
        server.address
    );
    let document = validate(&folder.run(&arguments).ends_with(1).out);
    let rows = document["rows"].as_array().unwrap();
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    for (name, detail) in [
        (
            "contosolake.blob.core.windows.net",
            "203.0.113.9 is a public address",
        ),
        ("contoso.vault.azure.net", "10.99.0.4 is a private address"),
    ] {
        let row = of(name);
        assert_eq!(row["class"], "wrong_view", "{row}");
        assert!(row["detail"].as_str().unwrap().starts_with(detail), "{row}");
    }
    // Other names may lead anywhere; so may that of an endpoint which the policy itself does not lead to. An address of
    // this machine is the answer of a filter.
    for name in [
        "www.contoso.com",
        "contosolake.queue.core.windows.net",
        "blocked.vault.azure.net",
    ] {
        assert_ne!(of(name)["class"], "wrong_view", "{name}");
    }
}
