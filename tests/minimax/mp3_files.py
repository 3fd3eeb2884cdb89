"""Real mp3 files, made on the spot."""

import io

import av
import numpy as np


def encoded(rate: int, bitrate: int, layout: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=rate, layout=layout, bit_rate=bitrate)
        samples = (np.random.default_rng(1).standard_normal((1, rate * 2)) * 3000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples if layout == "mono" else samples[:, : rate * 2], "s16", layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


MP3 = encoded(32000, 128000, "mono")
