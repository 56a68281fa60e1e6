"""What a small encoder can read: its symbols, and a tokenizer made of them."""

from dataclasses import dataclass

from tokenizers import Encoding, Regex, Tokenizer, models, normalizers, pre_tokenizers

from attnviz.core.card import ModelCard
from attnviz.errors import TextError

UNKNOWN = "[UNK]"
_SYMBOLS_NAMED = 12  # in a message


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The symbols that a model was trained on, in the order of their ids.

    Closed, unless `UNKNOWN` is one of them: a closed alphabet refuses other symbols
    rather than show the attention of a model that has never seen them.
    """

    symbols: tuple[str, ...]
    fewest: int  # symbols in the shortest text that the model was trained on
    most: int  # and in the longest
    example: str
    words: bool = False  # whether a symbol is a word; else it is a character

    @property
    def is_open(self) -> bool:
        """Whether there is a symbol for all others."""
        return UNKNOWN in self.symbols

    def tokenizer(self) -> Tokenizer:
        """One token a symbol. White space separates, and is no symbol."""
        ids = {symbol: index for index, symbol in enumerate(self.symbols)}
        ids.setdefault(UNKNOWN, len(ids))  # has no row in the model, so `check` refuses it
        tokenizer = Tokenizer(models.WordLevel(ids, unk_token=UNKNOWN))
        split = pre_tokenizers.WhitespaceSplit()
        if self.words:
            tokenizer.normalizer = normalizers.Sequence(
                [normalizers.Lowercase(), normalizers.Replace(Regex(r"[.,!?]"), "")]
            )
            tokenizer.pre_tokenizer = split
        else:
            characters = pre_tokenizers.Split(Regex("."), "isolated")
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, characters])
        return tokenizer

    def text(self, symbols: list[int]) -> str:
        """Symbols as a text that `tokenizer` reads back."""
        return (" " if self.words else "").join(self.symbols[symbol] for symbol in symbols)

    def check(self, text: str, encoding: Encoding, model: ModelCard) -> None:
        """Refuse what `model` was never trained to read.

        Raises:
            TextError: if a symbol is not of a closed alphabet, or there are too few.
        """
        strange = [
            text[start:end]
            for token, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True)
            if token == UNKNOWN
        ]
        if strange and not self.is_open:
            raise TextError(
                "outside_alphabet",
                model=model,
                found=_listed(list(dict.fromkeys(strange))),
                symbols=_listed(list(self.symbols)),
                example=self.example,
            )
        if len(encoding) < self.fewest:
            raise TextError(
                "too_few_symbols",
                model=model,
                fewest=self.fewest,
                symbols=len(encoding),
                example=self.example,
            )


def _listed(symbols: list[str]) -> str:
    more = " …" if len(symbols) > _SYMBOLS_NAMED else ""
    return " ".join(symbols[:_SYMBOLS_NAMED]) + more
