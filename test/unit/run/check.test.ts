// What the core finds impossible in a plan is said of the scenario's line.
import { describe, expect, it } from 'vitest';
import { ScenarioError } from '../../../src/errors/index.js';
import { checkPlan } from '../../../src/run/index.js';
import { parseScenario } from '../../../src/scenario/index.js';

const check = (stream: string) =>
  checkPlan(parseScenario(`packets: 10\ntraffic:\n  - { name: feed, ${stream} }\n`, { file: 's.yaml' }));

describe('a plan that cannot be', () => {
  it.each([
    ['to: 10.0.0.2:80, from: 255.255.255.255:65535, flows: 2000', 'flows', /2000 source addresses/],
    [
      'to: 10.0.0.2:80, kind: tcp, flows: 2, tcp: { concurrent: 5 }',
      'tcp.concurrent',
      /as many flows, not 2/,
    ],
    [
      'to: 10.0.0.2:80, kind: tcp, tcp: { handshake: none, dataSegments: 0, close: none }',
      'tcp',
      /has no frame/,
    ],
  ])('%s', (stream, path, says) => {
    let found: unknown;
    try {
      check(stream);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(ScenarioError);
    const [fault] = (found as ScenarioError).faults;
    expect(fault).toMatchObject({ file: 's.yaml', line: 3, path: `traffic.feed.${path}` });
    expect(fault?.message).toMatch(says);
    expect(fault?.column).toBeGreaterThan(10);
    expect((found as ScenarioError).hint).not.toBe('');
  });

  it('a classifier without the stage that is named, an object that is none', () => {
    const classified = (classifier: string) => () =>
      checkPlan(parseScenario(`packets: 10\ntraffic: [{ to: 10.0.0.2:80 }]\nclassifier: ${classifier}\n`));
    expect(classified('{ object: classifier.bpf.o, stages: [pars] }')).toThrow(
      /3:\d+: classifier.stages: the object has no program pars/,
    );
    expect(classified('{ object: package.json }')).toThrow(/3:\d+: classifier.object: .*no ELF file/);
    expect(classified('{ object: classifier.bpf.o, stages: [parse, port] }')).not.toThrow();
  });

  it('lets a whole one pass', () => {
    expect(() => check('to: 10.0.0.2:80, flows: 1000')).not.toThrow();
  });
});
