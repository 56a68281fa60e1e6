"""Lines of text in figures: cut and broken where they would be wider than their room."""

from hypothesis import given
from hypothesis import strategies as st

from attnviz.pictures.elements.lettering import fitting, width_of, wrapped

TEXTS = st.text("ab ,。中文語e\u0301", max_size=40)
WIDTHS = st.floats(20, 200)


def test_a_chinese_character_is_as_wide_as_it_is_high_and_an_accent_has_no_width() -> None:
    assert width_of("中文", 12) == 24
    assert width_of("e\u0301", 12) == width_of("e", 12) < 12


@given(TEXTS, WIDTHS)
def test_a_text_that_is_cut_fits_and_says_so(said: str, width: float) -> None:
    shown = fitting(said, width, 10)
    assert width_of(shown, 10) <= width
    assert shown == said if width_of(said, 10) <= width else shown.endswith("…")
    assert said.startswith(shown.removesuffix("…"))


@given(TEXTS, WIDTHS)
def test_lines_keep_every_letter_and_no_line_is_wider_if_it_can_be_broken(
    said: str, width: float
) -> None:
    lines = wrapped(said, width, 10)
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    for line in lines:
        is_one_piece = " " not in line and not any(letter in "中文語" for letter in line[1:])
        assert width_of(line, 10) <= width or is_one_piece


def test_a_line_does_not_begin_with_what_closes_a_sentence() -> None:
    assert wrapped("中文。中", 20, 10) == ["中", "文。", "中"]
