import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOptions, type OptionPolicy, optionEntryRefusal } from '../../../src/broker/proc-exec/option-rules.ts';

const POLICY: OptionPolicy = {
  options: ['--quiet', '--format=*', '--level=high', '-in *', '-k*', '-'],
  end_of_options: true,
};
const isAllowed = (args: readonly string[], policy = POLICY): boolean => checkOptions(policy, args) === undefined;

describe('arguments for tools', () => {
  it.each([
    [['file.txt', '']],
    [['--quiet', 'a', '--quiet']],
    [['--format=json']],
    [['--format=--x']],
    [['--level=high']],
    [['-in', 'data.pem']],
    [['-k2']],
    [['-']],
    [['--', '-rf', '--anything', '+x', '--']],
    [['a=b', 'x-y', '–dash', 'C:\\x']],
  ])('%j is allowed', (args) => {
    expect(isAllowed(args)).toBe(true);
  });

  it.each([
    ['an option that is not listed', ['--output=/etc/x']],
    ['a short one', ['-e']],
    ['an abbreviation of one that is listed', ['--quie']],
    ['a longer one', ['--quieter']],
    ['a value for an option that takes none', ['--quiet=no']],
    ['an option without its value in the same argument', ['--format']],
    ['an empty value', ['--format=']],
    ['another value than the one listed', ['--level=low']],
    ['an option where a value belongs', ['-in', '--evil']],
    ['`--` where a value belongs, and an option after it', ['-in', '--', '--evil']],
    ['a missing value', ['-in']],
    ['a cluster of short options', ['-ek2']],
    ['a file of arguments', ['@args.txt']],
    ['a file of arguments after `--`', ['--', '@args.txt']],
    ['an option of sort or vi that begins with a plus', ['+!sh']],
    ['an option after data', ['file', '--evil']],
  ])('%s is refused', (_what, args) => {
    expect(isAllowed(args)).toBe(false);
  });

  it('`--` counts only where the tool knows it', () => {
    expect(isAllowed(['--', '-x'], { ...POLICY, end_of_options: false })).toBe(false);
    expect(isAllowed(['-x'], { args_prefix: ['scan', '--'], end_of_options: true })).toBe(true);
    expect(isAllowed(['-x'], { args_prefix: ['scan', '--'] })).toBe(false);
  });

  it('what begins an option is the tool’s to say', () => {
    expect(isAllowed(['/x'], { option_prefixes: ['-', '/'] })).toBe(false);
    expect(isAllowed(['@x'], { option_prefixes: ['-'] })).toBe(true);
  });

  it('without a list no option passes; with "any" every one does', () => {
    expect(isAllowed(['-x'], {})).toBe(false);
    expect(isAllowed(['-x', '@y', '--z'], { options: 'any' })).toBe(true);
  });

  it.each(['', '--', '-*', '--*', '--a b', '--a*b', '* *', ' *'])('the entry %j means nothing', (entry) => {
    expect(optionEntryRefusal(entry)).toBeDefined();
  });

  it('[§14 J] no data becomes an option, whatever it is', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.constantFrom('-', '--', '-in', '--quiet', '@a', '+a', '--format=x', '-k'),
    );
    const property = fc.property(fc.array(anything), (args) => {
      if (!isAllowed(args)) return;
      // Reads as a tool would: everything that it takes for an option must be on the list.
      let skip = false;
      for (const arg of args) {
        if (skip) skip = false;
        else if (arg === '--') return;
        else if (arg === '-in') skip = true;
        else if (/^[-@+]/u.test(arg)) expect(arg).toMatch(/^(?:-|--quiet|--format=.+|--level=high|-k.+)$/su);
      }
    });
    fc.assert(property, { seed: 20261121, numRuns: 2_000 });
  });
});
