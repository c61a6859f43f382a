import type { Span } from '../finding.ts';
import type { Detector } from './detector.ts';

/** How far the parts of one manifest may lie apart, in characters. */
const REACH = 8_192;
const KIND = /kind:\s{0,4}["']?secret["']?\s{0,4}(?:\n|$)/iy;
const DATA_LINE = /^[ \t]{1,8}["']?[\w.-]{1,253}["']?:[ \t]{1,4}["']?([A-Za-z0-9+/]{8,4096}={0,2})["']?[ \t]{0,4}$/;
const DATA = /^[ \t]{0,8}["']?data["']?:[ \t]{0,4}$/;

/** Bounds of the YAML document around a place, cut at the reach. */
function documentAround(text: string, at: number): [number, number] {
  const from = text.lastIndexOf('\n---', at);
  const to = text.indexOf('\n---', at);
  return [Math.max(from < 0 ? 0 : from + 4, at - REACH), Math.min(to < 0 ? text.length : to, at + REACH)];
}

function spansOfData(text: string, from: number, to: number): Span[] {
  const spans: Span[] = [];
  let inData = false;
  let lineStart = from;
  for (const line of text.slice(from, to).split('\n')) {
    if (DATA.test(line)) inData = true;
    else if (inData) {
      const value = DATA_LINE.exec(line)?.[1];
      if (value === undefined) inData = false;
      else {
        const start = lineStart + line.indexOf(value, line.indexOf(':'));
        spans.push({ rule: 'kubernetes-secret', start, end: start + value.length, confidence: 'medium' });
      }
    }
    lineStart += line.length + 1;
  }
  return spans;
}

/** Every value of a Kubernetes `Secret` manifest is a secret, whatever its name. */
export const KUBERNETES_SECRET: Detector = {
  keywords: ['kind: secret', 'kind: "secret', "kind: 'secret"],
  exact: false,
  inspect(text, start) {
    KIND.lastIndex = start;
    if (!KIND.test(text)) return undefined;
    const [from, to] = documentAround(text, start);
    const spans = spansOfData(text, from, to);
    return spans.length === 0 ? undefined : spans;
  },
};
