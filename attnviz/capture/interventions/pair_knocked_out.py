"""Pair knocked out: one query does not look at one key."""

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from attnviz import checks
from attnviz.capture.interventions import HeadChange, check_token
from attnviz.core.heads import HeadId
from attnviz.core.intervention import EditPoint
from attnviz.errors import InterventionError
from attnviz.models.load import Model


@dataclass(frozen=True, slots=True)
class PairKnockedOut(HeadChange):
    """In one head, a query does not look at a key: their score is −∞, and softmax shares out anew.

    Attention knockout: Geva et al. 2023, "Dissecting Recall of Factual Associations in
    Auto-Regressive Language Models", §4.
    """

    name: ClassVar[str] = "pair_knocked_out"
    point: ClassVar[EditPoint] = "scores"
    example: ClassVar[str] = "PairKnockedOut(0, 2, 3, 2)"

    query: int
    key: int

    def __post_init__(self) -> None:
        HeadChange.__post_init__(self)
        for name in ("query", "key"):
            object.__setattr__(self, name, checks.whole(name, getattr(self, name)))

    def check(self, model: Model, tokens: int) -> None:
        """Make sure that there are the head and both tokens.

        Raises:
            InterventionError: if not.
        """
        HeadChange.check(self, model, tokens)
        check_token(self.query, tokens)
        check_token(self.key, tokens)

    def change_scores(self, scores: Float[Tensor, "query key"]) -> None:
        """The score of the pair is −∞.

        Raises:
            InterventionError: if the query is left no key to look at.
        """
        scores[self.query, self.key] = -float("inf")
        if not scores[self.query].isfinite().any():
            head = HeadId(self.layer, self.head)
            raise InterventionError("no_key_left", head=head, position=self.query)


INTERVENTION = PairKnockedOut
