// tshark as the oracle of dissection: its PDML, brought into the shape and words of `ringbed decode`. A
// table says which of its fields means which of ours; everything else it tells is left out.
import { execFileSync } from 'node:child_process';

export type Value = string | number | boolean | null;

export interface OracleLayer {
  protocol: string;
  offset: number;
  /** Absent where tshark's extent means something else (IPv6 with its extension headers, ICMP with data). */
  length?: number;
  fields: Record<string, Value>;
}

export interface OracleFrame {
  frame: number;
  timeNs: string;
  length: number;
  captured: number;
  layers: OracleLayer[];
  /** Of the transport, where there is one. */
  payload?: string;
}

interface Node {
  name: string;
  pos: number;
  size: number;
  inside: string[];
  fields: Map<string, { show: string; value: string }>;
}

type Convert = (show: string, value: string) => Value;

const number: Convert = (show) => Number(show);
const flag: Convert = (show) => show === '1' || show === 'True';
const text: Convert = (show) => show;
const hex: Convert = (_, value) => value;
const address: Convert = (show, value) => (/^..(:..){5}$|\./.test(show) ? show : value);
const words: Convert = (show) => Number(show) / 4;
const lowByte: Convert = (show) => Number(show) & 0xff;
const bits: Convert = (_, value) => Number.parseInt(value, 16);
// The bits as they stand; what `show` counts in differs from version to version.
const unitsOf8: Convert = (_, value) => Number.parseInt(value, 16) * 8;
// tshark: 0 bad, 1 good, 2 unverified, 3 not present, 4 illegal.
const status: Convert = (show) => (show === '1' ? true : show === '0' ? false : null);

/** Names: `a|b` is a where it is there, else b; `a+b` the bytes of both. */
type FieldMap = Record<string, readonly [names: string, convert: Convert]>;

const icmp = (name: string): FieldMap => ({
  type: [`${name}.type`, number],
  code: [`${name}.code`, number],
  checksum: [`${name}.checksum`, number],
  checksumOk: [`${name}.checksum.status`, status],
});
const extension = (name: string, more: FieldMap = {}): FieldMap => ({
  nextHeader: [`${name}.nxt`, number],
  length: [`${name}.len`, number],
  ...more,
});

interface Mapping {
  protocol: string;
  fields: FieldMap;
  /** tshark's extent is the header, as ours. */
  sized: boolean;
}

const cooked: FieldMap = {
  packetType: ['sll.pkttype', number],
  arphrdType: ['sll.hatype', number],
  addressLength: ['sll.halen', number],
  address: ['sll.src.eth|sll.src.ipv4|sll.src.other', address],
  protocol: ['sll.etype|sll.ltype|sll.gretype', number],
  trailer: ['eth.padding+sll.trailer', hex],
};

const protocols: Record<string, Mapping> = {
  sll: { protocol: 'linux_sll', sized: true, fields: cooked },
  sll2: {
    protocol: 'linux_sll2',
    sized: true,
    fields: { ...cooked, interfaceIndex: ['sll.ifindex', number] },
  },
  null: {
    protocol: 'bsd_null',
    sized: true,
    fields: { family: ['null.family|null.type', number] },
  },
  eth: {
    protocol: 'ethernet',
    sized: true,
    fields: {
      dst: ['eth.dst', text],
      src: ['eth.src', text],
      type: ['eth.type|eth.len', number],
      trailer: ['eth.padding|eth.trailer', hex],
    },
  },
  vlan: {
    protocol: 'vlan',
    sized: true,
    fields: {
      pcp: ['vlan.priority', number],
      dei: ['vlan.dei', flag],
      vid: ['vlan.id', number],
      type: ['vlan.etype|vlan.len', number],
    },
  },
  ieee8021ad: {
    protocol: 'vlan',
    sized: true,
    fields: {
      pcp: ['ieee8021ad.priority', number],
      dei: ['ieee8021ad.dei', flag],
      vid: ['ieee8021ad.id', number],
      type: ['ieee8021ah.etype|ieee8021ad.etype', number],
    },
  },
  arp: {
    protocol: 'arp',
    sized: true,
    fields: {
      operation: ['arp.opcode', number],
      senderMac: ['arp.src.hw_mac', text],
      senderIp: ['arp.src.proto_ipv4', text],
      targetMac: ['arp.dst.hw_mac', text],
      targetIp: ['arp.dst.proto_ipv4', text],
    },
  },
  ip: {
    protocol: 'ipv4',
    sized: true,
    fields: {
      version: ['ip.version', number],
      ihl: ['ip.hdr_len', words],
      dscp: ['ip.dsfield.dscp', number],
      ecn: ['ip.dsfield.ecn', number],
      totalLength: ['ip.len', bits], // where it is 0, `show` is what is presumed
      identification: ['ip.id', number],
      df: ['ip.flags.df', flag],
      mf: ['ip.flags.mf', flag],
      fragmentOffset: ['ip.frag_offset', unitsOf8],
      ttl: ['ip.ttl', number],
      protocol: ['ip.proto', number],
      checksum: ['ip.checksum', number],
      checksumOk: ['ip.checksum.status', status],
      src: ['ip.src', text],
      // With a source route tshark calls the route's end the destination.
      dst: ['ip.cur_rt|ip.dst', text],
      options: ['Options:', hex],
    },
  },
  ipv6: {
    protocol: 'ipv6',
    sized: false,
    fields: {
      trafficClass: ['ipv6.tclass', number],
      flowLabel: ['ipv6.flow', number],
      payloadLength: ['ipv6.plen', bits],
      nextHeader: ['ipv6.nxt', number],
      hopLimit: ['ipv6.hlim', number],
      src: ['ipv6.src', text],
      dst: ['ipv6.dst', text],
    },
  },
  'ipv6.hopopts': {
    protocol: 'ipv6_hopopts',
    sized: true,
    fields: extension('ipv6.hopopts'),
  },
  'ipv6.dstopts': {
    protocol: 'ipv6_dstopts',
    sized: true,
    fields: extension('ipv6.dstopts'),
  },
  'ipv6.routing': {
    protocol: 'ipv6_routing',
    sized: true,
    fields: extension('ipv6.routing', {
      type: ['ipv6.routing.type', number],
      segmentsLeft: ['ipv6.routing.segleft', number],
      data: ['ipv6.routing.unknown_data', hex],
    }),
  },
  'ipv6.fraghdr': {
    protocol: 'ipv6_fragment',
    sized: true,
    fields: {
      nextHeader: ['ipv6.fraghdr.nxt', number],
      fragmentOffset: ['ipv6.fraghdr.offset', unitsOf8],
      mf: ['ipv6.fraghdr.more', flag],
      identification: ['ipv6.fraghdr.ident', number],
    },
  },
  ah: {
    protocol: 'ah',
    sized: true,
    fields: {
      nextHeader: ['ah.next_header', number],
      length: ['ah.length', number],
      spi: ['ah.spi', number],
      sequence: ['ah.sequence', number],
      icv: ['ah.icv', hex],
    },
  },
  icmp: { protocol: 'icmp', sized: false, fields: icmp('icmp') },
  icmpv6: { protocol: 'icmpv6', sized: false, fields: icmp('icmpv6') },
  udp: {
    protocol: 'udp',
    sized: true,
    fields: {
      srcPort: ['udp.srcport', number],
      dstPort: ['udp.dstport', number],
      length: ['udp.length', number],
      checksum: ['udp.checksum', number],
      checksumOk: ['udp.checksum.status', status],
    },
  },
  tcp: {
    protocol: 'tcp',
    sized: true,
    fields: {
      srcPort: ['tcp.srcport', number],
      dstPort: ['tcp.dstport', number],
      seq: ['tcp.seq_raw', number],
      ack: ['tcp.ack_raw', number],
      dataOffset: ['tcp.hdr_len', words],
      flags: ['tcp.flags', lowByte],
      window: ['tcp.window_size_value', number],
      checksum: ['tcp.checksum', number],
      checksumOk: ['tcp.checksum.status', status],
      urgentPointer: ['tcp.urgent_pointer', number],
      options: ['tcp.options', hex],
    },
  },
};

const settings = [
  'ipv6.tso_support:TRUE',
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'ip.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
  'udp.ignore_ipv6_zero_checksum:FALSE',
  'tcp.check_checksum:TRUE',
];

/** The frames of a capture as tshark sees them, checksums validated, nothing reassembled. */
export function tsharkFrames(path: string): OracleFrame[] {
  const pdml = execFileSync(
    'tshark',
    ['-n', '-r', path, '-T', 'pdml', ...settings.flatMap((s) => ['-o', s])],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return pdml
    .split('<packet>')
    .slice(1)
    .map((packet) => frame(nodes(packet)));
}

const attributePattern = /([a-z]+)="([^"]*)"/g;

/** Every `proto` of a packet with the fields right below it, in document order. */
function nodes(packet: string): Node[] {
  const all: Node[] = [];
  const open: Node[] = [];
  for (const line of packet.split('\n')) {
    const tag = /^\s*<(\/?)(proto|field)\b(.*)>/.exec(line);
    if (tag === null) continue;
    const [, closing, kind, rest = ''] = tag;
    if (closing === '/') {
      if (kind === 'proto') open.pop();
      continue;
    }
    const attributes: Record<string, string> = {};
    for (const [, key = '', value = ''] of rest.matchAll(attributePattern)) attributes[key] = value;
    const { name = '', show = '', value = '' } = attributes;
    if (kind === 'field') {
      // Fields without a name have their words in `show`: "Options: (4 bytes), Router Alert".
      const key = name === '' ? (show.split(' ')[0] ?? '') : name;
      const fields = open.at(-1)?.fields;
      if (fields !== undefined && !fields.has(key)) fields.set(key, { show, value });
      continue;
    }
    const node: Node = {
      name,
      pos: Number(attributes.pos),
      size: Number(attributes.size),
      inside: open.map((each) => each.name),
      fields: new Map(),
    };
    all.push(node);
    if (!rest.endsWith('/')) open.push(node);
  }
  return all;
}

function frame(all: Node[]): OracleFrame {
  const meta = all.find((node) => node.name === 'frame');
  const show = (name: string) => meta?.fields.get(name)?.show ?? '';
  const [seconds = '', fraction = ''] = show('frame.time_epoch').split('.');
  const result: OracleFrame = {
    frame: Number(show('frame.number')),
    timeNs: String(BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9))),
    length: Number(show('frame.len')),
    captured: Number(show('frame.cap_len')),
    layers: [],
  };
  for (const node of all) {
    const mapping = protocols[node.fields.has('sll.ifindex') ? 'sll2' : node.name];
    // An ICMP error quotes the packet that it is about: that is its data, not a layer.
    if (mapping === undefined || node.inside.some((name) => name.startsWith('icmp'))) continue;
    result.layers.push(layer(node, mapping));
    const payload = node.fields.get('udp.payload') ?? node.fields.get('tcp.payload');
    if (payload !== undefined) result.payload = payload.value;
  }
  return result;
}

function layer(node: Node, mapping: Mapping): OracleLayer {
  const fields: Record<string, Value> = {};
  for (const [ours, [theirs, convert]] of Object.entries(mapping.fields)) {
    for (const names of theirs.split('|')) {
      const parts = names.split('+').flatMap((name) => node.fields.get(name) ?? []);
      if (parts[0] !== undefined) {
        fields[ours] = convert(parts[0].show, parts.map(({ value }) => value).join(''));
        break;
      }
    }
  }
  return {
    protocol: mapping.protocol,
    offset: node.pos,
    ...(mapping.sized ? { length: node.size } : {}),
    fields,
  };
}
