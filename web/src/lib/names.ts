// Names and patterns as the server takes them.

/** Whether a text can be the name of an environment, user or group. */
export function isName(text: string): boolean {
  return /^[a-z0-9._-]{1,64}$/.test(text);
}

/** Whether a text can be a pattern of names. */
export function isPattern(text: string): boolean {
  return /^[a-z0-9._*-]{1,64}$/.test(text);
}
