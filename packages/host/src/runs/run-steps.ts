import { ChangeRefusal, type RunActor, type RunDefinition } from '@mex/runs';

/**
 * Who may do what to a run. A person may do all of it. Its own actor may stop it; only somebody else lets it go on, or the
 * planner's side would decide about itself (CONTRACT §2).
 * @throws MexError `RUN_FOREIGN`
 */
export function verifyStep(
  { run_id, actor }: RunDefinition,
  step: 'pause' | 'resume' | 'cancel' | 'close',
  by: RunActor,
): void {
  if (by.kind === 'human') return;
  if (step === 'resume' && by.kind === 'agent') {
    throw new ChangeRefusal(
      'RUN_FOREIGN',
      `${by.id} is known to this host as ${by.kind}; a run is resumed by a person.`,
    );
  }
  if (by.id === actor.id || by.kind === 'system') return;
  throw new ChangeRefusal('RUN_FOREIGN', `Run ${run_id} belongs to another actor.`);
}
