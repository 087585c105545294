// The grammar of names, keys and patterns, as the server has it, so that a form can say at once what is wrong.

/** Whether a text can be the name of an environment, namespace, user or group. */
export function isName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/.test(text);
}

/** Whether a text can be a pattern of names. */
export function isPattern(text: string): boolean {
  return /^[a-z0-9._*-]{1,64}$/.test(text);
}

/** Which rule of keys a text breaks. */
export type KeyProblem = { rule: 'empty' | 'long' | 'segment' } | { rule: 'letter'; letter: string };

export function keyProblem(text: string): KeyProblem | null {
  if (text === '') return { rule: 'empty' };
  const letter = /[^A-Za-z0-9._@/-]/u.exec(text)?.[0];
  if (letter !== undefined) return { rule: 'letter', letter };
  if (text.length > 512) return { rule: 'long' };
  if (text.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return { rule: 'segment' };
  return null;
}
