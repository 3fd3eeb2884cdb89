/** The page's way to the loudspeaker. Browsers let it open only while the person presses something. */

const contexts = new Map(); // sample rate → AudioContext; 0 is the device's own

/** Return a running AudioContext, made if needed. Call it from a press. */
export function openOutput(sampleRate = 0) {
  let context = contexts.get(sampleRate);
  if (!context || context.state === "closed") {
    context = new AudioContext({ latencyHint: "interactive", ...(sampleRate && { sampleRate }) });
    contexts.set(sampleRate, context);
  }
  if (context.state !== "running") {
    context.resume().catch(() => {}); // refused without a press: whoever plays reports `blocked`
    const hush = new AudioBufferSourceNode(context, { buffer: context.createBuffer(1, 1, context.sampleRate) });
    hush.connect(context.destination); // iOS opens the output only for a sound that starts inside the press
    hush.start();
  }
  return context;
}

/** Seconds between handing a sample to the output and hearing it. */
export function outputLatency(context) {
  return context.outputLatency || context.baseLatency || 0;
}

/** `performance.now()` at which the context's time `seconds` is heard. */
export function heardAt(context, seconds) {
  const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
  if (contextTime > 0 && performanceTime > 0) return performanceTime + (seconds - contextTime) * 1000;
  return performance.now() + (seconds - context.currentTime + outputLatency(context)) * 1000;
}
