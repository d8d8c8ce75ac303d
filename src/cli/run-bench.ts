// The benchmark `run`: whole processes of `ringbed run`, start-up and report included, as users see them.
// CPU time stands beside wall time, because a machine that others use too makes the latter a guess.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RingbedError } from '../errors/index.js';
import { loadNative, packageRoot } from '../native/index.js';

const packets = 10_000_000;
const rounds = 3;

// Run in the process that is measured: what it took goes to file descriptor 3.
const meter = `
import { writeSync } from 'node:fs';
process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));
`;

interface Measured {
  stdout: string;
  seconds: number;
  /** Until the first byte on standard output or error. */
  firstOutputSeconds: number;
  cpuSeconds: number;
  peakBytes: number;
}

/** Ten million packets of the unicast scenario: the best of three. */
export async function benchRun() {
  loadNative(); // or the reason why not
  const scenario = join(packageRoot, 'scenarios', 'nanonet-unicast.yaml');
  const command = ['run', scenario, '--set', `packets=${packets}`, '--json'];
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round++) measured.push(await measure(command));
  const best = (figure: (one: Measured) => number): number => Math.min(...measured.map(figure));
  const seconds = best((one) => one.seconds);
  const cpuSeconds = best((one) => one.cpuSeconds);
  const peakBytes = Math.max(...measured.map((one) => one.peakBytes));
  const { memoryBytes } = JSON.parse((measured[0] as Measured).stdout) as { memoryBytes: number };
  return {
    bench: 'run',
    rows: [
      {
        name: 'nanonet-unicast',
        packets,
        seconds,
        packetsPerSecond: packets / seconds,
        cpuSeconds,
        packetsPerCpuSecond: packets / cpuSeconds,
        firstOutputSeconds: best((one) => one.firstOutputSeconds),
        scenarioBytes: memoryBytes,
        otherBytes: peakBytes - memoryBytes,
      },
    ],
  };
}

async function measure(args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const since = (): number => (performance.now() - started) / 1000;
  const hook = `data:text/javascript,${encodeURIComponent(meter)}`;
  const child = spawn(process.execPath, ['--import', hook, process.argv[1] as string, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, out, err, usage] = child.stdio;
  if (!out || !err || !usage || !('read' in usage)) throw new Error('no pipes');
  const first = Promise.race([once(out, 'readable'), once(err, 'readable')]).then(since);
  const read = Promise.all([text(out), text(err), text(usage)]);
  const [status] = (await once(child, 'close')) as [number | null];
  const seconds = since();
  const [stdout, stderr, taken] = await read;
  // 3: an objective was missed; the figures count all the same.
  if (status !== 0 && status !== 3) {
    throw new RingbedError('internal', `${args.join(' ')} ended with exit status ${status}: ${stderr}`);
  }
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(taken) as NodeJS.ResourceUsage;
  return {
    stdout,
    seconds,
    firstOutputSeconds: await first,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakBytes: maxRSS * 1024,
  };
}
