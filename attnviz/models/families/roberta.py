"""RoBERTa and its kin: BERT's modules, positions that start after the padding index."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("roberta", "xlm-roberta", "camembert"),
    layers="encoder.layer",
    attention="attention.self",
    output_projection="attention.output.dense",
    after_attention="attention.output",
    reserved_positions=2,
)
