// The engine `socket` on a named interface: kernel UDP sockets at the generator's end, AF_XDP or a packet
// socket at the device's. What the host must have for it is demanded by name, and nothing of it is changed.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scenario } from '../e2e/cli.js';
import { functional, gentle, report } from '../support/live-report.js';
import { LiveBench } from '../support/live-run.js';
import { Namespace, pair, whyNoNamespaces } from '../support/namespaces.js';

const missing = whyNoNamespaces(['ip', 'unshare', 'nsenter', 'ethtool']);
if (missing !== undefined) {
  if (process.env.REQUIRE_LIVE === '1') throw new Error(missing);
  console.warn(`live tests of sockets on interfaces skipped: ${missing}`);
}

const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);
const mac = '02:00:00:00:00:02';

describe.skipIf(missing !== undefined)('generator.engine socket on an interface', () => {
  const space = new Namespace();
  let bench: LiveBench;
  const path = () => scenario(`  mac: "${mac}"\n  respondTo: 10.0.0.1:9999\n`, { duration: '100ms' });
  const load = [...gentle, ...set('traffic.feed.rate=5kpps', 'generator.engine=socket')];
  const run = (file: string, ...more: string[]) =>
    bench.ringbed('run', file, '--on', 'nic:left,right', '--json', '--quiet', ...load, ...more);

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    pair(space, 'left', 'right');
    // Over a veth the kernel leaves checksums to nobody.
    space.run('ethtool', '-K', 'left', 'tx', 'off');
  });
  beforeEach(() => {
    space.run('ip', 'addr', 'replace', '10.0.0.1/32', 'dev', 'left');
    space.run('ip', 'neigh', 'replace', '10.0.0.2', 'lladdr', mac, 'dev', 'left', 'nud', 'permanent');
  });
  afterAll(() => {
    bench?.stop();
    space.stop();
  });

  it.each(['xdp', 'packet'])('sends to a device on %s and hears its responses', (port) => {
    const file = path();
    const { status, stdout, stderr } = run(file, ...set(`device.port=${port}`));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const live = JSON.parse(stdout);
    expect(live.conserved).toBe(true);
    expect(live.packets.responses).toBeGreaterThan(0);
    expect(functional(live)).toEqual(functional(report(file, 'sim', ...load)));
    expect(live.world.ports[0]).toMatchObject({ end: 'generator', backend: 'socket' });
  });

  it('wants the address that responses go to', () => {
    space.run('ip', 'addr', 'del', '10.0.0.1/32', 'dev', 'left');
    const { status, stderr } = run(path());
    expect(stderr).toMatch(
      /10\.0\.0\.1 is no address of this host.*\n.*ip addr add 10\.0\.0\.1\/32 dev left/,
    );
    expect(status).toBe(4);
  });

  it("wants to know the device's MAC", () => {
    space.run('ip', 'neigh', 'del', '10.0.0.2', 'dev', 'left');
    const { status, stderr } = run(path());
    expect(stderr).toMatch(
      /left does not know 10\.0\.0\.2 as 02:00:.*ARP\n.*ip neigh replace 10\.0\.0\.2 lladdr 02:00:00:00:00:02/,
    );
    expect(status).toBe(4);
  });

  it('does not go together with sockets at the other end', () => {
    const { status, stderr } = run(path(), ...set('device.port=socket'));
    expect(stderr).toMatch(/without any wire/);
    expect(status).toBe(2);
  });
});
