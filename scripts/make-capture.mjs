// Writes scenarios/data/feed.pcap: a short, deterministic capture of NanoNet market data as a tap would have
// seen it (pcap with nanosecond times, RFC draft-ietf-opsawg-pcap). It replays in scenarios/capture-replay.yaml.
//   node scripts/make-capture.mjs [FILE]
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const frames = 200;
const startNs = 1_700_000_000_000_000_000n;
const symbols = ['AAPL', 'MSFT', 'NVDA', 'AMZN'];

/** RFC 1071 over 16-bit words; an odd last byte counts as the high one. */
function checksum(...parts) {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function marketData(index, timeNs) {
  const payload = Buffer.alloc(24);
  payload.write(symbols[index % symbols.length].padEnd(8), 'ascii');
  // A price that crosses the threshold of 10,000 cents: 7 of 11 messages are orders.
  payload.writeUInt32BE(9_993 + (index % 11), 8);
  payload.writeUInt32BE(100 * (1 + (index % 9)), 12);
  payload.writeBigUInt64BE(timeNs, 16);
  return payload;
}

function frame(index, timeNs) {
  const payload = marketData(index, timeNs);
  const source = Buffer.from([10, 0, 0, 1]);
  const group = Buffer.from([239, 1, 1, 1]);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(40_000 + (index % 4), 0);
  udp.writeUInt16BE(8080, 2);
  udp.writeUInt16BE(udp.length + payload.length, 4);
  const pseudo = Buffer.concat([source, group, Buffer.from([0, 17, 0, udp.length + payload.length])]);
  udp.writeUInt16BE(checksum(pseudo, udp, payload) || 0xffff, 6);
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(ip.length + udp.length + payload.length, 2);
  ip.writeUInt16BE(index, 4);
  ip.writeUInt16BE(0x4000, 6);
  ip[8] = 16;
  ip[9] = 17;
  source.copy(ip, 12);
  group.copy(ip, 16);
  ip.writeUInt16BE(checksum(ip), 10);
  const ethernet = Buffer.from('01005e01010102000a0000010800', 'hex');
  return Buffer.concat([ethernet, ip, udp, payload]);
}

function record(index) {
  // Pairs of frames 700 ns apart, a pair every 20 us: a gap that a burst of two shows.
  const timeNs = startNs + BigInt(Math.floor(index / 2)) * 20_000n + BigInt(index % 2) * 700n;
  const bytes = frame(index, timeNs);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Number(timeNs / 1_000_000_000n), 0);
  header.writeUInt32LE(Number(timeNs % 1_000_000_000n), 4);
  header.writeUInt32LE(bytes.length, 8);
  header.writeUInt32LE(bytes.length, 12);
  return Buffer.concat([header, bytes]);
}

function fileHeader() {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0); // nanosecond times
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20); // LINKTYPE_ETHERNET
  return header;
}

const file = process.argv[2] ?? fileURLToPath(new URL('../scenarios/data/feed.pcap', import.meta.url));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(
  file,
  Buffer.concat([fileHeader(), ...Array.from({ length: frames }, (_, index) => record(index))]),
);
