// The entries and namespaces that were looked at last in this browser, for the palette.
const NAME = 'pintle-recent';
const KEPT = 12;

export interface Place {
  env: string;
  ns: string;
  key?: string;
}

const same = (a: Place, b: Place) => a.env === b.env && a.ns === b.ns && a.key === b.key;

function isPlace(one: unknown): one is Place {
  return typeof one === 'object' && one !== null && 'env' in one && 'ns' in one;
}

/** The newest first. What is kept there may be anything, or nothing. */
export function recentPlaces(): Place[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(NAME) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isPlace) : [];
  } catch {
    return [];
  }
}

export function keepPlace(place: Place) {
  const others = recentPlaces().filter((one) => !same(one, place));
  try {
    localStorage.setItem(NAME, JSON.stringify([place, ...others].slice(0, KEPT)));
  } catch {
    // Without room nothing is kept.
  }
}
