import type { EngineResult } from '@mex/envelope';
import { nameConsents } from '@mex/host';
import { cacheUse } from '../cache-use.ts';
import { argumentText, type CommandRun, optionList } from '../command.ts';
import { exitOfResult } from '../exit-codes.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { onInterrupt } from '../interrupt.ts';
import { addInputs, parseInput } from '../named-inputs.ts';
import { dim, green, red } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { readDocument } from '../read-document.ts';

/** `mex run <operation.json|->`: the EngineResult goes to stdout in either format. */
export const run: CommandRun = async (invocation, terminal) => {
  const inputs = optionList(invocation, 'input').map(parseInput);
  const text = await readDocument(argumentText(invocation, 'operation'));
  const interrupt = onInterrupt(terminal);
  terminal.progress('running');
  const host = await openWiredHost(invocation);
  try {
    const given = await addInputs(host, text, inputs);
    const operation = nameConsents(given, host.caller.id, host.consents);
    const result = await host.execute(operation, { signal: interrupt.signal, cache: cacheUse(invocation) });
    terminal.json(result, terminal.format === 'json' ? 0 : 2);
    summarize(terminal, result);
    return exitOfResult(result);
  } finally {
    interrupt.stop();
    await closeHost(host);
  }
};

function cachedWords({ provenance: { cached_from } }: EngineResult): string {
  return cached_from === undefined ? '' : `, served from the cache: made by op ${cached_from}`;
}

function summarize(terminal: Terminal, result: EngineResult): void {
  if (terminal.format === 'json') return;
  const status = result.status === 'succeeded' ? green(result.status) : red(result.status);
  terminal.note(
    status,
    ` ${result.provenance.engine_id} ${result.provenance.operation}`,
    dim(`  op ${result.op_id}${cachedWords(result)}`),
  );
  for (const { code, message, remedy } of result.errors) {
    terminal.note(red('mex: '), message, dim(` (${code})`));
    if (remedy !== undefined) terminal.note('  → ', remedy);
  }
}
