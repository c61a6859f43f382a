/**
 * Takes every step in order, also after one that failed: what is open after a failed close stays open for ever.
 * @throws what the step threw; AggregateError when several did.
 */
export async function closeAll(steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, 'Several parts of MEX could not be closed.');
}
