use super::*;

fn entry(name: &str, destinations: &[&str], services: &[&str]) -> Allowed {
    Allowed {
        name: name.into(),
        sources: vec!["10.1.0.0/24".parse().unwrap()],
        destinations: destinations
            .iter()
            .map(|text| read_destination(text).unwrap())
            .collect(),
        services: services.iter().map(|text| text.parse().unwrap()).collect(),
        reason: "a \"reason\", quoted".to_owned(),
        origin: Origin::Platform,
    }
}

fn entries() -> Vec<Allowed> {
    let mut elsewhere = entry("d", &["10.9.0.1-10.9.0.8"], &["any"]);
    elsewhere.sources = vec![
        "10.2.0.0/24".parse().unwrap(),
        "10.3.0.0/24".parse().unwrap(),
    ];
    vec![
        entry(
            "a",
            &["mcr.microsoft.com", "*.data.mcr.microsoft.com"],
            &["https", "http"],
        ),
        entry("b", &["mcr.microsoft.com"], &["https"]),
        entry(
            "c",
            &["192.0.2.0/24", "192.0.2.9"],
            &["tcp/9000-9001", "udp/123"],
        ),
        elsewhere,
    ]
}

const FORMATS: [ListFormat; 3] = [ListFormat::Plain, ListFormat::Csv, ListFormat::PaloAlto];

#[test]
fn what_is_written_reads_back() {
    let said = |allowed: &[Allowed]| {
        let mut lines: Vec<String> = rows(allowed, None)
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{} {} {}",
                    sources_text(&row.sources),
                    row.destination,
                    service_text(row.service)
                )
            })
            .collect();
        lines.sort();
        lines
    };
    for format in FORMATS {
        let files = files("edge", &entries(), format, None).unwrap();
        let back = read(&files, format).unwrap();
        assert_eq!(said(&back), said(&entries()), "{format:?}");
    }
}

#[test]
fn a_destination_needed_twice_is_one_line() {
    let (_, text) = &files("edge", &entries(), ListFormat::Plain, None).unwrap()[0];
    let lines: Vec<&str> = text.lines().filter(|it| it.contains("  mcr.")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].ends_with("# a, b"), "{text}");
}

#[test]
fn a_tag_needs_its_prefixes() {
    let mut tagged = entry("t", &[], &["tcp/443"]);
    tagged.destinations = vec![Destination::ServiceTag(crate::net::ServiceTag::new("Sql"))];
    let error = files("edge", &[tagged.clone()], ListFormat::Csv, None).unwrap_err();
    assert_eq!(
        error[0].to_string(),
        "t: service tag Sql means something to Azure only; give its prefixes with --service-tags"
    );
    let tags = ServiceTags::parse(
        r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "Sql", "id": "Sql", "properties": {"addressPrefixes": ["192.0.2.0/25"]}}]}"#,
    )
    .unwrap();
    let written = files("edge", &[tagged], ListFormat::Plain, Some(&tags)).unwrap();
    assert!(written[0].1.contains("192.0.2.0/25"), "{}", written[0].1);
}

#[test]
fn a_suffix_is_no_wildcard_of_a_dynamic_list() {
    let suffix = entry("s", &["*contoso.com"], &["https"]);
    assert!(
        files(
            "edge",
            std::slice::from_ref(&suffix),
            ListFormat::PaloAlto,
            None
        )
        .is_err()
    );
    assert!(files("edge", &[suffix], ListFormat::Plain, None).is_ok());
}

#[test]
fn names_are_urls_of_web_traffic_only() {
    let time = entry("time", &["time.contoso.com"], &["udp/123"]);
    let written = files("edge", &[time], ListFormat::PaloAlto, None).unwrap();
    let name = "edge.udp-123.fqdn.txt".to_owned();
    assert!(
        written.contains(&(name, "time.contoso.com\n".to_owned())),
        "{written:?}"
    );
    let below = entry("mail", &["*.contoso.com"], &["tcp/587"]);
    assert!(files("edge", &[below], ListFormat::PaloAlto, None).is_err());
}

#[test]
fn no_text_makes_the_readers_panic() {
    for format in FORMATS {
        let whole = files("edge", &entries(), format, None).unwrap();
        for (index, (_, text)) in whole.iter().enumerate() {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let mut cut = whole.clone();
                cut[index].1.truncate(end);
                let _ = read(&cut, format);
            }
        }
    }
}
