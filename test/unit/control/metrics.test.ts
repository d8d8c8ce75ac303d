import { describe, expect, it } from 'vitest';
import { serveMetrics } from '../../../src/control/metrics-server.js';
import { contentType, openMetrics } from '../../../src/control/open-metrics.js';
import { loadNative } from '../../../src/native/index.js';
import { LiveCounters } from '../../../src/run/index.js';

// With the tables of this build, so that no name that they have can break the text.
function counters(): LiveCounters {
  const live = new LiveCounters(loadNative().tables, { streams: ['feed', 'a "b"\\\n'], queues: 2, cores: 1 });
  live.cells.forEach((_, at) => {
    live.cells[at] = BigInt(at) * 1_000_000_001n;
  });
  return live;
}

const nameForm = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const sampleForm =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\d+(?:\.\d+)?)$/;

describe('OpenMetrics text', () => {
  it('is what the specification asks for', () => {
    const text = openMetrics(counters(), 'a "scenario"', '0.1.0');
    expect(text.endsWith('# EOF\n')).toBe(true);
    const families = new Map<string, string>();
    const seen = new Set<string>();
    let current = '';
    for (const line of text.trimEnd().split('\n').slice(0, -1)) {
      const head = /^# (TYPE|HELP|UNIT) (\S+) (.+)$/.exec(line);
      if (head !== null) {
        const [, kind, name = '', rest = ''] = head;
        expect(name).toMatch(nameForm);
        if (kind === 'TYPE') {
          expect(families.has(name), `${name} comes twice`).toBe(false);
          families.set(name, rest);
        }
        if (kind === 'UNIT') expect(name.endsWith(`_${rest}`)).toBe(true);
        current = name;
        continue;
      }
      const sample = sampleForm.exec(line);
      expect(sample, line).not.toBeNull();
      const suffix = { counter: '_total', gauge: '', info: '_info' }[families.get(current) ?? ''];
      expect(sample?.[1]).toBe(`${current}${suffix}`);
      const series = `${sample?.[1]}${sample?.[2] ?? ''}`;
      expect(seen.has(series), `${series} comes twice`).toBe(false);
      seen.add(series);
    }
    expect(families.get('ringbed_received')).toBe('counter');
    expect(families.get('ringbed_pool_in_use')).toBe('gauge');
    expect(families.get('ringbed_core_busy_seconds')).toBe('counter');
    expect(text).toMatch(/^ringbed_dropped_frames_total\{stage="rx_ring",reason="rx_ring_full"\} \d+$/m);
    expect(text).toMatch(/^ringbed_stream_offered_total\{stream="feed"\} \d+$/m);
  });

  it('gives nanoseconds as exact seconds', () => {
    const live = new LiveCounters(loadNative().tables, { streams: [], queues: 0, cores: 0 });
    const at = loadNative().tables.counters.findIndex(({ name }) => name === 'time_ns');
    live.cells[at] = 2n ** 60n + 500_000_000n;
    expect(openMetrics(live, 's', 'v')).toContain('\nringbed_time_seconds 1152921505.106846976\n');
  });
});

describe('--serve-metrics', () => {
  it('serves on this machine alone', async () => {
    const server = await serveMetrics(0, () => '# EOF\n');
    const at = `http://127.0.0.1:${server.port}`;
    const good = await fetch(`${at}/metrics`);
    expect(good.headers.get('content-type')).toBe(contentType);
    expect(await good.text()).toBe('# EOF\n');
    expect((await fetch(`${at}/`)).status).toBe(404);
    expect((await fetch(`${at}/metrics`, { method: 'POST' })).status).toBe(405);
    await expect(serveMetrics(server.port, () => '')).rejects.toThrow(/the port is taken/);
    server.close();
    await expect(fetch(`${at}/metrics`)).rejects.toThrow();
  });
});
