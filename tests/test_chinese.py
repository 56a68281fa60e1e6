"""Chinese: one word for each thing, the punctuation of Chinese, and no English left over."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import attnviz
from attnviz.pictures.drawing import Drawing
from attnviz.pictures.heatmap import heatmap
from attnviz.pictures.kinds import kinds
from attnviz.pictures.lines import lines
from attnviz.pictures.overview import overview
from attnviz.texts import catalogue, running

ROOT = Path(__file__).parents[1] / "attnviz"
HAN = "[一-鿿]"
TERMS = {
    r"\bscores?\b": "得分",
    r"\bverdicts?\b": "结论",
    r"\bheatmaps?\b": "热力图",
    r"\bword pieces?\b": "子词",
    r"\bresidual connection": "残差连接",
    r"\bspecial tokens?\b": "特殊词元",
    r"\brenormalised?\b": "重新归一化",
    r"\bmask test\b": "遮盖实验",
    r"\beven average\b": "均匀平均",
    r"\baccuracy\b": "准确率",
    r"\bfilters?\b": "卷积核",
    r"\bpatterns?\b": "模式",
    r"\bdivergence\b": "散度",
    r"\bseeds?\b": "种子",
    r"\bcheckpoints?\b": "检查点",
}
OTHER_WORDS = {
    "您": "你",
    "审判|裁决|判定": "检验 and 结论",
    "分数": "得分, since 分数 is a fraction too",
    "份额": "权重 or 占比",
    "看法": "关注模式",
    "热图": "热力图",
    "词片": "子词",
    "规律": "模式",
    "遮住": "遮盖",
    "拿掉": "关掉",
    "归一(?!化)": "归一化",
    "残差(?!连接|流)": "残差连接",
    "学来的": "训练得到的",
    "尖锐": "集中",
    "深浅 √": "颜色深浅 =",
    "指针下": "悬停",
    "什么都不写|不写出任何东西": "输出置零, 没有输出",
    "收在输出上": "恰好等于输出",
    "同类": "同款头",
    "一张地图": "画在一张图上",
    "最看(?!重)": "最关注",
    "一比特|最大 1 比特": "以比特计，最大为一",
    "能到的高度": "能达到的上限",
    "这是我的答案": "提交答案",
    "泄露": "图里有答案",
    "Linear": "线性层",
}


BOTH = {key: (english, catalogue("zh")[key]) for key, english in catalogue("en").items()}


def test_all_texts_are_looked_at() -> None:
    lessons = [key for key in BOTH if key.startswith(("chapters.", "claims."))]
    assert len(lessons) > 400
    assert "chapters.01_qkv.title" in lessons
    assert "claims.looking.C13.claim" in lessons


def test_no_chinese_text_stands_in_the_code_of_lessons() -> None:
    files = (ROOT / "lessons").rglob("*.py")
    assert not [file for file in files if re.search(HAN, file.read_text(encoding="utf-8"))]


def test_punctuation_between_chinese_characters_is_chinese() -> None:
    half = re.compile(rf"{HAN} ?[,.;:?!]|[,;:?!] ?{HAN}|\.{HAN}")
    assert not {place: zh for place, (_, zh) in BOTH.items() if half.search(zh)}


def test_quotation_marks_and_brackets_come_in_pairs() -> None:
    for place, (_, chinese) in BOTH.items():
        for opening, closing in ("“”", "（）"):
            assert chinese.count(opening) == chinese.count(closing), place


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_one_word_for_each_thing(word: str) -> None:
    found = {place: zh for place, (_, zh) in BOTH.items() if re.search(word, zh)}
    assert not found, f"say {OTHER_WORDS[word]}"


@pytest.mark.parametrize("english", TERMS)
def test_a_term_is_the_same_wherever_the_english_says_it(english: str) -> None:
    said = {
        place: zh
        for place, (en, zh) in BOTH.items()
        if not place.startswith("page.filter")  # of a page: no filter of a convolution
        and re.search(english, re.sub(r"\{.*?\}", "", en), re.IGNORECASE)
    }
    assert said, "a term that no text uses"
    assert not {place: zh for place, zh in said.items() if TERMS[english] not in zh}


def test_query_and_key_are_english_and_explained_in_brackets() -> None:
    for place, (_, chinese) in BOTH.items():
        for name, meaning in (("query", "查询"), ("key", "键")):
            plain = re.sub(rf"{name}（{meaning}）|（{name}，{meaning}）|方向键|关键", "", chinese)
            assert meaning not in plain, place


def test_a_training_has_a_chinese_name_in_chinese_pictures() -> None:
    model = attnviz.train("eight-looks", heads=8, seed=3, steps=1).model
    trace = attnviz.trace("0123456789012345"[: model.limits.tokens], model)
    name = "看八处 1×8，种子 3，第 1 步"
    assert model.card.called("zh") == name
    assert model.card.called("en") == model.card.title == "eight-looks 1×8, seed 3, step 1"
    for picture in (lines(trace, [(0, 0)], language="zh"), heatmap(trace, (0, 0), language="zh")):
        assert name in picture.alt
        _says(name, picture.to_html(), picture.to_svg())
    whole = overview(trace)
    _says(name, whole.to_html("zh"), whole.to_svg("zh"))


def _says(name: str, page: str, svg: str) -> None:
    assert f"<title>{name}" in page
    assert f"<title>{name}</title>" in svg
    assert f"{name} · " in svg
    for file in (page, svg):
        visible = re.sub(
            r"<metadata>.*?</metadata>|<meta [^>]*>|<script.*?</script>", "", file, flags=re.DOTALL
        )
        assert "eight-looks 1×8" not in visible


def test_the_control_has_a_chinese_name_in_every_chapter() -> None:
    trace = attnviz.trace("the cat sat on the mat", "minilm-random")
    english, chinese = (trace.model.called(language) for language in ("en", "zh"))
    assert (english, chinese) == (
        "all-MiniLM-L6-v2, random weights",
        "all-MiniLM-L6-v2，随机权重",
    )
    for chapter in attnviz.chapters():
        scene = chapter.scene(trace, language="zh")
        figure = chapter.figure(trace, scene)
        for part in chapter.parts:
            panel = figure.panels[part.name]
            said = [panel.alt, chapter.note(part, scene)]
            if isinstance(panel, Drawing):
                said += [t for one in panel.root.walk() for t in one.children if isinstance(t, str)]
            assert not [text for text in said if english in text], (chapter.name, part.name)


AFTER_STOP = re.compile(r"[、。，：；！？）] (?=\S)")  # a space where full-width punctuation is one


def test_sentences_run_on_without_a_space_after_a_full_stop() -> None:
    assert running(["一句。", "", "两句：", "three.", "four", "（五）", "“六”", "seven"]) == (
        "一句。两句：three. four （五）“六” seven"
    )
    assert running([]) == ""


@pytest.mark.parametrize("kind", kinds())
def test_no_picture_puts_a_space_after_a_full_stop(note: attnviz.Trace, kind: str) -> None:
    lens = attnviz.Lens(hide_special=True, at_least=0.05)
    seen = attnviz.explore(note, [(0, 2), (1, 8)], lens, pins=["q3"], language="zh")
    for make in kinds()[kind].pictures(seen).values():
        picture: Any = make()
        root = ET.fromstring(picture.to_svg(sheet=attnviz.Sheet(180, provenance=True)))  # noqa: S314 (our own)
        texts = [text for one in root.iter() for text in (one.text, one.get("aria-label")) if text]
        assert [text for text in texts if AFTER_STOP.search(text)] == []


@pytest.mark.parametrize("chapter", attnviz.chapters(), ids=lambda c: c.name)
def test_no_answer_puts_a_space_after_a_full_stop(note: attnviz.Trace, chapter: Any) -> None:
    said = [question.tells(note, "zh") for question in chapter.questions]
    said.append(chapter.figure(note, chapter.scene(note, language="zh")).alt)
    assert [text for text in said if AFTER_STOP.search(text)] == []
