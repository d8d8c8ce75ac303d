// The budget of an interrupt-driven core (NAPI), in times that can be added up by hand.
import { describe, expect, it } from 'vitest';
import { simulate } from '../../support/simulate.js';

// Two frames 20 ns apart, every 50 us; the interrupt takes 5 us, a frame 100 ns, the yield 3 us.
const scenario = (budget: number) => `
packets: 2000
core: { poll: interrupt, budget: ${budget}, batch: 2 }
nic: { rxDescriptors: 4096 }
costs: { packet: 100ns, byte: 0ns, poll: 0ns, interrupt: 5us, yield: 3us }
link: { rate: 100Gbps }
traffic:
  - name: pairs
    to: 10.0.0.2:8080
    rate: { burst: { rate: 50Mpps, on: 40ns, off: 50us } }
    payload: { kind: nanonet.market_data, price: 99999 }
`;

describe('an interrupt-driven core', () => {
  it.each([
    [1, 5000 + 100 + 3000 - 20], // yields between the two
    [2, 5000 + 100 - 20],
  ])('with a budget of %i lets the second frame wait %i ns', async (budget, second) => {
    const { stages, conserved } = await simulate(scenario(budget));
    const wait = stages.find(({ name }) => name === 'rx_ring')?.ns;
    expect({ first: Number(wait?.min), second: Number(wait?.max), conserved }).toEqual({
      first: 5000,
      second,
      conserved: true,
    });
  });
});
