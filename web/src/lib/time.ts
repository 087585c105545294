// Instants as people read them.

/** A step of a relative time: the seconds from which it is used, and its unit. */
const STEPS: [number, Intl.RelativeTimeFormatUnit, number][] = [
  [86_400 * 365, 'year', 86_400 * 365],
  [86_400 * 30, 'month', 86_400 * 30],
  [86_400, 'day', 86_400],
  [3_600, 'hour', 3_600],
  [60, 'minute', 60],
  [0, 'second', 1],
];

/** How long ago, in words; instants of up to 5 s are "now". */
export function ago(at: Date, now: Date, language: string): string {
  const seconds = (now.getTime() - at.getTime()) / 1_000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  if (Math.abs(seconds) < 5) return format.format(0, 'second');
  const [, unit, size] = STEPS.find(([from]) => Math.abs(seconds) >= from) ?? ([0, 'second', 1] as const);
  return format.format(-Math.trunc(seconds / size), unit);
}

/** Date and time to the second, in the reader's zone. */
export function full(at: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** The time of the day to the second. */
export function clock(at: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(at);
}

/** An instant as a field for date and time wants it, in the reader's zone and to the minute; empty when it is none. */
export function localOf(instant: string | Date | undefined): string {
  const at = new Date(instant ?? '');
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant of such a field; nothing when it is none. */
export function instantOf(local: string | undefined): string | undefined {
  const at = new Date(local ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
