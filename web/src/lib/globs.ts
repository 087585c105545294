// Patterns of grants: `*` stands for anything, and `a&b` for the names that match both.

/** Whether a name matches a pattern as `effective` of the caller gives it. */
export function matches(pattern: string, name: string): boolean {
  return pattern.split('&').every((one) => {
    const parts = one.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
  });
}
