"""A training in words: how it goes, and what came out."""

from attnviz.texts import say
from attnviz.training.record import Exam, Report, Training
from attnviz.ui.frame import language
from attnviz.ui.server.jobs import Job


def progress_text(job: Job) -> str:
    """Where a training stands: refused and asked for again, starting, waiting, or at a step."""
    report = job.latest
    if job.refusal is not None:
        return job.refusal.text(language())
    if report is None:
        return say("train.starting", language())
    if report.place:
        return say("train.waiting", language(), place=report.place)
    return say(
        "train.running",
        language(),
        step=report.step,
        steps=report.steps,
        loss=f"{report.loss or 0:.3f}",
        accuracy=f"{report.accuracy or 0:.3f}",
        seconds=f"{report.seconds_left or 0:.0f}",
    )


def share_done(report: Report | None) -> float:
    """How much of a training is done, between 0 and 1."""
    return report.step / report.steps if report else 0.0


def outcome(training: Training) -> str:
    """What a finished training has reached, on which texts, at what cost."""
    exam, key = training.exam, "train.done_unknown"
    counts: dict[str, str] = {}
    if exam is not None:
        key = "train.done" if exam.held_out else "train.done_seen"
        counts = {name: f"{getattr(exam, name):,}" for name in ("texts", "asked", "right")}
    return say(
        key,
        language(),
        **counts,
        steps=training.steps,
        accuracy=f"{training.accuracy:.3f}",
        seconds=f"{training.seconds:.1f}",
        loss=f"{training.loss:.3f}",
        parameters=f"{training.parameters:,}",
    )


def outcome_at(training: Training, step: int, exam: Exam, loss: float) -> str:
    """What a training had reached after some of its steps."""
    return say(
        "train.done_at",
        language(),
        step=step,
        steps=training.steps,
        accuracy=f"{exam.share:.3f}",
        texts=f"{exam.texts:,}",
        asked=f"{exam.asked:,}",
        right=f"{exam.right:,}",
        loss=f"{loss:.3f}",
        parameters=f"{training.parameters:,}",
    )
