import { canonicalJson, splitCapability } from '@mex/envelope';
import { containsSecret } from '@mex/guard';
import { certificateDangers } from '../certificates/certificate-dangers.ts';
import { DEFAULT_POLICY, type Policy } from '../policy.ts';

/** A setting that is allowed and that an operator should have meant. */
export interface PolicyDanger {
  /** Members of the policy file that lead there. */
  readonly path: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

/** What of a policy makes the walls lower than they need be. */
export function findPolicyDangers(policy: Policy): PolicyDanger[] {
  return [
    ...developmentSwitch(policy),
    ...certificateDangers(policy),
    ...weakTiers(policy),
    ...wideCapabilities(policy),
    ...looseTools(policy),
    ...reachableHosts(policy),
    ...exposedSecrets(policy),
    ...wideScopes(policy),
    ...freeModels(policy),
  ];
}

function developmentSwitch({ allowUncertified }: Policy): PolicyDanger[] {
  if (!allowUncertified) return [];
  const message = 'The development switch is on: engines without a certificate run.';
  const remedy = 'For production: certify what you use (mex certify), and "allow_uncertified_engines": false.';
  return [{ path: ['allow_uncertified_engines'], message, remedy }];
}

function weakTiers({ tiers }: Policy): PolicyDanger[] {
  const remedy = 'Use "process": it survives what a flaw of V8 lets out.';
  const named = Object.entries(tiers.engines).flatMap(([engine, tier]) =>
    tier === 'thread'
      ? [{ path: ['engine_tiers', engine], message: `${engine} runs in a thread, whoever vouches for it.`, remedy }]
      : [],
  );
  if (tiers.untrusted !== 'thread') return named;
  return [
    {
      path: ['tiers', 'untrusted'],
      message: 'Engines that nobody vouches for run in threads of this process.',
      remedy,
    },
    ...named,
  ];
}

const SCOPED = new Set(['net.http', 'proc.exec', 'secrets.use', 'fs.read']);
const ALL_OF: ReadonlyMap<string, string> = new Map([
  ['net.http', 'every host'],
  ['proc.exec', 'every tool of the policy'],
  ['secrets.use', 'every secret'],
  ['fs.read', 'every read scope'],
]);

function wideCapabilities({ profiles }: Policy): PolicyDanger[] {
  return Object.entries(profiles).flatMap(([profile, capabilities]) =>
    capabilities.flatMap((id, at) => {
      const { axis, scope } = splitCapability(id);
      const path = ['profiles', profile, String(at)];
      const remedy = `Name what is needed: ${axis}:<scope>.`;
      if (scope === undefined && SCOPED.has(axis)) {
        return [{ path, message: `Profile ${profile} has ${ALL_OF.get(axis) ?? 'everything'}: "${id}".`, remedy }];
      }
      if (scope?.startsWith('*') !== true) return [];
      return [{ path, message: `Profile ${profile} has a wildcard host: "${id}".`, remedy }];
    }),
  );
}

function looseTools({ tools }: Policy): PolicyDanger[] {
  return Object.entries(tools).flatMap(([name, tool]) => [
    ...(tool.options === 'any'
      ? [
          {
            path: ['tools', name, 'options'],
            message: `Engines may give ${name} any option, also those that make it run or write something else.`,
            remedy: 'List the options that are needed.',
          },
        ]
      : []),
    ...(tool.sha256 === undefined
      ? [
          {
            path: ['tools', name],
            message: `${name} has no digest: whatever the system has under that name runs.`,
            remedy: 'Name its "sha256"; mex doctor shows it.',
          },
        ]
      : []),
    ...(containsSecret(canonicalJson(tool.env ?? {}))
      ? [
          {
            path: ['tools', name, 'env'],
            message: `The environment of ${name} holds something that looks like a secret.`,
            remedy: 'Keep it as a file of <home>/secrets, and have it used by its id.',
          },
        ]
      : []),
  ]);
}

function reachableHosts({ privateHosts, secretHosts }: Policy): PolicyDanger[] {
  const own = privateHosts.map((host, at) => ({
    path: ['private_hosts', String(at)],
    message: `Operations with a consent may reach ${host} at private addresses of your own network.`,
    remedy: 'Take out what is not needed.',
  }));
  const wide = Object.entries(secretHosts).flatMap(([id, hosts]) =>
    hosts.flatMap((host, at) =>
      host.includes('*')
        ? [
            {
              path: ['secret_hosts', id, String(at)],
              message: `The secret ${id} may be sent to a wildcard host: "${host}".`,
              remedy: 'Name the hosts one by one.',
            },
          ]
        : [],
    ),
  );
  return [...own, ...wide];
}

function exposedSecrets({ readableSecrets }: Policy): PolicyDanger[] {
  return Object.entries(readableSecrets).flatMap(([engine, ids]) =>
    ids.map((id, at) => ({
      path: ['readable_secrets', engine, String(at)],
      message: `${engine} sees the value of the secret ${id}.`,
      remedy: 'Let it be put into requests by the host instead, where that is enough.',
    })),
  );
}

function wideScopes({ readScopes }: Policy): PolicyDanger[] {
  const wide = new Set(['/', '/home', '/root', '/etc', '/var', '/usr', process.env['HOME'] ?? '/root']);
  return Object.entries(readScopes).flatMap(([name, directory]) =>
    wide.has(directory.replace(/(?<=.)\/+$/, ''))
      ? [
          {
            path: ['read_scopes', name],
            message: `The scope ${name} is all of ${directory}.`,
            remedy: 'Name the directory that is needed.',
          },
        ]
      : [],
  );
}

/** AUTONOMOUS is a choice; that nothing at all asks for a person while a model decides is one to be sure of. */
function freeModels({ governance = DEFAULT_POLICY.governance }: Policy): PolicyDanger[] {
  if (governance?.automationLevel !== 'AUTONOMOUS') return [];
  const message = 'AUTONOMOUS: steps that the decision table calls "auto" happen without a person.';
  const remedy = 'HYBRID asks a person where the model is not sure.';
  return [{ path: ['governance', 'automation_level'], message, remedy }];
}
