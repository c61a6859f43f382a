import { quoteText } from '@mex/envelope';

/** One entry of a tool's `options`, read once. */
interface OptionRule {
  /** What the argument is, or begins with. */
  readonly text: string;
  /** `exact`: the whole argument. `attached`: the value is in the same argument. `next`: it is the next one. */
  readonly value: 'exact' | 'attached' | 'next';
}

/** What a check needs of a tool's policy. */
export interface OptionPolicy {
  readonly options?: 'any' | readonly string[];
  readonly option_prefixes?: readonly string[];
  readonly end_of_options?: boolean;
  readonly args_prefix?: readonly string[];
}

/** `@file` makes many programs read arguments from a file; `+` begins options of sort, vi and date. */
const DEFAULT_PREFIXES = ['-', '@', '+'] as const;
const END_OF_OPTIONS = '--';

/** Why an entry of `options` cannot be used. */
export function optionEntryRefusal(entry: string): string | undefined {
  const { text, value } = readRule(entry);
  if (text === '' || text === END_OF_OPTIONS || text.includes('*') || /\s/u.test(text))
    return `the option ${quoteText(entry)} means nothing`;
  // "-*" and "--*" would allow every option.
  if (value === 'attached' && /^-{1,2}$/u.test(text)) return `the option ${quoteText(entry)} allows every option`;
  return undefined;
}

function readRule(entry: string): OptionRule {
  if (entry.endsWith(' *')) return { text: entry.slice(0, -2), value: 'next' };
  if (entry.endsWith('*')) return { text: entry.slice(0, -1), value: 'attached' };
  return { text: entry, value: 'exact' };
}

/** Where in the arguments an option was not allowed. */
export interface OptionRefusal {
  readonly index: number;
  readonly reason: string;
}

/**
 * The guard against option injection (CONTRACT §14 J): an argument that comes from data cannot become an option. Read
 * from left to right as the tool reads it, so that a value which looks like `--` does not end the options.
 */
export function checkOptions(policy: OptionPolicy, args: readonly string[]): OptionRefusal | undefined {
  if (policy.options === 'any') return undefined;
  const rules = (policy.options ?? []).map(readRule);
  const prefixes = policy.option_prefixes ?? DEFAULT_PREFIXES;
  let isData = policy.end_of_options === true && (policy.args_prefix ?? []).includes(END_OF_OPTIONS);
  let isValue = false;
  for (const [index, arg] of args.entries()) {
    const looksLikeOption = prefixes.some((prefix) => arg.startsWith(prefix));
    if (isValue) {
      // A tool whose option takes its value only sometimes would read this one as an option.
      if (looksLikeOption) return { index, reason: 'the value of the option before it looks like an option itself' };
      isValue = false;
    } else if (isData) {
      // Files of arguments are read before any option is: `--` does not protect from them.
      if (looksLikeOption && !/^[-+]/u.test(arg)) return { index, reason: 'it looks like a file of arguments' };
    } else if (arg === END_OF_OPTIONS && policy.end_of_options === true) {
      isData = true;
    } else if (looksLikeOption) {
      const rule = rules.find((candidate) => allows(candidate, arg));
      if (rule === undefined) return { index, reason: 'the policy does not allow this option' };
      isValue = rule.value === 'next';
    }
  }
  return isValue ? { index: args.length - 1, reason: 'the option lacks its value' } : undefined;
}

function allows({ text, value }: OptionRule, arg: string): boolean {
  return value === 'attached' ? arg.startsWith(text) && arg.length > text.length : arg === text;
}
