/*
 * What an engine says besides its result: log lines and problems, kept as JSON text within the bounds of the reply.
 * Runs on the engine's side: reading a value may run code of the engine, on the engine's own budget. No regular
 * expressions here: an engine may change what they do.
 */
import { PROTOCOL_LIMITS } from './protocol.ts';

const SEVERITIES = new Set<unknown>(['error', 'warning', 'info', 'hint']);
const MAX_LOCATIONS = 64;

/** The first `limit` characters and a mark where something was cut; always well-formed, as the strict reader demands. */
export function cut(text: string, limit: number): string {
  return (text.length > limit ? `${text.slice(0, limit)}…` : text).toWellFormed();
}

/** Log and problems of one call. */
export class EngineReport {
  private readonly lines: string[] = [];
  private linesChars = 0;
  private linesDropped = 0;
  private readonly problems: string[] = [];
  private problemsChars = 0;
  private problemsKeys = 0;
  private problemsDropped = 0;

  log(message: unknown): void {
    const line = JSON.stringify(cut(String(message), PROTOCOL_LIMITS.maxLogLineChars));
    const full = this.lines.length >= PROTOCOL_LIMITS.maxLogLines;
    if (full || this.linesChars + line.length > PROTOCOL_LIMITS.maxLogChars) {
      this.linesDropped += 1;
      return;
    }
    this.lines.push(line);
    this.linesChars += line.length + 1;
  }

  problem(value: unknown): void {
    const found = readProblem(value);
    const text = found === undefined ? '' : JSON.stringify(found.problem);
    const keys = this.problemsKeys + (found?.keys ?? 0);
    if (
      text === '' ||
      text.length > PROTOCOL_LIMITS.maxProblemChars ||
      this.problems.length >= PROTOCOL_LIMITS.maxProblems ||
      this.problemsChars + text.length > PROTOCOL_LIMITS.maxProblemsChars ||
      keys > PROTOCOL_LIMITS.maxProblemsKeys
    ) {
      this.problemsDropped += 1;
      return;
    }
    this.problems.push(text);
    this.problemsChars += text.length + 1;
    this.problemsKeys = keys;
  }

  /** Members of the reply, as JSON text without braces. */
  toText(): string {
    const log = `"log":[${this.lines.join(',')}],"log_dropped":${this.linesDropped}`;
    return `${log},"problems":[${this.problems.join(',')}],"problems_dropped":${this.problemsDropped}`;
  }
}

/** Takes what a problem may have and clips it; `undefined` for what is none. */
function readProblem(value: unknown): { problem: object; keys: number } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const code: unknown = Reflect.get(value, 'code');
  const severity: unknown = Reflect.get(value, 'severity');
  const title: unknown = Reflect.get(value, 'title');
  const message: unknown = Reflect.get(value, 'message');
  const locations: unknown = Reflect.get(value, 'locations');
  if (typeof code !== 'string' || !isCode(code) || !SEVERITIES.has(severity)) return undefined;
  if (typeof title !== 'string' || typeof message !== 'string') return undefined;
  const problem = { code, severity, title: cut(title, 511), message: cut(message, 4_095) };
  if (!Array.isArray(locations)) return { problem, keys: 4 };
  const places: object[] = [];
  for (let i = 0; i < locations.length && places.length < MAX_LOCATIONS; i += 1) {
    const place = readLocation(locations[i]);
    if (place !== undefined) places.push(place);
  }
  return { problem: { ...problem, locations: places }, keys: 5 + places.length * 3 };
}

function readLocation(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const path: unknown = Reflect.get(value, 'path');
  if (typeof path !== 'string') return undefined;
  const line: unknown = Reflect.get(value, 'line');
  const column: unknown = Reflect.get(value, 'column');
  return {
    path: cut(path, 4_095),
    ...(isPosition(line) ? { line } : {}),
    ...(isPosition(column) ? { column } : {}),
  };
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Words of capital letters and digits with `_` or `-` between them, a letter first: the form of every code. */
function isCode(text: string): boolean {
  if (text.length > 96) return false;
  let wordOpen = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const letter = unit >= 65 && unit <= 90;
    const digit = unit >= 48 && unit <= 57;
    const joint = unit === 95 || unit === 45;
    if (i === 0 && !letter) return false;
    if (joint && !wordOpen) return false;
    if (!letter && !digit && !joint) return false;
    wordOpen = !joint;
  }
  return wordOpen;
}
