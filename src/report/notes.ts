// What a user would want to be told about a run that is sound and still not what was meant.
import type { RunRecord } from '../run/result.js';

const protocols = new Map([
  [6, 'tcp'],
  [17, 'udp'],
]);

/** One sentence each; mostly there is none. */
export function notesOf(record: RunRecord): string[] {
  return [...record.result.notes, ...missedTarget(record)];
}

function missedTarget({ plan, result }: RunRecord): string[] {
  const { device } = plan;
  const { packets } = result;
  if (!device?.enabled || device.target === null || packets.bypassed === 0n || packets.processed > 0n)
    return [];
  const protocol = protocols.get(device.protocol) ?? `protocol ${device.protocol}`;
  return [`no frame was for the device; it answers to ${endpointText(device.target)} (${protocol})`];
}

function endpointText({ ip, port }: { ip: Uint8Array; port: number }): string {
  if (ip.length === 4) return `${ip.join('.')}:${port}`;
  const hex = Buffer.from(ip).toString('hex').match(/.{4}/g) ?? [];
  // The URL parser writes IPv6 as RFC 5952 wants it.
  return `${new URL(`http://[${hex.join(':')}]`).hostname}:${port}`;
}
