import { findCapability } from '@mex/envelope';
import { checkDecisionTable, DEFAULT_TABLE, parseAutomationLevel } from '@mex/governance';
import { containsSecret } from '@mex/guard';
import { z } from 'zod';
import { type CloudPolicy, DEFAULT_CLOUD_BYTES } from './cloud/cloud-policy.ts';
import { DEFAULT_GOVERNANCE, type GovernancePolicy } from './governance-policy.ts';

const LEVELS = ['FULL_HUMAN', 'HYBRID', 'AUTONOMOUS', 'LOCKED', 'ASSISTED', 'SUPERVISED'] as const;

const rule = z.union([z.literal('human'), z.literal('auto'), z.strictObject({ auto_at: z.number().min(0).max(1) })], {
  error: 'write "human", "auto" or {"auto_at": 0.9}',
});
const row = z.strictObject({ FULL_HUMAN: rule, HYBRID: rule, AUTONOMOUS: rule });
const name = z.string().regex(/^\S{1,256}$/, 'write 1 to 256 characters without blanks');

const approval = z
  .strictObject({
    when: z
      .strictObject({
        engine: name.optional(),
        operation: name.optional(),
        capability: name
          .refine((id) => findCapability(id) !== undefined, 'it is not a known capability; write e.g. proc.exec:git')
          .optional(),
        actor: name.optional(),
      })
      .refine((when) => Object.keys(when).length > 0, 'name at least one of engine, operation, capability, actor'),
    gate_type: name.default('CapabilityUse'),
    approvals: z.int().min(1).max(20).default(1),
    approvers: z.array(name).max(100).default([]),
    reason: z.string().min(1).max(500),
  })
  .refine(({ approvals, approvers }) => approvers.length === 0 || new Set(approvers).size >= approvals, {
    error: 'there are fewer approvers than approvals it takes',
  });

/** Consent is for one destination: it is told by its address, and what travels cannot be read on the way. */
const destination = z
  .string()
  .max(2_048)
  .refine(isDestination, 'write an https: address without user name and fragment');
const headerValue = z
  .string()
  .max(4_096)
  .refine(
    (value) => !containsSecret(value),
    'it looks like a secret: write {{secret:<id>}} and keep it in <home>/secrets',
  );
const cloudModel = z.strictObject({
  url: destination,
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name'), headerValue).optional(),
});
const cloud = z
  .strictObject({
    enabled: z.boolean(),
    models: z.record(name, cloudModel),
    max_bytes: z.int().min(1).max(4_194_304).default(DEFAULT_CLOUD_BYTES),
    approvals: z.int().min(1).max(20).default(1),
    approvers: z.array(name).max(100).default([]),
  })
  .refine(({ approvals, approvers }) => approvers.length === 0 || new Set(approvers).size >= approvals, {
    error: 'there are fewer approvers than approvals it takes',
  });

/** `http:` only on this machine. */
function isDestination(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && url.hostname === 'localhost');
}

/** `governance` of a policy file. */
export const governanceFile = z
  .strictObject({
    automation_level: z.enum(LEVELS).optional(),
    gates: z.record(name, row).optional(),
    approvals: z.array(approval).max(1_000).optional(),
    request_hours: z.number().positive().max(720).optional(),
    max_pending: z.int().min(1).max(1_000_000).optional(),
    cloud: cloud.optional(),
  })
  .check((context) => {
    const { gates = {}, approvals = [] } = context.value;
    for (const message of checkDecisionTable(gates)) {
      context.issues.push({ code: 'custom', message, path: ['gates'], input: gates });
    }
    for (const [at, { gate_type }] of approvals.entries()) {
      if (Object.hasOwn(gates, gate_type) || Object.hasOwn(DEFAULT_TABLE, gate_type)) continue;
      const message = `"${gate_type}" is no row of gates; the built-in ones are ${Object.keys(DEFAULT_TABLE).join(', ')}`;
      context.issues.push({ code: 'custom', message, path: ['approvals', at, 'gate_type'], input: gate_type });
    }
  });

/** What a file says, with the rest as it is built in. */
export function toGovernance(file: z.infer<typeof governanceFile>): GovernancePolicy {
  const { automation_level: level, approvals = [], request_hours: hours, max_pending: pending } = file;
  return {
    automationLevel: level === undefined ? DEFAULT_GOVERNANCE.automationLevel : parseAutomationLevel(level),
    table: { ...DEFAULT_TABLE, ...file.gates },
    approvals: approvals.map(({ gate_type, when, ...rest }) => ({
      ...rest,
      when: Object.fromEntries(Object.entries(when).filter(([, value]) => value !== undefined)),
      gateType: gate_type,
    })),
    ...(file.cloud?.enabled === true ? { cloud: toCloud(file.cloud) } : {}),
    requestLastsMs: hours === undefined ? DEFAULT_GOVERNANCE.requestLastsMs : hours * 3_600_000,
    maxPending: pending ?? DEFAULT_GOVERNANCE.maxPending,
  };
}

function toCloud({ models, max_bytes, approvals, approvers }: z.infer<typeof cloud>): CloudPolicy {
  return {
    models: Object.fromEntries(Object.entries(models).map(([id, { url, headers = {} }]) => [id, { url, headers }])),
    maxBytes: max_bytes,
    approvals,
    approvers,
  };
}
