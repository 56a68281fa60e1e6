"""How slow work reports: a share done, and the name of what is being done."""

from collections.abc import Callable

Progress = Callable[[float, str], None]  # share in 0..1, a key of the catalogue's `progress`
