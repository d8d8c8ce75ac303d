// The reference cost profile: what a packet costs on a recent 3 GHz server core with the data plane of this
// repository. It ships as data so that a scenario's digest and report are the same everywhere;
// `ringbed calibrate` measures this host instead.
export const referenceCosts = {
  packet: '60ns',
  byte: '0.05ns',
  probe: '4ns',
  coldProbe: '60ns',
  classifier: '40ns',
  respond: '60ns',
  txCompletion: '5us',
  poll: '20ns',
  interrupt: '2us',
  yield: '1us',
} as const;
