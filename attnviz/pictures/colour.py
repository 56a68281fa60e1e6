"""Colour arithmetic: OKLCH and contrast.

OKLab: Ottosson 2020, "A perceptual color space for image processing". Contrast: WCAG 2.2,
relative luminance.
"""

import numpy as np
from jaxtyping import Float

_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> Float[np.ndarray, " rgb"]:
    """Linear RGB in 0..1 of a colour such as #0B62B0."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(rgb: Float[np.ndarray, "*colours rgb"]) -> Float[np.ndarray, "*colours rgb"]:
    """Display RGB in 0..255 of linear RGB, cut to what a screen can show."""
    inside = np.clip(rgb, 0, 1)
    curved = np.where(inside <= 0.0031308, inside * 12.92, 1.055 * inside ** (1 / 2.4) - 0.055)
    return np.asarray(255 * curved)


def oklab(rgb: Float[np.ndarray, " rgb"]) -> Float[np.ndarray, " lab"]:
    """OKLab of linear RGB: lightness 0..1, green–red, blue–yellow."""
    lab: np.ndarray = _TO_LAB @ np.cbrt(_TO_CONE @ rgb)
    return lab


def from_oklab(lab: Float[np.ndarray, "*colours lab"]) -> Float[np.ndarray, "*colours rgb"]:
    """Linear RGB of OKLab."""
    cones = (lab @ np.linalg.inv(_TO_LAB).T) ** 3
    return np.asarray(cones @ np.linalg.inv(_TO_CONE).T)


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21. Text wants 4.5, lines 3."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
