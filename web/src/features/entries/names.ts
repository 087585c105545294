// The grammar of names and keys, as the server has it, so that a form can say at once what is wrong.

const NAME = /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/;

export function isName(text: string): boolean {
  return NAME.test(text);
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

const EXTENSIONS: Record<string, string> = {
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
  toml: 'toml',
  properties: 'properties',
  xml: 'xml',
  env: 'env',
};
const TEXTS = 'txt text conf config cfg ini md pem crt sh sql csv tmpl list'.split(' ');

/** The format that the extension of a key suggests; nothing when it suggests none. */
export function formatOf(key: string): string | null {
  const name = (key.split('/').at(-1) ?? key).toLowerCase();
  if (name === '.env' || name.startsWith('.env.')) return 'env';
  const dot = name.lastIndexOf('.');
  if (dot < 1) return null;
  const extension = name.slice(dot + 1);
  return EXTENSIONS[extension] ?? (TEXTS.includes(extension) ? 'text' : null);
}
