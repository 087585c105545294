// Which format the name of a key means, as the server takes it.
const formats = {
  yaml: 'yaml',
  yml: 'yaml',
  json: 'json',
  toml: 'toml',
  properties: 'properties',
  xml: 'xml',
  env: 'env',
} as const;

/** The formats that can be written by hand. */
export const textFormats = ['yaml', 'json', 'toml', 'properties', 'xml', 'env', 'text'] as const;

export type TextFormat = (typeof textFormats)[number];

/** The format of a new entry: what the extension says, else text. */
export function formatOfKey(key: string): TextFormat {
  const name = (key.split('/').at(-1) ?? '').toLowerCase();
  if (name === '.env' || name.startsWith('.env.')) return 'env';
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1) : '';
  return (formats as Record<string, TextFormat | undefined>)[extension] ?? 'text';
}
