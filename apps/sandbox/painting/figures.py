"""Animals and people as rounded bodies: thick lines that flow into each other, lit as if they were solid."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import ImageDraw

from apps.sandbox.painting.brief import Brief
from apps.sandbox.painting.canvas import Array, Colour, blur, drawn, mix, rgb, smooth
from apps.sandbox.painting.noise import Generator, fbm
from apps.sandbox.painting.sky import Light

Chain = tuple[
    tuple[float, float, float], ...
]  # x, height above the ground, thickness; bodies are about 1 tall and face right

BODIES: dict[str, tuple[Chain, ...]] = {
    "cat": (
        ((0.50, 0.17, 0.16), (0.50, 0.45, 0.115), (0.50, 0.62, 0.085)), ((0.475, 0.755, 0.105), (0.525, 0.755, 0.105)),
        ((0.43, 0.82, 0.045), (0.405, 0.925, 0.008)), ((0.57, 0.82, 0.045), (0.595, 0.925, 0.008)),
        ((0.455, 0.42, 0.05), (0.455, 0.04, 0.036)), ((0.545, 0.42, 0.05), (0.545, 0.04, 0.036)),
        ((0.37, 0.13, 0.10), (0.43, 0.2, 0.12)), ((0.63, 0.13, 0.10), (0.57, 0.2, 0.12)),
        ((0.66, 0.06, 0.035), (0.82, 0.05, 0.036), (0.90, 0.15, 0.032), (0.87, 0.27, 0.028), (0.92, 0.36, 0.020)),
    ),
    "dog": (
        ((0.24, 0.53, 0.105), (0.42, 0.52, 0.10), (0.60, 0.53, 0.13)), ((0.63, 0.58, 0.10), (0.735, 0.745, 0.07)),
        ((0.75, 0.785, 0.078), (0.80, 0.785, 0.07)), ((0.82, 0.765, 0.046), (0.925, 0.745, 0.030)),
        ((0.735, 0.835, 0.03), (0.70, 0.745, 0.035), (0.695, 0.69, 0.02)),
        ((0.615, 0.45, 0.06), (0.625, 0.24, 0.034), (0.625, 0.035, 0.028), (0.66, 0.025, 0.022)),
        ((0.665, 0.46, 0.05), (0.69, 0.25, 0.032), (0.68, 0.035, 0.026), (0.71, 0.025, 0.02)),
        ((0.235, 0.48, 0.10), (0.185, 0.28, 0.046), (0.22, 0.17, 0.03), (0.215, 0.035, 0.027), (0.25, 0.025, 0.022)),
        ((0.30, 0.46, 0.09), (0.28, 0.27, 0.042), (0.31, 0.16, 0.028), (0.305, 0.035, 0.026)),
        ((0.15, 0.58, 0.032), (0.07, 0.68, 0.024), (0.045, 0.79, 0.012)),
    ),
    "fox": (
        ((0.30, 0.42, 0.09), (0.46, 0.41, 0.085), (0.60, 0.43, 0.10)), ((0.62, 0.47, 0.09), (0.71, 0.61, 0.065)),
        ((0.73, 0.645, 0.075), (0.76, 0.64, 0.07)), ((0.79, 0.62, 0.04), (0.90, 0.59, 0.014)),
        ((0.695, 0.70, 0.035), (0.675, 0.81, 0.006)), ((0.755, 0.70, 0.035), (0.755, 0.81, 0.006)),
        ((0.61, 0.36, 0.05), (0.615, 0.2, 0.026), (0.615, 0.03, 0.02)), ((0.66, 0.37, 0.04), (0.68, 0.2, 0.024),
        (0.68, 0.03, 0.019)),
        ((0.29, 0.38, 0.075), (0.26, 0.2, 0.032), (0.28, 0.03, 0.021)), ((0.35, 0.36, 0.06), (0.34, 0.2, 0.03),
        (0.36, 0.03, 0.02)),
        ((0.23, 0.43, 0.035), (0.13, 0.36, 0.062), (0.05, 0.27, 0.055), (0.0, 0.23, 0.012)),
    ),
    "horse": (
        ((0.25, 0.60, 0.105), (0.42, 0.575, 0.105), (0.59, 0.595, 0.115)), ((0.62, 0.64, 0.10), (0.70, 0.76, 0.075),
        (0.765, 0.87, 0.05)),
        ((0.775, 0.885, 0.052), (0.84, 0.825, 0.042), (0.895, 0.765, 0.030)), ((0.765, 0.92, 0.02),
        (0.758, 0.985, 0.005)),
        ((0.60, 0.53, 0.06), (0.61, 0.31, 0.030), (0.60, 0.17, 0.021), (0.60, 0.03, 0.022), (0.62, 0.015, 0.022)),
        ((0.645, 0.55, 0.05), (0.735, 0.37, 0.030), (0.705, 0.22, 0.020), (0.68, 0.16, 0.022)),
        ((0.235, 0.56, 0.095), (0.195, 0.36, 0.045), (0.23, 0.21, 0.024), (0.205, 0.03, 0.022), (0.225, 0.015, 0.022)),
        ((0.31, 0.54, 0.08), (0.30, 0.34, 0.042), (0.345, 0.20, 0.023), (0.335, 0.03, 0.022), (0.355, 0.015, 0.022)),
        ((0.155, 0.655, 0.025), (0.085, 0.57, 0.040), (0.06, 0.40, 0.035), (0.075, 0.26, 0.008)),
        ((0.585, 0.74, 0.02), (0.64, 0.82, 0.034), (0.71, 0.915, 0.028), (0.765, 0.945, 0.012)),
    ),
    "deer": (
        ((0.28, 0.50, 0.085), (0.44, 0.485, 0.08), (0.58, 0.50, 0.09)), ((0.60, 0.54, 0.07), (0.665, 0.655, 0.048),
        (0.695, 0.73, 0.04)),
        ((0.705, 0.745, 0.042), (0.80, 0.70, 0.020)), ((0.685, 0.77, 0.02), (0.635, 0.805, 0.010)),
        ((0.58, 0.44, 0.045), (0.585, 0.24, 0.020), (0.58, 0.02, 0.014)), ((0.62, 0.45, 0.04), (0.645, 0.25, 0.019),
        (0.635, 0.02, 0.014)),
        ((0.27, 0.47, 0.075), (0.24, 0.29, 0.03), (0.265, 0.17, 0.017), (0.25, 0.02, 0.014)),
        ((0.33, 0.45, 0.06), (0.325, 0.27, 0.028), (0.35, 0.16, 0.016), (0.34, 0.02, 0.014)),
        ((0.195, 0.555, 0.022), (0.165, 0.51, 0.012)),
        ((0.70, 0.78, 0.011), (0.665, 0.87, 0.010), (0.69, 0.98, 0.005)), ((0.672, 0.86, 0.009), (0.72, 0.92, 0.004)),
        ((0.715, 0.78, 0.011), (0.75, 0.87, 0.010), (0.755, 0.985, 0.005)), ((0.748, 0.87, 0.009),
        (0.795, 0.93, 0.004)),
        ((0.675, 0.90, 0.008), (0.63, 0.95, 0.004)),
    ),
    "rabbit": (
        ((0.36, 0.22, 0.17), (0.52, 0.25, 0.15)), ((0.60, 0.36, 0.10), (0.66, 0.47, 0.09)), ((0.68, 0.50, 0.095),
        (0.73, 0.48, 0.07)),
        ((0.645, 0.58, 0.03), (0.60, 0.75, 0.036), (0.575, 0.87, 0.012)), ((0.69, 0.59, 0.03), (0.685, 0.77, 0.036),
        (0.68, 0.90, 0.012)),
        ((0.58, 0.22, 0.06), (0.62, 0.05, 0.035), (0.67, 0.035, 0.03)), ((0.36, 0.1, 0.09), (0.50, 0.04, 0.04)),
        ((0.18, 0.2, 0.06), (0.19, 0.21, 0.06)),
    ),
    "bird": (
        ((0.36, 0.47, 0.045), (0.50, 0.49, 0.07), (0.62, 0.52, 0.062)), ((0.66, 0.545, 0.05), (0.685, 0.55, 0.046)),
        ((0.725, 0.545, 0.02), (0.80, 0.53, 0.003)), ((0.35, 0.47, 0.042), (0.22, 0.445, 0.038), (0.12, 0.425, 0.018)),
        ((0.52, 0.51, 0.06), (0.44, 0.68, 0.062), (0.30, 0.84, 0.040), (0.16, 0.94, 0.006)),
        ((0.50, 0.52, 0.05), (0.36, 0.70, 0.045), (0.20, 0.80, 0.006)),
        ((0.58, 0.53, 0.05), (0.66, 0.70, 0.052), (0.66, 0.86, 0.034), (0.60, 0.98, 0.006)),
    ),
    "fish": (
        ((0.26, 0.5, 0.04), (0.40, 0.5, 0.105), (0.58, 0.5, 0.145), (0.74, 0.5, 0.10), (0.80, 0.495, 0.06)),
        ((0.28, 0.5, 0.035), (0.16, 0.62, 0.045), (0.06, 0.72, 0.012)), ((0.28, 0.5, 0.035), (0.17, 0.39, 0.045),
        (0.08, 0.28, 0.012)),
        ((0.60, 0.62, 0.05), (0.48, 0.73, 0.035), (0.38, 0.72, 0.008)), ((0.56, 0.38, 0.04), (0.46, 0.27, 0.022),
        (0.40, 0.25, 0.005)),
    ),
    "whale": (
        ((0.22, 0.46, 0.05), (0.40, 0.47, 0.13), (0.62, 0.49, 0.185), (0.82, 0.47, 0.14), (0.90, 0.45, 0.09)),
        ((0.24, 0.46, 0.05), (0.12, 0.53, 0.032), (0.02, 0.66, 0.010)), ((0.12, 0.53, 0.03), (0.03, 0.50, 0.025),
        (-0.04, 0.52, 0.006)),
        ((0.66, 0.36, 0.06), (0.56, 0.22, 0.045), (0.46, 0.16, 0.008)),
    ),
    "elephant": (
        ((0.27, 0.56, 0.19), (0.45, 0.58, 0.19), (0.60, 0.58, 0.18)), ((0.74, 0.68, 0.125), (0.78, 0.65, 0.115)),
        ((0.86, 0.60, 0.065), (0.915, 0.44, 0.045), (0.905, 0.26, 0.032), (0.95, 0.16, 0.026), (0.99, 0.19, 0.018)),
        ((0.66, 0.69, 0.10), (0.645, 0.56, 0.085), (0.67, 0.47, 0.03)), ((0.24, 0.45, 0.11), (0.22, 0.05, 0.065)),
        ((0.36, 0.42, 0.09), (0.37, 0.05, 0.06)),
        ((0.60, 0.42, 0.09), (0.61, 0.05, 0.06)), ((0.69, 0.45, 0.08), (0.71, 0.05, 0.06)), ((0.09, 0.58, 0.014),
        (0.05, 0.36, 0.010)),
    ),
    "bear": (
        ((0.24, 0.46, 0.165), (0.42, 0.48, 0.165), (0.58, 0.50, 0.165)), ((0.70, 0.52, 0.105), (0.79, 0.50, 0.09)),
        ((0.84, 0.47, 0.05), (0.92, 0.45, 0.035)),
        ((0.73, 0.61, 0.03), (0.73, 0.64, 0.022)), ((0.81, 0.59, 0.028), (0.815, 0.615, 0.02)),
        ((0.20, 0.38, 0.11), (0.18, 0.05, 0.058), (0.23, 0.035, 0.045)), ((0.32, 0.34, 0.09), (0.34, 0.05, 0.055)),
        ((0.56, 0.36, 0.09), (0.56, 0.05, 0.056), (0.61, 0.035, 0.045)), ((0.65, 0.38, 0.08), (0.70, 0.06, 0.052)),
    ),
    "figure": (
        ((0.50, 0.90, 0.052), (0.50, 0.915, 0.05)), ((0.50, 0.83, 0.028), (0.50, 0.80, 0.03)),
        ((0.445, 0.755, 0.045), (0.555, 0.755, 0.045)),
        ((0.50, 0.72, 0.085), (0.50, 0.55, 0.070), (0.50, 0.42, 0.095)), ((0.425, 0.74, 0.034), (0.395, 0.58, 0.027),
        (0.405, 0.45, 0.022)),
        ((0.575, 0.74, 0.034), (0.605, 0.58, 0.027), (0.600, 0.45, 0.022)), ((0.465, 0.40, 0.050),
        (0.460, 0.20, 0.035), (0.455, 0.02, 0.026)),
        ((0.535, 0.40, 0.050), (0.548, 0.20, 0.035), (0.560, 0.02, 0.026)),
    ),
}  # fmt: skip
COATS: dict[str, tuple[Colour, ...]] = {
    "cat": ((0.80, 0.48, 0.22), (0.16, 0.15, 0.16), (0.55, 0.53, 0.52), (0.88, 0.85, 0.80)),
    "dog": ((0.72, 0.50, 0.28), (0.36, 0.22, 0.13), (0.85, 0.80, 0.72), (0.20, 0.18, 0.18)),
    "fox": ((0.80, 0.36, 0.12),), "horse": ((0.45, 0.25, 0.13), (0.16, 0.12, 0.11), (0.85, 0.82, 0.78)),
    "deer": ((0.58, 0.38, 0.20),), "rabbit": ((0.62, 0.52, 0.42), (0.90, 0.88, 0.85)), "bird": ((0.20, 0.22, 0.28),
    (0.85, 0.85, 0.86), (0.25, 0.40, 0.62)),
    "fish": ((0.95, 0.45, 0.15), (0.90, 0.70, 0.20), (0.85, 0.25, 0.25)), "whale": ((0.20, 0.28, 0.36),),
    "elephant": ((0.48, 0.45, 0.44),),
    "bear": ((0.34, 0.22, 0.14),), "figure": ((0.55, 0.15, 0.14), (0.16, 0.20, 0.30), (0.75, 0.60, 0.20),
    (0.12, 0.12, 0.14)),
}  # fmt: skip


def solid(chains: tuple[Chain, ...], size: int, *, flow: float = 0.012) -> tuple[Array, Array]:
    """A mask and the normals (x, up, toward the eye) of a body in a square of `size` pixels, a tenth of it margin."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 1.2 - 0.1
    x, y = axis[None, :], 1 - axis[:, None]
    total = np.zeros((size, size), np.float32)
    for chain in chains:
        for (ax, ay, ar), (bx, by, br) in itertools.pairwise(chain):
            dx, dy = bx - ax, by - ay
            t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
            distance = np.sqrt((x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2) - (ar + (br - ar) * t)
            total += np.exp(-np.clip(distance / flow, -30, 30))
    field = -flow * np.log(np.maximum(total, 1e-13))
    pixel = 1.2 / size
    mask = smooth(pixel * 0.8, -pixel * 0.8, field)
    inside = np.clip(-field / 0.09, 0, 1)
    height = blur(np.sqrt(np.clip(1 - (1 - inside) ** 2, 0, 1)) * mask, max(0.6, size / 260))
    gy, gx = np.gradient(height, pixel * 9)
    normal = np.stack([-gx, gy, np.ones_like(gx) * 0.9], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return mask, normal


def lit(normal: Array, base: Array, light: Light, rng: Generator, *, fur: float = 0.25, side: float = 1.0) -> Array:
    toward = rgb((side * 0.75, 0.55, 0.45))
    toward /= np.linalg.norm(toward)
    size = normal.shape[0]
    hair = fbm(rng, size, size, cells=42, stretch=0.35, octaves=3)
    power = 0.5 if light.night else 0.85
    ambient = light.middle * 0.5 + light.horizon * 0.28
    lambert = np.clip(normal @ toward * 0.8 + 0.2, 0, 1)
    rim = (1 - normal[..., 2]) ** 2 * np.clip(normal[..., 0] * side + normal[..., 1] * 0.7, 0, 1)
    colour = base * (ambient + light.sun * (lambert * power)[..., None]) * (1 + (hair - 0.5) * fur * 2)[..., None]
    return np.clip(colour + light.sun * (rim * 0.75)[..., None], 0, 1)


def stand(
    picture: Array,
    name: str,
    light: Light,
    rng: Generator,
    brief: Brief,
    *,
    x: float,
    foot: float,
    tall: float,
    dark: float = 0.0,
    shadow: float = 0.5,
) -> Array:
    """Put a body on its feet at (x, foot); `tall` in pixels; `dark` 1 is a mere silhouette."""
    size = max(24, int(tall * 1.2))
    mask, normal = solid(BODIES[name], size)
    side = 1.0 if light.x * picture.shape[1] >= x else -1.0
    turn = rng.random() < 0.5 and name not in ("cat", "figure")
    if turn:
        mask, normal = mask[:, ::-1], normal[:, ::-1] * rgb((-1, 1, 1))
    coats = COATS[name]
    base = rgb(
        brief.colour(name, "clothes" if name == "figure" else name, otherwise=coats[int(rng.integers(len(coats)))])
    )
    body = lit(normal, base, light, rng, fur=0.08 if name in ("fish", "whale", "figure") else 0.25, side=side)
    if name in ("fox", "rabbit", "deer", "dog"):
        belly = smooth(-0.1, -0.8, normal[..., 1])
        body = mix(body, body * 0.5 + light.horizon * 0.35, (belly * 0.6)[..., None])
    if name == "fish":
        scales = np.sin(np.arange(size)[None, :] * 60 / size * 1.5) * np.sin(np.arange(size)[:, None] * 60 / size * 1.5)
        body *= (1 + 0.14 * scales.astype(np.float32))[..., None]
    if name == "figure":
        up = 1 - ((np.arange(size) + 0.5) / size * 1.2 - 0.1)
        head = smooth(0.82, 0.84, up.astype(np.float32))[:, None]
        legs = smooth(0.38, 0.35, up.astype(np.float32))[:, None]
        body = mix(body, body.mean(-1, keepdims=True) * rgb((0.5, 0.36, 0.26)), head[..., None])
        body = mix(body, body.mean(-1, keepdims=True) * rgb((0.35, 0.36, 0.42)), legs[..., None])
    body = mix(body, light.shade * 0.28, dark)
    body = _face(body, name, bool(turn), light, dark)
    return paste(picture, body, mask, x, foot, shadow=shadow)


def _face(body: Array, name: str, turned: bool, light: Light, dark: float) -> Array:
    places = {
        "cat": ((0.462, 0.77, 0.019), (0.538, 0.77, 0.019)), "dog": ((0.805, 0.805, 0.011),),
        "fox": ((0.775, 0.66, 0.010),),
        "horse": ((0.815, 0.868, 0.009),), "deer": ((0.735, 0.745, 0.008),), "rabbit": ((0.715, 0.52, 0.017),),
        "bird": ((0.695, 0.56, 0.010),),
        "fish": ((0.755, 0.53, 0.017),), "whale": ((0.84, 0.46, 0.010),), "elephant": ((0.80, 0.69, 0.012),),
        "bear": ((0.82, 0.525, 0.010),),
    }.get(name, ())  # fmt: skip
    size = body.shape[0]
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 1.2 - 0.1
    x, y = axis[None, :], 1 - axis[:, None]
    for ex, ey, radius in places:
        ex = 1 - ex if turned else ex
        eye = smooth(radius * 1.1, radius * 0.85, np.sqrt((x - ex) ** 2 + (y - ey) ** 2))
        if name == "cat":
            pupil = smooth(0.009, 0.006, np.abs(x - ex)) * smooth(radius, radius * 0.8, np.abs(y - ey))
            body = mix(body, rgb((0.72, 0.80, 0.28)), eye[..., None] * (0.95 if not dark else 0.8))
            body = mix(body, rgb((0.04, 0.04, 0.04)), (pupil * eye)[..., None])
        else:
            body = mix(body, rgb((0.03, 0.025, 0.02)), eye[..., None] * (1 - dark))
        spark = smooth(
            radius * 0.35, radius * 0.2, np.sqrt((x - ex - radius * 0.3) ** 2 + (y - ey - radius * 0.35) ** 2)
        )
        body = mix(body, rgb((1, 1, 1)), (spark * (1 - dark))[..., None])
    if name == "cat" and dark < 0.7:
        nose = smooth(0.018, 0.010, np.abs(x - 0.5) + np.abs(y - 0.728))
        body = mix(body, rgb((0.72, 0.42, 0.40)), nose[..., None])
    return body


def paste(picture: Array, body: Array, mask: Array, x: float, foot: float, *, shadow: float = 0.5) -> Array:
    height, width = picture.shape[:2]
    size = mask.shape[0]
    left, top = round(x - size / 2), round(foot - size * (1.1 / 1.2))
    out = picture.copy()
    if shadow:
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) if size > 200 else (None, None)
        if rows is not None and columns is not None:
            ellipse = ((columns - x) / (size * 0.36)) ** 2 + ((rows - foot) / (size * 0.045)) ** 2
            out *= (1 - shadow * np.exp(-ellipse))[..., None]
    y0, y1, x0, x1 = max(0, top), min(height, top + size), max(0, left), min(width, left + size)
    if y0 < y1 and x0 < x1:
        part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        out[y0:y1, x0:x1] = mix(out[y0:y1, x0:x1], body[part], mask[part][..., None])
    return out


def birds(picture: Array, rng: Generator, light: Light, horizon: int, count: int = 9) -> Array:
    """A flock far away."""
    height, width = picture.shape[:2]
    cx, cy = float(rng.uniform(0.25, 0.75)) * width, float(rng.uniform(0.25, 0.6)) * horizon
    short = min(height, width)

    def draw(pen: ImageDraw.ImageDraw, scale: int) -> None:
        for _ in range(count):
            bx, by = cx + float(rng.normal(0, 0.12)) * short, cy + float(rng.normal(0, 0.05)) * short
            span, flap = short * float(rng.uniform(0.008, 0.018)), float(rng.uniform(0.2, 0.9))
            for sign in (-1, 1):
                points = [
                    (bx, by),
                    (bx + sign * span * 0.5, by - span * flap),
                    (bx + sign * span, by - span * flap * 0.35),
                ]
                upper = [(px * scale, py * scale) for px, py in points]
                lower = [(px * scale, (py + span * 0.16) * scale) for px, py in reversed(points[:2])]
                pen.polygon(upper + lower, fill=230)

    mask = drawn(height, width, draw)
    return mix(picture, light.shade * 0.35, mask[..., None])
