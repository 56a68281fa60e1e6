"""Maximum flow from every node of a layered graph's top to every node of its bottom.

Push–relabel (Goldberg & Tarjan 1988) on many pairs of nodes at once, in arrays: a level of
nodes is a vector, the edges between two levels a matrix. Nodes hold excess and push it along
edges that lead one step nearer to the sink, by their distance to it in what is left of the
graph; when no excess can reach the sink any more, what arrived there is the maximum. The first
pushes hand down no more than the levels below have room for, which saves half of the work.
"""

from dataclasses import dataclass
from itertools import count

import numpy as np
from jaxtyping import Bool, Float, UInt8

_EMPTY = np.float32(1e-7)  # what float32 cannot tell from nothing beside capacities up to 1
_FAR = np.uint8(200)  # the distance of a node from which the sink cannot be reached
_FIRST = 3  # pushes within what there is room for
_TOGETHER = 16  # pairs: their arrays stay in a processor's cache
_TINY = np.float32(1e-30)  # in place of a divisor of 0


def max_flows(capacity: Float[np.ndarray, "layer node node"]) -> Float[np.ndarray, "node node"]:
    """The maximum flow from each node at the top to each at the bottom, the pair by itself.

    `capacity` holds the edges of each layer, from a node above (row) to one below (column), the
    lowest layer first. Up to 1e-5 of the exact value: capacities are taken as float32.
    """
    edges: np.ndarray = capacity.astype(np.float32)
    if len(edges) == 1:
        return np.asarray(edges[0])
    within = [edges[layer] for layer in range(len(edges) - 2, 0, -1)]
    nodes = edges.shape[1]
    flows = np.zeros((nodes, nodes), np.float32)
    for source in range(nodes):
        for first in range(0, nodes, _TOGETHER):
            demand = np.ascontiguousarray(edges[0].T[first : first + _TOGETHER])  # "pair node"
            supply = np.repeat(edges[-1][source][None], len(demand), axis=0)  # "pair node"
            flows[source, first : first + _TOGETHER] = _Graphs.of(supply, demand, within).solve()
    return flows


@dataclass(eq=False)
class _Graphs:
    """The levels between two nodes, for several pairs of them: what is left, and what flows."""

    left: list[Float[np.ndarray, "pair above below"]]  # capacity of the edges, top first
    flow: list[Float[np.ndarray, "pair above below"]]  # which can be pushed back up
    excess: list[Float[np.ndarray, "pair node"]]  # of each level
    demand: Float[np.ndarray, "pair node"]  # capacity left from the lowest level to the sink
    most: Float[np.ndarray, " pair"]  # no more can flow than leaves the source or enters the sink
    arrived: Float[np.ndarray, " pair"]

    @classmethod
    def of(cls, supply: np.ndarray, demand: np.ndarray, within: list[np.ndarray]) -> "_Graphs":
        pairs = len(supply)
        left = [np.repeat(edges[None], pairs, axis=0) for edges in within]  # "pair above below"
        return cls(
            left,
            [np.zeros_like(edges) for edges in left],
            [supply, *(np.zeros_like(supply) for _ in within)],
            demand,
            np.minimum(supply.sum(axis=1), demand.sum(axis=1)),
            np.zeros(pairs, np.float32),
        )

    def solve(self) -> Float[np.ndarray, " pair"]:
        """The maximum flow of each pair."""
        flows = np.zeros(len(self.demand), np.float32)
        pairs = np.arange(len(flows))
        self._drain()
        for turn in count():
            distance = self._distances() if turn >= _FIRST else None
            goes_on = self._goes_on(distance)
            flows[pairs[~goes_on]] = self.arrived[~goes_on]
            if not goes_on.any():
                break
            if goes_on.mean() < 0.8:
                pairs = pairs[goes_on]
                self._keep(goes_on)
                distance = None if distance is None else [one[goes_on] for one in distance]
            if distance is None:
                self._fill()
            else:
                self._push(distance)
        return flows

    def _goes_on(
        self, distance: list[UInt8[np.ndarray, "pair node"]] | None
    ) -> Bool[np.ndarray, " pair"]:
        """The pairs with excess that can reach the sink, and of which more may arrive."""
        moves = np.zeros(len(self.arrived), bool)
        for level, excess in enumerate(self.excess):
            full = excess > _EMPTY
            moves |= (full if distance is None else full & (distance[level] < _FAR)).any(axis=1)
        return moves & (self.arrived < self.most - _EMPTY)

    def _keep(self, chosen: Bool[np.ndarray, " pair"]) -> None:
        self.left, self.flow, self.excess = (
            [one[chosen] for one in each] for each in (self.left, self.flow, self.excess)
        )
        self.demand, self.most, self.arrived = (
            one[chosen] for one in (self.demand, self.most, self.arrived)
        )

    def _distances(self) -> list[UInt8[np.ndarray, "pair node"]]:
        """How many edges each node is from the sink, of those that something is left of."""
        shut = [(edges <= _EMPTY).view(np.uint8) * _FAR for edges in self.left]
        no_way_back = [(edges <= _EMPTY).view(np.uint8) * _FAR for edges in self.flow]
        one, levels = np.uint8(1), len(self.left)
        far = [np.full(self.demand.shape, _FAR) for _ in range(levels)]
        far.append(np.where(self.demand > _EMPTY, one, _FAR))
        while True:
            for level in reversed(range(levels)):
                down = np.maximum(shut[level], far[level + 1][:, None, :]).min(axis=2) + one
                np.minimum(down, far[level], out=far[level])
            changed = False
            for level in range(levels):
                up = np.maximum(no_way_back[level], far[level][:, :, None]).min(axis=1) + one
                changed |= bool((up < far[level + 1]).any())
                np.minimum(up, far[level + 1], out=far[level + 1])
            if not changed:
                return far

    def _fill(self) -> None:
        """Push down what the levels below have room for."""
        ones = np.ones(self.demand.shape[1], np.float32)
        room = [self.demand]
        for edges in reversed(self.left[1:]):
            room.insert(0, np.minimum(edges, room[0][:, None, :]) @ ones)  # "pair above"
        for level, edges in enumerate(self.left):
            free = np.maximum(room[level] - self.excess[level + 1], 0)
            pushed = np.minimum(edges, free[:, None, :])
            pushed *= _part(self.excess[level], pushed @ ones)[:, :, None]
            pushed *= _part(free, ones @ pushed)[:, None, :]
            self._move(level, pushed, pushed @ ones, ones @ pushed)
        self._drain()

    def _push(self, distance: list[UInt8[np.ndarray, "pair node"]]) -> None:
        """Push all excess one step nearer to the sink: down, up, and down again."""
        ones = np.ones(self.demand.shape[1], np.float32)
        self._push_down(distance, ones)
        for level in reversed(range(len(self.left))):
            held = self.excess[level + 1]
            if held.max() > _EMPTY:
                nearer = distance[level + 1][:, None, :] == distance[level][:, :, None] + np.uint8(
                    1
                )
                pushed = self.flow[level] * nearer
                offered = ones @ pushed  # "pair below"
                part = _part(held, offered)
                pushed *= -part[:, None, :]
                self._move(level, pushed, pushed @ ones, -offered * part)
        self._push_down(distance, ones)

    def _push_down(self, distance: list[UInt8[np.ndarray, "pair node"]], ones: np.ndarray) -> None:
        for level, edges in enumerate(self.left):
            held = self.excess[level]
            if held.max() > _EMPTY:
                nearer = distance[level][:, :, None] == distance[level + 1][:, None, :] + np.uint8(
                    1
                )
                pushed = edges * nearer
                offered = pushed @ ones  # "pair above"
                part = _part(held, offered)
                pushed *= part[:, :, None]
                self._move(level, pushed, offered * part, ones @ pushed)
        self._drain()

    def _move(
        self,
        level: int,
        pushed: Float[np.ndarray, "pair above below"],
        taken: Float[np.ndarray, "pair above"],
        given: Float[np.ndarray, "pair below"],
    ) -> None:
        """Excess goes from a level to the next; below 0, back up."""
        self.left[level] -= pushed
        self.flow[level] += pushed
        above, below = self.excess[level], self.excess[level + 1]
        np.maximum(above - taken, 0, out=above)
        np.maximum(below + given, 0, out=below)

    def _drain(self) -> None:
        """What the lowest level holds goes to the sink, as far as that takes it."""
        taken = np.minimum(self.excess[-1], self.demand)
        self.excess[-1] -= taken
        self.demand -= taken
        self.arrived += taken.sum(axis=1)


def _part(
    wanted: Float[np.ndarray, "pair node"], offered: Float[np.ndarray, "pair node"]
) -> Float[np.ndarray, "pair node"]:
    """Which part of what is offered is taken, up to all of it."""
    part: np.ndarray = np.minimum(wanted / np.maximum(offered, _TINY), 1)
    return part
