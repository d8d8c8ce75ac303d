// Sizes of a stream's frames, in bytes without FCS. RFC 894 and IEEE 802.3 (minimum 60 without FCS).

import type { Size } from './plan.js';
import { imix, smallestFrame } from './schema/rate.js';
import type { StreamSpec } from './schema/scenario.js';
import { tables } from './tables.js';

const ethernet = 14;

export function tagBytes(stream: StreamSpec): number {
  return stream.vlan.length * 4;
}

/** The frame that headers and payload fill; Ethernet pads it to 60. */
export function smallestFrameFor(stream: StreamSpec): number {
  const network = stream.to?.ip.length === 16 ? 40 : 20;
  const transport = stream.kind === 'udp' ? 8 : 20;
  return Math.max(smallestFrame, ethernet + tagBytes(stream) + network + transport + payloadBytes(stream));
}

function payloadBytes(stream: StreamSpec): number {
  const { payload } = stream;
  if (payload === undefined || stream.kind === 'syn_flood') return 0;
  return tables().payloads.find((row) => row.name === payload.kind)?.size ?? payload.data.length;
}

/** The stream's sizes; IMIX classes that are too small for the payload are raised to what it needs. */
export function frameSizes(stream: StreamSpec): Size | null {
  if (stream.size === undefined) return null;
  if (!isImix(stream)) return stream.size;
  const least = smallestFrameFor(stream);
  return { ...stream.size, choices: stream.size.choices.map((bytes) => Math.max(bytes, least)) };
}

export function isImix(stream: StreamSpec): boolean {
  return stream.size === imix;
}

export function largestFrameOf(stream: StreamSpec): number {
  const { size } = stream;
  if (size === undefined) return smallestFrameFor(stream);
  return size.kind === 'UNIFORM' ? size.max : Math.max(...size.choices);
}
