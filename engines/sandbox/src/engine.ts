import { defineEngine, defineOperation } from '@mex/engine-sdk';
import type { SandboxErrorCode } from './errors.ts';
import { QUICKJS_MODULE } from './guest/interpreter.ts';
import { RunJsParams, runJs } from './run-js.ts';

const MIB = 1024 * 1024;

const ERRORS: readonly SandboxErrorCode[] = [
  'SANDBOX_INPUT_TOO_LARGE',
  'SANDBOX_MEMORY',
  'SANDBOX_NO_SCRIPT',
  'SANDBOX_OUTPUT_LIMIT',
  'SANDBOX_RESULT_INVALID',
  'SANDBOX_SCRIPT_FAILED',
  'SANDBOX_STEPS',
  'SANDBOX_TIER',
];

export default defineEngine({
  id: 'engine.sandbox',
  version: '0.1.0',
  title: 'Sandbox',
  description: 'Runs a script in an interpreter of its own, without access to anything but what it is handed.',
  determinism: 'D3',
  webAssembly: [QUICKJS_MODULE],
  budget: {
    default: { wall_time_ms: 120_000, cpu_time_ms: 120_000, memory_bytes: 1_024 * MIB, output_bytes: 64 * MIB },
  },
  operations: {
    'sandbox.run_js': defineOperation({
      title: 'Run JavaScript',
      description:
        'Runs a script to its end. Time stands still, chance follows a seed: the same script gives the same bytes.',
      params: RunJsParams,
      inputs: {
        min: 0,
        max: 32,
        description: 'Files and directories for the script; the script itself first, without params.script',
      },
      outputs: [
        { name: 'result.json', kind: 'report', mime: 'application/json', description: 'What the script returned' },
        { name: 'console.txt', kind: 'transcript', mime: 'text/plain', optional: true },
        {
          name: 'files.tar',
          kind: 'file',
          mime: 'application/x-tar',
          description: 'What the script wrote with files.write',
          optional: true,
        },
      ],
      capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
      errors: ERRORS,
      run: runJs,
    }),
  },
});
