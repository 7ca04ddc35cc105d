"""Rules that several others cover: the lists of `benches/space.rs`, judged by other programs.

Each peer is asked how many rules of a list never decide, because earlier ones together match all that they match.
Decision diagrams and the solver are exact, so their counts must be ours; the check of aerleon holds each rule against
one earlier rule at a time. A count that differs from ours where it must not ends the script with an error.
"""

import argparse
import re
import sys
import time

SEED = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1

# Protocols, ports, targets and sources of a rule: lists of first and last numbers, in order, that do not touch.
WIDTHS = {"protocol": 8, "port": 16, "target": 32, "source": 32}


class Numbers:
    """Numbers that look random, the same ones as in the benchmark."""

    def __init__(self):
        self.state = SEED

    def below(self, bound):
        self.state ^= self.state << 13 & WORD
        self.state ^= self.state >> 7
        self.state ^= self.state << 17 & WORD
        return self.state % bound

    def prefixes(self):
        prefixes = []
        for _ in range(self.below(3) + 1):
            length = 12 + self.below(19)
            size = 1 << (32 - length)
            first = 0x0A00_0000 + self.below(1 << 24) // size * size
            prefixes.append((first, first + size - 1))
        return joined(prefixes)

    def ports(self):
        ports = []
        for _ in range(self.below(3) + 1):
            first = 1 + self.below(10_000)
            more = 0 if self.below(2) == 0 else self.below(5_000)
            ports.append((first, first + more))
        return joined(ports)

    def rule(self):
        protocols = {0: (0, 255), 1: (17, 17)}.get(self.below(4), (6, 6))
        # In the order in which the benchmark draws them.
        ports = self.ports()
        targets = self.prefixes()
        sources = self.prefixes()
        return {"protocol": [protocols], "port": ports, "target": targets, "source": sources}


def joined(ranges):
    all_joined = []
    for first, last in sorted(ranges):
        if all_joined and first <= all_joined[-1][1] + 1:
            all_joined[-1] = (all_joined[-1][0], max(last, all_joined[-1][1]))
        else:
            all_joined.append((first, last))
    return all_joined


def rules(count):
    numbers = Numbers()
    return [numbers.rule() for _ in range(count)]


def by_diagrams(module, order):
    """How many rules lie in the union of those before them, by binary decision diagrams."""

    def count_dead(listed):
        manager = module.BDD()
        # Diagrams with a fixed order: trying others on the way takes longer than it saves here.
        manager.configure(reordering=False)
        bits = {
            field: [f"{field}{bit}" for bit in range(width)] for field, width in WIDTHS.items()
        }
        manager.declare(*(name for field in order for name in bits[field]))
        # The lowest bit first: a comparison is built from the end.
        variables = {
            field: [manager.var(name) for name in reversed(names)] for field, names in bits.items()
        }

        def at_most(field, most):
            result = manager.true
            for place, bit in enumerate(variables[field]):
                result = ~bit | result if most >> place & 1 else ~bit & result
            return result

        def within(field, ranges):
            result = manager.false
            for first, last in ranges:
                one = at_most(field, last)
                if first > 0:
                    one &= ~at_most(field, first - 1)
                result |= one
            return result

        before = manager.false
        dead = 0
        for rule in listed:
            own = manager.true
            # The last fields of the order first, so that each step adds nodes above the others.
            for field in reversed(order):
                own &= within(field, rule[field])
            dead += own & ~before == manager.false
            before |= own
        return dead

    return count_dead


def by_solver(listed):
    """How many rules leave a solver no flow that no rule before them has."""
    import z3

    fields = {field: z3.BitVec(field, width) for field, width in WIDTHS.items()}
    solver = z3.SolverFor("QF_BV")
    dead = 0
    for rule in listed:
        own = z3.And(
            *(
                z3.Or(*(z3.And(z3.UGE(fields[field], a), z3.ULE(fields[field], b)) for a, b in ranges))
                for field, ranges in rule.items()
            )
        )
        solver.push()
        solver.add(own)
        dead += solver.check() == z3.unsat
        solver.pop()
        solver.add(z3.Not(own))
    return dead


def by_shading(listed):
    """How many terms aerleon's own check calls shaded. Terms are made without its parser, which takes no ports of a term
    of all protocols."""
    from aerleon.lib import nacaddr, policy

    def addresses(ranges):
        # The benchmark joins prefixes that touch, so a range may be several.
        networks = []
        for first, last in ranges:
            while first <= last:
                size = first & -first
                while first + size - 1 > last:
                    size >>= 1
                networks.append(nacaddr.IPv4((first, 33 - size.bit_length())))
                first += size
        return networks

    terms = []
    for number, rule in enumerate(listed):
        term = policy.Term([])
        term.name = f"rule-{number}"
        term.action = ["accept"]
        # A term without protocols is one of all of them.
        names = {(6, 6): ["tcp"], (17, 17): ["udp"], (0, 255): []}
        term.protocol = names[rule["protocol"][0]]
        term.destination_port = list(rule["port"])
        term.source_address = addresses(rule["source"])
        term.destination_address = addresses(rule["target"])
        terms.append(term)
    shaded = set()
    warn = policy.logging.warning
    policy.logging.warning = lambda words: shaded.add(words.split(" ", 1)[0])
    try:
        policy.Policy._DetectShading(None, terms)
    finally:
        policy.logging.warning = warn
    return len(shaded)


def ours(path):
    """Counts and seconds from what `cargo bench --bench space` printed."""
    words = open(path, encoding="utf-8").read()
    dead = dict(re.findall(r"^(\d+) rules: (\d+) never decide", words, re.M))
    seconds = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
    times = re.findall(
        r"^rules/(\d+)\s+time:\s+\[\S+ \S+ (\S+) (\S+) ", words, re.M
    )
    return {
        int(count): (int(dead[count]), float(number) * seconds[unit])
        for count, number, unit in times
    }


def peers():
    """Each peer that is installed: its name, whether it is exact, and how it counts."""
    found = {}
    try:
        import dd.cudd

        module, name = dd.cudd, "dd with CUDD"
    except ImportError:
        try:
            import dd.autoref

            module, name = dd.autoref, "dd without CUDD"
        except ImportError:
            module, name = None, ""
    if module:
        # Of the orders that were tried the quickest one on 4,000 rules.
        found["dd"] = (name, True, by_diagrams(module, ["target", "source", "port", "protocol"]))
    try:
        import z3

        found["z3"] = (f"z3 {z3.get_version_string()}", True, by_solver)
    except ImportError:
        pass
    try:
        import aerleon.lib.policy

        found["aerleon"] = ("aerleon, pair by pair", False, by_shading)
    except ImportError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="what `cargo bench --bench space` printed")
    parser.add_argument(
        "ask",
        nargs="+",
        metavar="PEER:COUNT",
        help="dd, z3 or aerleon, and one of the benchmark's counts of rules",
    )
    asked = parser.parse_args()
    own = ours(asked.output)
    known = peers()
    print("| rules | peer | it finds | ours | its time | ours | ratio | its growth | ours |")
    print("|---|---|---|---|---|---|---|---|---|")
    before = {}
    differs = False
    for one in asked.ask:
        peer, _, count = one.partition(":")
        if not count.isdigit():
            sys.exit(f"{one} is no PEER:COUNT")
        count = int(count)
        if peer not in known:
            sys.exit(f"{peer} is not installed")
        if count not in own:
            sys.exit(f"the benchmark has no list of {count} rules")
        name, is_exact, count_dead = known[peer]
        listed = rules(count)
        # Of the processor and not of the clock, so that a peer does not wait for others.
        start = time.process_time()
        dead = count_dead(listed)
        took = time.process_time() - start
        own_dead, own_took = own[count]
        growth = own_growth = ""
        if peer in before:
            growth, own_growth = (
                f"× {now / then:.1f}" for now, then in zip((took, own_took), before[peer])
            )
        before[peer] = took, own_took
        print(
            f"| {count:,} | {name} | {dead} | {own_dead} | {took:.2f} s | {own_took * 1e3:.1f} ms"
            f" | {took / own_took:,.0f} | {growth} | {own_growth} |",
            flush=True,
        )
        differs |= is_exact and dead != own_dead
    if differs:
        sys.exit("an exact peer counts otherwise")


if __name__ == "__main__":
    main()
