import { prefixRule, type TokenRule } from './rule.ts';

/** Code hosts, their CI and code search. */
export const SOURCE_HOSTING: readonly TokenRule[] = [
  prefixRule(
    'github-token',
    'GitHub token',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    /gh[pousr]_[A-Za-z0-9]{36,76}(?![A-Za-z0-9])/,
  ),
  prefixRule(
    'github-fine-grained',
    'GitHub fine-grained token',
    'github_pat_',
    /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9])|github_pat_\w{82}(?!\w)/,
  ),
  prefixRule(
    'gitlab-token',
    'GitLab token',
    [
      'glpat-',
      'gldt-',
      'glft-',
      'glsoat-',
      'glrt-',
      'glrtr-',
      'glcbt-',
      'glimt-',
      'glptt-',
      'gloas-',
      'glffct-',
      'glagent-',
    ],
    /gl(?:pat|dt|ft|rtr?|cbt|ptt)-[\w-]{20,64}(?:\.[0-9a-z]{2,9}){0,2}(?![\w-])|gl(?:soat|ffct)-(?:[\w-]{20}|[\w-]{50})(?![\w-])|glimt-[\w-]{25}(?![\w-])|gl(?:oas|agent)-[\w-]{40,70}(?![\w-])/,
    { distinct: 9 },
  ),
  prefixRule(
    'gitlab-runner-registration',
    'GitLab runner registration token',
    'GR1348941',
    /GR1348941[\w-]{20}(?![\w-])/,
    { distinct: 12 },
  ),
  prefixRule(
    'gitlab-session',
    'GitLab session cookie',
    '_gitlab_session=',
    /_gitlab_session=([0-9a-z]{32})(?![0-9a-z])/,
  ),
  prefixRule(
    'atlassian-token',
    'Atlassian API token',
    ['ATATT3', 'ATCTT3', 'ATBB'],
    /AT[AC]TT3[\w=-]{60,260}|ATBB[A-Za-z0-9]{28,36}(?![A-Za-z0-9])/,
  ),
  prefixRule(
    'sourcegraph-token',
    'Sourcegraph token',
    ['sgp_', 'sgd_', 'slk_', 'sgph_'],
    /sg(?:p|ph)_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}(?![0-9a-zA-Z])|(?:slk|sgd)_[0-9a-f]{64}(?![0-9a-zA-Z])/,
  ),
  prefixRule('circleci-token', 'CircleCI token', ['CCIPAT_', 'CCIPRJ_'], /CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}/),
  prefixRule(
    'buildkite-token',
    'Buildkite token',
    ['bkua_', 'bkaj_', 'bkpt_'],
    /bk(?:ua|aj|pt)_[0-9a-z]{40}(?![0-9a-zA-Z])/,
  ),
  prefixRule(
    'harness-token',
    'Harness token',
    ['pat.', 'sat.'],
    /[ps]at\.[\w-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}(?!\w)/,
  ),
  prefixRule('jenkins-crumb', 'Jenkins token', 'jenkins-token:', /jenkins-token:([0-9a-f]{32,34})(?!\w)/),
  prefixRule('codemagic-token', 'Codemagic token', 'codemagic_', /codemagic_[\w-]{40,60}/),
  prefixRule(
    'jenkins-initial-password',
    'Jenkins initial admin password',
    'proceed to installation:',
    /proceed to installation:\s{1,8}([0-9a-f]{30,36})(?!\w)/,
  ),
];
