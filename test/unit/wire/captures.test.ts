// Captures that tcpdump took of kernel traffic (test/live/traffic.py), on an interface and on `any`, one with a link
// type an interface, kept with what tshark said of them: the comparison of the live suite, without root and
// without tshark. UPDATE_TSHARK=1 writes the extracts anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { compareDissections, decodedFrames } from '../../support/dissection.js';
import { type OracleFrame, tsharkFrames } from '../../support/tshark.js';

const file = (name: string) => fileURLToPath(new URL(`../../data/captures/${name}`, import.meta.url));

function storedFrames(capture: string): OracleFrame[] {
  const extract = `${capture}.tshark.jsonl`;
  if (process.env.UPDATE_TSHARK === '1') {
    const frames = tsharkFrames(capture);
    writeFileSync(extract, frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''));
    return frames;
  }
  const lines = readFileSync(extract, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as OracleFrame);
}

test.each([
  ['kernel.pcap', 203, 6_000],
  ['kernel-cut-ns.pcap', 203, 5_500],
  ['kernel.pcapng', 60, 1_500],
  ['any-sll.pcap', 102, 3_000],
  ['link-types.pcapng', 82, 2_000],
])('%s: every layer and field as tshark has it', (name, frames, atLeast) => {
  const capture = file(name);
  const { differences, compared, ...counts } = compareDissections(
    decodedFrames(capture),
    storedFrames(capture),
  );
  expect(differences).toEqual([]);
  expect(counts.frames).toBe(frames);
  expect(Object.values(compared).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(atLeast);
});

test('a capture that was cut short is incomplete, and its whole frames are judged', () => {
  const frames = decodedFrames(file('kernel-cut-ns.pcap'));
  for (const frame of frames) {
    const cut = frame.captured < frame.length;
    if (cut && frame.verdict !== 'malformed')
      expect(frame.verdict, `frame ${frame.frame}`).toBe('incomplete');
    if (!cut) expect(frame.verdict, `frame ${frame.frame}`).not.toBe('incomplete');
  }
  expect(frames.filter((frame) => frame.verdict === 'incomplete').length).toBeGreaterThan(50);
});

test('the comparison notices a changed field, a missing field, a missing layer and a missing frame', () => {
  const ours = decodedFrames(file('kernel.pcap'));
  const differences = (oracle: OracleFrame[]) => compareDissections(ours, oracle).differences.length;
  const changed = (change: (frame: OracleFrame) => void) => {
    const oracle = structuredClone(storedFrames(file('kernel.pcap')));
    const frame = oracle.find((each) => each.layers.some((layer) => layer.protocol === 'udp'));
    if (frame === undefined) throw new Error('no UDP frame');
    change(frame);
    return oracle;
  };
  const udp = (frame: OracleFrame) => frame.layers.find((layer) => layer.protocol === 'udp');
  expect(differences(changed(() => undefined))).toBe(0);
  expect(differences(changed((frame) => Object.assign(udp(frame)?.fields ?? {}, { dstPort: 1 })))).toBe(1);
  expect(differences(changed((frame) => delete udp(frame)?.fields.checksumOk))).toBe(1);
  expect(differences(changed((frame) => Object.assign(udp(frame)?.fields ?? {}, { more: 1 })))).toBe(1);
  expect(differences(changed((frame) => frame.layers.pop()))).toBe(1);
  expect(differences(changed(() => undefined).slice(1))).toBe(1);
});
