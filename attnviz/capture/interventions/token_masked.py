"""Token masked: the model does not read a token."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from attnviz import checks
from attnviz.capture.interventions import InputChange, check_token
from attnviz.capture.reading import Reading
from attnviz.core.intervention import EditPoint, Intervention
from attnviz.core.tokens import Token
from attnviz.errors import InterventionError
from attnviz.models.load import Model


@dataclass(frozen=True, slots=True)
class TokenMasked(InputChange):
    """The model reads its mask token in the place of a token."""

    name: ClassVar[str] = "token_masked"
    point: ClassVar[EditPoint] = "input"
    example: ClassVar[str] = "TokenMasked(2)"

    position: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", checks.whole("position", self.position))

    @property
    def masked_token(self) -> int:
        """This token."""
        return self.position

    def check(self, model: Model, tokens: int) -> None:
        """Make sure that there are the token and a mask token.

        Raises:
            InterventionError: if not.
        """
        _mask_id(model)
        check_token(self.position, tokens)

    def changed(self, reading: Reading, model: Model) -> Reading:
        """The mask token in the place of this one."""
        ids, tokens, piece = list(reading.ids), list(reading.tokens), str(model.mask_token)
        ids[self.position] = _mask_id(model)
        masked = replace(tokens[self.position], text=piece, piece=piece, is_unknown=False)
        tokens[self.position] = masked
        return replace(
            reading,
            ids=tuple(ids),
            tokens=tuple(_renamed(token, masked.word) for token in tokens),
            unknown=tuple(blank for blank in reading.unknown if blank.position != self.position),
        )


INTERVENTION = TokenMasked


def masked(positions: Iterable[int]) -> list[Intervention]:
    """What masks the tokens at these positions."""
    return [TokenMasked(position) for position in positions]


def _mask_id(model: Model) -> int:
    """The number of the mask token.

    Raises:
        InterventionError: if the model has none, or its embedding no row for it.
    """
    mask = None if model.mask_token is None else model.tokenizer.token_to_id(model.mask_token)
    if mask is None or mask >= model.card.vocabulary:
        raise InterventionError("no_mask_token", model=model.card.title)
    return mask


def _renamed(token: Token, word: int | None) -> Token:
    """A word that has lost a token is called by its tokens: the sentence has another."""
    return replace(token, word_text="") if word is not None and token.word == word else token
