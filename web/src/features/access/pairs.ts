// Names with values as lines of a text field: `name = value`.

/** The lines of pairs. */
export function toLines(pairs: Record<string, string> | undefined): string {
  return Object.entries(pairs ?? {})
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n');
}

/** The pairs of lines, or the number of the first line that is none. */
export function fromLines(text: string): { pairs: Record<string, string> } | { bad: number } {
  const pairs: Record<string, string> = {};
  for (const [nth, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    const [name, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (at < 0 || name === '' || value === '') return { bad: nth + 1 };
    pairs[name] = value;
  }
  return { pairs };
}

/** The words of a text. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
