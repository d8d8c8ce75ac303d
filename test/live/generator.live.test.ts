// The generator of a live world when it cannot do what the scenario asks: the run ends when its time is over,
// and what did not leave is in the report. The load is far above what any engine carries.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ringbed, root, scenario, start, until } from '../e2e/cli.js';
import { missingHere, type Report, report } from '../support/live-report.js';

const missing = missingHere(['ip', 'unshare']);
const set = (...values: string[]) => values.flatMap((value) => ['--set', value]);
/** What the run is to blame for: a loaded machine is another matter. */
const own = (notes: readonly string[]) => notes.filter((note) => !note.startsWith('other programs had'));
const tooMuch = set('traffic.feed.rate=10Mpps');

describe.skipIf(missing !== undefined)('a generator that cannot keep the rate', () => {
  it.each(['xdp', 'packet', 'socket', 'kernel'])('%s stops in time and counts what was due', (engine) => {
    const path = scenario('', { duration: '200ms' });
    const live = report(path, 'veth', ...tooMuch, ...set(`generator.engine=${engine}`));
    const { offered, unsent } = live.packets as { offered: number; unsent: number };
    expect(unsent).toBeGreaterThan(0);
    expect(live.conserved).toBe(true);
    // The simulator sends the same frames, all of them in time.
    expect(offered + unsent).toBe(report(path, 'sim', ...tooMuch).packets.offered);
    expect(live.streams[0]).toMatchObject({ offered, unsent });
    // The scenario's time and the grace; the rest is for the drain and for counting.
    expect(live.world.ns).toBeLessThan(2.5e9);
    expect(own(live.notes)).toEqual([expect.stringMatching(`the generator fell behind: ${unsent} .*lower`)]);
  });

  it('says so in the terminal, stream by stream', () => {
    const path = scenario('', { duration: '50ms' });
    const { stdout } = ringbed(['run', path, '--on', 'veth', '--quiet', ...tooMuch]);
    expect(stdout).toMatch(/[\d,]+ unsent/);
    expect(stdout).toMatch(/note: the generator fell behind: \d+ frames were due/);
    expect(stdout).toMatch(/stream .* unsent/);
  });

  it('sends all the packets that it was asked for', () => {
    const path = scenario('', { duration: null });
    const live = report(path, 'veth', ...tooMuch, ...set('packets=1000000'));
    expect(live.packets).toMatchObject({ offered: 1_000_000, unsent: 0 });
    expect(own(live.notes)).toEqual([]);
  });

  it('stops at an interruption, too', async () => {
    const path = scenario('', { duration: null });
    const run = start(['run', path, '--on', 'veth', '--json', ...tooMuch, ...set('packets=1000000000')]);
    await until(() => /started/.test(run.stderr()));
    await new Promise((done) => setTimeout(done, 1500));
    run.interrupt();
    const { status, stdout } = await run.finished;
    expect(status).toBe(130);
    const { conserved, packets, notes }: Report = JSON.parse(stdout);
    expect(conserved).toBe(true);
    expect(packets.unsent).toBeGreaterThan(0);
    expect(own(notes)).toEqual([expect.stringMatching(/fell behind/)]);
  });

  it('says when other programs had its processors', async () => {
    const hogs = Array.from({ length: availableParallelism() }, () =>
      spawn('timeout', ['60', 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' }),
    );
    onTestFinished(() => {
      for (const hog of hogs) hog.kill();
    });
    const { notes } = report(scenario('', { duration: '1s' }), 'veth', ...set('traffic.feed.rate=1kpps'));
    expect(notes.join('\n')).toMatch(
      /other programs had the run's processors \((the generator for \d+ ms of \d+|core 0 for)/,
    );
  });
});

describe.skipIf(missing !== undefined)('a generator that keeps the rate', () => {
  it('leaves nothing unsent', () => {
    const path = join(root, 'scenarios/nanonet-unicast.yaml');
    const few = set('traffic.feed.rate=10kpps', 'duration=200ms');
    const live = report(path, 'veth', ...few);
    expect(live.packets.unsent).toBe(0);
    expect(live.packets.offered).toBe(report(path, 'sim', ...few).packets.offered);
  });
});

describe.skipIf(missing !== undefined)('gaps between frames', () => {
  it.each(['xdp', 'kernel'])('are those of frames that were due after the warm-up, sent by %s', (engine) => {
    // 1,000 frames, the first 400 of them in the warm-up.
    const path = scenario('warmup: 40ms\n', { duration: '100ms' });
    const steady = set('traffic.feed.rate=10kpps', `generator.engine=${engine}`);
    for (const world of ['sim', 'veth']) {
      const { streams, packets } = report(path, world, ...steady);
      expect(packets.offered).toBe(1000);
      expect(streams[0]?.gapIntended).toMatchObject({ count: 599, min: 100_000, max: 100_000 });
      expect(streams[0]?.gapAchieved.count).toBe(world === 'sim' ? 0 : 599);
    }
  });

  it('are about the rate that was reached', () => {
    const path = scenario('', { duration: '100ms' });
    for (const engine of ['xdp', 'kernel']) {
      const { streams, packets } = report(path, 'veth', ...tooMuch, ...set(`generator.engine=${engine}`));
      const { count, mean } = streams[0]?.gapAchieved ?? { count: 0, mean: 0 };
      expect(count).toBe((packets.offered ?? 0) - 1);
      // 100 ms and the grace: all frames leave within, one after another.
      expect(count * mean).toBeLessThan(0.5e9);
      expect(count * mean).toBeGreaterThan(0.05e9);
    }
  });
});
