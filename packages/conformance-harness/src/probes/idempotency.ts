import { canonicalJson } from '@mex/envelope';
import { codeOf, outcomeOf } from '../lab/observation.ts';
import { placeOf, representatives, textOf, tierProbe } from './probe.ts';

/** One op_id, one run: again and at once it is answered from the record, with other content it is denied (CONTRACT §3). */
export const oneRun = tierProbe(async (bench) => {
  const { lab, log, case: one } = bench;
  const code = textOf(one.expect, 'code');
  for (const { vector } of await representatives(bench)) {
    const operation = await lab.plan(vector);
    const where = placeOf(bench, vector);
    const [first, meanwhile] = await Promise.all([lab.send(vector, operation), lab.send(vector, operation)]);
    const again = await lab.send(vector, operation);
    for (const [when, other] of [
      ['while it ran', meanwhile],
      ['afterwards', again],
    ] as const)
      log.check(canonicalJson(other.result) === canonicalJson(first.result), () => ({
        what: `Sent again ${when}, it was answered with another result: ${outcomeOf(other)}.`,
        where,
      }));
    const starts = first.sighting.starts + meanwhile.sighting.starts + again.sighting.starts;
    log.check(starts === 1, () => ({ what: `One op_id was run ${starts} times.`, where }));
    const changed = await lab.send(vector, { ...operation, output_spec: { max_count: 1_000 } });
    log.check(changed.result.status === 'denied' && codeOf(changed) === code, () => ({
      what: `The op_id with other content was not denied with ${code}: ${outcomeOf(changed)}.`,
      where,
    }));
  }
});
