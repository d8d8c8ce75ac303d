// Closed formulas of queueing theory that the simulator is held to. Times are in units of the mean
// service time, `places` counts the one in service.

export interface QueueTheory {
  /** Share of arrivals that find the queue full. */
  loss: number;
  /** Mean wait before service of those that are served. */
  wait: number;
}

/** M/M/1/K (Gross, Harris: Fundamentals of Queueing Theory, section 2.5). */
export function mm1k(load: number, places: number): QueueTheory {
  const weights = Array.from({ length: places + 1 }, (_, n) => load ** n);
  const total = weights.reduce((a, b) => a + b, 0);
  const loss = (weights[places] as number) / total;
  const inSystem = weights.reduce((sum, weight, n) => sum + (n * weight) / total, 0);
  return { loss, wait: inSystem / (load * (1 - loss)) - 1 };
}

/** M/D/1/K by the Markov chain embedded at departures (ibid., section 5.1.7). */
export function md1k(load: number, places: number): QueueTheory {
  const arrivals = [Math.exp(-load)];
  for (let k = 1; k <= places; k += 1) arrivals.push(((arrivals[k - 1] as number) * load) / k);
  const left = [1];
  for (let j = 0; j + 1 < places; j += 1) {
    let sum = (left[j] as number) - (left[0] as number) * (arrivals[j] as number);
    for (let i = 1; i <= j; i += 1) sum -= (left[i] as number) * (arrivals[j - i + 1] as number);
    left.push(sum / (arrivals[0] as number));
  }
  const total = left.reduce((a, b) => a + b, 0);
  const carried = 1 / ((left[0] as number) / total + load);
  const loss = 1 - carried;
  const inSystem = left.reduce((sum, p, n) => sum + (n * p * carried) / total, places * loss);
  return { loss, wait: inSystem / (load * carried) - 1 };
}

/** Erlang's loss formula: the share of requests that find all `servers` busy. */
export function erlangB(offered: number, servers: number): number {
  let blocking = 1;
  for (let n = 1; n <= servers; n += 1) blocking = (offered * blocking) / (n + offered * blocking);
  return blocking;
}
