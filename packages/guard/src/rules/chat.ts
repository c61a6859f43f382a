import { prefixRule, type TokenRule } from './rule.ts';

/** A bot's id is decimal and stands first, in base64: three characters begin every token. */
const DISCORD_STARTS = ['MD', 'MT', 'Mj', 'Mz', 'ND', 'NT', 'Nj', 'Nz', 'OD', 'OT'].flatMap((two) =>
  'AEIMQUYcgk'.split('').map((third) => two + third),
);
const TWILIO_STARTS = '0123456789abcdef'.split('').flatMap((digit) => [`SK${digit}`, `AC${digit}`]);

/** Messaging, mail and telephony. */
export const CHAT: readonly TokenRule[] = [
  prefixRule(
    'slack-token',
    'Slack token',
    ['xoxb-', 'xoxp-', 'xoxa-', 'xoxo-', 'xoxr-', 'xoxs-', 'xoxe', 'xapp-'],
    /xox[baposr]-(?:\d{6,14}-){1,3}[A-Za-z0-9]{14,64}(?![\w-])|xox[aprso]-\d{1,3}-[\w-]{8,64}|xox[so]-(?:\d{1,14}-){3}[0-9a-f]{8,64}|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{140,180}|xapp-\d-[A-Z0-9]{8,14}-\d{8,14}-[A-Za-z0-9]{16,80}|xapp-[\w/-]{24,90}/i,
    { distinct: 8 },
  ),
  prefixRule(
    'slack-webhook',
    'Slack webhook',
    'hooks.slack.com/',
    /hooks\.slack\.com\/((?:services|workflows|triggers)\/[A-Za-z0-9+/]{36,80})/,
  ),
  prefixRule(
    'teams-webhook',
    'Microsoft Teams webhook',
    ['/IncomingWebhook/'],
    /\/IncomingWebhook\/([0-9a-z]{32}\/[0-9a-z-]{36})/,
  ),
  prefixRule('discord-webhook', 'Discord webhook', ['/api/webhooks/'], /\/api\/webhooks\/(\d{17,20}\/[\w-]{60,72})/),
  prefixRule(
    'zapier-webhook',
    'Zapier webhook',
    'hooks.zapier.com',
    /hooks\.zapier\.com\/(hooks\/catch\/[A-Za-z0-9/]{12,40})/,
  ),
  prefixRule(
    'tines-webhook',
    'Tines webhook',
    '.tines.com/webhook/',
    /\.tines\.com\/webhook\/([0-9a-z]{20,40}\/[0-9a-z]{20,40})/,
  ),
  {
    id: 'discord-bot-token',
    description: 'Discord bot token',
    keywords: DISCORD_STARTS,
    pattern: /(?:[MN][DTjz]|O[DT])[AEIMQUYcgk][A-Za-z\d]{21,23}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])/,
  },
  prefixRule('telegram-bot-token', 'Telegram bot token', ':AA', /\d{8,10}:AA[\w-]{32,33}(?![\w-])/, {
    back: { over: /\d/, most: 11 },
    distinct: 10,
  }),
  prefixRule('twilio-key', 'Twilio key or account id', TWILIO_STARTS, /(?:SK|AC)[0-9a-f]{32}(?![0-9a-zA-Z])/),
  prefixRule('sendgrid-key', 'SendGrid key', 'SG.', /SG\.[\w-]{20,24}\.[\w-]{39,50}(?![\w-])/),
  prefixRule('mailgun-key', 'Mailgun key', ['key-', 'pubkey-'], /(?:pub)?key-[0-9a-f]{32}(?![0-9a-f])/),
  prefixRule(
    'mailgun-signing',
    'Mailgun signing key',
    'mailgun',
    /mailgun[\w ."'`:=>,()-]{1,30}["'`=\s]([0-9a-h]{32}-[0-9a-h]{8}-[0-9a-h]{8})/i,
  ),
  prefixRule('mailchimp-key', 'Mailchimp key', '-us', /[0-9a-f]{32}-us\d{1,2}(?!\w)/, { back: 32 }),
  prefixRule(
    'sendinblue-key',
    'Brevo key',
    ['xkeysib-', 'xsmtpsib-'],
    /x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{16}/,
  ),
  prefixRule('postman-key', 'Postman key', 'PMAK-', /PMAK-[0-9a-f]{24}-[0-9a-f]{34}/i),
];
