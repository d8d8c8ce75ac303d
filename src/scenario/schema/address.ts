// Addresses: IPv4, IPv6, MAC and `address:port` endpoints, as bytes.
import { isIPv4, isIPv6 } from 'node:net';
import { either, isMap, maybe, type Outcome, object, scalar, type Type, typed, wrong } from './kit.js';
import { count, readCount } from './scalars.js';

/** 4 or 16 bytes, or undefined. */
export function parseIp(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  return isIPv6(text) && !text.includes('%') ? parseIpv6(text) : undefined;
}

function parseIpv6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const pair = (high: string | undefined, low: string | undefined) =>
    (Number(high) * 256 + Number(low)).toString(16);
  const full =
    dotted === null ? text : `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`;
  const [head = '', tail] = full.split('::');
  const words = (part: string) => part.split(':').filter((word) => word !== '');
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

export function formatIp(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((ip[2 * i] ?? 0) << 8) | (ip[2 * i + 1] ?? 0)).toString(16),
  );
  const longest = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort(
    (a, b) => b[0].length - a[0].length,
  )[0];
  if (longest === undefined) return groups.join(':');
  const whole = groups.join(':');
  const before = whole.slice(0, longest.index);
  const after = whole.slice(longest.index + longest[0].length);
  return `${before}::${after.replace(/^:/, '')}`;
}

export function isMulticast(ip: Uint8Array): boolean {
  return ip.length === 4 ? ((ip[0] ?? 0) & 0xf0) === 0xe0 : ip[0] === 0xff;
}

/** The limited broadcast address (RFC 919). */
function isBroadcast(ip: Uint8Array): boolean {
  return ip.length === 4 && ip.every((byte) => byte === 0xff);
}

/** Whether the MAC for an IP address follows from it, for everybody on the link. */
export function hasOwnMac(ip: Uint8Array): boolean {
  return isMulticast(ip) || isBroadcast(ip);
}

/**
 * The MAC for an IP address: a group's by RFC 1112 and RFC 2464, all ones for broadcast, else a locally
 * administered one (02:00) made of the address's last four bytes, so that hosts have distinct and repeatable MACs.
 */
export function macFor(ip: Uint8Array): Uint8Array {
  if (isBroadcast(ip)) return new Uint8Array(6).fill(0xff);
  const low = [...ip.subarray(-4)];
  if (!isMulticast(ip)) return Uint8Array.from([0x02, 0x00, ...low]);
  if (ip.length === 16) return Uint8Array.from([0x33, 0x33, ...low]);
  return Uint8Array.from([0x01, 0x00, 0x5e, (low[1] ?? 0) & 0x7f, low[2] ?? 0, low[3] ?? 0]);
}

export function parseMac(text: string): Uint8Array | undefined {
  return /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)
    ? Uint8Array.from(text.split(/[:-]/), (byte) => Number.parseInt(byte, 16))
    : undefined;
}

export function ipAddress(): Type<Uint8Array> {
  return scalar((value) => readBytes(value, parseIp, 'an IP address', '10.0.0.2 or 2001:db8::2'), {
    type: 'string',
    examples: ['10.0.0.2'],
  });
}

export function macAddress(): Type<Uint8Array> {
  return scalar((value) => readBytes(value, parseMac, 'a MAC address', '02:00:0a:00:00:02'), {
    type: 'string',
    pattern: '^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$',
  });
}

export function readBytes(
  value: unknown,
  parse: (text: string) => Uint8Array | undefined,
  what: string,
  example: string,
): Outcome<Uint8Array> {
  const bytes = typeof value === 'string' ? parse(value) : undefined;
  return bytes === undefined
    ? { ...wrong(value, what), expected: `${what} such as ${example}` }
    : { value: bytes };
}

export interface EndpointText {
  readonly ip: Uint8Array;
  readonly port: number;
  /** Absent: derived from the IP. */
  readonly mac?: Uint8Array | undefined;
}

export function formatEndpoint({ ip, port }: EndpointText): string {
  return ip.length === 4 ? `${formatIp(ip)}:${port}` : `[${formatIp(ip)}]:${port}`;
}

const endpointExample = 'IP:PORT such as 239.1.1.1:8080 or [2001:db8::1]:8080';

function readEndpoint(value: unknown): Outcome<EndpointText> {
  if (typeof value !== 'string')
    return { ...wrong(value, 'an address with a port'), expected: endpointExample };
  const match = /^\[([^\]]*)\]:([^:]*)$/.exec(value) ?? /^([^:[\]]*):([^:]*)$/.exec(value);
  if (match === null) {
    const noPort = parseIp(value) !== undefined;
    const problem = noPort ? `"${value}" has no port` : wrong(value, 'an address with a port');
    return typeof problem === 'string'
      ? { problem, expected: endpointExample }
      : { ...problem, expected: endpointExample };
  }
  const ip = parseIp(match[1] ?? '');
  if (ip === undefined) return { problem: `"${match[1]}" is not an IP address`, expected: endpointExample };
  const port = readCount(match[2], 1, 65_535, 'a port from 1 to 65535');
  return 'value' in port ? { value: { ip, port: port.value } } : port;
}

/** `IP:PORT`, or a map with ip, port and mac. */
export function endpoint(): Type<EndpointText> {
  const plain = scalar(readEndpoint, { type: 'string', examples: ['239.1.1.1:8080'] });
  const full = typed(
    object({
      ip: ipAddress(),
      port: count({ min: 1, max: 65_535 }, 'a port'),
      mac: maybe(macAddress(), 'default: derived from the IP'),
    }),
  );
  return either<EndpointText>([plain, full], (value) => (isMap(value) ? 1 : 0));
}
