"""Frames to an mp4 file that any browser plays: h264, yuv420p, index at the front."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image

FPS = 25


def record(frames: Iterable[Image.Image], path: Path, width: int, height: int) -> int:
    """Returns the number of frames. Frames of another size are scaled."""
    count = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes whatever machine it is
        stream.options = {"preset": "veryfast", "crf": "21", "g": "50"}
        # The colours are said to be those of BT.709, which is also what players assume of this size.
        stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = 1
        for image in frames:
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(
                width, height, "yuv420p", dst_colorspace=Colorspace.ITU709, interpolation=Interpolation.BICUBIC
            )
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count
