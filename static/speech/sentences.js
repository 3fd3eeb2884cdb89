/** Cutting a text into sentences, for type-to-speak. */

const ENDS = /[.!?。！？…؟।]["'”’»)\]]*\s*$/u;
const SENTENCE = /[^.!?。！？…؟।\n]*(?:[.!?。！？…؟।]+["'”’»)\]]*|\n|$)\s*/gu;

/** Length of the part of `text` that consists of finished sentences: what follows may still be changed by the next key. */
export function finishedLength(text, { isIdle = false } = {}) {
  const sentences = split(text);
  let length = 0;
  sentences.forEach((sentence, place) => {
    const isLast = place === sentences.length - 1;
    if (!isLast || /\n\s*$/.test(sentence) || (isIdle && ENDS.test(sentence))) length += sentence.length;
  });
  return hasWords(text.slice(0, length)) ? length : 0;
}

/** Whether there is anything to speak. */
export function hasWords(text) {
  return /[\p{L}\p{N}]/u.test(text);
}

function split(text) {
  const segments =
    "Segmenter" in Intl
      ? Array.from(new Intl.Segmenter(document.documentElement.lang, { granularity: "sentence" }).segment(text), ({ segment }) => segment)
      : (text.match(SENTENCE) ?? []).filter(Boolean);
  // "Dr." and "3." are no ends: what has no ending, or goes on in lower case, belongs to the next piece.
  return segments.reduce((sentences, segment) => {
    const last = sentences.at(-1);
    const goesOn = last !== undefined && !/\n\s*$/.test(last) && (!ENDS.test(last) || /^\p{Ll}/u.test(segment));
    if (goesOn) sentences[sentences.length - 1] += segment;
    else sentences.push(segment);
    return sentences;
  }, []);
}
