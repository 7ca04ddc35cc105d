use super::check;

#[test]
fn points_in_time() {
    check(&[
        ("dateTimeToEpoch('1970-01-02T00:00:01Z')", "86401"),
        ("dateTimeToEpoch('20230502T151613Z')", "1683040573"),
        ("dateTimeToEpoch('2023-05-02 15:16:13Z')", "1683040573"),
        (
            "dateTimeToEpoch('yesterday')",
            "<dateTimeToEpoch('yesterday')>",
        ),
        (
            "dateTimeToEpoch('2023-02-30T00:00:00Z')",
            "<dateTimeToEpoch('2023-02-30T00:00:00Z')>",
        ),
        ("dateTimeFromEpoch(1683040573)", "'2023-05-02T15:16:13Z'"),
        ("dateTimeFromEpoch(-1)", "'1969-12-31T23:59:59Z'"),
        (
            "dateTimeFromEpoch(parameters('p'))",
            "<dateTimeFromEpoch(parameters('p'))>",
        ),
        (
            "dateTimeFromEpoch('x')",
            "! `dateTimeFromEpoch` wants an integer as argument 1, not a string",
        ),
    ]);
}

#[test]
fn durations_are_added() {
    check(&[
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P3Y', 'u')",
            "'2023-04-07 14:53:14Z'",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', '-P9D', 's')",
            "'2020-03-29T14:53:14'",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'PT1H', 'yyyyMMdd HH:mm:ss')",
            "'20200407 15:53:14'",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1W', 'M/d/yyyy')",
            "'4/14/2020'",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1DT9H10M', 'd')",
            "'04/09/2020'",
        ),
        // A leap day lies between, so 365 days are not a year.
        (
            "dateTimeAdd('2020-01-07 14:53:14Z', 'P1Y', 'u')",
            "<dateTimeAdd('2020-01-07 14:53:14Z', 'P1Y', 'u')>",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1M', 'u')",
            "<dateTimeAdd('2020-04-07 14:53:14Z', 'P1M', 'u')>",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1D', 'MMMM')",
            "<dateTimeAdd('2020-04-07 14:53:14Z', 'P1D', 'MMMM')>",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1D')",
            "<dateTimeAdd('2020-04-07 14:53:14Z', 'P1D')>",
        ),
        (
            "dateTimeAdd(utcNow(), 'P1D')",
            "<dateTimeAdd(utcNow(), 'P1D')>",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', '1D', 'u')",
            "! `dateTimeAdd` wants a duration such as `P1D` or `-PT2H`, not `1D`",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P', 'u')",
            "! `dateTimeAdd` wants a duration such as `P1D` or `-PT2H`, not `P`",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'PT', 'u')",
            "! `dateTimeAdd` wants a duration such as `P1D` or `-PT2H`, not `PT`",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z', 'P1H', 'u')",
            "! `dateTimeAdd` wants a duration such as `P1D` or `-PT2H`, not `P1H`",
        ),
        (
            "dateTimeAdd('2020-04-07 14:53:14Z')",
            "! `dateTimeAdd` takes 2 or 3 arguments, not 1",
        ),
    ]);
}
