"""The Train page in Chromium: it trains, and the slider moves every picture."""

import re

import numpy as np
from playwright.sync_api import Page, expect

import attnviz
from attnviz.training.target_shares import mean_target_shares, share_course
from tests.browser.conftest import Open, Visit

STEPS = 60


def looks_on_screen(page: Page) -> np.ndarray:
    shares: list[list[float]] = page.locator(".st-key-looks .js-plotly-plot").evaluate(
        "p => p.calcdata[0][0].z.map(row => Array.from(row))"
    )
    return np.array(shares)


def open_train(visit: Open, **more: str) -> Visit:
    opened = visit(**more)
    page = opened.page
    page.get_by_role("link", name=re.compile("Train|训练")).click()
    page.wait_for_selector(".st-key-looks .js-plotly-plot .hm", state="attached")
    opened.settle()
    return opened


def test_it_trains_and_the_slider_moves_everything(visit: Open) -> None:
    opened = open_train(visit)
    page = opened.page
    expect(page.get_by_text("a checkpoint that comes with attnviz")).to_be_visible()
    box = page.get_by_label("Steps", exact=True)
    box.fill(str(STEPS))
    box.press("Enter")
    opened.settle()
    page.get_by_role("button", name="Train", exact=True).click()
    slider = page.get_by_role("slider", name="Step")
    expect(slider).to_be_visible()
    expect(page.locator(".st-key-facts")).to_contain_text(f"step {STEPS}")
    opened.settle()

    training = attnviz.train("eight-looks", heads=8, seed=0, steps=STEPS)
    task = training.run.task
    last = mean_target_shares(training.model, task)
    np.testing.assert_allclose(looks_on_screen(page), last[0], atol=1e-4)
    lines = page.locator(".st-key-lines .panel .lines path").evaluate_all(
        "all => all.map(p => p.getAttribute('d')).join('')"
    )

    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".st-key-facts")).to_contain_text("step 0")
    opened.settle()
    first = mean_target_shares(training.model_at(training.snapshots[0]), task)
    np.testing.assert_allclose(looks_on_screen(page), first[0], atol=1e-4)
    page.get_by_role("radio", name="Step by step").click()
    page.wait_for_selector(".st-key-courses .js-plotly-plot .scatterlayer", state="attached")
    assert "looks=course" in page.url
    drawn = page.locator(".st-key-courses .js-plotly-plot").evaluate(
        "chart => chart.data.map((line) => [line.name, [...line.x], [...line.y]])"
    )
    course = share_course(training)
    assert [name for name, _, _ in drawn] == [f"L0·H{head}" for head in range(8)]
    for head, (_, steps, shares) in enumerate(drawn):
        assert steps == [snapshot.step for snapshot in training.snapshots]
        np.testing.assert_allclose(shares, course[:, 0, head, 0], atol=1e-6)
    np.testing.assert_allclose(course[-1], last)
    moved = page.locator(".st-key-lines .panel .lines path").evaluate_all(
        "all => all.map(p => p.getAttribute('d')).join('')"
    )
    assert moved != lines
    assert not opened.problems


def test_a_link_straight_to_the_page_opens_it_and_chinese_is_complete(visit: Open) -> None:
    opened = open_train(visit, locale="zh-CN")
    page = opened.page
    page.reload()
    page.wait_for_selector(".st-key-looks .js-plotly-plot .hm", state="attached")
    expect(page.get_by_text("哪个头看哪里")).to_be_visible()
    expect(page.get_by_role("button", name="训练", exact=True)).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(visit: Open) -> None:
    opened = visit(width=390, height=844)
    page = opened.page
    page.get_by_role("link", name="Train").click()
    page.wait_for_selector(".st-key-looks .js-plotly-plot .hm", state="attached")
    opened.settle()
    assert page.locator('[data-testid="stMain"]').evaluate("m => m.scrollWidth <= m.clientWidth")


def test_what_was_typed_and_chosen_is_there_after_another_page(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.type_text("a sentence to come back to")
    page.get_by_text("中文").click()
    opened.settle()
    page.get_by_role("link", name="训练").click()
    page.wait_for_selector(".st-key-looks .js-plotly-plot .hm", state="attached")
    page.get_by_role("link", name="探索").click()
    expect(page.get_by_label("句子", exact=True)).to_have_value("a sentence to come back to")
