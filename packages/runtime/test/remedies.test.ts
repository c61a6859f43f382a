import { expect, it } from 'vitest';
import { remedyFor } from '../src/breach-remedies.ts';
import { killVerdict, notStarted } from '../src/failures.ts';

it('what to grant is named as a consent has to name it, port included', () => {
  const remedy = remedyFor('NETWORK_BLOCKED', 'net.http:api.example:8443');
  expect(remedy).toContain('mex grants allow net.http:api.example:8443;');
  expect(remedyFor('NETWORK_BLOCKED')).toContain('mex grants allow net.http:<host>;');
});

it.each(['TOOL_NOT_ALLOWED', 'TOOL_ARGUMENT_REFUSED', 'TOOL_NOT_FOUND', 'TOOL_DIGEST_MISMATCH'])(
  '%s comes with an example of the policy entry',
  (code) => {
    expect(remedyFor(code)).toContain('policy.json');
    expect(remedyFor(code)).toContain('"tools": {"git": {"');
  },
);

it('a sandbox that the machine has no room for is neither a fault of MEX nor of the engine', () => {
  const error = notStarted('The sandbox could not be started.');
  expect(error).toMatchObject({ code: 'SANDBOX_START_FAILED', kind: 'sandbox', retryable: true });
  expect(error.remedy).toContain('fewer operations at once');
  expect(killVerdict(error.code, Object())).toBe('neutral');
});
