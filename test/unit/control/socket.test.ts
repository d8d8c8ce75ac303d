import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askRun } from '../../../src/control/client.js';
import { baseFolders, findRun, ownBase, sweepFolders } from '../../../src/control/run-folder.js';
import { type ControlServer, serveControl } from '../../../src/control/server.js';
import { RingbedError } from '../../../src/errors/index.js';
import { stringify } from '../../../src/report/index.js';

let home: string;
let base: string;
let servers: ControlServer[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ringbed-run-'));
  base = ownBase({ XDG_RUNTIME_DIR: home });
});
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
  rmSync(home, { recursive: true, force: true });
});

async function serve(ask: (command: { command: string }) => Promise<unknown>): Promise<ControlServer> {
  const server = await serveControl(base, ask as never, (value) => stringify(value, 0));
  servers.push(server);
  return server;
}

const nothing = { target: { ip: new Uint8Array(), port: 0, protocol: 17, groups: [] } };

describe("a run's control socket", () => {
  it('lies in a folder that only its user may enter', async () => {
    const { path } = await serve(async () => nothing);
    expect(path).toBe(join(home, 'ringbed', String(process.pid)));
    expect(statSync(base).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('answers, and goes with the run', async () => {
    const server = await serve(async ({ command }) => ({ ...nothing, enabled: command === 'enable' }));
    expect(await askRun(server.path, { command: 'enable' })).toMatchObject({ enabled: true });
    server.close();
    expect(existsSync(server.path)).toBe(false);
    await expect(askRun(server.path, { command: 'status' })).rejects.toThrow(/cannot reach the run/);
  });

  it('hands an error on as it was', async () => {
    const server = await serve(async () => {
      throw new RingbedError('unavailable', 'it is simulated', 'use veth');
    });
    await expect(askRun(server.path, { command: 'status' })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'it is simulated',
      hint: 'use veth',
    });
  });

  it('answers several requests of one connection in order, however they are cut', async () => {
    let asked = 0;
    const server = await serve(async () => ({ ...nothing, cores: ++asked }));
    const socket = connect(join(server.path, 'ctl.sock'));
    let received = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      received += chunk;
    });
    const text = `${'{"command":"status"}\n'.repeat(3)}nonsense\n`;
    for (const piece of text.match(/.{1,7}/gs) ?? []) socket.write(piece);
    while (received.split('\n').length < 5) await new Promise((done) => setTimeout(done, 5));
    socket.destroy();
    const answers = received
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ ok, cores }) => [ok, cores])).toEqual([
      [true, 1],
      [true, 2],
      [true, 3],
      [false, undefined],
    ]);
  });

  // As `echo '{"command":"status"}' | nc -N -U ctl.sock` does, or a shell that forgets the line's end.
  it.each(['{"command":"status"}\n', '{"command":"status"}'])(
    'answers who has already closed its own half: %j',
    async (text) => {
      const server = await serve(async () => nothing);
      const socket = connect({ path: join(server.path, 'ctl.sock'), allowHalfOpen: true });
      let received = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        received += chunk;
      });
      const ended = new Promise((done) => socket.once('end', done));
      socket.end(text);
      await ended;
      expect(JSON.parse(received)).toMatchObject({ ok: true });
    },
  );

  it('hangs up on whoever sends no line', async () => {
    const server = await serve(async () => nothing);
    const socket = connect(join(server.path, 'ctl.sock'));
    const closed = new Promise((done) => socket.once('close', done));
    socket.on('error', () => {});
    socket.write('x'.repeat(10_000));
    await closed;
  });

  it('is found when it is the only one, or by its number or folder', async () => {
    const env = { XDG_RUNTIME_DIR: home };
    await expect(findRun('1', env)).rejects.toThrow(/no run of process 1/);
    const { path } = await serve(async () => nothing);
    expect(await findRun(String(process.pid), env)).toBe(path);
    expect(await findRun(path, env)).toBe(path);
    // Other runs of this user may be alive; then it must be named.
    const elsewhere = (await Promise.all(baseFolders({}).map(sweepFolders))).flat();
    if (elsewhere.length === 0) expect(await findRun(undefined, env)).toBe(path);
    else await expect(findRun(undefined, env)).rejects.toThrow(/runs are alive/);
  });

  it('sweeps away what dead processes have left, and nothing else', async () => {
    const { path } = await serve(async () => nothing);
    mkdirSync(join(base, '4194301'));
    writeFileSync(join(base, '4194301', 'ctl.sock'), '');
    mkdirSync(join(base, '4194302'));
    // Being made: by nobody any more, for too long, and just now.
    const [dead, stuck, young] = ['.4194303-00000000', '.1-00000000', `.${process.pid}-00000000`];
    for (const [name, age] of [
      [dead, 0],
      [stuck, 3600],
      [young, 0],
    ] as const) {
      mkdirSync(join(base, name));
      const when = Date.now() / 1000 - age;
      utimesSync(join(base, name), when, when);
    }
    writeFileSync(join(base, 'nic-1-2.state'), '');
    expect(await sweepFolders(base)).toEqual([{ pid: process.pid, path }]);
    expect(readdirSync(base).sort()).toEqual([young, String(process.pid), 'nic-1-2.state'].sort());
  });

  it('is refused a base that is no folder of this user', () => {
    const other = mkdtempSync(join(tmpdir(), 'ringbed-run-'));
    writeFileSync(join(other, 'ringbed'), '');
    expect(ownBase({ XDG_RUNTIME_DIR: other })).not.toBe(join(other, 'ringbed'));
    rmSync(other, { recursive: true });
  });
});
