const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Last word after `token`, `secret`, `password`: the value is something about the secret, not the secret. */
export const ABOUT_SECRET = words(
  'use id ids name names type types count usage used length len size field input label hint title text url uri urls path paths file files filename dir folder policy regex regexp pattern prefix suffix expiry expires expiration expiresin ttl age at time timestamp date limit max min index version ref refs hash digest sha1 sha256 md5 checksum fingerprint provider store manager service handler validator generator factory reset required enabled changed confirmation strength resolver scope scopes status state error message format algorithm alg source class mode param header arn alias izer ize ized izing iser rotation endpoint server env column location schema kind list map set vault icon image placeholder scan scanner finding findings report job run op operation engine artifact artifacts detector',
);

/** Last word after a service's name, likewise. */
export const ABOUT_PROVIDER = words(
  'url uri host domain version path dir image region name email sha sha256 sha1 md5 digest integrity hash commit revision rev branch tag ref',
);

/** Word before `key`: a key of a map, a table, a keyboard; or one that is meant to be public. */
export const NOT_SECRET_KEYS = words(
  'public pub verifier primary foreign partition sort cache idempotency idempotent object unique map dict row column col group index lookup message msg translation i18n locale label item node react json event state query route shortcut hot arrow on is press storage bucket s3 registry host known verify verification trusted composite natural surrogate candidate super dedup deduplication ordering tree band parent child property prop field attr config setting env metadata tag search filter order section menu tab enum option routing shard range hash compare mon don tur hoc jockey whis ris integrity resource modifier function any some each every this that the no with same first last next current old tur',
);

/** Word before `token` and its like: tokens of parsers, models and pages. */
export const NOT_SECRET_TOKENS = words(
  'csrf xsrf request starting action pagination idempotency next page continuation cancellation cancel sync delimiter separator stop eos bos pad unk mask max min num cur current prev previous start end open close string comment keyword operator punctuator by over under sur com tres',
);

/** What may follow `key` in the name of a secret. */
export const KEY_TAIL =
  /^(?:v?\d{0,3}|secret|token|password|base64|b64|hex|value|test|prod|live|dev|private|pass|data|material|string|str)$/;
