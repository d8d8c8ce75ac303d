// What only the native core knows to be impossible in a plan (more flows than there are addresses, a session
// without a frame, a capture that breaks off), said of the line of the scenario that asks for it.
import { fromNative, type RingbedError } from '../errors/index.js';
import { loadNative } from '../native/index.js';
import type { Loaded } from '../scenario/index.js';

/**
 * Makes the plan's traffic and throws it away; replays are read once. Does nothing where the addon is missing.
 * @throws ScenarioError at the place in the scenario, RingbedError for what has none there
 */
export function checkPlan(scenario: Loaded): void {
  try {
    loadNative().checkPlan(scenario.bytes);
  } catch (cause) {
    const error = fromNative(cause);
    // Without the addon a scenario can be judged as far as its text goes; what needs more will say so.
    if (error.code !== 'unavailable') throw placed(scenario, error);
  }
}

// The core's messages begin with the path that they are about: `traffic.NAME.flows: …`, `device.target: …`.
function placed(scenario: Loaded, error: RingbedError): RingbedError {
  const [, words, what] = /^([\w.-]+): (.*)$/s.exec(error.message) ?? [];
  if (error.code !== 'invalid' || words === undefined || what === undefined) return error;
  const [first = '', ...rest] = words.split('.');
  const stream = scenario.plan.traffic.findIndex(({ name }) => first === 'traffic' && name === rest[0]);
  return scenario.faultAt(
    stream < 0 ? [first, ...rest] : [first, stream, ...rest.slice(1)],
    what,
    error.hint,
  );
}
