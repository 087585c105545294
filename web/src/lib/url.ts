// The query of an address as plain texts, so that `?to=40` is what one reads and may type.

/** The texts of a query. */
export function parseQuery(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** A query of texts, without those that are empty; what separates stays readable. */
export function writeQuery(texts: Record<string, unknown>): string {
  const set = Object.entries(texts).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return query === '' ? '' : `?${query.replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%2C', ',')}`;
}
