import type { FlightEvent } from '@mex/envelope';
import { GATE_IDS } from '@mex/gates';
import type { Observation } from '../lab/observation.ts';
import { goldenVectors, placeOf, rejectVectors, tierProbe } from './probe.ts';

type SystemEvent = Extract<FlightEvent, { type: 'system' }>;

function systemEvent<S extends SystemEvent['subject']>(events: readonly FlightEvent[], subject: S) {
  return events.filter(
    (event): event is Extract<SystemEvent, { subject: S }> => event.type === 'system' && event.subject === subject,
  );
}

/** Every step of an operation is on record (CONTRACT §11): checks, gates in order, the run, the call; and the log proves itself. */
export const stepsRecorded = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of [...goldenVectors(engine), ...rejectVectors(engine).slice(0, 4)]) {
    const observed = await lab.baseline(vector);
    for (const [what, held] of Object.entries(recorded(observed)))
      log.check(held, () => ({ what: `The record lacks ${what}.`, where: placeOf(bench, vector) }));
  }
  const [vector] = engine.vectors;
  if (vector === undefined) return;
  const { host } = await lab.hostOf(vector);
  const report = await host.recorder.verify();
  log.check(report.ok, () => ({ what: 'The log does not verify.', where: { tier: lab.tier } }));
});

function recorded(observed: Observation): Record<string, boolean> {
  const { operation, result } = observed;
  const events = observed.events();
  const checks = events.filter(({ type }) => type === 'capability_check');
  const [checked] = systemEvent(events, 'operation.checked');
  const [run] = systemEvent(events, 'engine.run');
  const call = events.find((event) => event.type === 'tool_call');
  const asked = checked?.body.gates.map(({ gate }) => gate) ?? [];
  return {
    'a capability_check for each capability': operation.capabilities_requested.every((id) =>
      checks.some((event) => event.type === 'capability_check' && event.capability_id === id),
    ),
    'operation.checked': checked?.body.op_id === operation.op_id,
    // The first denial stops them.
    'every gate in its order': GATE_IDS.every(
      (gate, at) => asked[at] === gate || (result.status === 'denied' && at > 0 && at >= asked.length),
    ),
    'engine.run with its outcome': run?.body.status === result.status,
    'FR-EVT-007 tool_call': call?.type === 'tool_call' && call.ok === (result.status === 'succeeded'),
    'a Problem for a denial': result.status !== 'denied' || events.some(({ type }) => type === 'diagnostic'),
  };
}

/** Every request and every program is on record before the engine hears of it. */
export const outsideRecorded = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of goldenVectors(engine)) {
    const observed = await lab.baseline(vector);
    const events = observed.events();
    const served = observed.sighting.calls.filter(({ code }) => code === undefined);
    const programs = served.filter(({ call }) => call === 'tool.exec').length;
    const requests = served.filter(({ call }) => call === 'http.fetch').length;
    const commands = events.filter(({ type }) => type === 'terminal_command').length;
    const hops = systemEvent(events, 'broker.http').length;
    log.check(commands === programs, () => ({
      what: `${programs} programs ran, and FR-EVT-001 is there ${commands} times.`,
      where: placeOf(bench, vector),
    }));
    log.check(hops >= requests, () => ({
      what: `${requests} requests were made, and ${hops} are on record.`,
      where: placeOf(bench, vector),
    }));
  }
});

/** Nothing that an engine said was dropped: an operator sees all of it. */
export const nothingDropped = tierProbe(async (bench) => {
  const { engine, lab, log } = bench;
  for (const vector of engine.vectors) {
    const { reply } = (await lab.baseline(vector)).sighting;
    const [lines, problems] = [Number(reply?.['log_dropped'] ?? 0), Number(reply?.['problems_dropped'] ?? 0)];
    log.check(lines + problems === 0, () => ({
      what: `It said more than is kept: ${lines} lines and ${problems} Problems were dropped.`,
      where: placeOf(bench, vector),
    }));
  }
});
