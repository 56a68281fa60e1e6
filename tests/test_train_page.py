"""The Train page, run in this process by Streamlit's own test harness."""

import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.errors import BusyError
from attnviz.training import checkpoint
from attnviz.training.loop import examined_at
from attnviz.training.record import Training
from attnviz.training.tasks import tasks
from attnviz.training.train import train
from attnviz.ui.server import jobs
from attnviz.ui.server.jobs import Job
from tests.waiting import CEILING, until


def script() -> None:
    from attnviz.ui.pages.train import train_page

    train_page()


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    blocks = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(block.value for block in blocks).replace("\\", "")


def trained(app: AppTest, **choices: int) -> AppTest:
    for name, value in choices.items():
        app.number_input(key=name).set_value(value)
    app.run()
    app.button(key="train_start").click().run()
    if "job" in app.session_state:  # else it was trained before, and is there at once
        until(lambda: not app.session_state["job"].is_running)
        app.run()
    assert not app.exception
    return app


def test_a_shipped_checkpoint_is_shown_before_anybody_trains(page: AppTest) -> None:
    assert "a checkpoint that comes with attnviz" in said(page)
    assert "22,992 parameters" in said(page)
    assert "96 of 96 answers are right" in said(page)
    assert len(page.get("bidi_component")) == 3, "overview, selection and lines, as on Explore"


def test_only_checkpoints_of_the_task_are_read(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    real = checkpoint.load_shipped

    def load_shipped(name: str) -> Training:
        read.add(name)
        return real(name)

    monkeypatch.setattr(checkpoint, "load_shipped", load_shipped)
    page.selectbox(key="task").select("brackets").run()
    assert not page.exception
    assert read == {"brackets-2x4"}, "and not count-brackets-1x1"


@pytest.mark.parametrize(("spoken", "words"), [("en", "up to 2 MB"), ("zh", "不超过 2 MB")])
def test_the_largest_checkpoint_that_is_taken_is_said(spoken: str, words: str) -> None:
    app = AppTest.from_function(script, default_timeout=CEILING)
    app.query_params["lang"] = spoken
    (box,) = (one for one in app.run().get("file_uploader") if "safetensors" in one.proto.label)
    assert words in box.proto.label
    assert box.proto.max_upload_size_mb == 2


def test_the_models_name_is_chinese_on_a_chinese_page() -> None:
    app = AppTest.from_function(script, default_timeout=CEILING)
    app.query_params.update({"lang": "zh", "own": "abc"})
    app.run()
    assert "看八处 1×8，种子 0，第 400 步 · 1 层 × 8 头" in said(app)
    assert "看八处 1×8" in app.error[0].value
    assert "看八处 1×8" in app.info[-1].value, "whose picture stands instead"
    assert "seed 0" not in said(app)


def test_training_brings_a_course_snapshots_and_answers(page: AppTest) -> None:
    trained(page, steps=40)
    assert "after 40 steps" in said(page)
    slider: Any = page.select_slider(key="step")
    assert slider.value == 40
    assert len(slider.options) == 21
    slider.set_value(int(slider.options[0])).run()
    assert not page.exception
    assert "step 0" in said(page)
    assert "96 of 96" not in said(page), "an untrained encoder does not know"


def test_the_slider_moves_the_attention(page: AppTest) -> None:
    trained(page, steps=40)
    before = said(page)
    slider: Any = page.select_slider(key="step")
    slider.set_value(int(slider.options[3])).run()
    assert said(page) != before


def test_every_task_opens(page: AppTest) -> None:
    for name in tasks():
        page.selectbox(key="task").select(name).run()
        assert not page.exception
        assert not page.error


def test_a_checkpoint_of_other_sizes_is_one_click_away(page: AppTest) -> None:
    page.selectbox(key="task").select("induction").run()
    assert "Nothing is trained for this choice yet" in said(page)
    assert "The model is a decoder" in said(page)
    button = page.button(key="train_show_shipped")
    assert button.label == "Show the one that comes with attnviz: 1 head, 2 layers"
    button.click().run()
    assert not page.exception
    assert "induction 2×1, seed 0, step 1200" in said(page)
    assert "6 of 6 answers are right" in said(page)
    assert (page.selectbox(key="heads").value, page.number_input(key="layers").value) == (1, 2)
    page.selectbox(key="task").select("reverse").run()
    assert [one.key for one in page.button if one.key == "train_show_shipped"] == []
    assert "The model is a decoder" not in said(page)


def test_where_no_token_decides_there_is_no_chart_of_targets(page: AppTest) -> None:
    page.selectbox(key="task").select("count-brackets").run()
    page.button(key="train_show_shipped").click().run()
    assert not page.exception
    assert "No single token decides the answer" in said(page)
    assert "8 of 8 answers are right" in said(page)


def test_a_new_task_starts_afresh_and_its_training_reads_its_own_example(page: AppTest) -> None:
    trained(page, steps=40)
    page.selectbox(key="task").select("it").run()
    assert "Nothing is trained for this choice yet" in said(page)
    trained(page, steps=20)
    assert not page.error
    assert page.text_input(key="own_text").value == tasks()["it"].alphabet.example


def test_a_text_that_the_task_cannot_read_gets_a_sentence(page: AppTest) -> None:
    page.text_input(key="own_text").set_value("a sentence in prose").run()
    assert not page.exception
    assert "was trained on" in said(page)
    assert page.text_input(key="own_text").value == "a sentence in prose"


def test_what_the_alphabet_leaves_out_of_a_text_is_counted(page: AppTest) -> None:
    page.selectbox(key="task").select("it").run()
    trained(page, steps=20)
    text = tasks()["it"].alphabet.example + "!"
    page.text_input(key="own_text").set_value(text).run()
    assert not page.exception
    assert sum(c in ".,!?" for c in text) == 1
    assert "drops 1 character of the text" in said(page)


def test_what_cannot_be_read_leaves_the_last_answers(page: AppTest) -> None:
    page.text_input(key="own_text").set_value("111122223333").run()
    right = next(c.value for c in page.caption if "answers are right" in c.value)
    page.text_input(key="own_text").set_value("prose").run()
    assert "was trained on" in said(page)
    assert "What is shown below is still “111122223333”" in said(page)
    assert right in said(page)
    assert len(page.get("bidi_component")) == 3


def test_what_is_beyond_the_longest_text_is_said(page: AppTest) -> None:
    page.text_input(key="own_text").set_value("3141592653589793").run()
    assert "reads at most 12 tokens. The last 4 tokens" in said(page)


def test_the_headline_is_of_the_step_that_is_seen(page: AppTest) -> None:
    trained(page, steps=40)
    training: Any = page.session_state["trained"]
    last = f"Accuracy {training.accuracy:.3f} ("
    assert last in said(page)
    assert "after 40 steps" in said(page)
    slider: Any = page.select_slider(key="step")
    slider.set_value(int(slider.options[0])).run()
    exam, loss = examined_at(training, 0)
    assert "after 40 steps" not in said(page)
    right = f"Accuracy {exam.share:.3f} ({exam.right:,} of {exam.asked:,} answers right)"
    assert f"{right} on the same {exam.texts:,} texts after 0 of 40 steps" in said(page)
    assert f"loss {loss:.3f}" in said(page)
    assert examined_at(training, 40) == (training.exam, training.loss)


def test_a_checkpoint_of_ones_own_is_called_that(page: AppTest) -> None:
    page.session_state["trained"] = checkpoint.load(checkpoint.shipped()["eight-looks-1x8"])
    page.session_state["trained_here"] = False
    page.run()
    assert "the checkpoint that you opened" in said(page)
    assert "comes with attnviz" not in said(page)


def test_stop_really_stops(page: AppTest) -> None:
    page.number_input(key="steps").set_value(5000).run()
    page.button(key="train_start").click().run()
    job: Job = page.session_state["job"]
    until(lambda: bool(job.course))
    page.button(key="train_stop").click().run()
    until(lambda: not job.is_running)
    page.run()
    assert "of 5000" in said(page)
    assert job.training is not None
    assert job.training.steps < 5000


def test_a_training_that_nobody_watches_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    job = Job("eight-looks", 8, 1, 1234, 5000)
    until(lambda: not job.is_running)
    assert job.training is not None
    assert job.training.was_stopped


def test_a_problem_of_a_job_reaches_the_page() -> None:
    job = Job("eight-looks", 7, 1, 0, None)
    until(lambda: not job.is_running)
    assert job.problem is not None
    assert "7 heads" in str(job.problem)


def test_the_place_in_the_queue_is_told() -> None:
    started = [Job("eight-looks", 8, 1, seed, 5000) for seed in (71, 72, 73)]
    try:
        until(lambda: any(job.latest is not None and job.latest.place > 0 for job in started))
    finally:
        for job in started:
            job.stop()
        until(lambda: not any(job.is_running for job in started))


def test_one_head_against_eight(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    views: Any = next(g for g in page.get("button_group") if "one training" in str(g.proto))
    views.set_value("compare").run()
    monkeypatch.setattr("attnviz.ui.pages.compare.Job", short)
    page.button(key="compare_start").click().run()
    assert not page.exception
    running = page.session_state["compare_jobs"]
    assert [(job.task, job.heads) for job in running] == [
        ("eight-looks", 1),
        ("eight-looks", 8),
        ("reverse", 1),
        ("reverse", 8),
    ]
    until(lambda: not any(job.is_running for job in running))
    page.run()
    assert not page.exception
    for job in running:
        assert f"Accuracy {job.training.accuracy:.3f}" in said(page)
    assert {b.proto.popover.label for b in page.get("popover")} >= {"Save", "Share"}
    same = {job.training.parameters for job in running[:2]}
    assert same == {22992}


def short(task: str, heads: int, layers: int, seed: int, _: int | None) -> Job:
    return Job(task, heads, layers, seed, 5)


def test_a_saved_checkpoint_opens_again_and_a_damaged_one_gets_a_sentence(tmp_path: Path) -> None:
    from attnviz.ui.pages.train import _opened

    file = checkpoint.shipped()["eight-looks-1x8"]
    opened = _opened(file.read_bytes())
    assert opened is not None
    assert opened.run.heads == 8
    app = AppTest.from_function(open_damaged, default_timeout=CEILING).run()
    assert not app.exception
    assert "damaged" in said(app)


def open_damaged() -> None:
    from attnviz.ui.pages.train import _opened

    _opened(b"no safetensors at all")


def threads() -> set[threading.Thread]:
    """Those of trainings."""
    return {thread for thread in threading.enumerate() if "_run" in thread.name}


def test_no_thread_is_left_behind() -> None:
    job = Job("eight-looks", 8, 1, 4321, 5000)
    try:
        until(lambda: bool(job.course))
        assert threads(), "a training runs in a thread of its own"
    finally:
        job.stop()
    until(lambda: not threads())


def test_a_refused_training_says_so_until_there_is_a_place(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = threading.Event()

    def crowded(*given: Any, **named: Any) -> Any:
        if not place.is_set():
            raise BusyError("queue_full", waiting=12)
        return train(*given, **named)

    monkeypatch.setattr(jobs, "train", crowded)
    monkeypatch.setattr(jobs, "AGAIN_SECONDS", 0.01)
    page.number_input(key="steps").set_value(40).run()
    page.button(key="train_start").click().run()
    job: Job = page.session_state["job"]
    until(lambda: job.refusal is not None)
    page.run()
    assert "12 people are already waiting" in page.get("progress")[0].proto.text
    place.set()
    until(lambda: not job.is_running)
    page.run()
    assert "after 40 steps" in said(page)
