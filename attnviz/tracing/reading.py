"""Reading: from a text to the tokens that the model is given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokenizers import Encoding

from attnviz.errors import InterventionError, TextError
from attnviz.models.load import Model
from attnviz.tracing.display import check_whole, token_text
from attnviz.tracing.head import HeadId
from attnviz.tracing.intervene import HeadOff, Intervention, TokenMasked
from attnviz.tracing.record import LeftOut, Token

WORDS_QUOTED = 4  # how many words tell where a long text was cut


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the model reads it."""

    ids: tuple[int, ...]
    types: tuple[int, ...]  # of each token: which segment the tokenizer calls it
    tokens: tuple[Token, ...]
    left_out: tuple[LeftOut, ...]


def read(text: str, pair: str | None, model: Model) -> Reading:
    """Tokenize one sentence or two, up to the model's maximum.

    Tokens beyond it are left out from the end of the longer sentence, and counted.

    Raises:
        TextError: if a text is empty, too long in characters, not well-formed, not of the
            alphabet that the model was trained on, or of tokens that it has no row for.
    """
    sentences = [text] if pair is None else [text, pair]
    for sentence in sentences:
        _check(sentence, model.limits.characters)
    tokenizer = model.tokenizer
    encodings = [tokenizer.encode(sentence, add_special_tokens=False) for sentence in sentences]
    if not all(encoding.ids for encoding in encodings):
        raise TextError("nothing_left")
    if model.alphabet is not None:
        if pair is not None:
            raise TextError("no_pairs", model=model.card.title)
        model.alphabet.check(text, encodings[0], model.card.title)
    room = model.limits.tokens - tokenizer.num_special_tokens_to_add(pair is not None)
    left_out = _cut(encodings, sentences, room)
    encoding = tokenizer.post_process(encodings[0], encodings[1] if pair is not None else None)
    tokens = _tokens(encoding, sentences, model)
    _check_known(encoding, model)
    return Reading(tuple(encoding.ids), _types(encoding, model), tokens, left_out)


def masked(reading: Reading, interventions: Sequence[Intervention], model: Model) -> Reading:
    """What the model reads once `interventions` have masked tokens.

    Raises:
        InterventionError: if the model has no such head, token or mask token.
    """
    ids, tokens = list(reading.ids), list(reading.tokens)
    mask = None if model.mask_token is None else model.tokenizer.token_to_id(model.mask_token)
    for one in interventions:
        if isinstance(one, HeadOff):
            _check_head(one, model)
        elif mask is None or mask >= model.card.vocabulary:
            raise InterventionError("no_mask_token", model=model.card.title)
        else:
            _check_token(one, len(tokens))
            ids[one.position] = mask
            piece = str(model.mask_token)
            tokens[one.position] = replace(tokens[one.position], text=piece, piece=piece)
    return replace(reading, ids=tuple(ids), tokens=tuple(tokens))


def _check_head(off: HeadOff, model: Model) -> None:
    layers, heads = model.card.layers, model.card.heads
    if not (0 <= off.layer < layers and 0 <= off.head < heads):
        name = str(HeadId(off.layer, off.head))
        raise InterventionError("no_such_head", head=name, layers=layers, heads=heads)


def _check_token(mask: TokenMasked, tokens: int) -> None:
    if not 0 <= mask.position < tokens:
        raise InterventionError("no_such_token", position=mask.position, tokens=tokens)


def _check(sentence: str, limit: int) -> None:
    if not sentence.strip():
        raise TextError("empty")
    if len(sentence) > limit:
        raise TextError("too_long", characters=f"{len(sentence):,}", limit=f"{limit:,}")
    check_whole(sentence)


def _check_known(encoding: Encoding, model: Model) -> None:
    """Make sure that the embedding has a row for every token."""
    rows = model.card.vocabulary
    for piece, number in zip(encoding.tokens, encoding.ids, strict=True):
        if number >= rows:
            title = model.card.title
            raise TextError("token_beyond", piece=piece, number=number, rows=rows, model=title)


def _types(encoding: Encoding, model: Model) -> tuple[int, ...]:
    """Which segment each token is of, as the tokenizer says.

    Where the model has too few, transformers gives it none if the tokenizer is one that
    keeps its types to itself: all tokens are then of segment 0.
    """
    if model.segments and max(encoding.type_ids) >= model.segments:
        if model.gives_types:
            raise TextError("segment_beyond", model=model.card.title, segments=model.segments)
        return (0,) * len(encoding.ids)
    return tuple(encoding.type_ids)


def _cut(encodings: list[Encoding], sentences: list[str], room: int) -> tuple[LeftOut, ...]:
    """Shorten the longer encoding until both fit in `room` tokens."""
    lengths = [len(encoding) for encoding in encodings]
    kept = _fair_shares(lengths, room)
    left_out = []
    for segment, (encoding, length, keep) in enumerate(zip(encodings, lengths, kept, strict=True)):
        if keep < length:
            encoding.truncate(keep)
            read_text = sentences[segment][: encoding.offsets[-1][1]]
            after = " ".join(read_text.split()[-WORDS_QUOTED:])
            left_out.append(LeftOut(length - keep, segment, after))
    return tuple(left_out)


def _fair_shares(lengths: list[int], room: int) -> list[int]:
    """How many tokens each sentence keeps: the longer one gives way first."""
    if len(lengths) == 1 or sum(lengths) <= room:
        return [min(length, room) for length in lengths]
    shorter = min(min(lengths), room // 2)
    first_is_shorter = lengths[0] <= lengths[1]
    return [shorter, room - shorter] if first_is_shorter else [room - shorter, shorter]


def _tokens(encoding: Encoding, sentences: list[str], model: Model) -> tuple[Token, ...]:
    tokens: list[Token] = []
    words_before = 0  # words of the first sentence: those of the second count on
    for position, piece in enumerate(encoding.tokens):
        is_special = bool(encoding.special_tokens_mask[position])
        # post_process forgets the first sentence's id in a pair: None is then 0
        sentence = 0 if is_special else encoding.sequence_ids[position] or 0
        word = None if is_special else encoding.word_ids[position]
        if word is not None and sentence == 0:
            words_before = word + 1
        start, end = encoding.offsets[position]
        source = "" if is_special else sentences[sentence][start:end]
        tokens.append(
            Token(
                text=piece if is_special else token_text(piece, source, model.byte_level),
                piece=piece,
                position=position,
                word=word if word is None or sentence == 0 else words_before + word,
                segment=encoding.type_ids[position] if is_special else sentence,
                is_special=is_special,
                is_unknown=not is_special and piece == model.unknown_token,
                source=source,
            )
        )
    return tuple(tokens)
