"""BERT and the models that keep its modules (Devlin et al. 2019)."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("bert", "electra"),
    layers="encoder.layer",
    attention="attention.self",
    output_projection="attention.output.dense",
    after_attention="attention.output",
)
