import {
  Actor,
  ArtifactHandle,
  ArtifactManifest,
  AutoSignature,
  Budget,
  BundleIndex,
  CertificateStatement,
  ConformanceVector,
  ConsentReceipt,
  ConsentRecord,
  EngineManifest,
  EngineResult,
  EntityRef,
  EVENT_IDS,
  EVENT_SCHEMAS,
  FullBudget,
  GovernanceDecision,
  PlannedOperation,
  Problem,
  ProblemReport,
  ProjectionPlan,
  RegistryDocument,
  RegistryEntry,
  SupplyChainReport,
  SystemEvents,
} from '@mex/envelope';
import { ArtifactInventory, PruneReport } from '@mex/envelope/retention';
import { type TSchema, Type } from '@sinclair/typebox';

/** One document of the wire: its source, and the words a reader of the published schema gets. */
interface PublishedDocument {
  readonly schema: TSchema;
  readonly title: string;
  readonly description: string;
}

/** Any event: in the source a list by `type` and `subject`, because that is how the recorder looks them up. */
const FlightEvent = Type.Union(
  [
    ...Object.entries(EVENT_SCHEMAS).map(([type, schema]) => ({ ...schema, title: titleOfEvent(type) })),
    ...SystemEvents.map((schema) => ({ ...schema, title: `system: ${schema.properties.subject.const}` })),
  ],
  { $id: 'mex:flight-event' },
);

function titleOfEvent(type: string): string {
  const id = new Map<string, string>(Object.entries(EVENT_IDS)).get(type);
  return id === undefined ? type : `${id} ${type}`;
}

/** Every published document by the name of its file. */
const PUBLISHED: Readonly<Record<string, PublishedDocument>> = {
  actor: { schema: Actor, title: 'Actor', description: 'Who asks or acts.' },
  'artifact-handle': {
    schema: ArtifactHandle,
    title: 'ArtifactHandle',
    description: 'How an artifact is named on the wire (CONTRACT §16); sha256 is over its exact bytes.',
  },
  'artifact-inventory': {
    schema: ArtifactInventory,
    title: 'ArtifactInventory',
    description: 'What a store held at one moment, as the janitor gets it (CONTRACT §5).',
  },
  'artifact-manifest': {
    schema: ArtifactManifest,
    title: 'ArtifactManifest',
    description: 'The sidecar manifest of an artifact, artifact.json (CONTRACT §5).',
  },
  'auto-signature': {
    schema: AutoSignature,
    title: 'AutoSignature',
    description:
      'A signature without a person; it has to match its decision in id, gate type and target (CONTRACT §12).',
  },
  budget: {
    schema: Budget,
    title: 'Budget',
    description: 'A requested budget (CONTRACT §9); absent fields take the defaults of the engine, never unlimited.',
  },
  'bundle-index': {
    schema: BundleIndex,
    title: 'BundleIndex',
    description: 'What the digest of a bundle is taken over: entries sorted by path in code-unit order (CONTRACT §5).',
  },
  'certificate-statement': {
    schema: CertificateStatement,
    title: 'CertificateStatement',
    description:
      'What a certificate of an engine signs: an in-toto Statement v1 with the test-result predicate (CONTRACT §15).',
  },
  'conformance-vector': {
    schema: ConformanceVector,
    title: 'ConformanceVector',
    description: 'One run of one operation and how it must end, vector.json of an engine package (CONTRACT §15).',
  },
  'consent-receipt': {
    schema: ConsentReceipt,
    title: 'ConsentReceipt',
    description:
      "A person's consent to one payload that leaves for a model elsewhere, bound to its digest (CONTRACT §12).",
  },
  'projection-plan': {
    schema: ProjectionPlan,
    title: 'ProjectionPlan',
    description: 'What is to leave for a model elsewhere, and what was left out of it (CONTRACT §12).',
  },
  consent: {
    schema: ConsentRecord,
    title: 'ConsentRecord',
    description: 'An explicit consent of the operator: who may use which capability until when (CONTRACT §7).',
  },
  'engine-manifest': {
    schema: EngineManifest,
    title: 'EngineManifest',
    description: 'What an engine says of itself (CONTRACT §10). Written by the build of the engine SDK.',
  },
  'engine-result': {
    schema: EngineResult,
    title: 'EngineResult',
    description: 'What a planner gets for every well-formed request, denials included (CONTRACT §4).',
  },
  'entity-ref': {
    schema: EntityRef,
    title: 'EntityRef',
    description: 'A reference to something the host application knows and can turn into an artifact.',
  },
  'flight-event': {
    schema: FlightEvent,
    title: 'FlightEvent',
    description: 'Anything the flight recorder may hold (CONTRACT §11).',
  },
  'full-budget': {
    schema: FullBudget,
    title: 'FullBudget',
    description: 'A complete budget, or what was spent of one (CONTRACT §9).',
  },
  'governance-decision': {
    schema: GovernanceDecision,
    title: 'GovernanceDecision',
    description: 'What was decided about one gated step, and by whom (CONTRACT §12).',
  },
  'planned-operation': {
    schema: PlannedOperation,
    title: 'PlannedOperation',
    description: 'A request for exactly one operation of one engine, poe-1.0 (CONTRACT §3).',
  },
  problem: {
    schema: Problem,
    title: 'Problem',
    description: 'A diagnostic as an operator sees it, grouped by fingerprint (CONTRACT §11).',
  },
  'problem-report': {
    schema: ProblemReport,
    title: 'ProblemReport',
    description: 'What a reporter says of a problem; the recorder adds identity, status and counts (CONTRACT §11).',
  },
  'prune-report': {
    schema: PruneReport,
    title: 'PruneReport',
    description:
      'What a collection removes, and what it leaves and why; kept before anything is removed (CONTRACT §5).',
  },
  registry: {
    schema: RegistryDocument,
    title: 'Registry',
    description: 'mechanical_engines.json (CONTRACT §10). Entries are read one by one: see registry-entry.',
  },
  'registry-entry': {
    schema: RegistryEntry,
    title: 'RegistryEntry',
    description: 'One registered engine of mechanical_engines.json (CONTRACT §10).',
  },
  'supply-chain-report': {
    schema: SupplyChainReport,
    title: 'SupplyChainReport',
    description: 'What a supply-chain engine found (CONTRACT §13).',
  },
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The JSON Schema of one document, self-contained: what has an id of its own goes to `$defs`. */
function publishSchema({ schema, title, description }: PublishedDocument): Json {
  const defs: Record<string, Json> = {};
  const hoist = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(hoist);
    if (typeof node !== 'object' || node === null) return node;
    const { $id, ...rest } = node;
    const members = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, hoist(value)]));
    if (typeof $id !== 'string') return members;
    const name = $id.replace(/^mex:/, '');
    defs[name] = members;
    return { $ref: `#/$defs/${name}` };
  };
  const { $id, ...body }: { $id?: Json; [key: string]: Json } = JSON.parse(JSON.stringify(schema));
  if (typeof $id !== 'string') throw new TypeError(`${title} has no $id`);
  const hoisted = Object.fromEntries(Object.entries(body).map(([key, value]) => [key, hoist(value)]));
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id, title, description };
  return { ...head, ...hoisted, ...(Object.keys(defs).length === 0 ? {} : { $defs: defs }) };
}

/** File names and texts of all published schemas. */
export function publishedFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(PUBLISHED).map(([name, document]) => [
      `${name}.schema.json`,
      `${JSON.stringify(publishSchema(document), null, 2)}\n`,
    ]),
  );
}
