"""A figure for a paper, saved from the page and read back; and its letters at print size."""

import io
import json
import re
import zlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

import attnviz
from attnviz import Sheet
from attnviz.core.sheet import LETTERS
from attnviz.export.pdf import pdf_packet
from attnviz.pictures import style
from attnviz.pictures.highlights import highlights
from attnviz.pictures.kinds import kinds
from attnviz.pictures.lines import Lines
from attnviz.pictures.packet import unpack
from attnviz.pictures.scripts import core
from attnviz.share.state import USUAL_ARRANGEMENT
from tests.browser.conftest import Open, Visit
from tests.browser.test_share import offline as offline
from tests.conftest import NOTE

PAIR = [(0, 2), (1, 8)]

INK = (Path(__file__).parent / "ink.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sheet_of_paper(browser: Browser) -> Page:
    return browser.new_context(offline=True).new_page()


def ink(page: Page, svg: str) -> Any:
    page.set_content(f"<style>body {{ margin: 0 }}</style>{svg}")
    return page.evaluate(INK)


@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("kind", [name for name, kind in kinds().items() if kind.is_saved])
def test_no_letter_touches_another_at_print_size(
    sheet_of_paper: Page, note: attnviz.Trace, kind: str, letters: Any
) -> None:
    seen = attnviz.explore(note, PAIR, arrangement="overlaid", pins=["q5"])
    pictures = kinds()[kind].pictures(seen)
    for make in pictures.values():
        for sheet in (Sheet(85, letters), Sheet(180, letters, provenance=True)):
            found = ink(sheet_of_paper, make().to_svg(sheet=sheet))
            assert found["count"] > 10
            assert found["wide"] == pytest.approx(sheet.width * 96 / 25.4, abs=0.1), (
                "real millimetres"
            )
            assert found["pairs"] == []
            assert found["outside"] == []


WIDE = ["W" * 18, "m" * 12, "注意力机制注意力", "ii", "@", "MW", "…", "…" * 9, "Straßenbahn", "—"]


@pytest.mark.parametrize("kind", [name for name, kind in kinds().items() if kind.is_saved])
@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_wide_letters_stay_in_the_figure_too(
    sheet_of_paper: Page, kind: str, direction: Any
) -> None:
    weights = np.full((1, 2, len(WIDE), len(WIDE)), 1 / len(WIDE))
    trace = attnviz.Trace.from_weights(WIDE, weights)
    seen = attnviz.explore(trace, [(0, 0), (0, 1)], direction=direction)
    for make in kinds()[kind].pictures(seen).values():
        for letters in LETTERS:
            found = ink(sheet_of_paper, make().to_svg(sheet=Sheet(85, letters)))
            assert found["pairs"] == []
            assert found["outside"] == []


def test_a_touch_would_be_found(sheet_of_paper: Page) -> None:
    text = '<text x="{}" y="20" font-size="10">word</text>'
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="85mm" height="20mm" viewBox="0 0 340 80">'
    near = ink(sheet_of_paper, f"{svg}{text.format(10)}{text.format(20)}</svg>")
    assert near["pairs"] == [["word", "word"]]
    assert ink(sheet_of_paper, f"{svg}{text.format(10)}{text.format(60)}</svg>")["pairs"] == []
    assert ink(sheet_of_paper, f"{svg}{text.format(330)}</svg>")["outside"] == ["word"]


# ---- from the page


def saved(opened: Visit, button: str) -> tuple[str, bytes]:
    """The name and the bytes of what a button of Save saves."""
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


@pytest.fixture
def saving(visit: Open) -> Visit:
    opened = visit(height=1400)
    opened.page.get_by_role("button", name="Save", exact=True).click()
    opened.page.locator('[class*="st-key-save_preview"] img').wait_for()
    opened.settle()
    return opened


def objects_of(pdf: bytes) -> dict[int, tuple[str, bytes]]:
    """Each object of a PDF by its number, found as a reader finds it: by the table at its end."""
    (start,) = re.findall(rb"startxref\n(\d+)\n%%EOF\n$", pdf)
    rows = pdf[int(start) :].split(b"\n")
    count = int(rows[1].split()[1])
    found = {}
    for number in range(1, count):
        row = rows[2 + number]
        assert len(row) == 19, "20 with its end"
        offset = int(row.split()[0])
        assert pdf[offset:].startswith(f"{number} 0 obj\n".encode())
        body = pdf[offset : pdf.index(b"endobj", offset)]
        entries, _, stream = body.partition(b"stream\n")
        length = int((re.findall(rb"/Length (\d+)", entries) or [b"0"])[0])
        stream = stream[:length]
        if b"/FlateDecode" in entries:
            stream = zlib.decompress(stream)
        found[number] = (entries.decode("latin-1"), stream)
    return found


SPOKEN = re.compile(r"/ActualText <FEFF(\w+)>")


def spoken(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be")


def drawn(note: attnviz.Trace) -> Lines:
    """The lines as a page shows them until other ones are chosen."""
    return attnviz.lines(note, PAIR, arrangement=USUAL_ARRANGEMENT)


def test_a_pdf_holds_the_figure_and_says_where_it_is_from(
    saving: Visit, note: attnviz.Trace
) -> None:
    saving.page.get_by_text("7 pt", exact=True).click()
    saving.settle()
    name, pdf = saved(saving, "PDF")
    assert name == "attnviz-L0H2-L1H8-lines.pdf"
    svg = drawn(note).to_svg(sheet=Sheet(letters=7))
    meta, arrays = unpack(pdf_packet(svg, name))
    objects = objects_of(pdf)
    (page,) = (entries for entries, _ in objects.values() if "/Type /Page " in entries)
    box = [float(n) for n in re.findall(r"/MediaBox \[([^]]*)\]", page)[0].split()]
    assert box[2] * 25.4 / 72 == pytest.approx(85, abs=0.001)
    assert box[3] == pytest.approx(meta["size"][1], abs=0.001)
    contents = [int(n) for n in re.findall(r"/Contents \[(\d+) 0 R (\d+) 0 R\]", page)[0]]
    assert objects[contents[0]][1] == arrays["content"].tobytes()
    letters = objects[contents[1]][1].decode("latin-1")
    said = [spoken(text).strip() for text in SPOKEN.findall(letters)]
    assert said == [text["text"] for text in meta["texts"]]
    # each text is an image of its ink, and its letters are where its mask is not empty
    images = re.findall(r"/(T\d+) (\d+) 0 R", page)
    assert len(images) == len({(t["text"], t["weight"], *t["ink"]) for t in meta["texts"]})
    heights = []
    for _, number in images:
        entries, rgb = objects[int(number)]
        assert list(rgb) in [text["ink"] for text in meta["texts"]]
        mask, opacity = objects[int(re.findall(r"/SMask (\d+) 0 R", entries)[0])]
        wide, high = (int(re.findall(rf"/{side} (\d+)", mask)[0]) for side in ("Width", "Height"))
        assert len(opacity) == wide * high
        assert max(opacity) == 255
        heights.append(high)
    assert 100 < max(heights) < 160, "letters of 7 pt at 1,200 dots an inch"
    information = next(entries for entries, _ in objects.values() if "/Creator" in entries)
    facts = json.loads(spoken(re.findall(r"/Subject <FEFF(\w+)>", information)[0]))
    assert facts["text"] == NOTE
    assert facts["revision"] == note.model.revision
    assert facts["sheet"] == "attnviz.Sheet(letters=7)"
    assert saving.problems == []


def test_texts_that_are_used_again_are_one_form_and_can_be_read(
    sheet_of_paper: Page, note: attnviz.Trace
) -> None:
    svg = highlights(note, PAIR[0]).to_svg(sheet=Sheet())
    meta, _ = unpack(packet := pdf_packet(svg, "x.pdf"))
    script = core() + (files("attnviz.ui") / "assets" / "saved_files.js").read_text("utf-8")
    sheet_of_paper.set_content("")
    made = sheet_of_paper.evaluate(
        f"""async (packet) => {{ {script.replace("export default ", "const saves = ")}
        const pdf = await pdfOf(unpack(Uint8Array.from(packet)));
        return Array.from(new Uint8Array(await pdf.arrayBuffer())); }}""",
        list(packet),
    )
    objects = objects_of(bytes(made))
    (page,) = (entries for entries, _ in objects.values() if "/Type /Page " in entries)
    letters = objects[int(re.findall(r"/Contents \[\d+ 0 R (\d+) 0 R\]", page)[0])][1].decode()
    entries, content = objects[int(re.findall(r"/G0 (\d+) 0 R", page)[0])]
    assert "/Subtype /Form" in entries
    said = [spoken(text).strip() for text in SPOKEN.findall(content.decode())]
    assert said == [token.text for token in note.tokens]
    uses = re.findall(r"q (.+) cm /G0 Do Q", letters)
    given = [text["matrix"] for text in meta["texts"] if "group" in text]
    assert len(uses) == len(given) == len(note.tokens)
    for use, matrix in zip(uses, given, strict=True):
        assert list(map(float, use.split())) == pytest.approx(matrix, abs=1e-4)
    alone = [spoken(text).strip() for text in SPOKEN.findall(letters)]
    assert alone == [text["text"] for text in meta["texts"] if "text" in text]
    # the letters of the form are as fine as all others
    heights = {}
    for name in set(re.findall(r"/(T\d+) \d+ 0 R", entries)):
        image, _ = objects[int(re.findall(rf"/{name} (\d+) 0 R", entries)[0])]
        mask, _ = objects[int(re.findall(r"/SMask (\d+) 0 R", image)[0])]
        heights[name] = int(re.findall(r"/Height (\d+)", mask)[0])
    assert 100 < max(heights.values()) < 180, "letters of 8 pt at 1,200 dots an inch"


def test_a_png_is_transparent_where_nothing_is_drawn(saving: Visit, note: attnviz.Trace) -> None:
    saving.page.get_by_text("transparent", exact=True).click()
    saving.settle()
    name, data = saved(saving, "PNG (600 dpi)")
    picture = Image.open(io.BytesIO(data))
    assert name == "attnviz-L0H2-L1H8-lines.png"
    assert picture.width == round(85 / 25.4 * 600)
    assert picture.info["dpi"] == pytest.approx((600, 600), abs=0.1)
    facts = json.loads(picture.info["Description"])
    assert facts["text"] == NOTE
    assert facts["sheet"] == "attnviz.Sheet(is_transparent=True)"
    assert picture.info["Comment"] == attnviz.lines(note, PAIR).alt
    alpha = np.asarray(picture.convert("RGBA"))[:, :, 3]
    assert alpha[0, 0] == alpha[-1, -1] == 0
    assert alpha.max() == 255
    assert (alpha == 0).mean() > 0.5


def test_the_page_that_is_saved_is_light_or_dark_as_its_reader_is(
    saving: Visit, browser: Browser, tmp_path: Path, note: attnviz.Trace
) -> None:
    button = saving.page.get_by_role("button", name=re.compile("A page with all heads"))
    with saving.page.expect_download() as download:
        button.click()
    file = tmp_path / "heads.html"
    download.value.save_as(file)
    context = browser.new_context(offline=True, color_scheme="dark")
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector(".panel svg .lines")
    facts = json.loads(str(page.locator('meta[name="attnviz"]').get_attribute("content")))
    assert facts["text"] == NOTE
    assert facts["again"].startswith("import attnviz\n")

    def ground() -> str:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return "#" + "".join(f"{int(n):02X}" for n in re.findall(r"\d+", colour))

    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        ink_of_a = getattr(style.HEAD_CODES[0], scheme)
        page.wait_for_function(
            "ink => document.querySelector('.lines path').getAttribute('stroke') === ink",
            arg=ink_of_a,
        )
        assert ground() == style.PAPER[scheme]
    context.close()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_files_have_names_that_every_system_takes(visit: Open, locale: str) -> None:
    opened = visit(height=1400, locale=locale)
    open_save = opened.page.locator(".st-key-save_open button").first
    open_save.click()
    opened.page.locator('[class*="st-key-save_preview"] img').wait_for()
    names = []
    for index in (2, 4, 5):
        opened.page.locator(".st-key-save_what").get_by_role("combobox").click()
        opened.page.get_by_role("option").nth(index).click()
        opened.settle()
        with opened.page.expect_download() as download:
            opened.page.locator(".st-key-save_svg button").click()
        names.append(download.value.suggested_filename)
    kinds_of = ("heatmap-L0H2", "difference-L0H2-L1H8", "text-L0H2")
    assert names == [f"attnviz-L0H2-L1H8-{one}.svg" for one in kinds_of]


def test_the_svg_that_is_saved_is_the_preview(saving: Visit, note: attnviz.Trace) -> None:
    name, data = saved(saving, "SVG")
    assert name == "attnviz-L0H2-L1H8-lines.svg"
    assert data.decode() == drawn(note).to_svg(sheet=Sheet())
    source = saving.page.locator('[class*="st-key-save_preview"] img')
    wide = source.evaluate("image => image.getBoundingClientRect().width")
    assert wide == pytest.approx(85 * 96 / 25.4, abs=0.5), "at its size in print"
    shown = source.evaluate("image => fetch(image.src).then((found) => found.text())")
    assert shown == data.decode()
