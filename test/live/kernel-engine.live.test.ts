// The generator engine `kernel`: frames that an eBPF program makes and sends. Every frame that arrives is known
// again by its bytes, so that equal results mean the frames that `ringbed gen` would have written.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ringbed, root, scenario } from '../e2e/cli.js';
import { functional, gentle, missingHere, type Report, report } from '../support/live-report.js';

const missing = missingHere(['ip', 'unshare']);

interface TimedReport extends Report {
  clock?: {
    source: string;
    resolutionNs: number;
    readNs: number;
    biasNs: number;
    stamps: string;
    whyStamps: string;
  };
}

describe.skipIf(missing !== undefined)('generator.engine: kernel', () => {
  // The simulated link damages responses as well, a live one does not: there the engine `xdp` is the measure.
  it.each([
    ['one template', 'sim', '', []],
    ['varying lengths', 'sim', '', ['--set', 'traffic.feed.size={ uniform: [70, 900] }']],
    ['a device behind packet sockets', 'sim', '', ['--set', 'device.port=packet']],
    ['damaged and doubled frames', 'veth', 'link: { corrupt: 0.05, duplicate: 0.05 }\n', []],
  ])('does what others do: %s', (_, other, more, extra) => {
    const path = scenario(more, { duration: '200ms' });
    const set = [...gentle, '--set', 'traffic.feed.rate=10kpps', ...extra];
    const live = report(path, 'veth', ...set, '--set', 'generator.engine=kernel') as TimedReport;
    expect(functional(live)).toEqual(functional(report(path, other, ...set)));
    expect(live.conserved).toBe(true);
    const gaps = { gapIntended: { count: Number(live.packets.offered) - 1 } };
    expect(live.streams[0]).toMatchObject(gaps);
    expect(live.clock).toMatchObject({ source: 'CLOCK_MONOTONIC', stamps: 'software' });
    expect(live.clock?.biasNs).toBeGreaterThan(0);
    // veth answers (with the stamp that a socket buffer may have) and has no clock.
    expect(live.clock?.whyStamps).toMatch(
      extra.some((value) => value.startsWith('device.port=') && value !== 'device.port=xdp')
        ? /^the port \w+ has none$/
        : /^the driver of rb\w+ answers for receive timestamps, but has no clock/,
    );
  });

  it('shows the gaps that were achieved', () => {
    const set = ['generator.engine=kernel', 'packets=500', 'traffic.feed.rate=10kpps'];
    const path = scenario('', { duration: null });
    const live = report(path, 'veth', ...gentle, ...set.flatMap((value) => ['--set', value]));
    expect(live.streams[0]).toMatchObject({ offered: 500, gapAchieved: { count: 499 } });
  });

  it.each(['nanonet-tcp.yaml', 'syn-flood.yaml', 'nanonet-multicast.yaml'])(
    'accounts for what a starved device drops of %s',
    (name) => {
      const set = ['generator.engine=kernel', 'packets=20000', 'nic.rxDescriptors=64'];
      const path = join(root, 'scenarios', name);
      const live = report(path, 'veth', ...set.flatMap((value) => ['--set', value]));
      expect(live.conserved).toBe(true);
      expect(live.packets.offered).toBe(20_000);
    },
  );

  it.each([
    ['several queues', ['nic.queues=4'], /`kernel`.*4 queues[\s\S]*nic\.queues: 1/],
    [
      'long frames',
      ['traffic.feed.size=9000', 'link.mtu=9000', 'nic.bufferBytes=16384'],
      /frames of up to 3200 bytes/,
    ],
  ])('refuses %s by name', (_, more, words) => {
    const set = ['generator.engine=kernel', ...more].flatMap((value) => ['--set', value]);
    const run = ringbed(['run', scenario(), '--on', 'veth', '--quiet', ...set]);
    expect(run.stderr).toMatch(words);
    expect(run.status).toBe(4);
  });
});
