"""The shell: `python -m attnviz "text" --head 0.2 --head 1.8 -o heads.html`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import attnviz
from attnviz.figures.style import MOST_HEADS
from attnviz.tracing.head import HeadId
from attnviz.words import LANGUAGES

OUTPUT = "attention.html"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lines of some heads of a sentence to an HTML file; 2 if that cannot be."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if len(asked.head or ()) > MOST_HEADS:
        parser.error(f"at most {MOST_HEADS} heads can be told apart in one picture")
    try:
        trace = attnviz.trace(asked.text, asked.model, asked.pair)
        heads = asked.head or _two_heads(trace)
        missing = [str(head) for head in heads if head not in trace.heads]
        if missing:
            card = trace.model
            raise attnviz.InterventionError(
                "no_such_head", head=", ".join(missing), layers=card.layers, heads=card.heads
            )
        page = attnviz.lines(trace, heads, language=asked.language).to_html()
        Path(asked.output).write_text(page, encoding="utf-8")
    except attnviz.AttnvizError as problem:
        print(problem.text(asked.language), file=sys.stderr)
        return 2
    except OSError as problem:
        print(f"{asked.output}: {problem.strerror}", file=sys.stderr)
        return 2
    print(asked.output)
    return 0


def _two_heads(trace: attnviz.Trace) -> list[HeadId]:
    from attnviz.analysis.difference import most_different

    return list(dict.fromkeys(most_different(trace)[:2]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m attnviz",
        description="Draw where attention heads look, as one HTML file that needs no network.",
    )
    parser.add_argument("text", help="the sentence")
    parser.add_argument("--pair", help="a second sentence")
    parser.add_argument("--model", help="minilm, minilm-random, a folder or a hub name")
    parser.add_argument(
        "--head",
        action="append",
        type=_head,
        metavar="LAYER.HEAD",
        help="a head, counted from 0; up to twelve; left out: the two most different",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the file")
    parser.add_argument("-o", "--output", default=OUTPUT, help=f"the file ({OUTPUT})")
    return parser


def _head(text: str) -> HeadId:
    layer, _, head = text.partition(".")
    return HeadId(int(layer), int(head))


if __name__ == "__main__":
    sys.exit(main())
