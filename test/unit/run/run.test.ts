// A run, with a stand-in for the native core: what is handed over, watched, stopped and returned.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RingbedError } from '../../../src/errors/index.js';
import {
  decodeRecord,
  generateCapture,
  type Progress,
  type RunningRun,
  runPlan,
} from '../../../src/run/index.js';
import { encodeMessage } from '../../../src/scenario/index.js';
import { sampleRecord } from '../report/fixture.js';

const sample = sampleRecord();
const result = encodeMessage('RunResult', sample.result);
// A real plan has more; the run only passes it on.
const plan = Buffer.from([0x0a, 0x01, 0x78]);
const input = { plan, digest: 'abc', yaml: Buffer.from('name: x\n'), command: 'ringbed run x.yaml' };

const core = vi.hoisted(() => ({ start: vi.fn(), generate: vi.fn(), stop: vi.fn() }));
vi.mock('../../../src/native/index.js', () => ({
  loadNative: () => ({
    tables: {
      counters: [
        { name: 'offered', text: '' },
        { name: 'end_packets', text: '' },
      ],
      stages: [],
      reasons: [],
      streamCounters: [{ name: 'offered', text: '' }],
      ringCounters: [],
      coreCounters: [],
    },
    start: core.start,
    generate: core.generate,
  }),
  packageVersion: () => '1.2.3',
}));

// A core that works until it is stopped, or for `ms`.
function working(ms: number) {
  return (_plan: Uint8Array, counters: BigUint64Array | null) => {
    if (counters !== null) counters.set([50n, 200n]);
    let finish: (bytes: Uint8Array) => void;
    const done = new Promise<Uint8Array>((resolve) => {
      finish = resolve;
    });
    const timer = setTimeout(() => finish(result), ms);
    core.stop.mockImplementation(() => {
      clearTimeout(timer);
      finish(result);
    });
    return { stop: core.stop, result: done };
  };
}

// Time is the test's, so that a busy machine changes nothing.
beforeEach(() => {
  vi.resetAllMocks();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

async function finished<Result>(work: Promise<Result>): Promise<Result> {
  await vi.runAllTimersAsync();
  return work;
}

describe('runPlan', () => {
  it('hands the plan over once and returns the record, also as bytes', async () => {
    core.start.mockImplementation(working(5));
    const { record, bytes } = await finished(runPlan(input));
    expect(core.start).toHaveBeenCalledExactlyOnceWith(plan, null, null);
    expect(record).toMatchObject({
      ringbedVersion: '1.2.3',
      scenarioDigest: 'abc',
      command: input.command,
      plan: { name: 'x' },
    });
    expect(record.result.packets).toEqual(sample.result.packets);
    expect(record.wallNs).toBeGreaterThan(0n);
    expect(decodeRecord(bytes, 'test')).toEqual(record);
  });

  it('reports progress from the shared counters', async () => {
    core.start.mockImplementation(working(60));
    const seen: Progress[] = [];
    const run = runPlan(input, { onProgress: (progress) => seen.push(progress), intervalMs: 10 });
    await vi.advanceTimersByTimeAsync(65);
    await run;
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(seen[0]).toMatchObject({ offered: 50, share: 0.25 });
    const before = seen.length;
    await vi.advanceTimersByTimeAsync(40);
    expect(seen).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('hands out its counters and its ear, and says where changes are written down', async () => {
    const ask = vi.fn().mockRejectedValue(Object.assign(new Error('no'), { code: 'unavailable', hint: 'h' }));
    core.start.mockImplementation((...given: [Uint8Array, BigUint64Array]) => ({
      ...working(5)(...given),
      ask,
    }));
    let running: RunningRun | undefined;
    const onStart = (run: RunningRun) => {
      running = run;
    };
    const parts = { streams: ['a', 'b'], queues: 1, cores: 1 };
    await finished(runPlan({ ...input, parts }, { onStart, stateFolder: '/run/x' }));
    expect(core.start).toHaveBeenCalledExactlyOnceWith(plan, running?.counters.cells, '/run/x');
    expect(running?.counters.read('offered')).toBe(50);
    expect(running?.counters.parts).toEqual(parts);
    await expect(running?.ask({ command: 'status' })).rejects.toMatchObject({
      code: 'unavailable',
      hint: 'h',
    });
    expect(ask).toHaveBeenCalledExactlyOnceWith({ command: 'status' });
  });

  it('stops the core when told to, during the run or before it', async () => {
    core.start.mockImplementation(working(60_000));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await finished(runPlan(input, { signal: controller.signal }));
    expect(core.stop).toHaveBeenCalledOnce();
    await runPlan(input, { signal: AbortSignal.abort() });
    expect(core.stop).toHaveBeenCalledTimes(2);
  });

  it('turns what the core throws into an error with a code, whether at once or later', async () => {
    const thrown = Object.assign(new Error('no memory'), { code: 'resource', hint: 'make it smaller' });
    core.start.mockImplementation(() => {
      throw thrown;
    });
    await expect(runPlan(input)).rejects.toMatchObject({
      code: 'resource',
      hint: 'make it smaller',
      message: 'no memory',
    });
    core.start.mockImplementation(() => ({ stop: core.stop, result: Promise.reject(thrown) }));
    await expect(runPlan(input)).rejects.toBeInstanceOf(RingbedError);
  });
});

describe('generateCapture', () => {
  it('passes path and plan on and returns the counts', async () => {
    core.generate.mockReturnValue({ stop: core.stop, result: Promise.resolve({ frames: 3n, bytes: 180n }) });
    expect(await generateCapture(plan, '/tmp/x.pcap')).toEqual({ frames: 3n, bytes: 180n });
    expect(core.generate).toHaveBeenCalledExactlyOnceWith(plan, '/tmp/x.pcap', null);
  });
});
