import { join } from 'node:path';
import type { EngineResult } from '@mex/envelope';
import type { Host } from '@mex/host';
import { argumentText, type CommandRun, optionText } from '../command.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { onInterrupt } from '../interrupt.ts';
import { materialize } from '../materialize.ts';
import { printScan } from '../scan/print-scan.ts';
import { runScan, SBOM_ENGINE } from '../scan/run-scan.ts';
import { scanDocument } from '../scan/scan-document.ts';
import { openTarget } from '../scan/scan-target.ts';

/** `mex scan <path>` */
export const scan: CommandRun = async (invocation, terminal) => {
  const target = openTarget(argumentText(invocation, 'path'));
  const out = optionText(invocation, 'out');
  const interrupt = onInterrupt(terminal);
  terminal.progress(`scanning ${target.root}`);
  const host = await openWiredHost(invocation, [SBOM_ENGINE]);
  try {
    const outcome = await runScan(host, target, interrupt.signal);
    if (out !== undefined) await copyOutputs(host, outcome.result, out);
    terminal.document(scanDocument(outcome));
    if (terminal.format === 'text') printScan(terminal, invocation, target.root, outcome);
    if (out !== undefined) for (const { name = '' } of outcome.result.outputs) terminal.note('wrote ', join(out, name));
    return outcome.exit;
  } finally {
    interrupt.stop();
    await closeHost(host);
  }
};

/** Outputs are written over those of an earlier scan: asking for them again is asking for the new ones. */
async function copyOutputs(host: Host, result: EngineResult, out: string): Promise<void> {
  for (const output of result.outputs) {
    if (output.name !== undefined) await materialize(host, output, join(out, output.name), { overwrite: true });
  }
}
