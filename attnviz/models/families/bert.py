"""BERT and the models that keep its modules (Devlin et al. 2019)."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("bert", "electra"),
    layers="encoder.layer",
    attention="attention.self",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    output="attention.output.dense",
    norm="attention.output.LayerNorm",
    after_attention="attention.output",
)
