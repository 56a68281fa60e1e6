"""RoBERTa and its kin: BERT's modules, positions that start after the padding index."""

from dataclasses import replace

from attnviz.models.families import bert

FAMILY = replace(
    bert.FAMILY,
    model_types=("roberta", "xlm-roberta", "camembert"),
    positions_after_padding=True,
)
