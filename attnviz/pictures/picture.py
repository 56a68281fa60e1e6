"""What every picture of heads says in words: title, pattern, and what it withholds."""

from attnviz.analysis.combine import Combination
from attnviz.analysis.describe import Description
from attnviz.analysis.lens import Lens
from attnviz.core.maps import Withheld
from attnviz.core.trace import Trace
from attnviz.digits import exact, exact_percent
from attnviz.texts import Language, enumerated, say


def title(trace: Trace | None, what: str, language: Language) -> str:
    """Model and head: the first line of every picture. A map from elsewhere has its own name."""
    return what if trace is None else f"{trace.model.called(language)} · {what}"


def percent(share: float) -> str:
    """A share with one decimal, and never 100 or 0 by rounding alone."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def withheld_notes(
    withheld: Withheld,
    lens: Lens,
    combination: Combination | None,
    language: Language,
    *,
    is_given: bool = False,
) -> list[str]:
    """One sentence for each thing that the mask or the lens hid, merged or renormalised."""
    notes = []
    if withheld.span is not None:
        notes.append(say("picture.span", language, **_span(withheld)))
    if withheld.not_allowed:
        key = "picture.not_allowed_given" if is_given else "picture.not_allowed"
        notes.append(say(key, language, cells=f"{withheld.not_allowed:,}"))
    if withheld.pieces_merged:
        notes.append(say("picture.merged", language, pieces=withheld.pieces_merged))
    counts = {"no_words": withheld.no_words, "segmented": withheld.segmented}
    notes += [say(f"picture.{name}", language, places=n) for name, n in counts.items() if n]
    if withheld.special_hidden:
        share = percent(withheld.special_share)
        of = "picture.special_hidden" + ("" if lens.map == "raw" else "_map")
        notes.append(say(of, language, tokens=withheld.special_hidden, share=share))
        key = "picture.renormalised" if withheld.renormalised else "picture.not_renormalised"
        if withheld.renormalised and combination == "maximum":
            key = "picture.renormalised_maximum"
        notes.append(say(key, language))
    if notes and combination is not None:
        notes.append(say("picture.head_by_head", language))
    if withheld.rows_empty:
        notes.append(say("picture.rows_empty", language, rows=withheld.rows_empty))
    if withheld.between_hidden:
        hidden = _between(withheld)
        notes.append(say("picture.between_hidden", language, **_texts(lens), **hidden))
    if withheld.weak_hidden:
        notes.append(say("picture.weak_hidden", language, **_weak(withheld, lens, language)))
    return notes


def withheld_counts(
    withheld: Withheld, lens: Lens, language: Language, *, hatched: bool
) -> list[str]:
    """The same as short as a figure alone has room for; `hatched` what is not allowed, or not."""
    special, share = withheld.special_hidden, percent(withheld.special_share)
    cells, pieces, rows = withheld.not_allowed, withheld.pieces_merged, withheld.rows_empty
    between = {**_texts(lens), **_between(withheld)}
    counts: list[tuple[str, object, dict[str, object]]] = [
        ("span", withheld.span, _span(withheld)),
        ("hatched" if hatched else "not_allowed", cells, {"cells": f"{cells:,}"}),
        ("merged", pieces, {"pieces": f"{pieces:,}"}),
        ("special", special, {"tokens": f"{special:,}", "share": share}),
        ("renormalised", withheld.renormalised, {}),
        ("rows_empty", rows, {"rows": f"{rows:,}"}),
        ("between", withheld.between_hidden, between),
        ("weak", withheld.weak_hidden, _weak(withheld, lens, language)),
    ]
    return [say(f"hidden.{key}", language, **values) for key, count, values in counts if count]


def _span(withheld: Withheld) -> dict[str, object]:
    first, last = withheld.span or (0, 0)
    share = percent(withheld.outside_share)
    return {
        "first": f"{first:,}",
        "last": f"{last:,}",
        "tokens": f"{withheld.tokens:,}",
        "share": share,
    }


def _texts(lens: Lens) -> dict[str, object]:
    """The text from which, and the one to which a lens on a pair looks."""
    first, _, second = lens.between.upper().partition("_TO_")
    return {"a": first, "b": second}


def _between(withheld: Withheld) -> dict[str, object]:
    return {
        "weights": f"{withheld.between_hidden:,}",
        "share": percent(withheld.between_share),
    }


def _weak(withheld: Withheld, lens: Lens, language: Language) -> dict[str, object]:
    return {
        "weights": f"{withheld.weak_hidden:,}",
        "share": percent(withheld.weak_share),
        "rule": _threshold(lens, language),
    }


def some_named(step: int, language: Language) -> list[str]:
    """That only every k-th name is printed; nothing where all are."""
    return [say("picture.some_named", language, step=step)] if step > 1 else []


def _threshold(lens: Lens, language: Language) -> str:
    rules = []
    if lens.at_least > 0:
        rules.append(say("picture.rule_at_least", language, weight=exact(lens.at_least)))
    if lens.strongest < 1:
        rules.append(say("picture.rule_strongest", language, share=exact_percent(lens.strongest)))
    return enumerated(rules, language)


def reading(name: str, description: Description, unit: str, language: Language) -> str:
    """What a head does here, with its name, as the first line that is read."""
    numbers = {
        "name": name,
        "share": percent(description.share),
        "token": description.token,
        "distance": description.distance,
        "unit": say(f"pattern.unit_{unit}", language),
    }
    if description.pattern == "even" and description.entropy is not None:
        entropies = {"entropy": description.entropy, "most": description.most_entropy}
        written = {name: f"{value:.1f}" for name, value in entropies.items()}
        return say("reading.even", language, name=name, **written)
    most = "most_" if description.pattern in ("even", "none") else ""
    return say(f"reading.{most}{description.strongest}", language, **numbers)


def sentence(description: Description, unit: str, language: Language) -> str:
    """What a head does here, in one sentence with its numbers, counted in `unit`."""
    is_sink = description.pattern == "first"
    strongest = say(
        f"pattern.{'sink' if is_sink else description.strongest}",
        language,
        share=percent(description.share),
        token=description.token,
        distance=description.distance,
        unit=say(f"pattern.unit_{unit}", language),
    )
    if description.pattern not in ("even", "none"):
        return say("pattern.says_simple", language, strongest=strongest)
    if description.entropy is None:
        return say("pattern.says_most", language, strongest=strongest)
    return say(
        f"pattern.says_{description.pattern}",
        language,
        strongest=strongest,
        entropy=f"{description.entropy:.1f}",
        most=f"{description.most_entropy:.1f}",
    )
