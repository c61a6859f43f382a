import { canonicalJson, type EngineResult } from '@mex/envelope';
import { operationOf } from '../engine-under-test.ts';
import type { Interceptor } from '../lab/call-tap.ts';
import type { StagedAnswer } from '../lab/http-stage.ts';
import type { RunChange } from '../lab/lab.ts';
import type { Observation } from '../lab/observation.ts';
import { goldenVectors, placeOf, tierProbe } from './probe.ts';

/** What outside answers is in the evidence: another answer, and other evidence, or the same result. */
export const evidenceFrozen = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  let compared = 0;
  for (const vector of goldenVectors(engine)) {
    const level = vector.document.determinism ?? operationOf(engine, vector)?.determinism_ceiling;
    if (level !== 'D0' && level !== 'D1') continue;
    const baseline = await lab.baseline(vector);
    log.check(baseline.result.evidence.length > 0, () => ({
      what: 'It left no evidence.',
      where: placeOf(bench, vector),
    }));
    compared += 1;
    for (const { change, source } of otherWorlds(lab.stageOf(vector).answers, baseline)) {
      const { result } = await lab.run(vector, change);
      if (result.status !== 'succeeded') continue;
      const isSame = shown(result) === shown(baseline.result);
      const isFrozen = contents(result.evidence) !== contents(baseline.result.evidence);
      log.check(isSame || isFrozen, () => ({
        what: `${source} answered something else, the result changed, and the evidence did not.`,
        where: placeOf(bench, vector, source),
      }));
    }
  }
  if (compared === 0) log.notApplicable('No golden vector runs at D0 or D1.');
});

function contents(handles: readonly { name?: string; sha256: string }[]): string {
  return handles
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .sort()
    .join('\n');
}

/** What a caller gets, but for the evidence. */
function shown({ outputs, summary }: EngineResult): string {
  return `${contents(outputs)}\n${canonicalJson(summary ?? {})}`;
}

interface OtherWorld {
  readonly change: RunChange;
  readonly source: string;
}

/** The same run, with one thing outside that answers otherwise: a server, a program, a file of a scope. */
function otherWorlds(answers: readonly StagedAnswer[], { sighting }: Observation): OtherWorld[] {
  const servers = answers.flatMap((answer, at): OtherWorld[] => {
    const body = alter(answer.body);
    return body === undefined
      ? []
      : [{ change: { answers: answers.with(at, { ...answer, body }) }, source: answer.url }];
  });
  const asked = sighting.calls.filter(({ call, code }) => ALTERED_CALLS.has(call) && code === undefined);
  const calls = asked.slice(0, MAX_ALTERED_CALLS).map(({ index, call, body }): OtherWorld => {
    const intercept: Interceptor = async (made, serve) => {
      const reply = await serve();
      const bytes =
        made.index === index && reply.bytes !== undefined ? alter(reply.bytes, textEnd(reply.text)) : undefined;
      return bytes === undefined ? reply : { ...reply, bytes };
    };
    return { change: { intercept }, source: `${call} (${String(body['tool'] ?? body['path'])})` };
  });
  return [...servers, ...calls];
}

const ALTERED_CALLS: ReadonlySet<string> = new Set(['tool.exec', 'scope.read']);
/** Each costs a run, and a program its process. */
const MAX_ALTERED_CALLS = 4;

/** Where standard output ends among the bytes of a program's answer; `undefined`: the bytes are one piece. */
function textEnd(reply: string): number | undefined {
  const size = /"stdout_bytes":(\d+)/.exec(reply)?.[1];
  return size === undefined || size === '0' ? undefined : Number(size);
}

/** The same content with another last letter or figure before `end`; `undefined` where there is none. */
function alter(bytes: Uint8Array, end: number = bytes.length): Uint8Array | undefined {
  const at = bytes.subarray(0, end).findLastIndex((byte) => /[a-z0-9]/i.test(String.fromCharCode(byte)));
  return at === -1 ? undefined : Uint8Array.from(bytes).with(at, bytes[at] === 0x37 ? 0x38 : 0x37);
}
