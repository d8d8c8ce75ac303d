// `ringbed bench`: ringbed measured on this machine. `run` is a whole process that simulates ten million
// packets; the others are C++ benchmarks, which a checkout builds when they are asked for. JSON from each.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nearest, RingbedError } from '../../errors/index.js';
import { packageRoot, packageVersion } from '../../native/index.js';
import { scaled, significant } from '../../report/format.js';
import { table } from '../../report/table.js';
import { describeHost } from '../../run/index.js';
import { emitJson, type JsonFlag, jsonOnStdout } from '../json-output.js';
import { lookOf, note, print } from '../output.js';
import { benchRun } from '../run-bench.js';

interface BenchResult {
  bench: string;
  rows: Record<string, string | number>[];
  [more: string]: unknown;
}

const script = join(packageRoot, 'scripts', 'bench.mjs');

export async function bench(wanted: string[], flags: { json?: JsonFlag }): Promise<number> {
  const native = existsSync(script) ? childOutput([script, '--list']).trim().split('\n').filter(Boolean) : [];
  const known = ['run', ...native];
  for (const name of wanted) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new RingbedError(
      'usage',
      `no benchmark is called ${name}`,
      near === undefined ? `there are: ${known.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const chosen = wanted.length > 0 ? known.filter((name) => wanted.includes(name)) : known;
  const results: BenchResult[] = [];
  for (const name of chosen) {
    note(`bench: ${name} …\n`);
    results.push(name === 'run' ? await benchRun() : JSON.parse(childOutput([script, name])));
  }
  emitJson(flags.json, {
    schema: 'ringbed.bench/1',
    ringbed: packageVersion(),
    host: describeHost(),
    results,
  });
  if (!jsonOnStdout(flags.json)) print(results.map(text).join('\n'));
  return 0;
}

function childOutput(args: readonly string[]): string {
  const done = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  });
  if (done.status !== 0) {
    throw new RingbedError('internal', `${args.join(' ')} ended with exit status ${done.status}`);
  }
  return done.stdout;
}

function text({ bench: name, rows }: BenchResult): string {
  const keys = [...new Set(rows.flatMap(Object.keys))];
  const cell = (value: string | number | undefined): string =>
    typeof value === 'number' ? (value >= 1e6 ? scaled(value) : significant(value)) : (value ?? '');
  const lines = table(
    lookOf(1),
    keys.map((title) => ({ title })),
    rows.map((row) => keys.map((key) => cell(row[key]))),
  );
  return `${name}\n${lines.join('\n')}\n`;
}
