// A capture of Ethernet frames in the other form that tcpdump writes.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The capture as `tcpdump -i any` would have written it (LINKTYPE_LINUX_SLL, 113). */
export function cooked(file: string): string {
  const bytes = readFileSync(file);
  const parts = [Buffer.from(bytes.subarray(0, 24))];
  parts[0]?.writeUInt32LE(113, 20);
  for (let at = 24; at < bytes.length; ) {
    const record = Buffer.from(bytes.subarray(at, at + 16));
    const length = record.readUInt32LE(8);
    const frame = bytes.subarray(at + 16, at + 16 + length);
    for (const place of [8, 12]) record.writeUInt32LE(length + 2, place);
    // To this host, Ethernet, six bytes of address: the sender's.
    const link = [
      Buffer.from('000000010006', 'hex'),
      frame.subarray(6, 12),
      Buffer.alloc(2),
      frame.subarray(12),
    ];
    parts.push(record, ...link);
    at += 16 + length;
  }
  const path = join(dirname(file), 'cooked.pcap');
  writeFileSync(path, Buffer.concat(parts));
  return path;
}
