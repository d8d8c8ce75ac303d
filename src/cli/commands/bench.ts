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

interface BenchResult {
  bench: string;
  rows: Record<string, string | number>[];
  [more: string]: unknown;
}

const script = join(packageRoot, 'scripts', 'bench.mjs');
const packets = 10_000_000;

export function bench(wanted: string[], flags: { json?: JsonFlag }): number {
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
  const results = chosen.map((name) => {
    note(`bench: ${name} …\n`);
    return name === 'run' ? benchRun() : (JSON.parse(childOutput([script, name])) as BenchResult);
  });
  emitJson(flags.json, {
    schema: 'ringbed.bench/1',
    ringbed: packageVersion(),
    host: describeHost(),
    results,
  });
  if (!jsonOnStdout(flags.json)) print(results.map(text).join('\n'));
  return 0;
}

// The whole process, start-up and report included.
function benchRun(): BenchResult {
  const scenario = join(packageRoot, 'scenarios', 'nanonet-unicast.yaml');
  const command = [
    process.argv[1] as string,
    'run',
    scenario,
    '--set',
    `packets=${packets}`,
    '--json',
    '--quiet',
  ];
  const seconds = [0, 1, 2].map(() => {
    const started = performance.now();
    childOutput(command);
    return (performance.now() - started) / 1000;
  });
  const best = Math.min(...seconds);
  return {
    bench: 'run',
    rows: [{ name: 'nanonet-unicast', packets, seconds: best, packetsPerSecond: packets / best }],
  };
}

function childOutput(args: readonly string[]): string {
  const done = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  });
  // 3: an objective was missed; the time counts all the same.
  if (done.status !== 0 && done.status !== 3) {
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
