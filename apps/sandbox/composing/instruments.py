"""The instruments: each gives the wave of one note, or of one chord where its strings sound as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from apps.sandbox.composing.synth import (
    RATE,
    Wave,
    clock,
    falling,
    filtered,
    harmonics,
    hertz,
    level,
    noise,
    saw,
    shape,
    square,
    together,
    vibrato,
)

Instrument = Callable[[float, float, float], Wave]  # MIDI pitch, seconds, velocity


def piano(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    order = np.arange(1, 25)
    levels = np.exp(-order / (2.2 + 3.2 * velocity)) * (1 - 0.75 * (order % 8 == 0))
    fade = 0.55 + frequency / 700
    length = min(seconds + 0.25, 5.0)
    wave = harmonics(frequency, length, levels, fade=fade, damping=0.18 + frequency / 2600)
    wave += 0.6 * harmonics(frequency * 1.0008, length, levels, fade=fade * 0.7, damping=0.2, phase=1.1)
    knock = filtered(noise(0.03, 3), 200, 2400) * falling(0.03, 0.006)
    wave[: len(knock)] += knock[: len(wave)] * 0.12
    return shape(wave * np.float32(0.55 * velocity), 0.003, 0.16)


def epiano(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, time = hertz(pitch), clock(min(seconds + 0.3, 5.0))
    index = (0.4 + 1.1 * velocity) * np.exp(-time * 3.2)
    body = np.sin(2 * np.pi * frequency * time + index * np.sin(2 * np.pi * frequency * time))
    tine = np.sin(2 * np.pi * frequency * 7.0 * time) * np.exp(-time * 11) * 0.12 * velocity
    wave = (body + tine) * np.exp(-time * (0.8 + frequency / 1600)) * (1 + 0.1 * np.sin(2 * np.pi * 4.6 * time))
    return shape((wave * 0.6 * velocity).astype(np.float32), 0.004, 0.18)


def guitar(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    order = np.arange(1, 41)
    levels = np.abs(np.sin(np.pi * order * 0.19)) / order**1.05 / (1 + (order * frequency / 4200) ** 2)
    wave = harmonics(frequency, min(seconds + 0.2, 4.0), levels, fade=1.1, damping=0.12 + frequency / 2800)
    pick = filtered(noise(0.012, 5), 1500, 7000) * falling(0.012, 0.003)
    wave[: len(pick)] += 0.08 * pick[: len(wave)]
    return shape(wave * np.float32(0.75 * velocity), 0.002, 0.1)


def harp(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    order = np.arange(1, 25)
    levels = np.abs(np.sin(np.pi * order * 0.34)) / order**1.5
    wave = harmonics(frequency, min(seconds + 0.8, 4.0), levels, fade=1.3, damping=0.4)
    return shape(wave * np.float32(0.8 * velocity), 0.003, 0.3)


def clavinet(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    levels = square(30, 3600, frequency)
    wave = harmonics(frequency, min(seconds, 1.2), levels, fade=3.0, damping=0.3)
    return shape(wave * np.float32(0.6 * velocity), 0.002, 0.03)


def organ(pitch: float, seconds: float, velocity: float) -> Wave:
    levels = np.zeros(12)
    levels[[0, 1, 2, 3, 5, 7]] = 1, 0.75, 0.45, 0.3, 0.12, 0.1
    curve = vibrato(hertz(pitch), seconds + 0.05, cents=6, rate=6.2, after=0.0)
    return shape(harmonics(curve, seconds + 0.05, levels) * np.float32(0.3 * velocity), 0.012, 0.06)


def plucks(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    length = min(seconds + 0.15, 0.9)
    levels = saw(30, 5200, frequency)
    wave = harmonics(frequency, length, levels, fade=3.4, damping=0.55)
    wave += 0.7 * harmonics(frequency * 1.006, length, levels, fade=3.4, damping=0.5, phase=2)
    return shape(wave * np.float32(0.45 * velocity), 0.003, 0.1)


def bells(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, time = hertz(pitch + 12), clock(min(seconds + 1.6, 3.5))
    wave = np.zeros(len(time), np.float32)
    for ratio, loud, fade in ((1, 1.0, 1.6), (2.76, 0.35, 3.2), (5.4, 0.16, 6.0), (0.5, 0.3, 1.2)):
        if frequency * ratio < 14000:
            wave += (loud * np.sin(2 * np.pi * frequency * ratio * time) * np.exp(-fade * time)).astype(np.float32)
    return shape(wave * np.float32(0.4 * velocity), 0.002, 0.4)


def vibes(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, time = hertz(pitch), clock(min(seconds + 1.0, 3.0))
    wave = np.sin(2 * np.pi * frequency * time) + 0.25 * np.sin(2 * np.pi * frequency * 4 * time) * np.exp(-6 * time)
    wave = wave * np.exp(-1.4 * time) * (1 + 0.25 * np.sin(2 * np.pi * 4.2 * time))
    return shape((wave * 0.5 * velocity).astype(np.float32), 0.003, 0.3)


def pizzicato(pitch: float, seconds: float, velocity: float) -> Wave:
    levels = saw(14, 1800, hertz(pitch))
    wave = harmonics(hertz(pitch), 0.45, levels, fade=7, damping=1.4)
    return shape(wave * np.float32(0.8 * velocity), 0.003, 0.1)


def supersaw(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, levels = hertz(pitch), saw(36, 5200, hertz(pitch), 1.5)
    length = seconds + 0.12
    wave = together(
        harmonics(frequency * 2 ** (cents / 1200), length, levels, phase=number * 1.7)
        for number, cents in enumerate((-17.0, -9.0, 0.0, 8.0, 16.0))
    )
    return shape(wave * np.float32(0.16 * velocity), 0.008, 0.12)


def ostinato(pitch: float, seconds: float, velocity: float) -> Wave:
    """Short strokes of low strings."""
    frequency = hertz(pitch)
    length = min(seconds, 0.3)
    levels = saw(24, 2600, frequency)
    wave = harmonics(frequency, length, levels, fade=2) + harmonics(frequency * 1.005, length, levels, fade=2, phase=1)
    return shape(wave * np.float32(0.4 * velocity), 0.015, 0.1)


def strings(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, length = hertz(pitch), seconds + 0.5
    levels = saw(22, 2300, frequency, 1.6)
    wave = together(
        harmonics(
            vibrato(frequency * 2 ** (cents / 1200), length, cents=7, rate=4.7 + number * 0.5, after=0.1),
            length,
            levels,
            phase=number * 2.1,
        )
        for number, cents in enumerate((-6.0, 0.5, 7.0))
    )
    return shape(wave * np.float32(0.2 * velocity), min(0.3, length / 3), 0.5)


def pad(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, length = hertz(pitch), seconds + 0.7
    levels = saw(16, 1100, frequency)
    wave = together(
        harmonics(frequency * 2 ** (cents / 1200), length, levels, phase=number * 1.3)
        for number, cents in enumerate((-8.0, 0.0, 9.0))
    )
    return shape(wave * np.float32(0.24 * velocity), min(0.5, length / 3), 0.7)


def choir(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, length = hertz(pitch), seconds + 0.5
    order = np.arange(1, 31) * frequency
    levels = np.full(30, 0.08)
    for place, width, loud in ((700, 180, 1.0), (1150, 200, 0.5), (2800, 400, 0.15)):
        levels += loud * np.exp(-(((order - place) / width) ** 2))
    levels /= np.arange(1, 31) ** 0.5
    wave = together(
        harmonics(vibrato(frequency * 2 ** (cents / 1200), length, cents=14, rate=4.9 + number * 0.4), length, levels)
        for number, cents in enumerate((-9.0, 0.0, 8.0))
    )
    return shape(wave * np.float32(0.2 * velocity), min(0.3, length / 3), 0.5)


def violin(pitch: float, seconds: float, velocity: float) -> Wave:
    curve = vibrato(hertz(pitch), seconds + 0.12, cents=18, rate=5.6)
    levels = saw(26, 3600, hertz(pitch), 1.6)
    levels[1:6] *= (0.8, 1.2, 0.9, 1.1, 0.8)
    return shape(harmonics(curve, seconds + 0.12, levels) * np.float32(0.34 * velocity), 0.07, 0.12)


def flute(pitch: float, seconds: float, velocity: float) -> Wave:
    curve = vibrato(hertz(pitch + 12), seconds + 0.1, cents=14, rate=5.0)
    wave = harmonics(curve, seconds + 0.1, np.array([1.0, 0.28, 0.12, 0.04, 0.02]))
    breath = filtered(noise(seconds + 0.1, 7), 1500, 6000) * np.float32(0.03)
    size = min(len(wave), len(breath))
    return shape((wave[:size] + breath[:size]) * np.float32(0.42 * velocity), 0.05, 0.1)


def sax(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    curve = vibrato(frequency, seconds + 0.1, cents=22, rate=5.0, after=0.3)
    curve[: RATE // 16] *= np.linspace(0.975, 1, RATE // 16, dtype=np.float32)[: len(curve[: RATE // 16])]
    order = np.arange(1, 25) * frequency
    levels = saw(24, 2600, frequency, 1.5) * (1 + 1.2 * np.exp(-(((order - 900) / 400) ** 2)))
    breath = filtered(noise(seconds + 0.1, 8), 900, 5000) * np.float32(0.03)
    wave = harmonics(curve, seconds + 0.1, levels)
    size = min(len(wave), len(breath))
    return shape((wave[:size] + breath[:size]) * np.float32(0.36 * velocity), 0.03, 0.09)


def brass(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, length = hertz(pitch), seconds + 0.1
    dull, clear = saw(20, 900, frequency), saw(26, 4200, frequency, 1.6)
    curve = vibrato(frequency, length, cents=9)
    bloom = np.clip(clock(length) / 0.12, 0, 1)
    low, full = harmonics(curve, length, dull), harmonics(curve, length, clear)
    size = min(len(low), len(bloom))
    wave = low[:size] * (1 - bloom[:size]) + full[:size] * bloom[:size]
    return shape((wave * 0.32 * velocity).astype(np.float32), 0.03, 0.1)


def synth(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency, length = hertz(pitch), seconds + 0.15
    levels = saw(30, 3800, frequency)
    wave = harmonics(vibrato(frequency, length, cents=8), length, levels)
    wave += 0.8 * harmonics(frequency * 1.007, length, levels, phase=1.4)[: len(wave)]
    wave += 0.3 * harmonics(frequency / 2, length, square(20, 1800, frequency / 2))[: len(wave)]
    return shape(wave * np.float32(0.28 * velocity), 0.012, 0.14)


def lead_guitar(pitch: float, seconds: float, velocity: float) -> Wave:
    curve = vibrato(hertz(pitch), seconds + 0.12, cents=22, rate=5.4, after=0.2)
    wave = harmonics(curve, seconds + 0.12, saw(26, 3000, hertz(pitch)), fade=0.35)
    return shape(filtered(np.tanh(wave * 3.2), 160, 3800, 2) * np.float32(0.42 * velocity), 0.006, 0.1)


LEADS: dict[str, Instrument] = {
    "synth": synth,
    "guitar": lead_guitar,
    "flute": flute,
    "fiddle": violin,
    "violin": violin,
    "sax": sax,
    "brass": brass,
    "bells": bells,
    "vibes": vibes,
}
PADS: dict[str, Instrument] = {"strings": strings, "pad": pad, "choir": choir}
KEYS: dict[str, Instrument] = {
    "piano": piano,
    "epiano": epiano,
    "guitar": guitar,
    "harp": harp,
    "clavinet": clavinet,
    "organ": organ,
    "plucks": plucks,
    "bells": bells,
    "pizzicato": pizzicato,
    "supersaw": supersaw,
    "ostinato": ostinato,
    "brass": brass,
}
ELECTRIC = {"overdrive": (2.2, 0.5), "distortion": (7.0, 0.34)}  # gain before, level after


def electric(name: str, pitches: Sequence[float], seconds: float, velocity: float) -> Wave:
    """The strings of an electric guitar meet in the amplifier: a chord is distorted as one."""
    drive, after = ELECTRIC[name]
    length = seconds + 0.08
    wave = np.zeros(int(length * RATE), np.float32)
    for number, pitch in enumerate(pitches):
        frequency = hertz(pitch)
        string = harmonics(frequency, length, saw(22, 2600, frequency), fade=0.9, damping=0.06, phase=number * 0.9)
        wave += string * np.float32(0.5)
    return shape(filtered(np.tanh(wave * drive * velocity), 90, 3900, 3) * np.float32(after), 0.003, 0.05)


# --- bass -------------------------------------------------------------------------------------------------------------


def finger_bass(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    levels = saw(18, 700, frequency)
    wave = harmonics(frequency, seconds + 0.04, levels, fade=0.9, damping=0.35)
    return shape(np.tanh(wave * 1.3) * np.float32(0.75 * velocity), 0.005, 0.04)


def synth_bass(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    levels = saw(24, 1100, frequency)
    wave = harmonics(frequency, seconds + 0.02, levels, damping=0.7, fade=0.6)
    return shape(np.tanh(wave * 1.6) * np.float32(0.7 * velocity), 0.004, 0.03)


def sub_bass(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    wave = harmonics(frequency, seconds + 0.06, np.array([1.0, 0.25, 0.1]), fade=0.7)
    return shape(np.tanh(wave * 1.7) * np.float32(0.85 * velocity), 0.006, 0.06)


def upright_bass(pitch: float, seconds: float, velocity: float) -> Wave:
    frequency = hertz(pitch)
    wave = harmonics(frequency, seconds + 0.08, saw(14, 520, frequency), fade=1.8, damping=0.6)
    return shape(level(wave, 0.85 * velocity), 0.008, 0.06)


def cello(pitch: float, seconds: float, velocity: float) -> Wave:
    curve = vibrato(hertz(pitch), seconds + 0.2, cents=9, rate=4.8)
    wave = harmonics(curve, seconds + 0.2, saw(22, 900, hertz(pitch)))
    return shape(wave * np.float32(0.55 * velocity), 0.08, 0.2)
