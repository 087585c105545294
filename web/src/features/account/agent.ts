// What a program calls itself, made short.

const browsers: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

/** Browser and system of a browser; any other program as it is. */
export function shortAgent(agent: string): string {
  if (!agent.startsWith('Mozilla/')) return agent;
  const find = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(agent))?.[1];
  return [find(browsers), find(systems)].filter(Boolean).join(' · ') || agent;
}
