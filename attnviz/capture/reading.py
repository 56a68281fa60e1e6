"""Reading: from a text to the tokens that the model is given."""

from dataclasses import dataclass, replace

from tokenizers import Encoding, Tokenizer

from attnviz.capture.chinese import word_at
from attnviz.capture.display import Marks, is_space, token_text
from attnviz.capture.grouping import Piece, Span, is_mark, words
from attnviz.capture.unseen import dropped, unknown_at
from attnviz.core.characters import check_whole, visible
from attnviz.core.tokens import LeftOut, Token, Unknown
from attnviz.errors import TextError
from attnviz.models.load import Model

WORDS_QUOTED = 4  # how many words tell where a long text was cut


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the model reads it."""

    ids: tuple[int, ...]
    types: tuple[int, ...]  # of each token: which segment the tokenizer calls it
    tokens: tuple[Token, ...]
    left_out: tuple[LeftOut, ...]
    unknown: tuple[Unknown, ...]
    dropped: str


def read(text: str, pair: str | None, model: Model) -> Reading:
    """Tokenize one sentence or two, up to the model's maximum.

    Tokens beyond it are left out from the end of the longer sentence, and counted.

    Raises:
        TextError: if a text is empty, too long in characters, not well-formed, of special
            tokens alone, not of the alphabet that the model was trained on, or of tokens that
            it has no row for; or if it holds what the tokenizer has neither piece nor blank for.
    """
    sentences = [text] if pair is None else [text, pair]
    for sentence in sentences:
        _check(sentence, model.limits.characters)
    tokenizer = model.tokenizer
    encodings = [_encoded(sentence, model) for sentence in sentences]
    if not all(encoding.ids for encoding in encodings):
        raise TextError("nothing_left")
    if model.alphabet is not None:
        if pair is not None:
            raise TextError("no_pairs", model=model.card)
        model.alphabet.check(text, encodings[0], model.card)
    room = model.limits.tokens - tokenizer.num_special_tokens_to_add(pair is not None)
    encodings, left_out = _cut(encodings, sentences, room, tokenizer)
    encoding = tokenizer.post_process(encodings[0], encodings[1] if pair is not None else None)
    tokens = _tokens(encoding, sentences, model)
    _check_known(encoding, model)
    if all(token.is_special for token in tokens):
        typed = " ".join(token.source for token in tokens if token.source)
        raise TextError("only_special", found=typed)
    return Reading(
        ids=tuple(encoding.ids),
        types=_types(encoding, model),
        tokens=tokens,
        left_out=left_out,
        unknown=tuple(
            unknown_at(token.position, token.source, token.piece, tokenizer)
            for token in tokens
            if token.is_unknown
        ),
        dropped="".join(
            dropped(sentence, encoding, tokenizer, is_cut=any(c.segment == n for c in left_out))
            for n, (sentence, encoding) in enumerate(zip(sentences, encodings, strict=True))
        ),
    )


def _check(sentence: str, limit: int) -> None:
    if not sentence.strip():
        raise TextError("empty")
    if len(sentence) > limit:
        raise TextError("too_long", characters=f"{len(sentence):,}", limit=f"{limit:,}")
    check_whole(sentence)


def _encoded(sentence: str, model: Model) -> Encoding:
    try:
        return model.tokenizer.encode(sentence, add_special_tokens=False)
    except Exception as problem:  # tokenizers has no kind of its own
        raise TextError("no_blank", model=model.card) from problem


def _check_known(encoding: Encoding, model: Model) -> None:
    """Make sure that the embedding has a row for every token."""
    rows = model.card.vocabulary
    for piece, number in zip(encoding.tokens, encoding.ids, strict=True):
        if number >= rows:
            card = model.card
            raise TextError("token_beyond", piece=piece, number=number, rows=rows, model=card)


def _types(encoding: Encoding, model: Model) -> tuple[int, ...]:
    """Which segment each token is of, as the tokenizer says.

    Where a tokenizer keeps its types to itself, transformers gives the model none: all tokens
    are then of segment 0.
    """
    if not model.gives_types:
        return (0,) * len(encoding.ids)
    if model.segments and max(encoding.type_ids) >= model.segments:
        raise TextError("segment_beyond", model=model.card, segments=model.segments)
    return tuple(encoding.type_ids)


def _cut(
    encodings: list[Encoding], sentences: list[str], room: int, tokenizer: Tokenizer
) -> tuple[list[Encoding], tuple[LeftOut, ...]]:
    """Shorten the longer encoding until both fit in `room` tokens, and say what is left out."""
    kept = _fair_shares([len(encoding) for encoding in encodings], room)
    shortened, left_out = [], []
    for segment, (encoding, keep) in enumerate(zip(encodings, kept, strict=True)):
        length, sentence = len(encoding), sentences[segment]
        if keep < length:
            encoding = _beginning(encoding, keep, sentence, tokenizer)
            read_text = sentence[: encoding.offsets[-1][1]]
            after = " ".join(read_text.split()[-WORDS_QUOTED:])
            left_out.append(LeftOut(length - keep, segment, after))
        shortened.append(encoding)
    return shortened, tuple(left_out)


def _beginning(encoding: Encoding, keep: int, sentence: str, tokenizer: Tokenizer) -> Encoding:
    """The first tokens of an encoding.

    `truncate` keeps all the rest beside them, which every later step would work through: 0.5 s
    for two texts of 20,000 characters. So the text is cut after the word of the last token.
    """
    words, offsets = encoding.word_ids, encoding.offsets
    beyond = (offsets[n][0] for n in range(keep, len(words)) if words[n] != words[keep - 1])
    short = tokenizer.encode(sentence[: next(beyond, None)], add_special_tokens=False)
    if short.ids[:keep] != encoding.ids[:keep]:  # a tokenizer that reads on beyond words
        short = encoding
    short.truncate(keep)
    return short


def _fair_shares(lengths: list[int], room: int) -> list[int]:
    """How many tokens each sentence keeps: the longer one gives way first."""
    if len(lengths) == 1 or sum(lengths) <= room:
        return [min(length, room) for length in lengths]
    shorter = min(min(lengths), room // 2)
    first_is_shorter = lengths[0] <= lengths[1]
    return [shorter, room - shorter] if first_is_shorter else [room - shorter, shorter]


def _tokens(encoding: Encoding, sentences: list[str], model: Model) -> tuple[Token, ...]:
    special = _special_ids(model)
    tokens, pieces, sentence = [], [], 0
    texts = _texts_by_type(encoding)
    marks = Marks.of(model.tokenizer, model.byte_level)
    columns = zip(  # each asked for once: the encoding makes a new list every time
        encoding.ids,
        encoding.special_tokens_mask,
        encoding.sequence_ids,
        encoding.word_ids,
        encoding.offsets,
        encoding.type_ids,
        _next_starts(encoding),
        strict=True,
    )
    for position, (index, added, of, word, offsets, kind, after) in enumerate(columns):
        piece = str(model.tokenizer.id_to_token(index))  # Unigram gives the text for a blank
        is_special = bool(added) or index in special
        is_unknown = not is_special and piece == model.unknown_token
        # post_process forgets the first sentence's id in a pair: None is then 0. What it adds
        # belongs to the sentence of its type, or else to the one that it follows.
        sentence = texts.get(kind, sentence) if added else of or 0
        span = (0, 0) if added else _with_marks(offsets, sentences[sentence], after)
        source = sentences[sentence][slice(*span)]
        whole = is_special or is_unknown
        text = visible(piece) if whole else token_text(piece, source, marks)
        span = _trimmed(span, source, is_space(text))
        tokens.append(
            Token(
                text=text,
                piece=piece,
                position=position,
                word=None,
                segment=sentence,
                is_special=is_special,
                is_unknown=is_unknown,
                source=sentences[sentence][slice(*span)],
            )
        )
        is_part = not (is_special or is_space(text))
        pieces.append(Piece(sentence, span, word if is_part else None))
    return _with_words(tokens, pieces, sentences)


def _texts_by_type(encoding: Encoding) -> dict[int, int]:
    """The sentence of each type id; nothing where types do not tell sentences apart."""
    columns = zip(
        encoding.special_tokens_mask, encoding.sequence_ids, encoding.type_ids, strict=True
    )
    own = {(kind, of or 0) for added, of, kind in columns if not added}
    texts = dict(own)
    return texts if len(texts) == len(own) else {}


def _special_ids(model: Model) -> set[int]:
    """Special tokens by their ids, also where a text has them: all but the one for unknowns."""
    added = model.tokenizer.get_added_tokens_decoder().items()
    return {
        index for index, token in added if token.special and token.content != model.unknown_token
    }


def _next_starts(encoding: Encoding) -> list[int | None]:
    """Where the next character with a token of its own starts; None at the end of a sentence."""
    starts: list[int | None] = []
    here: int | None = None
    after: int | None = None
    columns = zip(encoding.special_tokens_mask, encoding.offsets, strict=True)
    for added, (start, _) in reversed(list(columns)):
        if added:
            here = after = None
        elif start != here:
            here, after = start, here
        starts.append(after)
    return starts[::-1]


def _with_marks(span: Span, text: str, after: int | None) -> Span:
    """With the marks on its last character, up to where the next token starts.

    A normaliser that makes one character of a letter and its mark places it at the letter alone.
    """
    start, end = span
    while start < end < len(text) and end != after and is_mark(text[end]):
        end += 1
    return start, end


def _trimmed(span: Span, source: str, is_space: bool) -> Span:
    """Without the spaces around a word; a space that was put before a text stands for none."""
    start, end = span
    if is_space:
        return (start, end if source.isspace() else start)
    if source.isspace():
        return span
    return start + len(source) - len(source.lstrip()), end - len(source) + len(source.rstrip())


def _with_words(
    tokens: list[Token], pieces: list[Piece], sentences: list[str]
) -> tuple[Token, ...]:
    """Tokens with their words: by number, and as the sentence has them."""
    segmented = [word_at(sentence) for sentence in sentences]
    numbered = words(pieces, sentences, segmented)
    spans: dict[int, list[Span]] = {}
    for word, piece in zip(numbered, pieces, strict=True):
        if word is not None:
            spans.setdefault(word, []).append(piece.span)
    blank = {word for word, token in zip(numbered, tokens, strict=True) if token.is_unknown}

    def text_of(word: int | None, sentence: int) -> str:
        if word is None or word in blank:
            return ""
        start, end = spans[word][0][0], max(end for _, end in spans[word])
        return visible(sentences[sentence][start:end])

    def is_segmented(piece: Piece) -> bool:
        return piece.word is not None and piece.span[0] in segmented[piece.sentence]

    return tuple(
        replace(
            token,
            word=word,
            word_text=text_of(word, piece.sentence),
            is_segmented=is_segmented(piece),
        )
        for token, word, piece in zip(tokens, numbered, pieces, strict=True)
    )
