// What goes over a run's control socket: one JSON document a line, a request and its answer. Addresses are
// text, 64-bit counts above 2^53 strings, as in reports.
import { type ErrorCode, isErrorCode, RingbedError } from '../errors/index.js';
import type { ControlCommand, ControlReply } from '../native/index.js';
import { formatIp, isMulticast, parseIp } from '../scenario/index.js';

export const commandNames = [
  'status',
  'stats',
  'reset',
  'enable',
  'disable',
  'config',
  'clear-connections',
] as const;

export type CommandName = (typeof commandNames)[number];

/** `ip`, `port` and `protocol` belong to config; `group` may. */
export interface Request {
  command: CommandName;
  ip?: string;
  port?: number;
  protocol?: 'udp' | 'tcp';
  group?: string;
}

/** A reply, with addresses as text. */
export type DeviceState = Omit<ControlReply, 'target'> & {
  target: { ip: string; port: number; protocol: string; groups: string[] };
};

export type Answer =
  | ({ ok: true } & DeviceState)
  | { ok: false; error: { code: ErrorCode; message: string; hint: string } };

const protocols = new Map([
  ['udp', 17],
  ['tcp', 6],
]);

/** The words after `ringbed ctl` as a request. @throws RingbedError `usage` */
export function parseRequest(words: readonly string[]): Request {
  const [name = '', ...rest] = words;
  const command = commandNames.find((known) => known === name);
  if (command === undefined) {
    throw new RingbedError('usage', `there is no command "${name}"`, `use one of ${commandNames.join(', ')}`);
  }
  if (command !== 'config') {
    if (rest.length > 0) throw new RingbedError('usage', `${command} takes no "${rest[0]}"`);
    return { command };
  }
  const form = 'config IP PORT udp|tcp [multicast GROUP]';
  const [ip = '', port = '', protocol = '', word, group, ...more] = rest;
  if (parseIp(ip) === undefined) throw new RingbedError('usage', `"${ip}" is not an IP address`, form);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new RingbedError('usage', `"${port}" is not a port from 1 to 65535`, form);
  }
  const known = protocol.toLowerCase();
  if (known !== 'udp' && known !== 'tcp') {
    throw new RingbedError('usage', `"${protocol}" is not udp or tcp`, form);
  }
  const request: Request = { command, ip, port: Number(port), protocol: known };
  if (word === undefined) return request;
  const groupBytes = parseIp(group ?? '');
  if (word !== 'multicast' || groupBytes === undefined || more.length > 0) {
    throw new RingbedError(
      'usage',
      `"${[word, group, ...more].join(' ').trim()}" is not "multicast GROUP"`,
      form,
    );
  }
  if (!isMulticast(groupBytes)) throw new RingbedError('usage', `${group} is no multicast group`, form);
  return { ...request, group: group as string };
}

/** A line of the socket as the command for the core. @throws RingbedError `usage` for what is none */
export function commandOf(line: string): ControlCommand {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RingbedError('usage', 'a request is one JSON object a line');
  }
  const { command, ip, port, protocol, group } = (value ?? {}) as Record<string, unknown>;
  const words = [command, ...(command === 'config' ? [ip, port, protocol] : [])];
  const request = parseRequest([...words, ...(group == null ? [] : ['multicast', group])].map(String));
  if (request.command !== 'config') return { command: request.command };
  const target = {
    command: request.command,
    ip: parseIp(request.ip as string) as Uint8Array,
    port: request.port as number,
    protocol: protocols.get(request.protocol as string) as number,
  };
  return request.group === undefined ? target : { ...target, group: parseIp(request.group) as Uint8Array };
}

/** The core's reply as it goes over the socket. */
export function answerOf(reply: ControlReply): Answer {
  const { target, ...rest } = reply;
  const protocol = [...protocols].find(([, number]) => number === target.protocol)?.[0];
  return {
    ok: true,
    ...rest,
    target: {
      ip: target.ip.length === 0 ? '' : formatIp(target.ip),
      port: target.port,
      protocol: protocol ?? String(target.protocol),
      groups: target.groups.map(formatIp),
    },
  };
}

export function failureOf(error: unknown): Answer {
  const known = error instanceof RingbedError ? error : new RingbedError('internal', String(error));
  return { ok: false, error: { code: known.code, message: known.message, hint: known.hint } };
}

/** An answer from the socket; a failure is thrown as what it was. */
export function readAnswer(line: string): DeviceState {
  let answer: Answer;
  try {
    answer = JSON.parse(line) as Answer;
  } catch {
    throw new RingbedError('internal', `the run answered what is no JSON: ${line.slice(0, 80)}`);
  }
  if (answer.ok) {
    const { ok: _, ...state } = answer;
    return state;
  }
  const { code, message, hint } = answer.error;
  throw new RingbedError(isErrorCode(code) ? code : 'internal', message, hint);
}
