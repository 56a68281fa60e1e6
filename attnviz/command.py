"""The command that draws: `attnviz "text" -o heads.html`, or writes the numbers into a table."""

import argparse
import inspect
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.core.changed import changed
from attnviz.core.heads import HeadId, Kind
from attnviz.core.one_kind import of_kind
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.export.measures import measures_csv, measures_json, measures_npz, measures_parquet
from attnviz.export.numbers import as_csv, as_json, as_npz, as_parquet
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import drawn_by_name, kinds
from attnviz.pictures.lines import Arrangement
from attnviz.texts import LANGUAGES

OUTPUT = "attention.html"
PICTURE = "explore"

Written = str | bytes
_NUMBERS: dict[str, Callable[[Explorer], Written]] = {
    ".csv": lambda seen: as_csv(seen.chosen, seen.language),
    ".json": lambda seen: as_json(seen.chosen, seen.language),
    ".npz": lambda seen: as_npz(seen.drawn),
    ".parquet": lambda seen: as_parquet(seen.chosen, seen.language),
}
_TABLES: dict[str, Callable[[Trace, Any], Written]] = {
    ".csv": measures_csv,
    ".json": measures_json,
    ".npz": measures_npz,
    ".parquet": measures_parquet,
}
_PICTURES = (".html", ".svg")
_BY_BROWSERS = (".pdf", ".png")  # which alone have every font
_HEAD = re.compile(r"(?:(\d+)[.·](\d+)|L(\d+)[.·]?H(\d+))", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"(\d+)-(\d+)", re.ASCII)


def draw(arguments: Sequence[str]) -> int:
    """Write what was asked for into files, and print their names; 2 if that cannot be."""
    asked = _draw_parser().parse_args(arguments)
    try:
        files = _files(asked)
    except attnviz.AttnvizError as problem:
        print(problem.text(asked.language), file=sys.stderr)
        return 2
    for file in files:
        print(_printable(file))
    return 0


def _files(asked: argparse.Namespace) -> list[str]:
    """Make each file; what cannot be is found before the model runs, where it can be.

    Raises:
        AttnvizError: if one cannot be made.
    """
    output = asked.output
    if output is None and asked.measure is None:
        output = OUTPUT
    ending = None if output is None else _ending(output, (*_PICTURES, *_NUMBERS))
    table = None if asked.measure is None else _TABLES[_ending(asked.measure, _TABLES)]
    if None not in (output, asked.measure) and os.path.realpath(output) == os.path.realpath(
        asked.measure
    ):
        raise ArgumentError("one_file", file=_printable(output))
    heads = None if asked.head is None else [_head(text) for text in asked.head]
    lens = _lens(asked.lens)
    _check_used(asked, ending, lens)
    trace = attnviz.trace(asked.text, asked.model, asked.pair, target=asked.target)
    made = []
    if table is not None:
        made.append(_save(asked.measure, table(trace, asked.language)))
    if output is not None and ending is not None and _holds_all_kinds(asked, ending, trace):
        every = attnviz.overview(trace, language=asked.language)
        made.append(_save(output, every.to_html() if ending == ".html" else every.to_svg()))
    elif output is not None and ending is not None:
        one = of_kind(trace, asked.kind)
        seen = attnviz.explore(
            one, heads, lens, arrangement=asked.arrange or "stacked", language=asked.language
        )
        made.append(
            _save(
                output, _written(seen, asked.picture or PICTURE, ending, is_one=heads is not None)
            )
        )
    return made


def _holds_all_kinds(asked: argparse.Namespace, ending: str, trace: Trace) -> bool:
    """Whether a file is of all kinds of attention: where there are several, and none is chosen."""
    if len(trace.kinds) == 1 or asked.kind or asked.head or asked.lens or asked.arrange:
        return False
    picture = asked.picture or PICTURE
    return (ending == ".html" and picture == PICTURE) or (
        ending in _PICTURES and picture == "overview"
    )


def _check_used(asked: argparse.Namespace, ending: str | None, lens: Lens | None) -> None:
    """Make sure that everything that was asked for changes what is written.

    Raises:
        ArgumentError: if something would be left out without a word.
    """
    options = {
        "--kind": asked.kind,
        "--head": asked.head,
        "--lens": asked.lens,
        "--arrange": asked.arrange,
        "--picture": asked.picture,
    }
    picture = asked.picture or PICTURE
    reasons = _unused(ending, picture, lens)
    unused = {
        option: reasons[option]
        for option, value in options.items()
        if value is not None and option in reasons
    }
    for where in dict.fromkeys(unused.values()):
        file = _printable(asked.measure if ending is None else asked.output or OUTPUT)
        named = ", ".join(option for option in unused if unused[option] == where)
        raise ArgumentError(f"unused_in_{where}", file=file, picture=picture, options=named)


def _unused(ending: str | None, picture: str, lens: Lens | None) -> dict[str, str]:
    """The options that change nothing in such a file, each with where."""
    if ending is None:
        return dict.fromkeys(("--kind", "--head", "--lens", "--arrange", "--picture"), "table")
    if ending in _NUMBERS:
        drawing = dict.fromkeys(("--arrange", "--picture"), "numbers")
        return drawing | ({"--lens": "npz"} if ending == ".npz" else {})
    takes = inspect.signature(kinds()[picture].make).parameters
    unused = [] if "arrangement" in takes else ["--arrange"]
    if "lens" not in takes and lens is not None and changed(lens).keys() - takes.keys():
        unused.append("--lens")
    return dict.fromkeys(unused, "picture")


def _written(seen: Explorer, picture: str, ending: str, *, is_one: bool) -> Written:
    """What stands in a file of this ending."""
    if ending in _NUMBERS:
        return _NUMBERS[ending](seen)
    drawn = drawn_by_name(picture, seen, is_one=is_one)
    return drawn.to_html() if ending == ".html" else drawn.to_svg()


def _ending(output: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """The ending of a file that can be made, in small letters.

    Raises:
        ArgumentError: if nothing makes such a file, or the folder is not there.
    """
    file = _printable(output)
    ending = os.path.splitext(output)[1].lower()  # noqa: PTH122 (any text)
    if ending in _BY_BROWSERS:
        raise ArgumentError("drawn_by_browsers", file=file, known=", ".join(known))
    if ending not in known:
        raise ArgumentError("no_such_ending", file=file, known=", ".join(known))
    folder = os.path.dirname(output)  # noqa: PTH120
    if folder and not os.path.isdir(folder):  # noqa: PTH112 (no error for what is no path)
        raise ArgumentError("no_folder_for", file=file, folder=_printable(folder))
    return ending


def _save(output: str, made: Written) -> str:
    try:
        Path(output).write_bytes(made.encode() if isinstance(made, str) else made)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise ArgumentError("cannot_write", file=_printable(output), reason=reason) from problem
    return output


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _head(text: str) -> HeadId:
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        raise ArgumentError("head_unreadable", value=_printable(text))
    layer, head = (int(number) for number in match.groups() if number is not None)
    return HeadId(layer, head)


def _lens(text: str | None) -> Lens | None:
    """A lens as `Lens` takes it: "unit=word, hide_special, strongest=0.7, span=100-227".

    Raises:
        ArgumentError: if there is no such thing to ask for.
    """
    if text is None:
        return None
    given: dict[str, Any] = {}
    known = [field.name for field in fields(Lens)]
    for part in text.split(","):
        name, equals, value = (one.strip() for one in part.partition("="))
        if name not in known or name in given:
            raise ArgumentError("lens_unreadable", value=_printable(part), known=", ".join(known))
        given[name] = _value(value) if equals else True
    return Lens(**given)


def _value(text: str) -> object:
    """A value as Python has it: true and false, a number, or text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if ends := _SPAN.fullmatch(text):
        return int(ends[1]), int(ends[2])
    try:
        return float(text)
    except ValueError:
        return _printable(text)


def _draw_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attnviz",
        description="Draw where attention heads look: one HTML file that needs no network, or SVG; "
        "or write the numbers. Without a text, or as `attnviz serve`, the app starts.",
    )
    parser.add_argument("text", help="the sentence")
    parser.add_argument("--pair", help="a second sentence")
    parser.add_argument("--target", help="of an encoder–decoder: what it writes; left out: its own")
    parser.add_argument(
        "--kind",
        choices=[kind for kind in get_args(Kind) if kind != "self"],
        help="of an encoder–decoder: which attention is drawn; left out: all three where all "
        "heads are, else cross",
    )
    parser.add_argument("--model", help="minilm, minilm-random, a folder or a hub name")
    parser.add_argument(
        "--head",
        action="append",
        metavar="LAYER.HEAD",
        help="a head, counted from 0, such as 0.2 or L0H2; several times for several, up to "
        "twelve; left out: the two most different",
    )
    parser.add_argument(
        "--picture",
        choices=list(kinds()),
        help="what is drawn: all heads with a choice among them (explore, where none is named), "
        "or one picture alone",
    )
    parser.add_argument(
        "--lens",
        help="what is shown of each head, as attnviz.Lens takes it, such as "
        '"unit=word, hide_special, renormalise, at_least=0.05, strongest=0.7"',
    )
    parser.add_argument(
        "--arrange",
        choices=get_args(Arrangement),
        help="how the lines of several heads stand (stacked)",
    )
    parser.add_argument(
        "--measure",
        metavar="TABLE.csv",
        help=f"write all measures of all heads: {_either(_TABLES)}; a picture then needs -o",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the file")
    parser.add_argument(
        "-o",
        "--output",
        help=f"the file; its ending says what is in it: a picture ({_either(_PICTURES)}) or the "
        f"numbers of the heads ({_either(_NUMBERS)}) ({OUTPUT})",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {attnviz.__version__}")
    return parser


def _either(endings: Sequence[str] | Mapping[str, object]) -> str:
    *others, last = endings
    return f"{', '.join(others)} or {last}"
