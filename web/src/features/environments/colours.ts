// Colours of environments.

/** Whether the server takes it as a colour. */
export function isColour(text: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(text);
}
