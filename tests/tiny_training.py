"""Options of `koopcli train` for networks of a few units."""

TINY = [
    *("--batch-size", "2", "--horizon", "3", "--latent-dim", "2"),
    *("--set", "encoder_width=4", "--set", "decoder_width=4"),
    *("--set", "action_width=4", "--set", "dispatch_steps=2"),
    *("--set", "reencode_every=0"),
]
