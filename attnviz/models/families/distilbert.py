"""DistilBERT: BERT's layers without segments (Sanh et al. 2019)."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("distilbert",),
    layers="transformer.layer",
    attention="attention",
    output_projection="attention.out_lin",
    after_attention="sa_layer_norm",
)
