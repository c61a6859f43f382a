import { namedRule, prefixRule, type TokenRule } from './rule.ts';

/** Values of a plain shape that only the name of their service gives away. */
export const NAMED: readonly TokenRule[] = [
  namedRule('sidekiq-credential', 'Sidekiq gem server credential', ['CONTRIBSYS__COM'], '[0-9a-f]{8}:[0-9a-f]{8}'),
  prefixRule(
    'sidekiq-url',
    'Sidekiq gem server address',
    '.contribsys.com',
    /:\/\/([0-9a-f]{8}:[0-9a-f]{8})@(?:gems|enterprise)\.contribsys\.com/,
    {
      back: 35,
      inside: true,
    },
  ),
  namedRule(
    'sumologic-access-id',
    'Sumo Logic access id',
    ['sumologic', 'sumo_', 'sumo-', 'sumotoken', 'sumokey', 'sumoid'],
    'su[A-Za-z0-9]{12}',
  ),
  prefixRule(
    'twitter-bearer',
    'Twitter bearer token',
    'AAAAAAAAAAAAAAAAAAAAAA',
    /A{22}[A-Za-z0-9%]{60,100}(?![A-Za-z0-9%])/,
    {
      distinct: 0,
      accept: (value) => new Set(value).size > 16,
    },
  ),
  namedRule('okta-api-token', 'Okta API token', ['okta'], '00[A-Za-z0-9_-]{40}', { sampleRun: 10 }),
  namedRule(
    'facebook-app-token',
    'Facebook app access token',
    ['facebook'],
    '\\d{15,16}(?:\\||%7C)[A-Za-z0-9_-]{27,40}',
  ),
  namedRule('telegram-named', 'Telegram bot token', ['telegram', 'tgbot'], '\\d{5,16}:A[A-Za-z0-9_-]{34}'),
  prefixRule(
    'terraform-variable',
    'secret as the default of a Terraform variable',
    'variable "',
    /variable "[\w-]{0,40}(?:token|secret|password|key)[\w-]{0,20}"\s{0,4}\{[^}"]{0,200}default\s{0,8}=\s{0,4}"([^"$\s]{12,200})"/i,
    { confidence: 'medium' },
  ),
];
