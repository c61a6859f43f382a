import { CHECKERS, type ErrorData } from '@mex/envelope';
import { denier, type Gate, type GateDenial, type Verdict } from './gate.ts';

const deny = denier('G-SCHEMA', 'validation');

/** Envelope and params before; result envelope and `output_spec` after. */
export const schemaGate: Gate = {
  id: 'G-SCHEMA',
  pre(operation, facts): Verdict {
    const { engine } = facts;
    if (!engine.found) {
      const code =
        engine.error.code === 'ENGINE_VERSION_UNSATISFIED' || engine.error.code === 'ENGINE_DISABLED'
          ? engine.error.code
          : 'ENGINE_UNKNOWN';
      return deny(code, engine.error.message, engine.error.remedy ?? 'See what there is with: mex engines list');
    }
    if (engine.operation === undefined || engine.params === undefined) {
      const known = Object.keys(engine.manifest.operations).join(', ');
      return deny(
        'OPERATION_UNKNOWN',
        `${operation.engine_id} has no operation ${operation.operation}.`,
        `It has: ${known}`,
      );
    }
    const { error } = engine.implementation;
    if (error !== undefined) return denyImplementation(error);
    const absent = engine.manifest.required_gates.find((id) => !facts.gates.includes(id));
    if (absent !== undefined) {
      return deny(
        'REQUIRED_GATE_MISSING',
        `${operation.engine_id} must pass the gate ${absent}, which this host does not have.`,
        `Add the gate ${absent} to the host, or use another engine.`,
      );
    }
    if (!engine.params.check(operation.params)) {
      const issues = engine.params.issues(operation.params, 3).map((issue) => `${issue.path}: ${issue.message}`);
      return deny(
        'PARAMS_INVALID',
        `params do not fit the schema of ${operation.operation}: ${issues.join('; ')}`,
        `See the schema with: mex engines show ${operation.engine_id}`,
      );
    }
    const { min, max } = engine.operation.inputs;
    const count = operation.inputs.length;
    if (count >= min && count <= max) return undefined;
    return deny(
      'INPUT_COUNT',
      `${operation.operation} takes ${min} to ${max} inputs; ${count} were given.`,
      'Correct `inputs`.',
    );
  },

  post(operation, result, facts): Verdict {
    if (!CHECKERS.engineResult.check(result)) {
      const issues = CHECKERS.engineResult.issues(result, 3).map((issue) => `${issue.path}: ${issue.message}`);
      return deny('RESULT_INVALID', `The result does not fit its schema: ${issues.join('; ')}`, MEX_FAULT);
    }
    const spec = operation.output_spec;
    const declared = new Set(facts.operation.outputs.map((output) => output.name));
    const stray = facts.outputNames.find((name) => !declared.has(name));
    if (stray !== undefined)
      return deny('OUTPUT_UNDECLARED', `The engine wrote "${stray}", which it does not declare.`, ENGINE_FAULT);
    const missing = facts.operation.outputs.find(
      (output) => !output.optional && !facts.outputNames.includes(output.name),
    );
    if (missing !== undefined)
      return deny('OUTPUT_MISSING', `The engine did not write its output "${missing.name}".`, ENGINE_FAULT);
    const types = spec.types;
    const odd = types && result.outputs.find((output) => !types.includes(output.mime));
    if (odd)
      return deny(
        'OUTPUT_TYPE',
        `Output of type ${odd.mime} is not in output_spec.types.`,
        'Add the type, or ask for less.',
      );
    if (spec.max_count !== undefined && result.outputs.length > spec.max_count) {
      return deny(
        'OUTPUT_LIMIT',
        `${result.outputs.length} outputs; output_spec.max_count is ${spec.max_count}.`,
        'Raise max_count.',
      );
    }
    const bytes = result.outputs.reduce((sum, output) => sum + output.size_bytes, 0);
    if (spec.max_bytes === undefined || bytes <= spec.max_bytes) return undefined;
    return deny(
      'OUTPUT_LIMIT',
      `${bytes} bytes of output; output_spec.max_bytes is ${spec.max_bytes}.`,
      'Raise max_bytes.',
    );
  },
};

/** What policy names is used, or nothing is. */
function denyImplementation({ code, kind, message, remedy }: ErrorData): GateDenial {
  const known = code === 'IMPLEMENTATION_UNAVAILABLE' ? code : 'IMPLEMENTATION_UNKNOWN';
  // A tool may be installed, and then the same operation passes.
  return deny(known, message, remedy ?? 'Correct "implementations" of policy.json.', {
    kind,
    retryable: known === 'IMPLEMENTATION_UNAVAILABLE',
  });
}

const MEX_FAULT = 'This is a fault of MEX: please report it.';
const ENGINE_FAULT = 'This is a fault of the engine: report it to its author.';
