"""RoBERTa and its kin: BERT's modules, positions that start after the padding index."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("roberta", "xlm-roberta", "camembert"),
    layers="encoder.layer",
    attention="attention.self",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    output="attention.output.dense",
    norm="attention.output.LayerNorm",
    after_attention="attention.output",
    positions_after_padding=True,
)
