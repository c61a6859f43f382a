import type { Span } from '../finding.ts';
import type { Detector } from './detector.ts';

/** How far the parts of one manifest may lie apart, in characters. */
const REACH = 4_096;
const KIND = /kind:\s{0,4}["']?secret["']?\s{0,4}(?:\n|$)/iy;
const DATA_LINE = /^[ \t]{1,8}["']?[\w.-]{1,253}["']?:[ \t]{1,4}["']?([A-Za-z0-9+/]{8,4096}={0,2})["']?[ \t]{0,4}$/;
const DATA = /^[ \t]{0,8}["']?data["']?:[ \t]{0,4}$/;

/** Bounds of the YAML document around a place, cut at the reach; `undefined` when an earlier place in it was looked at. */
function documentAround(text: string, at: number): [number, number] | undefined {
  const before = text.slice(Math.max(0, at - REACH), at);
  const from = before.lastIndexOf('\n---');
  if (/kind:\s{0,4}["']?secret["']?\s/i.test(from < 0 ? before : before.slice(from))) return undefined;
  const to = text.slice(at, at + REACH).indexOf('\n---');
  return [at - before.length + (from < 0 ? 0 : from + 4), to < 0 ? Math.min(text.length, at + REACH) : at + to];
}

function spansOfData(text: string, from: number, to: number): Span[] {
  const spans: Span[] = [];
  let inData = false;
  let lineStart = from;
  for (const line of text.slice(from, to).split('\n')) {
    if (DATA.test(line)) inData = true;
    else if (inData && !/^\s*(?:#|$)/.test(line)) {
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
    const bounds = documentAround(text, start);
    const spans = bounds === undefined ? [] : spansOfData(text, ...bounds);
    return spans.length === 0 ? undefined : spans;
  },
};
