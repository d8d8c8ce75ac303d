// Numbers for people: grouped counts, times in the unit that fits, shares. Fixed widths where they stand
// in columns; never locale-dependent, so that two machines print the same report.

/** 1234567 → "1,234,567". */
export function count(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const timeUnits: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** Nanoseconds → "812 ns", "1.25 µs", "10.0 ms"; three significant digits, exact below a microsecond. */
export function time(ns: bigint | number): string {
  const value = Number(ns);
  if (value === 0) return '0 ns';
  const [scale, unit] = timeUnits.find(([least]) => value >= least * 0.9995) ?? [1, 'ns'];
  return `${significant(value / scale)} ${unit}`;
}

/** Three significant digits, no exponent: 1.25, 12.5, 125, 1,250. */
export function significant(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return value.toString();
  if (Math.abs(value) >= 999.5) return count(Math.round(value));
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return value.toFixed(digits);
}

const decimal = ['', 'k', 'M', 'G', 'T'];

/** 4_980_000 → "4.98 M". */
export function scaled(value: number): string {
  let rank = 0;
  while (value >= 999.5 && rank < decimal.length - 1) {
    value /= 1000;
    rank++;
  }
  return rank === 0 ? significant(value) : `${significant(value)} ${decimal[rank]}`;
}

/** Bytes in binary units: "375 KiB". */
export function bytes(value: bigint | number): string {
  let size = Number(value);
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let rank = 0;
  while (size >= 1024 && rank < units.length - 1) {
    size /= 1024;
    rank++;
  }
  return `${significant(size)} ${units[rank]}`;
}

/** A share of a whole: "12.3 %", "0.0041 %"; "< 0.0001 %" rather than a zero that is none. */
export function percent(part: bigint | number, whole: bigint | number): string {
  if (Number(whole) === 0 || Number(part) === 0) return '0 %';
  const share = (Number(part) / Number(whole)) * 100;
  if (share < 0.0001) return '< 0.0001 %';
  if (share < 0.1) return `${share.toPrecision(2)} %`;
  return `${share === 100 ? '100' : share.toFixed(1)} %`;
}
