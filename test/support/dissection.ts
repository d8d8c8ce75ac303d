// Runs a capture through `ringbed decode`'s core, and compares what it says with an oracle's frames field by
// field. A field that only one side has is a difference too.
import { execFileSync } from 'node:child_process';
import { loadNative } from '../../src/native/index.js';
import type { OracleFrame, OracleLayer, Value } from './tshark.js';

export interface DecodedLayer {
  protocol: string;
  offset: number;
  length: number;
  fields: Record<string, Value>;
}

export interface DecodedFrame {
  frame: number;
  timeNs: string;
  length: number;
  captured: number;
  layers: DecodedLayer[];
  problems: { rule: string; layer: number; offset: number }[];
  verdict: 'ok' | 'incomplete' | 'malformed';
}

/** RINGBED_DECODE names another program that prints the lines (a sanitized build, for one). */
export function decodedFrames(path: string): DecodedFrame[] {
  return decodedLines(path)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DecodedFrame);
}

function decodedLines(path: string): string {
  const program = process.env.RINGBED_DECODE;
  if (program !== undefined) return execFileSync(program, [path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  const decoder = loadNative().openDecoder(path);
  let all = '';
  for (let lines = decoder.next(512); lines !== null; lines = decoder.next(512)) all += lines;
  const problem = decoder.problem();
  decoder.close();
  if (problem !== null) throw new Error(problem.message);
  return all;
}

export interface Comparison {
  frames: number;
  /** Fields that both sides have, by layer. */
  compared: Record<string, number>;
  differences: string[];
}

export function compareDissections(ours: DecodedFrame[], oracle: OracleFrame[]): Comparison {
  const result: Comparison = { frames: ours.length, compared: {}, differences: [] };
  if (ours.length !== oracle.length) {
    result.differences.push(`${ours.length} frames, the oracle has ${oracle.length}`);
    return result;
  }
  ours.forEach((frame, index) => {
    const expected = oracle[index];
    if (expected !== undefined) compareFrame(frame, expected, result);
  });
  return result;
}

// Of our own making, or not told apart by the oracle: that a length is presumed, what is reserved, the bytes of
// options (it prints them option by option) and ICMP's second word (it names it by the message's type).
const notInOracle: Record<string, readonly string[]> = {
  ipv4: ['lengthPresumed'],
  ipv6: ['lengthPresumed'],
  linux_sll2: ['reserved'],
  ipv6_hopopts: ['options'],
  ipv6_dstopts: ['options'],
  icmp: ['rest'],
  icmpv6: ['rest'],
};

// A route that the oracle has taken apart, address by address.
const isTakenApart = (name: string, oracle: OracleLayer): boolean =>
  oracle.protocol === 'ipv6_routing' && name === 'data' && oracle.fields.data === undefined;

// Where the checksum cannot be judged, because the route does not tell who the packet is for, the oracle
// takes the next hop for it; nor does it mind that segmentation offload has yet to compute it.
const leadsAnywhere = ({ protocol, fields }: DecodedLayer): boolean =>
  protocol === 'ipv6_routing' && fields.segmentsLeft !== 0 && ![0, 2, 4].includes(Number(fields.type));

function compareFrame(ours: DecodedFrame, oracle: OracleFrame, result: Comparison): void {
  const differ = (what: string, mine: unknown, theirs: unknown) =>
    result.differences.push(
      `frame ${ours.frame}: ${what} is ${JSON.stringify(mine)}, the oracle has ${JSON.stringify(theirs)}`,
    );
  const same = (group: string, what: string, mine: unknown, theirs: unknown) => {
    result.compared[group] = (result.compared[group] ?? 0) + 1;
    if (mine !== theirs) differ(what, mine, theirs);
  };
  for (const key of ['frame', 'timeNs', 'length', 'captured'] as const) {
    same('frame', key, ours[key], oracle[key]);
  }
  const cut = ours.captured < ours.length;
  const headers = ours.layers.filter((layer) => layer.protocol !== 'payload');
  const names = (layers: { protocol: string }[]) => layers.map((layer) => layer.protocol).join(' ');
  // A header that was cut off is shown in part by the oracle, and not by us.
  const expected = cut ? oracle.layers.slice(0, headers.length) : oracle.layers;
  same('layers', 'layers', names(headers), names(expected));
  if (names(headers) !== names(expected)) return;
  const unjudged = headers.some((layer) => leadsAnywhere(layer) || layer.fields.lengthPresumed === true);
  headers.forEach((layer, index) => {
    const { checksumOk: _, ...judged } = layer.fields;
    const oracles = expected[index] as OracleLayer;
    const { checksumOk: __, ...theirs } = oracles.fields;
    if (unjudged) compareLayer({ ...layer, fields: judged }, { ...oracles, fields: theirs }, cut, same);
    else compareLayer(layer, oracles, cut, same);
  });
  const payload = ours.layers.find((layer) => layer.protocol === 'payload')?.fields.hex;
  if (!cut && oracle.payload !== undefined) same('payload', 'payload', payload, oracle.payload);
}

function compareLayer(
  ours: DecodedLayer,
  oracle: OracleLayer,
  cut: boolean,
  same: (group: string, what: string, mine: unknown, theirs: unknown) => void,
): void {
  const { protocol } = ours;
  same(protocol, `${protocol}.offset`, ours.offset, oracle.offset);
  if (oracle.length !== undefined && !cut) same(protocol, `${protocol}.length`, ours.length, oracle.length);
  const ignored = notInOracle[protocol] ?? [];
  for (const [name, value] of Object.entries(ours.fields)) {
    if (!ignored.includes(name) && !isTakenApart(name, oracle))
      same(protocol, `${protocol}.${name}`, value, oracle.fields[name]);
  }
  for (const name of Object.keys(oracle.fields)) {
    const cutOff = cut && (name === 'options' || name === 'trailer');
    if (!(name in ours.fields) && !cutOff) {
      same(protocol, `${protocol}.${name}`, undefined, oracle.fields[name]);
    }
  }
}
