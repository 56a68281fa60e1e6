"""Every task against its contract, and its ground truth against brute force."""

from collections import Counter
from itertools import pairwise, product

import numpy as np
import pytest

import attnviz
from attnviz.errors import TextError, TrainingError
from attnviz.models.small.alphabet import UNKNOWN
from attnviz.texts import LANGUAGES, catalogue
from attnviz.training.record import Training
from attnviz.training.ring import best_of_one_average
from attnviz.training.tasks import NOTHING, Task, task_called, tasks
from attnviz.training.tasks.brackets import balanced
from attnviz.training.train import train

OFFSETS = {
    "two-looks": (-1, 1),
    "four-looks": (-2, -1, 1, 2),
    "eight-looks": (-4, -3, -2, -1, 1, 2, 3, 4),
}


def drawn(name: str, texts: int = 20, seed: int = 0) -> tuple[Task, np.ndarray]:
    task = task_called(name)
    return task, task.draw(np.random.default_rng(seed), texts)


def untrained(name: str) -> Training:
    return train(name, cancelled=lambda: True)


def test_the_tasks_of_the_lessons_are_there() -> None:
    wanted = {
        *OFFSETS,
        "reverse",
        "one-hop",
        "two-hop",
        "brackets",
        "it",
        "induction",
        "count-brackets",
    }
    assert wanted <= set(tasks())


@pytest.mark.parametrize("name", tasks())
@pytest.mark.parametrize("seed", range(5))
def test_contract(name: str, seed: int) -> None:
    task, texts = drawn(name, seed=seed)
    count, length = texts.shape
    assert count == 20
    assert task.alphabet.fewest <= length <= task.alphabet.most
    assert 0 <= texts.min() <= texts.max() < len(task.alphabet.symbols)
    answers, targets = task.answers(texts), task.targets(texts)
    assert answers.shape == (count, length, task.questions)
    assert targets.shape == (len(task.target_names), count, length)
    assert NOTHING <= answers.min() <= answers.max() < len(task.choices)
    if task.target_names:
        assert NOTHING <= targets.min() <= targets.max() < length
    if task.is_causal:
        assert (targets <= np.arange(length)).all(), "a decoder sees no later token"
    assert (answers != NOTHING).any()
    np.testing.assert_array_equal(texts, drawn(name, seed=seed)[1])


@pytest.mark.parametrize("name", tasks())
def test_alphabet_reads_its_own_texts(name: str) -> None:
    task, texts = drawn(name)
    tokenizer = task.alphabet.tokenizer()
    for symbols in texts.tolist():
        known = [s for s in symbols if task.alphabet.symbols[s] != UNKNOWN]
        assert tokenizer.encode(task.alphabet.text(known)).ids == known
    example = tokenizer.encode(task.alphabet.example)
    assert UNKNOWN not in example.tokens
    assert task.alphabet.fewest <= len(example) <= task.alphabet.most
    assert len(set(task.alphabet.symbols)) == len(task.alphabet.symbols)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", tasks())
def test_every_task_has_words(name: str, language: str) -> None:
    words = catalogue("zh" if language == "zh" else "en")
    looks = [f"look.{look}" for look in task_called(name).target_names]
    for key in (f"task.{name}", f"task.{name}_asks", f"task.{name}_needs", *looks):
        assert words[key]


@pytest.mark.parametrize("name", OFFSETS)
def test_looks_on_the_ring(name: str) -> None:
    task, texts = drawn(name)
    answers, targets = task.answers(texts), task.targets(texts)
    for text, place, look in np.ndindex(20, 12, len(OFFSETS[name])):
        target = (place + OFFSETS[name][look]) % 12
        assert targets[look, text, place] == target
        assert answers[text, place, look] == texts[text, target]


def test_reverse() -> None:
    task, texts = drawn("reverse")
    for text, answer in zip(texts.tolist(), task.answers(texts)[..., 0].tolist(), strict=True):
        assert answer == list(reversed(text))
    assert task.targets(texts)[0, 0].tolist() == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(("name", "hops"), [("one-hop", 1), ("two-hop", 2)])
def test_hops(name: str, hops: int) -> None:
    task, texts = drawn(name)
    answers, targets = task.answers(texts), task.targets(texts)
    for text, start in np.ndindex(texts.shape):
        place = start
        for hop in range(hops):
            place = int(texts[text, place])
            assert targets[hop, text, start] == place
        assert answers[text, start, 0] == texts[text, place]


def partner_by_counting(text: list[int], place: int) -> int:
    """The nearest place in the bracket's direction at which as many close as open."""
    direction = 1 if text[place] == 0 else -1
    depth = 0
    for other in range(place, len(text) if direction == 1 else -1, direction):
        depth += 1 if text[other] == 0 else -1
        if depth == 0:
            return other
    return NOTHING


@pytest.mark.parametrize("seed", range(5))
def test_brackets(seed: int) -> None:
    task, texts = drawn("brackets", seed=seed)
    for text, places in zip(texts.tolist(), task.targets(texts)[0].tolist(), strict=True):
        assert places == [partner_by_counting(text, place) for place in range(len(text))]
    np.testing.assert_array_equal(task.answers(texts)[..., 0], task.targets(texts)[0])


def test_brackets_of_all_kinds() -> None:
    task = task_called("brackets")
    for text in product((0, 1), repeat=7):
        found = task.targets(np.array([text]))[0, 0].tolist()
        assert found == [partner_by_counting(list(text), place) for place in range(7)]


def test_balanced_brackets_are_all_there() -> None:
    assert [len(balanced(pairs)) for pairs in range(1, 9)] == [1, 2, 5, 14, 42, 132, 429, 1430]
    by_hand = [
        text
        for text in product((0, 1), repeat=8)
        if NOTHING not in (partner_by_counting(list(text), place) for place in range(8))
    ]
    assert sorted(map(tuple, balanced(4).tolist())) == sorted(by_hand)


def test_first_seen() -> None:
    task, texts = drawn("first-seen", texts=50)
    for text, places in zip(texts.tolist(), task.targets(texts)[0].tolist(), strict=True):
        assert places == [text.index(symbol) for symbol in text]
    np.testing.assert_array_equal(task.answers(texts)[..., 0], task.targets(texts)[0])


@pytest.mark.parametrize("seed", range(3))
def test_induction(seed: int) -> None:
    task, texts = drawn("induction", seed=seed)
    before, followed = task.targets(texts)
    for n, text in enumerate(texts.tolist()):
        for place, letter in enumerate(text):
            last = next((p for p in reversed(range(place)) if text[p] == letter), None)
            assert before[n, place] == place - 1  # at the first, −1: none
            assert followed[n, place] == (NOTHING if last is None else last + 1)
            right = NOTHING if last is None else text[last + 1]
            assert task.answers(texts)[n, place, 0] == right


def test_a_part_comes_again_at_no_fixed_distance() -> None:
    """Else a head that knows places alone would do."""
    _, texts = drawn("induction", texts=200)
    distances = set()
    for text in texts.tolist():
        pairs = list(pairwise(text))
        at = [(p, q) for p in range(len(pairs)) for q in range(p) if pairs[p] == pairs[q]]
        assert at, "no part comes again"
        distances |= {p - q for p, q in at}
    assert len(distances) > 4


@pytest.mark.parametrize("seed", range(3))
def test_count_brackets(seed: int) -> None:
    task, texts = drawn("count-brackets", seed=seed)
    for text, counts in zip(texts.tolist(), task.answers(texts)[..., 0].tolist(), strict=True):
        expected = [text[:n].count(0) - text[:n].count(1) for n in range(1, len(text) + 1)]
        assert counts == expected
        assert min(expected) >= 0, "closes what is not open"


def test_nothing_is_counted_once_a_bracket_closes_what_is_not_open() -> None:
    task = task_called("count-brackets")
    found = task.answers(np.array([[0, 1, 1, 0, 0]]))[0, :, 0]
    assert found.tolist() == [1, 0, NOTHING, NOTHING, NOTHING]


@pytest.mark.parametrize(
    ("sentence", "noun", "place"),
    [
        ("The dog did not cross the street because it was tired.", "dog", 1),
        ("The dog did not cross the street because it was wide.", "street", 6),
        ("The bridge did not stop the horse because it was brave.", "horse", 6),
        ("The bridge did not stop the horse because it was closed.", "bridge", 1),
    ],
)
def test_it(sentence: str, noun: str, place: int) -> None:
    task = task_called("it")
    symbols = np.array([task.alphabet.tokenizer().encode(sentence).ids])
    adjective, meant = task.targets(symbols)[:, 0]
    it = 8
    assert (adjective[it], meant[it]) == (10, place)
    assert task.choices[task.answers(symbols)[0, it, 0]] == noun
    for answers in (adjective, meant, task.answers(symbols)[0, :, 0]):
        assert set(np.delete(answers, it)) == {NOTHING}


def test_it_never_has_one_answer_at_one_place() -> None:
    task, texts = drawn("it", texts=2000)
    meant = task.targets(texts)[1][:, 8]
    assert 0.4 < (meant == 1).mean() < 0.6


@pytest.mark.parametrize(("looks", "symbols"), [(2, 10), (4, 10), (8, 3), (3, 5)])
def test_theory_by_enumeration(looks: int, symbols: int) -> None:
    largest = [max(Counter(s).values()) for s in product(range(symbols), repeat=looks)]
    assert best_of_one_average(looks, symbols) == pytest.approx(np.mean(largest) / looks)


def test_theory_of_eight_looks() -> None:
    assert task_called("eight-looks").one_head == pytest.approx(0.2999, abs=1e-4)


def test_chinese_has_real_tokens() -> None:
    tokens = task_called("first-seen").alphabet.tokenizer().encode("四是四\uff0c十是十。").tokens
    assert tokens == ["四", "是", "四", "\uff0c", "十", "是", "十", "。"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_refuse_prose(language: str) -> None:
    with pytest.raises(TextError) as refused:
        untrained("eight-looks").replies("The cat sat on it")
    message = refused.value.text("zh" if language == "zh" else "en")
    assert "0 1 2 3 4 5 6 7 8 9" in message
    assert "T h e c a t" in message


def test_too_few_symbols_are_refused() -> None:
    with pytest.raises(TextError, match="at least 12 symbols; this one has 3"):
        untrained("eight-looks").replies("3 1 4")


def test_pairs_are_refused() -> None:
    model = untrained("reverse").model
    with pytest.raises(TextError, match="not on pairs"):
        attnviz.trace("314159265358", model, pair="314159265358")


def test_unknown_task_names_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="eight-looks"):
        train("nine-looks")
