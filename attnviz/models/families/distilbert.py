"""DistilBERT: BERT's layers without segments (Sanh et al. 2019)."""

from attnviz.models.families import Family

FAMILY = Family(
    model_types=("distilbert",),
    layers="transformer.layer",
    attention="attention",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    output="attention.out_lin",
    norm="sa_layer_norm",
    after_attention="sa_layer_norm",
)
