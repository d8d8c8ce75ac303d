// The digest of a scenario: equal where traffic, device, network and costs are equal, whichever world runs
// it and wherever its files lie. Files count by their contents, not by their paths.
import { createHash } from 'node:crypto';
import { decodeMessage, encodeMessage } from './codec.js';
import type { Plan } from './plan.js';

/** Canonical bytes of a plan. */
export function encodePlan(plan: Plan): Uint8Array {
  return encodeMessage('Plan', plan);
}

/** A plan from its bytes. Error: invalid. */
export function decodePlan(bytes: Uint8Array): Plan {
  return decodeMessage('Plan', bytes) as unknown as Plan;
}

/** SHA-256, in hexadecimal, of the plan without world, ports, engine, file paths and the costs' origin. */
export function planDigest(plan: Plan): string {
  const portable: Omit<Plan, 'device' | 'generator'> & { device: object; generator: null } = {
    ...plan,
    world: { kind: 'SIM', interfaces: [], allowed: [] },
    device: { ...plan.device, port: '', xdp: null, socket: null },
    generator: null,
    costs: { ...plan.costs, profile: '' },
    // Objectives are judged one by one: the order they are written in means nothing.
    slo: [...plan.slo].sort((a, b) => (a.metric < b.metric ? -1 : 1)),
    traffic: plan.traffic.map((stream) =>
      stream.replay === null ? stream : { ...stream, replay: { ...stream.replay, file: '' } },
    ),
    classifier: plan.classifier === null ? null : { ...plan.classifier, object: '' },
  };
  return createHash('sha256').update(encodeMessage('Plan', portable)).digest('hex');
}
