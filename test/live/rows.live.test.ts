// Datagrams in rows (UDP_GRO), proven by the kernel's own count: InDatagrams counts what a socket is handed, a
// row as one. The sender sends rows (UDP_SEGMENT), which a veth pair passes on whole.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { scenario } from '../e2e/cli.js';
import { LiveBench } from '../support/live-run.js';
import { cable, Namespace, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'python3']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of datagrams in rows skipped: ${missing}`);
}

const rows = 20;
const datagrams = 10;

describe.skipIf(missing !== undefined)('datagrams in rows', () => {
  const ours = new Namespace();
  const theirs = new Namespace();
  let bench: LiveBench;

  beforeAll(async () => {
    await Promise.all([ours.start(), theirs.start()]);
    bench = new LiveBench(ours);
    await cable(theirs, 'market', ours, 'desk');
    for (const [space, name, own] of [
      [theirs, 'market', '10.0.0.1/24'],
      [ours, 'desk', '10.0.0.2/24'],
    ] as const) {
      space.run('ip', 'link', 'set', name, 'up');
      space.run('ip', 'addr', 'add', own, 'dev', name);
    }
  });
  afterEach(() => bench.endAll());
  afterAll(() => {
    bench?.stop();
    ours.stop();
    theirs.stop();
  });

  /** Udp InDatagrams of the device's namespace. */
  function handed(): number {
    const [names, values] = bench
      .exec('cat', '/proc/net/snmp')
      .stdout.split('\n')
      .filter((line) => line.startsWith('Udp:'))
      .map((line) => line.split(' '));
    return Number(values?.[names?.indexOf('InDatagrams') ?? -1]);
  }

  it.each([
    [true, rows],
    [false, rows * datagrams],
  ])('gro: %s: the device gets every datagram, out of %i from the kernel', async (gro, wanted) => {
    const path = scenario('  respondTo: 10.0.0.1:9999\n', { duration: '600s' });
    const choice = ['--set', 'device.port=socket', '--set', `device.socket.gro=${gro}`];
    const before = handed();
    const run = bench.start('run', path, '--on', 'nic:desk', '--json', ...choice);
    await run.obeys();
    const script = join(import.meta.dirname, 'rows.py');
    theirs.run('python3', script, '10.0.0.2', '8080', String(rows), String(datagrams));
    await run.until(async () => (await run.ask('stats')).stats.received >= rows * datagrams);
    const { stdout } = await run.interrupt();
    expect(JSON.parse(stdout)).toMatchObject({ conserved: true, packets: { received: rows * datagrams } });
    expect(handed() - before).toBe(wanted);
  });
});
