import { operationOf } from '../engine-under-test.ts';
import { undeclaredEnd } from './fair-end.ts';
import { numberOf, placeOf, representatives, tierProbe } from './probe.ts';
import { sampleParams } from './sample-params.ts';

/** For params of every form that its schema takes, an operation succeeds or fails with a code that it declares. */
export const declaredOnly = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const { vector } of await representatives(bench)) {
    const operation = operationOf(engine, vector);
    if (operation === undefined) continue;
    const { params_schema: schema } = operation;
    for (const { params, how } of sampleParams(schema, vector.document.params, bench.chance).slice(
      0,
      numberOf(bench, 'most'),
    )) {
      const observed = await lab.run(vector, { params });
      // Bounds that no sampler knows, such as patterns, make some of them invalid: those the schema denies.
      if (observed.result.status === 'denied') continue;
      const undeclared = undeclaredEnd(observed, operation);
      log.check(undeclared === undefined, () => ({
        what: `With ${how}, ${undeclared}.`,
        where: placeOf(bench, vector, JSON.stringify(params).slice(0, 200)),
      }));
    }
    log.check(true, () => ({ what: '' }));
  }
});
