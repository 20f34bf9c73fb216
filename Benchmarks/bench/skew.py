"""A simulation of people who are not alike: what a node, a shard and a person carry, to the average.

People are placed on shards at random, as a hash places them; docs/scale.md shows that PostgreSQL's is as even. Each
draw places them anew; the seed is fixed.
"""

import math
import random
import statistics
from dataclasses import dataclass

from .model import Assumption

FAME = Assumption(
    "popularity: the exponent s of reads in proportion to 1/n^s, where n is a person's rank", 1,
    "Zipf's law, which holds for pages and words")
TENANT_SHARE = Assumption("people of the one huge tenant, to all", 0.3, "one customer who is larger than all others")
GROUP_MEMBERS = Assumption("members of the one huge group", 1_000_000, "everybody of a large organisation")
ASSUMPTIONS = [FAME, TENANT_SHARE, GROUP_MEMBERS]
DRAWS, SEED = 51, 18
# People of the highest ranks are placed one by one. All others are so many that their sum is normally distributed.
RANKS = 10_000


@dataclass(frozen=True)
class Skew:
    """What the busiest carry, to the average of their kind: medians of the draws."""

    node: float
    shard: float
    # The share of the first person, or of what else is one and cannot be divided, in everything.
    first: float


def even(count: float, shards: int, nodes: int) -> Skew:
    """So many carry the same."""
    return _simulate(shards, nodes, [], 1, 1 / count, 1 / count)


def one(share: float, count: float, shards: int, nodes: int) -> Skew:
    """One of so many has a share of everything and cannot be divided; all others carry the same."""
    return _simulate(shards, nodes, [share], 1 - share, (1 - share) ** 2 / count, share)


def reads(count: float, exponent: float, share: float, shards: int, nodes: int) -> Skew:
    """A share of everything goes to people by rank, in proportion to 1/rank^exponent; the rest to all alike."""
    if not exponent:
        return even(count, shards, nodes)
    ranks = min(RANKS, int(count))
    scale = share / _harmonic(count, exponent)
    first = [scale * rank**-exponent for rank in range(1, ranks + 1)]
    # The sum of the squares of all others tells how much their sum varies.
    squares = scale**2 * ranks ** (1 - 2 * exponent) / (2 * exponent - 1) + (1 - share) ** 2 / count
    return _simulate(shards, nodes, first, 1 - sum(first), squares, first[0] + (1 - share) / count)


def _harmonic(count: float, exponent: float) -> float:
    """The sum of 1/n^exponent for n up to `count`: by terms, then by the integral."""
    ranks = min(RANKS, int(count))
    total = sum(rank**-exponent for rank in range(1, ranks + 1))
    if count <= ranks:
        return total
    return total + _integral(count + 0.5, exponent) - _integral(ranks + 0.5, exponent)


def _integral(end: float, exponent: float) -> float:
    return math.log(end) if exponent == 1 else end ** (1 - exponent) / (1 - exponent)


def _simulate(shards: int, nodes: int, singles: list[float], others: float, squares: float, first: float) -> Skew:
    """Places single shares and the sum of all `others`, the sum of whose squares is given, on shards in each draw."""
    sources = [random.Random(SEED * 1_000 + draw) for draw in range(DRAWS)]
    draws = [_draw(source, shards, nodes, singles, others, squares) for source in sources]
    return Skew(*(statistics.median(values) for values in zip(*draws, strict=True)), first)


def _draw(
    source: random.Random, shards: int, nodes: int, singles: list[float], others: float, squares: float
) -> tuple[float, float]:
    """Returns what the busiest node and shard carry, to the average. Nodes hold as many shards each as is possible."""
    deviation = math.sqrt(squares / shards)
    carried = [source.gauss(others / shards, deviation) for _ in range(shards)]
    for share in singles:
        carried[int(source.random() * shards)] += share
    by_node = [sum(carried[node::nodes]) for node in range(nodes)]
    return max(by_node) * nodes, max(carried) * shards
