import { describe, expect, it } from 'vitest';
import { answerOf, commandOf, failureOf, parseRequest, readAnswer } from '../../../src/control/protocol.js';
import { RingbedError } from '../../../src/errors/index.js';
import type { ControlReply } from '../../../src/native/index.js';
import { stringify } from '../../../src/report/index.js';

const words = (text: string) => text.split(' ');

describe('ringbed ctl', () => {
  it.each(['status', 'stats', 'reset', 'enable', 'disable', 'clear-connections'])(
    '%s is a command',
    (name) => {
      expect(parseRequest([name])).toEqual({ command: name });
      expect(commandOf(JSON.stringify({ command: name }))).toEqual({ command: name });
    },
  );

  it.each<[string, { ip: number[]; port: number; protocol: number; group?: number[] }]>([
    ['config 10.0.0.2 8080 udp', { ip: [10, 0, 0, 2], port: 8080, protocol: 17 }],
    ['config 10.0.0.2 1 TCP', { ip: [10, 0, 0, 2], port: 1, protocol: 6 }],
    [
      'config 10.0.0.2 65535 udp multicast 239.1.1.1',
      { ip: [10, 0, 0, 2], port: 65_535, protocol: 17, group: [239, 1, 1, 1] },
    ],
  ])('%s goes over the socket and becomes bytes', (text, { ip, group, ...rest }) => {
    const command = commandOf(JSON.stringify(parseRequest(words(text))));
    expect(command).toEqual({
      command: 'config',
      ...rest,
      ip: Uint8Array.from(ip),
      ...(group === undefined ? {} : { group: Uint8Array.from(group) }),
    });
  });

  it.each([
    ['', /no command ""/],
    ['stop', /no command "stop"/],
    ['reset now', /takes no "now"/],
    ['config', /not an IP address/],
    ['config 10.0.0.256 80 udp', /"10.0.0.256" is not an IP/],
    ['config 10.0.0.2 0 udp', /not a port/],
    ['config 10.0.0.2 65536 udp', /not a port/],
    ['config 10.0.0.2 80 sctp', /not udp or tcp/],
    ['config 10.0.0.2 80 udp unicast 239.1.1.1', /not "multicast GROUP"/],
    ['config 10.0.0.2 80 udp multicast', /not "multicast GROUP"/],
    ['config 10.0.0.2 80 udp multicast 10.0.0.3', /no multicast group/],
    ['config 10.0.0.2 80 udp multicast 239.1.1.1 too', /not "multicast GROUP"/],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseRequest(words(text))).toThrow(message);
  });

  it.each(['', '[]', '{', 'null', '{"command":"config","ip":{},"port":[],"protocol":1}', '{"command":"x"}'])(
    'refuses the line %s without a fault of its own',
    (line) => {
      expect(() => commandOf(line)).toThrow(RingbedError);
    },
  );

  const reply: ControlReply = {
    timeNs: 2n ** 60n,
    enabled: true,
    cores: 2,
    target: {
      ip: Uint8Array.of(10, 0, 0, 2),
      port: 8080,
      protocol: 17,
      groups: [Uint8Array.of(239, 1, 1, 1)],
    },
    stats: {
      received: 5n,
      processed: 4n,
      bypassed: 1n,
      responded: 2n,
      dropped: 0n,
      drops: [],
      processingNs: { count: 5n, last: 80n, min: 70n, max: 90n, mean: 80.5 },
    },
    connections: {
      active: 1,
      peak: 2,
      inserted: 3n,
      closed: 1n,
      expired: 1n,
      evicted: 0n,
      rejected: 0n,
      cleared: 0n,
      lookups: 9n,
    },
    pool: { kind: 'fifo', size: 256, inUse: 1, inUsePeak: 2, exhausted: 0n },
    cleared: 0n,
  };

  it('carries a reply whole, counts above 2^53 as strings', () => {
    const state = readAnswer(stringify(answerOf(reply), 0));
    expect(state.timeNs).toBe((2n ** 60n).toString());
    expect(state.target).toEqual({ ip: '10.0.0.2', port: 8080, protocol: 'udp', groups: ['239.1.1.1'] });
    expect(state.stats.processingNs.mean).toBe(80.5);
    expect('ok' in state).toBe(false);
  });

  it('carries a failure as what it was', () => {
    const line = stringify(failureOf(new RingbedError('unavailable', 'it is simulated', 'use veth')), 0);
    expect(() => readAnswer(line)).toThrow(
      expect.objectContaining({ code: 'unavailable', message: 'it is simulated', hint: 'use veth' }),
    );
    expect(() => readAnswer('nonsense')).toThrow(RingbedError);
  });
});
