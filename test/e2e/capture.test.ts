// `gen` writes captures, `decode` reads them, and both treat files with care.
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, ringbed, scenario, shell } from './cli.js';
import { cooked } from './cooked.js';

function capture(): string {
  const file = join(folder(), 'traffic.pcap');
  const { status, stdout } = ringbed(['gen', scenario(), '--out', file]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/traffic\.pcap: [\d,]+ frames/);
  return file;
}

describe('gen and decode', () => {
  it('a generated frame decodes to what the scenario says', () => {
    const file = capture();
    const { status, stdout, stderr } = ringbed(['decode', file, '--json']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.length).toBeGreaterThan(500);
    frames.forEach((frame, i) => {
      expect(frame.frame).toBe(i + 1);
      expect(frame.verdict).toBe('ok');
      expect(frame.layers.slice(0, 3).map((layer: { protocol: string }) => layer.protocol)).toEqual([
        'ethernet',
        'ipv4',
        'udp',
      ]);
      expect(frame.layers[1].fields).toMatchObject({ dst: '10.0.0.2', protocol: 17, checksumOk: true });
      expect(frame.layers[2].fields).toMatchObject({ dstPort: 8080, checksumOk: true });
    });
    expect(readdirSync(dirname(file))).toEqual(['traffic.pcap']);
  });

  it('a cooked capture decodes, and replays as what it was on Ethernet', () => {
    const file = capture();
    const path = cooked(file);
    const decoded = ringbed(['decode', path, '--json']).stdout.trimEnd().split('\n');
    const first = JSON.parse(decoded[0] ?? '');
    expect(first.layers.slice(0, 3).map((layer: { protocol: string }) => layer.protocol)).toEqual([
      'linux_sll',
      'ipv4',
      'udp',
    ]);
    expect(first.verdict).toBe('ok');
    const yaml = join(dirname(file), 'replay.yaml');
    const again = (capture: string) => {
      writeFileSync(
        yaml,
        `traffic: [{ replay: { file: ${capture} } }]\ndevice: { target: "10.0.0.2:8080" }\nslo: { drops: 0 }\n`,
      );
      const { status, stdout } = ringbed(['run', yaml, '--json', '--quiet']);
      expect(status).toBe(0);
      return JSON.parse(stdout);
    };
    const report = again(path);
    expect(report.packets.processed).toBe(decoded.length);
    expect(report.digest).toBe(again(file).digest);
  });

  it('the same scenario and seed give the same capture', () => {
    const [a, b] = [capture(), capture()];
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  });

  it('for people, a line a frame', () => {
    const { stdout } = ringbed(['decode', capture(), '--no-json']);
    expect(stdout.split('\n')[0]).toMatch(
      /^1 {2}\d+\.\d{9} {2}\d+ {2}ethernet .* > .* \| ipv4 .* > 10\.0\.0\.2 \| udp \d+ > 8080 .*\| ok$/,
    );
  });

  it('a replay goes on to the end of its capture, with the gaps that it was taken with', () => {
    const file = join(folder(), 'slow.pcap');
    const slow = ['--set', 'duration=3s', '--set', 'traffic.feed.rate=100pps'];
    expect(ringbed(['gen', scenario(), ...slow, '--out', file]).status).toBe(0);
    const replay = join(dirname(file), 'replay.yaml');
    writeFileSync(replay, 'traffic: [{ replay: { file: slow.pcap } }]\ndevice: { target: 10.0.0.2:8080 }\n');
    expect(ringbed(['validate', replay]).stdout).toContain('until its streams end');
    const { packets, world } = JSON.parse(ringbed(['run', replay, '--json', '--quiet']).stdout);
    expect(packets).toMatchObject({ offered: 300, processed: 300 });
    expect(Number(world.ns)).toBeGreaterThan(2.9e9);
    const cut = ringbed(['run', replay, '--set', 'duration=1s', '--json', '--quiet']).stdout;
    expect(JSON.parse(cut).packets.offered).toBeLessThan(110);
  });

  it('a reader that goes away ends it quietly', () => {
    const { status, stdout, stderr } = shell(`ringbed decode ${capture()} --json | head -1`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout).frame).toBe(1);
  });

  it('reads from a pipe', () => {
    const file = capture();
    const { status, stdout } = shell(`cat ${file} | ringbed decode - --json`);
    expect(status).toBe(0);
    expect(stdout).toBe(ringbed(['decode', file, '--json']).stdout);
  });

  it('a capture that is cut off: every whole frame, then one message and exit code 2', () => {
    const file = capture();
    const whole = ringbed(['decode', file, '--json']).stdout.trimEnd().split('\n');
    truncateSync(file, readFileSync(file).length - 10);
    const { status, stdout, stderr } = ringbed(['decode', file, '--json']);
    expect(status).toBe(2);
    expect(stdout.trimEnd().split('\n')).toEqual(whole.slice(0, -1));
    expect(stderr).toMatch(/^ringbed: /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('a place that cannot be written: a message, and nothing left behind', () => {
    const missing = join(folder(), 'no/such/folder.pcap');
    const { status, stderr } = ringbed(['gen', scenario(), '--out', missing, '--quiet']);
    expect([2, 4]).toContain(status);
    expect(stderr).toContain('folder.pcap');
    expect(existsSync(dirname(missing))).toBe(false);
  });
});
