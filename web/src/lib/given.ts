// Parameters of which only those that are set are sent.

/** The same without what is undefined or empty. */
export function given<T extends object>(all: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
