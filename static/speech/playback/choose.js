import { canStreamMp3, MediaSourcePlayback } from "./media_source.js";
import { PcmPlayback } from "./pcm.js";
import { WholePlayback } from "./whole.js";

/** What to ask the server for: mp3 straight through where the browser can stream it, else samples. */
export function choosePlayback(format) {
  return format === "mp3" && canStreamMp3() ? "mp3" : "pcm";
}

/** Make the player for `format` ("mp3" or "pcm"); call it from a press. */
export function makePlayback(format, sampleRate) {
  if (format === "pcm") return new PcmPlayback({ sampleRate });
  return canStreamMp3() ? new MediaSourcePlayback() : new WholePlayback();
}
