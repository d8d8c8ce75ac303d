// `ringbed ctl`'s end of a run's control socket: one request, one answer.
import { connect } from 'node:net';
import { RingbedError } from '../errors/index.js';
import { type DeviceState, type Request, readAnswer } from './protocol.js';
import { socketOf } from './run-folder.js';

// Longer than the run itself waits for its cores.
const patienceMs = 10_000;

/** Puts a request to the run in `folder`. @throws RingbedError what the run says, or that it does not answer */
export function askRun(folder: string, request: Request): Promise<DeviceState> {
  return new Promise((done, failed) => {
    const socket = connect(socketOf(folder));
    let received = '';
    const fail = (message: string, hint: string): void => {
      socket.destroy();
      failed(new RingbedError('unavailable', message, hint));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(patienceMs, () =>
      fail('the run does not answer', 'see whether its process still works'),
    );
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      const hint =
        code === 'EACCES'
          ? 'it belongs to another user: become that user'
          : 'it may have ended in this moment';
      fail(`cannot reach the run in ${folder} (${code})`, hint);
    });
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf('\n');
      if (end < 0) return;
      socket.destroy();
      try {
        done(readAnswer(received.slice(0, end)));
      } catch (error) {
        failed(error);
      }
    });
    socket.once('close', () => fail('the run ended before it answered', ''));
  });
}
