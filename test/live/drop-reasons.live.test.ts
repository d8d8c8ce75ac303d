// Frames that the kernel dropped carry the kernel's own reason (skb:kfree_skb), by the name that the running
// kernel has for it; the books are the same with and without.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main, scenario } from '../e2e/cli.js';
import { gentle, missingHere, report } from '../support/live-report.js';
import { LiveBench } from '../support/live-run.js';
import { Namespace, pair } from '../support/namespaces.js';

const missing = missingHere(['ip', 'unshare', 'nsenter', 'setpriv']);
const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);
const stray = (more: string, to = '10.0.0.2:8080') =>
  `traffic=[{ name: feed, to: "10.0.0.2:8080", rate: 5kpps, packets: 100 }, { name: stray, to: "${to}", rate: 5kpps, packets: 100${more} }]`;
const byKernel = (kernel: Record<string, number>) =>
  Object.values(kernel).reduce((sum, count) => sum + count, 0);

describe.skipIf(missing !== undefined)("the kernel's own reasons", () => {
  it.each([
    ['nobody listens', stray('', '10.0.0.2:9'), 'socket_no_port', { kernel_no_socket: 100 }],
    [
      'the IP checksum is wrong',
      stray(', fields: { ipv4.checksum: 1 }'),
      'stack_header',
      { kernel_ip_csum: 100 },
    ],
  ])('%s', (_, traffic, reason, kernel) => {
    const path = scenario('  port: socket\n', { duration: '100ms' });
    const { conserved, drops } = report(path, 'veth', ...gentle, ...set(traffic));
    expect(drops).toEqual([{ stage: 'rx_ring', reason, count: 100, kernel }]);
    expect(conserved).toBe(true);
  });

  it('a receive buffer that overflows', () => {
    const path = scenario('  port: socket\nfaults: [{ at: 20ms, pause: { core: 0, for: 60ms } }]\n', {
      duration: '100ms',
    });
    const { conserved, drops } = report(path, 'veth', ...set('nic.rxDescriptors=64'));
    expect(conserved).toBe(true);
    expect(drops).toEqual([
      {
        stage: 'rx_ring',
        reason: 'socket_buffer_full',
        count: expect.any(Number),
        kernel: expect.any(Object),
      },
    ]);
    const [{ count, kernel = {} } = { count: 0 }] = drops;
    expect(count).toBeGreaterThan(100);
    expect(byKernel(kernel)).toBe(count);
    expect(Object.keys(kernel)).toContain('kernel_socket_rcvbuff');
  });

  it.each(['native', 'generic'])('an AF_XDP ring that is full, in mode %s', (mode) => {
    const path = scenario('nic: { rxDescriptors: 1 }\ncore: { batch: 1 }\n', { duration: '50ms' });
    const { conserved, drops } = report(path, 'veth', ...set(`device.xdp.mode=${mode}`));
    expect(conserved).toBe(true);
    const full = drops.find(({ reason }) => reason === 'rx_ring_full');
    expect(full?.count).toBeGreaterThan(0);
    expect(byKernel(full?.kernel ?? {})).toBe(full?.count);
    expect(Object.keys(full?.kernel ?? {}).join()).toMatch(
      mode === 'native' ? /^kernel_xdp_redirect_e[a-z]+$/ : /kernel_xdp/,
    );
  });

  it("are names of the running kernel's", () => {
    const types = readFileSync('/sys/kernel/btf/vmlinux').toString('latin1');
    const path = scenario('  port: socket\n', { duration: '100ms' });
    for (const more of [', fields: { ipv4.protocol: 253 }', ', fields: { udp.checksum: 1 }']) {
      const { drops } = report(path, 'veth', ...gentle, ...set(stray(more)));
      const names = drops.flatMap(({ kernel }) => Object.keys(kernel ?? {}));
      expect(names).toHaveLength(1);
      for (const name of names)
        expect(types).toContain(`SKB_DROP_REASON_${name.replace(/^kernel_/, '').toUpperCase()}`);
    }
  });
});

describe.skipIf(missing !== undefined)("without the privilege to hear the kernel's reasons", () => {
  const space = new Namespace();
  let bench: LiveBench;

  beforeAll(async () => {
    await space.start();
    bench = new LiveBench(space);
    pair(space, 'left', 'right');
  });
  afterAll(() => {
    bench?.stop();
    space.stop();
  });

  it('the books are the same and the report says why there are none', () => {
    const path = scenario('', { duration: '50ms' });
    const run = ['run', path, '--on', 'nic:left,right', '--json', '--quiet', ...set('nic.rxDescriptors=1')];
    const less = ['--bounding-set=-perfmon,-sys_admin', '--inh-caps=-perfmon,-sys_admin', '--'];
    const { stdout } = bench.exec('setpriv', ...less, process.execPath, main, ...run);
    const { conserved, drops, notes } = JSON.parse(stdout);
    expect(conserved).toBe(true);
    expect(drops.length).toBeGreaterThan(0);
    for (const drop of drops) expect(drop).not.toHaveProperty('kernel');
    expect(notes.join('\n')).toMatch(/no reasons of the kernel's own: .*; .*CAP_PERFMON/);
  });
});
