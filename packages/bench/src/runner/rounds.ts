import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs one round and answers one figure, always in the same unit. */
export type Contender = () => Promise<number> | number;

export interface RoundPlan {
  /** Rounds that are thrown away: compilers and caches settle in them. */
  readonly warmup: number;
  readonly rounds: number;
}

/**
 * Runs contenders turn by turn, each round beginning with another one, so that none always follows the same
 * neighbour. Answers their figures by name, in the order of rounds.
 */
export async function takeTurns<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  { warmup, rounds }: RoundPlan,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmup; round < rounds; round += 1) {
    const first = Math.abs(round) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      collectGarbage();
      const figure = await contenders[name]();
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}

/**
 * The collector, without the flag `--expose-gc`: that would put it on the global object of every worker too, and the
 * thread tier refuses to start in a realm with something on it that it does not know.
 */
const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof found !== 'function') throw new Error('this V8 does not let its collector be called');
  return () => void Reflect.apply(found, undefined, []);
})();

/** Collects garbage, so that what one contender left behind is not swept up at the cost of the next. */
export function collectGarbage(): void {
  collect();
}

/** Milliseconds that `work` took. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Runs `work` for `0 … count - 1`, `lanes` at a time; answers how many were done per second. */
export async function throughput(
  lanes: number,
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  const took = await timed(() => Promise.all(Array.from({ length: lanes }, lane)));
  return (count / took) * 1_000;
}
