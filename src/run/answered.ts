// Whether the process behind a socket file still lives: the file outlives it, but refuses then.
import { connect } from 'node:net';

/**
 * False only when nobody listens. Any other error is not the process's death: one that is stopped, or asked by
 * too many at once, has no room for another connection (EAGAIN).
 */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}
