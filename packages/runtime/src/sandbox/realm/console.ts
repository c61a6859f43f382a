import type { Worlds } from './world.ts';

/** Most console lines of one call, and characters of one line. What is over is dropped, and one line says so. */
export const CONSOLE_LIMITS = { lines: 1_000, lineChars: 2_000 } as const;

const PRINTING = [
  'log',
  'info',
  'warn',
  'error',
  'debug',
  'trace',
  'dir',
  'table',
  'group',
  'groupCollapsed',
  'dirxml',
];
const SILENT = ['groupEnd', 'time', 'timeEnd', 'timeLog', 'count', 'countReset', 'clear', 'profile', 'profileEnd'];

/** A console whose only effect is a line of text handed to `onLine`. */
export function createConsole(worlds: Worlds, onLine: (line: string) => void): object {
  const print = (...parts: unknown[]): void => {
    const world = worlds.forPower('console');
    world.lines += 1;
    if (world.lines > CONSOLE_LIMITS.lines + 1) return;
    if (world.lines > CONSOLE_LIMITS.lines) return onLine('… more lines were dropped.');
    const line = parts.map(describe).join(' ');
    onLine(line.length > CONSOLE_LIMITS.lineChars ? `${line.slice(0, CONSOLE_LIMITS.lineChars)}…` : line);
  };
  const made: Record<string, unknown> = {};
  for (const name of PRINTING) made[name] = (...parts: unknown[]): void => print(...parts);
  for (const name of SILENT) made[name] = (): void => {};
  made['assert'] = (condition: unknown, ...parts: unknown[]): void => {
    if (!condition) print('Assertion failed', ...parts);
  };
  return made;
}

function describe(part: unknown): string {
  if (typeof part === 'string') return part;
  try {
    if (part instanceof Error) return `${part.name}: ${part.message}`;
    if (typeof part === 'object' && part !== null) return JSON.stringify(part) ?? '[object]';
    return typeof part === 'function' ? '[function]' : String(part);
  } catch {
    return '[object]';
  }
}
