import { type Static, Type } from '@sinclair/typebox';
import { CLOSED, Message, mapOf, ShortId, Timestamp, Version } from './primitives.ts';
import { ProblemLocation, Severity } from './problem.ts';

/** One thing a supply-chain engine found. For an SBOM: one component, or one file that could not be read. */
export const SupplyChainFinding = Type.Object(
  {
    id: ShortId,
    code: ShortId,
    severity: Severity,
    title: Message,
    component: Type.Optional(Type.String({ maxLength: 1_024 })),
    locations: Type.Array(ProblemLocation),
    properties: Type.Optional(mapOf(Type.Unknown())),
  },
  CLOSED,
);
export type SupplyChainFinding = Static<typeof SupplyChainFinding>;

/** CONTRACT §13. */
export const SupplyChainReport = Type.Object(
  {
    schema_version: Type.Literal('mex.supply_chain_report@1.0'),
    kind: Type.Union([Type.Literal('Vuln'), Type.Literal('SBOM'), Type.Literal('License'), Type.Literal('Secret')]),
    engine_version: Version,
    timestamp: Timestamp,
    findings: Type.Array(SupplyChainFinding),
    summary: mapOf(Type.Unknown()),
  },
  { ...CLOSED, $id: 'mex:supply-chain-report' },
);
export type SupplyChainReport = Static<typeof SupplyChainReport>;
