import type { DatabaseSync } from 'node:sqlite';
import { LOG_SCHEMA } from '../store/schema.ts';
import type { Findings } from './report.ts';

const MAX_MESSAGES = 20;

/** SQLite's own check of pages and indexes, and whether the log's tables, indexes and triggers are as they were made. */
export function checkStructure(db: DatabaseSync, findings: Findings): void {
  for (const row of db.prepare(`PRAGMA integrity_check(${MAX_MESSAGES})`).all()) {
    const message = String(row['integrity_check']);
    if (message !== 'ok') findings.add('DATABASE_DAMAGED', `SQLite reports: ${message.slice(0, 300)}`);
  }
  const present = new Set(
    db
      .prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')
      .all()
      .map((row) => row['sql']),
  );
  for (const statement of LOG_SCHEMA) {
    if (present.has(statement)) continue;
    findings.add('SCHEMA_CHANGED', `This part of the log is gone or changed: ${statement.slice(0, 60).trim()}…`);
  }
}
