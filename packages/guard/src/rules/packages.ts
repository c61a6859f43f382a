import { prefixRule, type TokenRule } from './rule.ts';

/** Package registries and build artefact stores. */
export const PACKAGES: readonly TokenRule[] = [
  prefixRule('npm-token', 'npm token', 'npm_', /npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/),
  prefixRule(
    'npmrc-auth',
    'registry credential in .npmrc',
    ['_authToken', '_auth', ':_password'],
    /_(?:authToken|auth|password)\s{0,4}=\s{0,4}["']?([A-Za-z0-9+/=_.-]{8,512})/,
    { inside: true, confidence: 'medium' },
  ),
  prefixRule('pypi-token', 'PyPI token', 'pypi-', /pypi-[\w-]{50,1000}/, { apart: /[\w-]/, distinct: 16 }),
  prefixRule('rubygems-token', 'RubyGems key', 'rubygems_', /rubygems_[0-9a-f]{48}(?![0-9a-f])/),
  prefixRule('nuget-key', 'NuGet key', 'oy2', /oy2[a-z0-9]{43}(?![A-Za-z0-9])/),
  prefixRule('clojars-token', 'Clojars token', 'CLOJARS_', /CLOJARS_[A-Za-z0-9]{60}(?![A-Za-z0-9])/i),
  prefixRule(
    'artifactory-key',
    'Artifactory key',
    ['AKCp', 'cmVmdGtuO', 'AKC', 'AP5', 'AP6', 'APA', 'APB'],
    /AKCp[A-Za-z0-9]{69,73}(?![A-Za-z0-9])|cmVmdGtuO[A-Za-z0-9+/]{55}(?![A-Za-z0-9])/,
    { distinct: 14 },
  ),
  prefixRule('dockerhub-token', 'Docker Hub token', ['dckr_pat_', 'dckr_oat_'], /dckr_[po]at_[\w-]{27,32}(?![\w-])/),
  prefixRule(
    'docker-auth',
    'registry credential in a Docker configuration',
    '"auth"',
    /"auth"\s{0,4}:\s{0,8}"([A-Za-z0-9+/]{16,400}={0,2})"/,
  ),
  prefixRule('dependency-track-key', 'Dependency-Track key', 'odt_', /odt_[A-Za-z0-9]{32}(?![A-Za-z0-9])/),
];
