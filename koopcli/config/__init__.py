"""All settings, as frozen dataclasses. The only place where a default is written.

Imports nothing but the standard library, so that `--help` can show every default
without loading JAX.
"""
