// The environment that was looked at last, for links from pages that belong to none. Never decides what a page shows.
const NAME = 'pintle-environment';

export function keepEnvironment(env: string) {
  sessionStorage.setItem(NAME, env);
}

/** The last one if it is still there, else the first. */
export function lastEnvironment(known: string[]): string | undefined {
  const last = sessionStorage.getItem(NAME);
  return known.find((one) => one === last) ?? known[0];
}
