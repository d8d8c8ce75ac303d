// The addon's tables (drop reasons, kinds, protocols, fields) as the build wrote them to
// generated/tables.json: scenario/ knows every valid name without the addon and without a second copy.
import { readFileSync } from 'node:fs';
import { RingbedError } from '../errors/index.js';

export interface Row {
  readonly name: string;
  readonly text: string;
}

export type FieldType = 'uint' | 'mac' | 'ipv4' | 'ipv6' | 'ascii' | 'bytes' | 'bool';

export interface FieldRow extends Row {
  readonly type: FieldType;
  readonly offsetBits: number;
  readonly bits: number;
  readonly settable: boolean;
}

/** A protocol or payload with its fields; `size` in bytes, for payloads only. */
export interface LayerRow extends Row {
  readonly size?: number;
  readonly fields: readonly FieldRow[];
}

export interface Tables {
  readonly reasons: readonly Row[];
  readonly stages: readonly Row[];
  readonly counters: readonly Row[];
  readonly pools: readonly Row[];
  readonly tables: readonly Row[];
  readonly logics: readonly Row[];
  readonly backends: readonly Row[];
  readonly protocols: readonly LayerRow[];
  readonly payloads: readonly LayerRow[];
}

let loaded: Tables | undefined;

/** The tables of this build; read once. Error: unavailable, if the build did not write them. */
export function tables(): Tables {
  loaded ??= readGenerated('tables.json') as Tables;
  return loaded;
}

/** A file of generated/, which lies beside src/ and dist/ alike. */
export function readGenerated(name: string): unknown {
  const url = new URL(`../../generated/${name}`, import.meta.url);
  try {
    return JSON.parse(readFileSync(url, 'utf8'));
  } catch (cause) {
    throw new RingbedError(
      'unavailable',
      `generated/${name} is missing or damaged: ringbed is not built`,
      'in a checkout type: npm run setup',
      { cause },
    );
  }
}

export function names(rows: readonly Row[]): string[] {
  return rows.map((row) => row.name);
}
