"""What a model file says of a small model of a plant with one input."""

from koopcli.config.model import ModelConfig
from koopcli.model.header import ModelMeta

META = ModelMeta(
    model_config=ModelConfig(
        latent_dim=3, encoder_width=4, decoder_width=4, reward_width=4
    ),
    observation_names=("x", "v"),
    action_names=("u",),
    dt=0.05,
    dt_known=True,
    has_rewards=True,
    horizon=10,
    step=7,
    observation_min=(-1.0, -2.0),
    observation_max=(1.0, 2.0),
    observation_scale=(0.5, 1.0),
    reward_scale=2.0,
)
