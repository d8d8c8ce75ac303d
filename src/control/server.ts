// The run's end of its control socket: reads requests, puts them to the core, writes the answers. Lives on
// Node's own loop, beside the run's threads; the run does not know that it is there.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { ControlCommand, ControlReply } from '../native/index.js';
import { answerOf, commandOf, failureOf } from './protocol.js';
import { claimFolder, sweepFolders } from './run-folder.js';

// A request is a hundred bytes; whoever sends more without a line's end is no client.
const longestLine = 4096;

export interface ControlServer {
  /** The run's folder. */
  path: string;
  close(): void;
}

/** Opens the socket in a folder of this process under `base`, and sweeps away what dead ones have left. */
export async function serveControl(
  base: string,
  ask: (command: ControlCommand) => Promise<ControlReply>,
  stringify: (value: unknown) => string,
): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  // Half open: who says all that it has to say, and then listens, gets its answers too.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    converse(socket, async (line) => {
      try {
        return stringify(answerOf(await ask(commandOf(line))));
      } catch (error) {
        return stringify(failureOf(error));
      }
    });
  });
  await sweepFolders(base);
  const path = await claimFolder(
    base,
    (at) =>
      new Promise((done, failed) => {
        server.once('error', failed);
        server.listen(at, done);
      }),
  );
  // The run decides how long the process lives.
  server.unref();
  return {
    path,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

// One line in, one line out, in order.
function converse(socket: Socket, reply: (line: string) => Promise<string>): void {
  let pending = '';
  let last = Promise.resolve();
  socket.setEncoding('utf8');
  socket.unref();
  const answer = (line: string) => {
    last = last.then(async () => {
      const text = await reply(line);
      if (!socket.destroyed) socket.write(`${text}\n`);
    });
  };
  socket.on('data', (chunk: string) => {
    pending += chunk;
    for (let end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
      answer(pending.slice(0, end));
      pending = pending.slice(end + 1);
    }
    if (pending.length > longestLine) socket.destroy();
  });
  socket.on('end', () => {
    if (pending !== '') answer(pending);
    last = last.then(() => {
      socket.end();
    });
  });
}
