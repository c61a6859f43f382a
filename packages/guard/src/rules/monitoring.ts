import { prefixRule, type TokenRule } from './rule.ts';

/** Monitoring, analytics and feature flags. */
export const MONITORING: readonly TokenRule[] = [
  prefixRule(
    'grafana-token',
    'Grafana token',
    ['glc_', 'glsa_', 'eyJrIjoi'],
    /glc_[A-Za-z0-9+/]{32,400}={0,2}|glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|eyJrIjoi[A-Za-z0-9]{70,400}={0,3}/,
    { distinct: 8 },
  ),
  prefixRule(
    'newrelic-key',
    'New Relic key',
    ['NRAK-', 'NRJS-', 'NRII-', 'NRIQ-', 'NRRA-', 'NRSP-', 'NRAA-', 'NRBR-', 'NRAL'],
    /NR(?:AK|II|IQ|AA|RA|SP|BR|JS)-[\w-]{19,42}(?![\w-])|[0-9a-f]{36}NRAL(?![0-9a-zA-Z])/,
  ),
  prefixRule(
    'newrelic-license',
    'New Relic licence key',
    'NRAL',
    /[0-9a-f]{36}NRAL(?![0-9a-zA-Z])|(?:eu|gov)01xx[0-9a-f]{30}NRAL/,
    { back: 36 },
  ),
  prefixRule(
    'sentry-token',
    'Sentry token',
    ['sntrys_', 'sntryu_'],
    /sntryu_[0-9a-f]{64}(?![0-9a-f])|sntrys_eyJ[A-Za-z0-9+/=]{60,400}_[A-Za-z0-9+/]{43}/,
  ),
  prefixRule('dynatrace-token', 'Dynatrace token', 'dt0', /dt0[a-zA-Z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}/),
  prefixRule('sonar-token', 'SonarQube token', ['squ_', 'sqp_', 'sqa_'], /sq[upa]_[0-9a-z]{40}(?![0-9a-zA-Z])/),
  prefixRule('stackhawk-key', 'StackHawk key', 'hawk.', /hawk\.[\w-]{20}\.[\w-]{20}(?![\w-])/),
  prefixRule('readme-key', 'ReadMe key', 'rdme_', /rdme_[0-9a-z]{70}/),
  prefixRule('segment-token', 'Segment token', 'sgp_', /sgp_[A-Za-z0-9]{64}(?![A-Za-z0-9])/),
  prefixRule(
    'launchdarkly-key',
    'LaunchDarkly key',
    ['api-', 'sdk-'],
    /(?:api|sdk|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/,
  ),
  prefixRule('fullstory-key', 'FullStory key', ['na1.', 'eu1.'], /(?:na|eu)1\.[A-Za-z0-9+/]{60,120}/),
  prefixRule('ionic-token', 'Ionic token', 'ion_', /ion_[A-Za-z0-9]{42}/),
];
