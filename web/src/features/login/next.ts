// Where somebody goes after the login.

/** A path of this server that was asked for before the login; anything else is ignored. */
export function safeNext(wanted: string | undefined): string | null {
  const plain = wanted !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) && !wanted.includes('\\');
  return plain ? wanted : null;
}
