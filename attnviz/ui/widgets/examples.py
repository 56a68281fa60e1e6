"""The examples of the menu: sentences that show something worth seeing."""

from typing import NamedTuple

from attnviz.lessons import note_example


class Example(NamedTuple):
    """A sentence, or a pair, with the name of its title in the catalogue."""

    name: str
    text: str
    pair: str = ""


EXAMPLES = (
    Example("note", note_example.SENTENCE),
    Example("pronoun", "The animal didn't cross the street because it was too tired."),
    Example("machines", "Thinking Machines"),
    Example("pieces", "Unbelievably, the seismologist misinterpreted the microearthquakes."),
    Example("repeat", "The dog saw the dog that saw the cat that saw the dog."),
    Example("pair", "Who wrote the letter?", "The letter was written by her older sister."),
    Example("chinese", "小猫坐在垫子上,看着窗外的雨。"),
    Example("emoji", "Zoë ordered a crème brûlée ☕ and smiled 😊 — déjà vu!"),
)
BY_NAME = {example.name: example for example in EXAMPLES}
