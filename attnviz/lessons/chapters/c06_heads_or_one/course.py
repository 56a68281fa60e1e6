"""The course of the trainings."""

from collections.abc import Sequence

from attnviz.digits import printed
from attnviz.lessons.chapters.c06_heads_or_one.notice import notice
from attnviz.lessons.chapters.c06_heads_or_one.runs import HEADS, heads_called, run_of, scene_task
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import finished
from attnviz.pictures import style
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.drawing import Drawing, element
from attnviz.texts import say
from attnviz.training.held_out import TEXTS as TEXTS_A_STEP
from attnviz.training.record import Point

text_of = texts_of(__name__)

EVERY = 5  # of the points of a learning curve, so that they stay apart


def _draw_course(scene: Scene) -> Drawing:
    courses = _courses(scene)
    if not courses:
        return notice(scene.say(text_of("figure.no_course")), scene)
    codes = dict(zip(HEADS, style.HEAD_CODES, strict=False))
    task = scene_task(scene)
    title = scene.say(
        text_of("figure.course_title"),
        task=say(f"task.{task.name}", scene.language),
        texts=TEXTS_A_STEP,
    )
    theory = task.theory(layers=1)
    series = [
        Series(
            heads_called(heads, scene.language),
            [point.accuracy for point in points],
            getattr(codes[heads], scene.mode),
            codes[heads].dash,
        )
        for heads, points in courses.items()
    ]
    steps = [point.step for point in next(iter(courses.values()))]
    drawn = curve(
        steps,
        series,
        scene.mode,
        name_across=say("train.step", scene.language),
        level=None
        if theory is None
        else (theory, f"{scene.say(text_of('figure.average'))}: {printed(theory, 4)}"),
        largest=1.0,
    )
    root = element("div", element("p", title, class_="title"), drawn)
    last = "; ".join(f"{line.name}: {printed(line.values[-1], 3)}" for line in series)
    values = {"steps": steps, "courses": {n: [p.accuracy for p in c] for n, c in courses.items()}}
    return Drawing(root, f"{title}. {last}", scene.mode, values)


def _courses(scene: Scene) -> dict[int, Sequence[Point]]:
    """Every fifth point of each finished training that has a history, by its heads."""
    trainings = [finished(scene, run_of(scene, scene_task(scene), heads)) for heads in HEADS]
    return {
        t.run.heads: t.history[EVERY - 1 :: EVERY]
        for t in trainings
        if t and not t.was_stopped and t.history
    }


def _course_numbers(scene: Scene) -> Numbers:
    return {"shown": len(_courses(scene)), "most": len(HEADS)}


PART = Part("course", _draw_course, _course_numbers)
