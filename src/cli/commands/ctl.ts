// `ringbed ctl`: asks and tells a running device, as the published NanoNet control tool does.
import { askRun, type DeviceState, findRun, parseRequest } from '../../control/index.js';
import { count, percent, time } from '../../report/format.js';
import { stringify } from '../../report/index.js';
import { print } from '../output.js';

interface CtlFlags {
  run?: string;
  json?: boolean;
}

export async function ctl(words: string[], flags: CtlFlags): Promise<number> {
  const request = parseRequest(words);
  const folder = await findRun(flags.run);
  const state = await askRun(folder, request);
  if (flags.json) {
    print(`${stringify({ schema: 'ringbed.ctl/1', command: request.command, ...state })}\n`);
    return 0;
  }
  const lines: Record<typeof request.command, () => string[]> = {
    status: () => status(state),
    stats: () => stats(state),
    reset: () => ['counts start anew; the report of the run keeps what was counted before'],
    enable: () => ['enabled'],
    disable: () => ['disabled: every frame goes past the device'],
    config: () => [`answers to ${target(state)}`],
    'clear-connections': () => [`${count(state.cleared)} connections cleared`],
  };
  print(`${lines[request.command]().join('\n')}\n`);
  return 0;
}

function target({ target: { ip, port, protocol, groups } }: DeviceState): string {
  const where = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  return `${where} ${protocol}${groups.length === 0 ? '' : `, in ${groups.join(', ')}`}`;
}

function status(state: DeviceState): string[] {
  const { pool, connections } = state;
  return [
    `device       ${state.enabled ? 'enabled' : 'disabled'} for ${time(state.timeNs)}, ${count(state.cores)} ${state.cores === 1 ? 'core' : 'cores'}`,
    `answers to   ${target(state)}`,
    `pool         ${count(pool.inUse)} of ${count(pool.size)} in use (${percent(pool.inUse, pool.size)}), kind ${pool.kind}`,
    `connections  ${count(connections.active)} active`,
  ];
}

function stats({ stats: { processingNs, drops, ...counts }, connections, pool }: DeviceState): string[] {
  const times =
    processingNs.count > 0
      ? `last ${time(processingNs.last)}, min ${time(processingNs.min)}, mean ${time(processingNs.mean)}, max ${time(processingNs.max)}`
      : 'none yet';
  return [
    `packets      ${count(counts.received)} received, ${count(counts.processed)} processed, ${count(counts.bypassed)} bypassed, ${count(counts.dropped)} dropped`,
    `responses    ${count(counts.responded)} sent`,
    `processing   ${times}`,
    `connections  ${count(connections.active)} active, ${count(connections.inserted)} made, ${count(connections.closed)} closed, ${count(connections.expired)} expired, ${count(connections.rejected)} rejected, ${count(connections.cleared)} cleared`,
    `pool         ${count(pool.inUse)} of ${count(pool.size)} in use, at most ${count(pool.inUsePeak)}; ${count(pool.exhausted)} found it empty`,
    ...drops.map(
      ({ stage, reason, count: dropped }) => `dropped      ${count(dropped)} ${reason} (${stage})`,
    ),
  ];
}
