// The whole histograms of a run, by the name of their metric, in the form that HdrHistogram's tools read.
import type { Histogram, RunRecord } from '../run/result.js';
import { compressedHdr } from './hist.js';

/** Nanoseconds, HdrHistogram V2 compressed, in base64; histograms without a sample are left out. */
export function wholeHistograms({ result }: RunRecord): Record<string, string> {
  const named: [string, Histogram | null][] = [
    ...result.latency.map(({ name, ns }): [string, Histogram | null] => [`latency.${name}`, ns]),
    ...result.stages.map(({ name, ns }): [string, Histogram | null] => [`stages.${name}.ns`, ns]),
    ...result.streams.flatMap((stream): [string, Histogram | null][] => [
      [`streams.${stream.name}.response`, stream.response],
      [`streams.${stream.name}.gapIntended`, stream.gapIntended],
      [`streams.${stream.name}.gapAchieved`, stream.gapAchieved],
    ]),
  ];
  return Object.fromEntries(
    named.flatMap(([name, histogram]) =>
      histogram === null || histogram.count === 0n ? [] : [[name, compressedHdr(histogram.hdr)]],
    ),
  );
}
