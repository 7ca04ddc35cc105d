use super::check;

#[test]
fn ranges_are_read() {
    check(&[
        (
            "parseCidr('10.144.0.0/20')",
            "{network: '10.144.0.0', netmask: '255.255.240.0', broadcast: '10.144.15.255', firstUsable: '10.144.0.1', lastUsable: '10.144.15.254', cidr: 20}",
        ),
        (
            "parseCidr('fdad:3236:5555::/48')",
            "{network: 'fdad:3236:5555::', netmask: 'ffff:ffff:ffff::', firstUsable: 'fdad:3236:5555::', lastUsable: 'fdad:3236:5555:ffff:ffff:ffff:ffff:ffff', cidr: 48}",
        ),
        ("parseCidr('10.0.0.1/32')", "<parseCidr('10.0.0.1/32')>"),
        ("parseCidr('10.0.0.1/24')", "<parseCidr('10.0.0.1/24')>"),
        (
            "parseCidr('10.0.0.0')",
            "! `parseCidr` wants a range such as `10.0.0.0/16`, not `10.0.0.0`",
        ),
        (
            "parseCidr('10.0.0.0/33')",
            "! `parseCidr` wants a range such as `10.0.0.0/16`, not `10.0.0.0/33`",
        ),
        ("parseCidr(parameters('p'))", "<parseCidr(parameters('p'))>"),
        (
            "parseCidr(1)",
            "! `parseCidr` wants a string as argument 1, not an integer",
        ),
    ]);
}

#[test]
fn subnets_are_counted() {
    check(&[
        ("cidrSubnet('10.144.0.0/20', 24, 0)", "'10.144.0.0/24'"),
        ("cidrSubnet('10.144.0.0/20', 24, 4)", "'10.144.4.0/24'"),
        ("cidrSubnet('10.144.0.0/20', 24, 15)", "'10.144.15.0/24'"),
        ("cidrSubnet('10.144.0.0/20', 20, 0)", "'10.144.0.0/20'"),
        (
            "cidrSubnet('0.0.0.0/0', 32, 4294967295)",
            "'255.255.255.255/32'",
        ),
        (
            "cidrSubnet('fdad:3236:5555::/48', 52, 1)",
            "'fdad:3236:5555:1000::/52'",
        ),
        (
            "cidrSubnet('fdad:3236:5555::/48', 52, 4)",
            "'fdad:3236:5555:4000::/52'",
        ),
        (
            "cidrSubnet('::/0', 128, 9223372036854775807)",
            "'::7fff:ffff:ffff:ffff/128'",
        ),
        ("cidrSubnet('::/0', 0, 0)", "'::/0'"),
        (
            "cidrSubnet('10.144.0.0/20', 24, 16)",
            "! `cidrSubnet` finds no subnet 16 of /24 in `10.144.0.0/20`, which has 16 of them, counted from 0",
        ),
        (
            "cidrSubnet('10.144.0.0/20', 24, -1)",
            "! `cidrSubnet` finds no subnet -1 of /24 in `10.144.0.0/20`, which has 16 of them, counted from 0",
        ),
        (
            "cidrSubnet('10.144.0.0/20', 19, 0)",
            "! `cidrSubnet` divides `10.144.0.0/20` into subnets of /20 to /32, not /19",
        ),
        (
            "cidrSubnet('10.144.0.0/20', 33, 0)",
            "! `cidrSubnet` divides `10.144.0.0/20` into subnets of /20 to /32, not /33",
        ),
        (
            "cidrSubnet(parameters('p'), 24, 0)",
            "<cidrSubnet(parameters('p'), 24, 0)>",
        ),
        (
            "cidrSubnet('10.0.0.0/8', 24, parameters('p'))",
            "<cidrSubnet('10.0.0.0/8', 24, parameters('p'))>",
        ),
        (
            "cidrSubnet('10.0.0.0/8', 24)",
            "! `cidrSubnet` takes 3 arguments, not 2",
        ),
    ]);
}

#[test]
fn hosts_are_counted() {
    check(&[
        ("cidrHost('10.144.3.0/24', 0)", "'10.144.3.1'"),
        ("cidrHost('10.144.3.0/24', 4)", "'10.144.3.5'"),
        ("cidrHost('10.144.3.0/24', 253)", "'10.144.3.254'"),
        (
            "cidrHost('10.144.3.0/24', 254)",
            "! `cidrHost` finds no host 254 in `10.144.3.0/24`",
        ),
        (
            "cidrHost('10.144.3.0/24', -1)",
            "! `cidrHost` finds no host -1 in `10.144.3.0/24`",
        ),
        (
            "cidrHost('fdad:3236:5555:3000::/52', 0)",
            "'fdad:3236:5555:3000::1'",
        ),
        (
            "cidrHost('fdad:3236:5555:3000::/52', 4)",
            "'fdad:3236:5555:3000::5'",
        ),
        ("cidrHost('10.0.0.0/31', 0)", "<cidrHost('10.0.0.0/31', 0)>"),
        (
            "cidrHost('x', 0)",
            "! `cidrHost` wants a range such as `10.0.0.0/16`, not `x`",
        ),
    ]);
}
