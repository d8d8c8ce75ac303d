// Kernel traffic of every kind between two namespaces, captured by tcpdump as it happens, and `ringbed
// decode` held to tshark field by field: ping, UDP, TCP with its options, fragments, IP options, IPv6
// extension headers, multicast joins, one and two VLAN tags, with and without checksum offload, whole and cut
// to 90 bytes, in micro- and nanoseconds, on the interface and on `any` with either cooked header.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  compareDissections,
  type DecodedFrame,
  type DecodedLayer,
  decodedFrames,
} from '../support/dissection.js';
import { cable, Namespace, whyNoNamespaces } from '../support/namespaces.js';
import { tsharkFrames } from '../support/tshark.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const traffic = path('traffic.py');
const python = '/usr/bin/python3';

const reason = whyNoNamespaces(['ip', 'nsenter', 'unshare', 'tcpdump', 'tshark', python]);
if (reason !== undefined && process.env.REQUIRE_LIVE === '1')
  throw new Error(`REQUIRE_LIVE=1, but ${reason}`);
const title = `dissection of live traffic${reason === undefined ? '' : ` (skipped: ${reason})`}`;

// Well-formed vectors go over the wire too, but for those where tshark knowingly sees it otherwise: it calls
// a type of 1501 invalid without showing it, takes IPv4 protocol 0 for a hop-by-hop header, and counts bytes
// behind the UDP length as payload.
const seenOtherwise = [
  'a type between 1501 and 1535 is neither length nor known',
  'IPv6 behind an IPv4 protocol number is no extension header',
  'bytes behind the UDP length are not payload',
];

// Of a frame with two tags the kernel gives a cooked socket the number of the inner one and not its type: as if
// that were the packet.
function isHalfATag(frame: DecodedFrame): boolean {
  const misread = ['ip_version', 'ipv6_version', 'arp_format'];
  const cooked = frame.layers[0]?.protocol.startsWith('linux_sll') === true;
  const isLength = ({ protocol, fields }: DecodedLayer) => protocol === 'vlan' && Number(fields.type) <= 1500;
  return cooked && (frame.problems.some(({ rule }) => misread.includes(rule)) || frame.layers.some(isLength));
}

function wellFormedVectors(): string[] {
  const blocks = readFileSync(path('../conformance/wire/frames.txt'), 'utf8').split('\n\n');
  const frames = blocks
    .filter((block) => block.includes('\nverdict ok'))
    .filter((block) => !/\n(wire|link) /.test(block))
    .filter((block) => !seenOtherwise.some((name) => block.includes(`# ${name}\n`)));
  return frames
    .map((block) => /\nframe ([0-9a-f]+)/.exec(block)?.[1] ?? '')
    .filter((hex) => hex.length >= 28);
}

describe.skipIf(reason !== undefined)(title, () => {
  const client = new Namespace();
  const server = new Namespace();
  let directory = '';
  const capture = (name: string) => join(directory, name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ringbed-dissection-'));
    await Promise.all([client.start(), server.start()]);
    await cable(client, 'rb1', server, 'rb2');
    const ends = [
      { namespace: client, device: 'rb1', host: 1 },
      { namespace: server, device: 'rb2', host: 2 },
    ];
    for (const { namespace, device, host } of ends) {
      namespace.run('ip', 'link', 'set', 'lo', 'up');
      namespace.run('ip', 'link', 'set', device, 'address', `02:00:00:00:00:0${host}`, 'up');
      namespace.run('ip', 'addr', 'add', `10.77.0.${host}/24`, 'dev', device);
      namespace.run('ip', 'addr', 'add', `fd77::${host}/64`, 'dev', device, 'nodad');
      // Priority 3, drop eligible, VLAN 100; and 300 in 200.
      await namespace.serve(python, traffic, 'tag', device, 'tap1', '0x8100:0x7064');
      await namespace.serve(python, traffic, 'tag', device, 'tap2', '0x88a8:200', '0x8100:300');
      for (const tap of ['tap1', 'tap2']) namespace.run('ip', 'link', 'set', tap, 'mtu', '1400', 'up');
      namespace.run('ip', 'addr', 'add', `10.77.1.${host}/24`, 'dev', 'tap1');
      namespace.run('ip', 'addr', 'add', `10.77.2.${host}/24`, 'dev', 'tap2');
      namespace.run('ip', 'addr', 'add', `fd77:2::${host}/64`, 'dev', 'tap2', 'nodad');
    }
    const whole = await server.capture('rb2', capture('whole.pcap'), '-s', '0');
    const cut = await server.capture('rb2', capture('cut.pcap'), '-s', '90', '--time-stamp-precision=nano');
    const cooked = await server.capture('any', capture('cooked.pcap'), '-s', '0', '-y', 'LINUX_SLL');
    const cooked2 = await server.capture('any', capture('cooked2.pcap'), '-s', '0', '-y', 'LINUX_SLL2');
    const addresses = ['10.77.0.2', 'fd77::2', '10.77.1.2', '10.77.2.2', 'fd77:2::2'];
    await server.serve(python, traffic, 'server', ...addresses);
    client.run(python, traffic, 'client', ...addresses);
    client.run(python, traffic, 'checksums', 'rb1', 'off');
    server.run(python, traffic, 'checksums', 'rb2', 'off');
    client.run(python, traffic, 'client', ...addresses);
    writeFileSync(capture('frames.hex'), `${wellFormedVectors().join('\n')}\n`);
    client.run(python, traffic, 'frames', 'rb1', capture('frames.hex'));
    for (const each of [whole, cut, cooked, cooked2]) await each.stop();
  });

  afterAll(async () => {
    client.stop();
    server.stop();
    if (directory !== '') await rm(directory, { recursive: true, force: true });
  });

  test.each([
    ['whole.pcap', 'ethernet'],
    ['cut.pcap', 'ethernet'],
    ['cooked.pcap', 'linux_sll'],
    ['cooked2.pcap', 'linux_sll2'],
  ])('%s: every layer and field as tshark has it', (name, link) => {
    const all = decodedFrames(capture(name));
    const readable = (_: unknown, index: number) => !isHalfATag(all[index] as DecodedFrame);
    const ours = all.filter(readable);
    const oracle = tsharkFrames(capture(name)).filter(readable);
    expect(ours.length).toBeGreaterThan(all.length * 0.9);
    const { differences, compared, frames } = compareDissections(ours, oracle);
    const fields = Object.values(compared).reduce((sum, count) => sum + count, 0);
    console.log(
      `${name}: ${frames} frames, ${fields} fields compared with tshark ${JSON.stringify(compared)}`,
    );
    expect(differences.slice(0, 20)).toEqual([]);
    expect(frames).toBeGreaterThan(500);
    // Nothing of what the traffic was to hold went missing.
    expect(Object.keys(compared).sort()).toEqual(
      [
        ...['ah', 'arp', link, 'frame', 'icmp', 'icmpv6', 'ipv4', 'ipv6', 'ipv6_dstopts'],
        ...['ipv6_fragment', 'ipv6_hopopts', 'ipv6_routing', 'layers', 'payload', 'tcp', 'udp', 'vlan'],
      ].sort(),
    );
  });

  test('checksums: wrong where the sender left them to the hardware, right where it did not', () => {
    const frames = decodedFrames(capture('whole.pcap'));
    const verdicts = new Set<string>();
    for (const frame of frames) {
      for (const layer of frame.layers) {
        if ('checksumOk' in layer.fields) verdicts.add(`${layer.protocol} ${layer.fields.checksumOk}`);
      }
    }
    for (const seen of [
      'udp true',
      'udp false',
      'udp null',
      'tcp true',
      'tcp false',
      'icmp true',
      'icmpv6 true',
    ]) {
      expect(verdicts).toContain(seen);
    }
    expect(verdicts).not.toContain('ipv4 false');
    const rules = new Set(frames.flatMap((frame) => frame.problems.map((problem) => problem.rule)));
    expect([...rules].sort()).toEqual(['tcp_checksum', 'udp_checksum']);
  });
});
