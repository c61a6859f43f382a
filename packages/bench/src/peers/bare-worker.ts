// What a bare worker thread runs: takes a text, answers one as long as an engine's empty reply.
const REPLY = 'y'.repeat(160);

export default function answer(task: string): string {
  if (task.length === 0) throw new Error('an empty task');
  return REPLY;
}
