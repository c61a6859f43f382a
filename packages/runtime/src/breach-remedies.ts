/** What to do about a call that was refused, by the family of its code. The first that fits counts. */
const REMEDIES: readonly (readonly [prefix: string, remedy: string])[] = [
  ['CAPABILITY_CONSENT_REVOKED', 'Give a new consent, or leave it as it is: mex grants list'],
  [
    'CAPABILITY_',
    'If the engine should have it, add it to capabilities_requested; if not, treat the engine as hostile.',
  ],
  ['ARTIFACT_DRIFT', 'Leave the directory as it is while it is read, and run the operation again under a new op_id.'],
  ['ARTIFACT_', 'See what is damaged: mex artifacts verify --all'],
  ['DEVICE_', 'Compute on the CPU, or hand the data in as an input.'],
  ['NETWORK_FAILED', 'Try again later.'],
  ['NETWORK_TIMEOUT', 'Try again later, or give it more time.'],
  ['NETWORK_RESPONSE_TOO_LARGE', 'Raise budget.net_bytes, or have the engine ask for less.'],
  ['NETWORK_REQUEST_INVALID', 'This is a fault of the engine: report it to its author.'],
  [
    'NETWORK_RESPONSE_SECRET',
    'Have the engine ask for something that does not show its own request, or name the secret as readable.',
  ],
  [
    'NETWORK_',
    'If the engine should reach it, grant the host: mex grants allow net.http:<host>; if not, treat it as hostile.',
  ],
  [
    'SECRET_UNKNOWN',
    'Keep the secret under this id: a file of the home directory "secrets", readable for its owner only.',
  ],
  ['SECRET_TOO_SHORT', 'Use a secret of at least 6 characters: a shorter one cannot be told from other text.'],
  ['SECRET_UNAVAILABLE', 'Look at the log on stderr: it says why the secret could not be read.'],
  ['SECRET_HOST_REFUSED', 'Name the host under secret_hosts of policy.json, or treat the engine as hostile.'],
  ['SECRET_', 'Name the secret as readable in manifest and policy, or have the engine use it in a header only.'],
  ['SCOPE_UNKNOWN', 'Name the directory under read_scopes of policy.json, or treat the engine as hostile.'],
  ['SCOPE_', 'Look at the directory that read_scopes of policy.json names, or have the engine corrected.'],
  [
    'SANDBOX_START_FAILED',
    'Run fewer operations at once, or raise the limits of this user on open files and processes.',
  ],
  ['SANDBOX_TIER_UNAVAILABLE', 'Run `mex doctor`: it says what is missing and how to get it.'],
  [
    'TOOL_NOT_ALLOWED',
    'Name the program in policy.json, e.g. "tools": {"git": {"path": "/usr/bin/git", "options": ["--version"]}}, or treat the engine as hostile.',
  ],
  [
    'TOOL_ARGUMENT_REFUSED',
    'If the engine should use the option, list it in policy.json, e.g. "tools": {"git": {"options": ["--version"]}}; if not, treat it as hostile.',
  ],
  [
    'TOOL_NOT_FOUND',
    'Install the program, or name its file in policy.json, e.g. "tools": {"git": {"path": "/usr/bin/git"}}.',
  ],
  [
    'TOOL_DIGEST_MISMATCH',
    'Find out who changed the program; if it was you, write its new digest into policy.json: "tools": {"git": {"sha256": "…"}}.',
  ],
  ['TOOL_TIMED_OUT', 'Give it more time in policy.json, e.g. "tools": {"git": {"timeout_ms": 60000}}, or less to do.'],
  ['TOOL_OUTPUT_LIMIT', 'Let it write more in policy.json, e.g. "tools": {"git": {"max_output_bytes": 16777216}}.'],
  ['TOOL_', 'Correct the tool in policy.json, or treat the engine as hostile.'],
  ['POLICY_PATH_ESCAPE', 'Treat the engine as hostile, unless a fault of it explains the path.'],
  ['SECURITY_', 'Treat the engine as hostile, and look at what it was given to run.'],
  ['SANDBOX_', 'Treat the engine as hostile.'],
];

/**
 * What an operator can do about a refusal of the broker.
 * @param capabilityId what was refused, with its port, as a consent would have to name it
 */
export function remedyFor(code: string, capabilityId?: string): string | undefined {
  const remedy = REMEDIES.find(([prefix]) => code.startsWith(prefix))?.[1];
  return capabilityId === undefined ? remedy : remedy?.replace('net.http:<host>', () => capabilityId);
}
