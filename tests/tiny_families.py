"""A tiny random model of every text family: two layers, width 32."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from attnviz.models.catalogue import find
from attnviz.models.model import Model
from attnviz.models.opening import open_model
from tests.tiny_models import TINY_VOCABULARY, save_tiny, tiny_tokenizer

PLAIN = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
}
GROUPED = {**PLAIN, "num_key_value_heads": 2}
HEAD_OF_OWN = {**GROUPED, "head_dim": 8}
EXPERTS = {
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "n_routed_experts": 4,
}
SPREAD = 0.4  # of random weights
LESS_SPREAD = {"t5": 0.1, "mt5": 0.1, "umt5": 0.1}  # whose scores are not divided by √d_head
BART = {
    "d_model": 32,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 64,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
    "forced_bos_token_id": None,
}
T5 = {
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 40,
    "num_layers": 3,
    "num_decoder_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}

SIZES: dict[str, dict[str, Any]] = {
    # ---- encoders
    **dict.fromkeys(("bert", "ernie", "roberta", "xlm-roberta", "camembert"), PLAIN),
    "electra": {**PLAIN, "embedding_size": 32},
    "albert": {**PLAIN, "embedding_size": 16},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40}
    | {"max_position_embeddings": 64},
    "esm": {
        **PLAIN,
        "position_embedding_type": "rotary",
        "mask_token_id": 4,
        "token_dropout": False,
    },
    "mobilebert": {
        **PLAIN,
        "embedding_size": 16,
        "intra_bottleneck_size": 16,
        "true_hidden_size": 16,
    }
    | {"num_feedforward_networks": 2},
    "modernbert": {**PLAIN, "local_attention": 8, "global_attn_every_n_layers": 2},
    "eurobert": GROUPED,
    "nomic_bert": PLAIN,
    # ---- decoders
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "gpt_neox": PLAIN,
    **dict.fromkeys(
        (
            "llama",
            "qwen2",
            "mistral",
            "stablelm",
            "starcoder2",
            "granite",
            "olmo2",
            "cohere",
            "phi",
        ),
        GROUPED,
    ),
    "phi3": {**GROUPED, "pad_token_id": 0},
    **dict.fromkeys(("qwen3", "gemma"), HEAD_OF_OWN),
    "gemma2": {**HEAD_OF_OWN, "sliding_window": 4, "query_pre_attn_scalar": 8},
    "gemma3_text": {
        **HEAD_OF_OWN,
        "sliding_window": 4,
        "layer_types": ["sliding_attention", "full_attention"],
    },
    "gpt_oss": {**HEAD_OF_OWN, **EXPERTS, "sliding_window": 4},
    "opt": {**PLAIN, "ffn_dim": 40, "word_embed_proj_dim": 32},
    "deepseek_v3": {
        **PLAIN,
        **EXPERTS,
        "num_key_value_heads": 4,
        "kv_lora_rank": 16,
        "q_lora_rank": 16,
        "qk_rope_head_dim": 4,
        "qk_nope_head_dim": 8,
        "v_head_dim": 6,
        "n_group": 2,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "n_shared_experts": 1,
    },
    # ---- encoder–decoders
    "t5": T5,
    "mt5": T5,
    **dict.fromkeys(("bart", "marian", "pegasus", "mbart", "m2m_100"), BART),
    # ---- attention of their own code
    "mpnet": PLAIN,
    "deberta": {**PLAIN, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "deberta-v2": {**PLAIN, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "roformer": {**PLAIN, "embedding_size": 32},
    "big_bird": {**PLAIN, "attention_type": "original_full"},
    "xlm": {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 64},
    "mvp": BART,
    "gpt_neo": {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "window_size": 4}
    | {"attention_types": [[["global", "local"], 1]], "max_position_embeddings": 64},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4},
    "openai-gpt": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64},
    "falcon": {**PLAIN, "new_decoder_architecture": False},
    "convbert": {**PLAIN, "embedding_size": 32, "head_ratio": 2},
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 40},
}

HYBRID = {**HEAD_OF_OWN, "num_hidden_layers": 4}
SIZES |= {
    # ---- attention beside other layers
    "qwen3_next": {
        **HYBRID,
        **EXPERTS,
        "layer_types": ["linear_attention", "full_attention"] * 2,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 8,
        "shared_expert_intermediate_size": 16,
    },
    "jamba": {
        **HYBRID,
        **EXPERTS,
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "mamba_d_state": 8,
        "mamba_dt_rank": 4,
        "use_mamba_kernels": False,
    },
}

SIZES |= {  # ---- and more of each kind
    **dict.fromkeys(("olmo", "smollm3"), GROUPED),
    "helium": HEAD_OF_OWN,
    "mixtral": {**GROUPED, **EXPERTS},
    **dict.fromkeys(("roberta-prelayernorm", "xlm-roberta-xl", "data2vec-text"), PLAIN),
    "ctrl": {"n_embd": 32, "n_layer": 2, "n_head": 4, "dff": 40, "n_positions": 64},
    "umt5": T5,
    "codegen": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "rotary_dim": 4},
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 40}
    | {"max_position_embeddings": 64},
    "rembert": {**PLAIN, "input_embedding_size": 32, "output_embedding_size": 32},
}

REFUSED: dict[str, dict[str, Any]] = {  # each with the settings that its reason needs
    **{kind: {} for kind in ("fnet", "mamba", "rwkv")},  # nothing is built
    **{kind: {} for kind in ("vit", "clip", "whisper", "perceiver", "gemma3")},
    "squeezebert": {**PLAIN, "embedding_size": 32},
    "longformer": {**PLAIN, "attention_window": 4},
    "diffllama": GROUPED,
    "reformer": {"hidden_size": 32, "num_attention_heads": 4, "attention_head_size": 8}
    | {"feed_forward_size": 40, "axial_pos_embds": False, "max_position_embeddings": 64}
    | {"attn_layers": ["local", "local"], "is_decoder": False},
}


def saved_family(folder: Path, kind: str, tokenizer: PreTrainedTokenizerFast | None = None) -> Path:
    """A tiny random model of a family, saved with a tokenizer as people have them."""
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer or TINY_VOCABULARY),
        "pad_token_id": 0,
        "bos_token_id": 2,
    }
    config = AutoConfig.for_model(
        kind, **{**sizes, "eos_token_id": 3, **(SIZES.get(kind) or REFUSED[kind])}
    )
    build = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = build.from_config(config)
        for matrix in module.parameters():
            if matrix.dim() > 1:  # so large that heads differ, and look somewhere
                matrix.data.normal_(0, LESS_SPREAD.get(kind, SPREAD))
    module.save_pretrained(folder)
    (tokenizer or tiny_tokenizer()).save_pretrained(folder)
    return folder


def saved_in_half(folder: Path, kind: str, dtype: torch.dtype) -> Path:
    """A tiny model of a family, saved in half precision."""
    saved_family(folder, kind)
    module = AutoModel.from_pretrained(folder, dtype=dtype)
    module.save_pretrained(folder)
    return folder


def saved_with_head(folder: Path, kind: str, built: Any, **settings: Any) -> Path:
    """A tiny random model of a family with the head of a class of transformers, saved."""
    bare = saved_family(folder / "bare", kind)
    torch.manual_seed(3)
    built.from_pretrained(bare, **settings).save_pretrained(folder / "with_head")
    AutoTokenizer.from_pretrained(bare).save_pretrained(folder / "with_head")
    return folder / "with_head"


def refused_family(folder: Path, kind: str) -> Path:
    """A folder of a family that is refused: where nothing is built, its configuration alone."""
    if REFUSED[kind]:
        return saved_family(folder, kind)
    folder = save_tiny(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return folder


def opened(folder: Path) -> Model:
    """The model of a folder, beside those that the process keeps: it pushes none of them out."""
    return open_model(find(str(folder)))
